//! The queue's tables, as `apalis-postgres` and `apalis-sqlite` 1.0.0 read them, and when a
//! connector is to be synced by itself.
//!
//! Written out rather than left to the libraries: the service owns nothing and makes no tables, the
//! migrations of one of them need two extensions for columns that we never fill, and those of the
//! other would set pragmas on our file. The order of the columns is theirs: rows are read by place.

use sea_orm::{DbBackend, DbErr};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait};

use super::{render, run};

pub(super) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &str {
        "m0006_jobs"
    }
}

#[expect(
    elided_lifetimes_in_paths,
    reason = "the trait declares it so, and async_trait must match"
)]
#[async_trait::async_trait]
impl MigrationTrait for Step {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let backend = manager.get_database_backend();
        let database = manager.get_connection();
        run(database, &render(NEXT_RUN, backend)).await?;
        if backend == DbBackend::Postgres {
            // The owner sees rows of tenants as the operator only.
            run(database, "select set_config('wireline.operator', 'on', true)").await?;
            run(database, &FIRST_TIME.replace("{now}", "now()")).await?;
            run(database, POSTGRES).await
        } else {
            let now = "strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now')";
            run(database, &FIRST_TIME.replace("{now}", now)).await?;
            run(database, SQLITE).await
        }
    }
}

/// `next_run` says which run it will be, when it is not the schedule's.
const NEXT_RUN: &str = "
alter table workspace_connectors add column next_run_at {time};
alter table workspace_connectors add column next_run {json};
create index workspace_connectors_next_run_idx on workspace_connectors (next_run_at)
  where next_run_at is not null and deleted_at is null and not paused;
";

const FIRST_TIME: &str = "
update workspace_connectors set next_run_at = {now}
 where schedule_minutes is not null and deleted_at is null;
";

const POSTGRES: &str = "
create schema if not exists apalis;
create table apalis.workers (
  id text primary key,
  worker_type text not null,
  storage_name text not null,
  layers text not null default '',
  last_seen timestamptz not null default now(),
  started_at timestamptz
);
create index workers_last_seen_idx on apalis.workers (last_seen);
create table apalis.jobs (
  job bytea not null,
  id text primary key,
  job_type text not null,
  status text not null default 'Pending',
  attempts integer not null default 0,
  max_attempts integer not null default 25,
  run_at timestamptz not null default now(),
  last_result jsonb,
  lock_at timestamptz,
  lock_by text references apalis.workers (id),
  done_at timestamptz,
  priority integer default 0,
  idempotency_key text,
  -- an hstore in apalis; never filled, and its extension is not everywhere
  metadata text
);
create index jobs_fetch_idx on apalis.jobs (job_type, priority desc, run_at)
  where status = 'Pending' or (status = 'Failed' and attempts < max_attempts);
create index jobs_lock_by_idx on apalis.jobs (lock_by);
create function apalis.get_jobs(worker_id text, v_job_type text, v_job_count integer default 5)
  returns setof apalis.jobs language sql volatile as $$
  with jobs as (
    select id from apalis.jobs
     where (status = 'Pending' or (status = 'Failed' and attempts < max_attempts))
       and run_at <= now() and job_type = v_job_type
     order by priority desc, run_at
     limit v_job_count
     for update skip locked
  )
  update apalis.jobs j set status = 'Queued', lock_by = worker_id, lock_at = now()
    from jobs where j.id = jobs.id
  returning j.*;
$$;
";

const SQLITE: &str = "
create table Workers (
  id text not null primary key,
  worker_type text not null,
  storage_name text not null,
  layers text,
  last_seen integer not null default (strftime('%s', 'now')),
  started_at integer
);
create index workers_last_seen_idx on Workers (last_seen);
create table Jobs (
  job blob not null,
  id text not null primary key,
  job_type text not null,
  status text not null default 'Pending',
  attempts integer not null default 0,
  max_attempts integer not null default 25,
  run_at integer not null default (strftime('%s', 'now')),
  last_result text,
  lock_at integer,
  lock_by text references Workers (id),
  done_at integer,
  priority integer not null default 0,
  metadata text,
  idempotency_key text
);
create index jobs_fetch_idx on Jobs (job_type, priority desc, run_at, id)
  where status = 'Pending' and lock_by is null;
create index jobs_failed_idx on Jobs (job_type, priority desc, run_at, id)
  where status = 'Failed' and attempts < max_attempts;
create index jobs_lock_by_idx on Jobs (lock_by);
";
