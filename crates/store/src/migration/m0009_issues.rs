//! Issues: rows with one fingerprint, what they add up to, in what state they are, and who changed
//! it. Rows that were written before have none; the next row of their fingerprint opens it.
//!
//! A write counts in its own statement, so what it changes in `sync_issues` is in no index, and the
//! rows leave room in their page. Lists of issues sort the few that a workspace has.

use sea_orm::{DbBackend, DbErr};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait};

use super::{render, run, tenancy};

pub(super) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &str {
        "m0009_issues"
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
        let (database, backend) = (manager.get_connection(), manager.get_database_backend());
        run(database, &render(TABLES, backend)).await?;
        if backend == DbBackend::Postgres {
            for table in ["sync_issues", "sync_issue_days", "sync_issue_transitions"] {
                run(database, &tenancy::policies(table)).await?;
            }
            run(database, ROOM).await?;
        }
        run(database, if backend == DbBackend::Postgres { APPEND_POSTGRES } else { APPEND_SQLITE })
            .await
    }
}

/// Runs are named by their public id, without a foreign key: one that is gone leaves its name.
const TABLES: &str = "
create table sync_issues (
  pk {pk},
  -- made of workspace and fingerprint, and unique with them: a second unique key would be broken by
  -- two that insert at once, as a conflict is looked for in one key alone
  sync_issue_id {uuid} not null,
  workspace_pk bigint not null references workspaces (pk) on update cascade on delete cascade,
  workspace_connector_pk bigint not null
    references workspace_connectors (pk) on update cascade on delete cascade,
  fingerprint text not null,
  target_model text not null,
  tool_name text,
  reason text not null,
  stage text not null,
  -- what it is about beyond its tool, e.g. a field path
  subject text,
  impact text not null,
  state text not null default 'open'
    check (state in ('open', 'escalating', 'muted', 'resolved', 'regressed')),
  note text,
  first_seen_at {time} not null,
  last_seen_at {time} not null,
  -- every row, stored or not
  count bigint not null check (count >= 0),
  not_stored bigint not null default 0,
  not_stored_since {time},
  -- of the last run that noted it
  affected_records bigint not null default 0,
  mapping_version bigint,
  opened_run {uuid},
  last_run {uuid},
  -- the last run of which a row was stored
  stored_run {uuid},
  muted_until {time},
  muted_until_count bigint,
  -- rows of an hour that a person has seen and put up with
  known_rate bigint not null default 0,
  resolved_at {time},
  resolved_version bigint,
  resolved_run {uuid},
  -- the hour that is under way: when it began, its rows, those that were stored
  hour_at {time} not null,
  hour_count bigint not null default 0,
  hour_stored bigint not null default 0,
  -- from how many rows on that hour is an escalation, and the hour that this was worked out for
  hour_limit bigint,
  limit_at {time},
  -- moves with each write: 1 is the first
  generation bigint not null default 1,
  -- of the last transition
  changed_at {time} not null,
  created_at {time} not null,
  updated_at {time} not null,
  constraint sync_issues_fingerprint_key unique (workspace_pk, fingerprint)
);
create index sync_issues_id_idx on sync_issues (sync_issue_id);
create index sync_issues_connector_idx on sync_issues (workspace_connector_pk);
create index sync_issues_muted_idx on sync_issues (muted_until)
  where state = 'muted' and muted_until is not null;
create table sync_issue_days (
  pk {pk},
  workspace_pk bigint not null references workspaces (pk) on update cascade on delete cascade,
  fingerprint text not null,
  -- UTC, YYYY-MM-DD
  day text not null,
  count bigint not null,
  constraint sync_issue_days_day_key unique (workspace_pk, fingerprint, day)
);
create table sync_issue_transitions (
  pk {pk},
  sync_issue_transition_id {uuid} not null
    constraint sync_issue_transitions_sync_issue_transition_id_key unique,
  workspace_pk bigint not null references workspaces (pk) on update cascade on delete cascade,
  sync_issue_pk bigint not null references sync_issues (pk) on update cascade on delete cascade,
  -- null: it was opened
  from_state text,
  to_state text not null,
  cause text not null,
  actor text not null check (actor in ('engine', 'key', 'operator')),
  api_key_id {uuid},
  actor_name text,
  run {uuid},
  mapping_version bigint,
  note text,
  created_at {time} not null
);
create index sync_issue_transitions_issue_idx on sync_issue_transitions (sync_issue_pk, pk);
create index sync_issue_transitions_workspace_idx on sync_issue_transitions (workspace_pk, pk);
";

const ROOM: &str = "
alter table sync_issues set (fillfactor = 70);
alter table sync_issue_days set (fillfactor = 70);
";

/// What was done stays as it was told; it goes with its issue alone.
const APPEND_POSTGRES: &str = "
create function core_api.refuse_update() returns trigger language plpgsql as
  $$ begin raise exception 'transitions are not changed'; end $$;
create trigger sync_issue_transitions_append before update on sync_issue_transitions
  for each row execute function core_api.refuse_update();
";

const APPEND_SQLITE: &str = "
create trigger sync_issue_transitions_append before update on sync_issue_transitions
  begin select raise(abort, 'transitions are not changed'); end;
";
