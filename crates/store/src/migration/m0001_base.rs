//! Workspaces, their keys and connectors, runs, and the diagnostics themselves.

use sea_orm::{DbBackend, DbErr};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait};

use super::{render, run, tenancy};

pub(super) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &str {
        "m0001_base"
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
        if backend == DbBackend::Postgres {
            run(database, &enums()).await?;
        }
        run(database, &render(TABLES, backend)).await?;
        run(database, &render(&diagnostics(backend), backend)).await?;
        if backend == DbBackend::Postgres {
            run(database, STATISTICS).await?;
            run(database, STREAM).await?;
            run(database, &tenancy::policies_on("workspaces", "pk")).await?;
            run(database, &tenancy::policies("api_keys")).await?;
            run(database, KEY_POLICY).await?;
            run(database, &tenancy::catalogue_policies("connectors")).await?;
            for table in [
                "workspace_connectors",
                "workspace_connector_sync_targets",
                "workspace_connector_sync_logs",
                "connector_sync_diagnostics",
            ] {
                run(database, &tenancy::policies(table)).await?;
            }
        }
        Ok(())
    }
}

const TARGET_MODELS: &[&str] = &[
    "company",
    "people",
    "invoice",
    "transaction",
    "account",
    "ledger_account",
    "journal",
    "journal_entry",
    "email",
    "payment_means",
    "invoice_transaction",
    "document",
];

const IMPACTS: &[&str] = &["none", "no_data", "data_lost", "auth", "internal"];

/// The seed's reasons in its order, and the impact of each (a position in [`IMPACTS`], from 1).
/// Written out: a migration must not change with the code.
const REASONS: &[(&str, u8)] = &[
    ("no_suitable_tool", 2),
    ("tool_not_found", 2),
    ("auth_scope_insufficient", 4),
    ("tool_execution_failed", 3),
    ("empty_result", 2),
    ("jsonata_generation_failed", 5),
    ("schema_drift_detected", 1),
    ("jury_run", 1),
    ("jury_partial", 5),
    ("jury_disagreement", 1),
    ("jury_quorum_lost", 2),
    ("blueprint_persistence_failed", 5),
    ("mapped_entities_dropped", 3),
    ("mapped_entities_partial_drop", 3),
    ("fk_parent_missing", 3),
    ("entity_persist_failed", 3),
    ("sync_fk_dag_cycle", 5),
    ("regression_reverted", 5),
    ("target_skipped", 1),
    ("structured_pipeline_degraded", 1),
    ("structured_pipeline_fell_back_to_legacy", 1),
    ("mapping_generation_hard_fail", 2),
    ("tool_selection_pinned", 1),
];

fn quoted<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    words.into_iter().map(|it| format!("'{it}'")).collect::<Vec<_>>().join(", ")
}

fn reasons() -> impl Iterator<Item = &'static str> {
    REASONS.iter().map(|it| it.0)
}

fn enums() -> String {
    format!(
        "create type target_model_enum as enum ({});
         create type sync_failure_reason_enum as enum ({});",
        quoted(TARGET_MODELS.iter().copied()),
        quoted(reasons()),
    )
}

/// `case subject when 'word' then 1 when … end`, each word with its number.
fn case<'a>(subject: &str, words: impl IntoIterator<Item = (&'a str, u8)>, end: &str) -> String {
    let arms: String =
        words.into_iter().map(|(word, code)| format!(" when '{word}' then {code}")).collect();
    format!("case {subject}{arms} {end}")
}

const TABLES: &str = "
create table workspaces (
  pk {pk},
  workspace_id {uuid} not null constraint workspaces_workspace_id_key unique,
  name text not null,
  description text,
  external_workspace_id text constraint workspaces_external_workspace_id_key unique,
  retention_days integer check (retention_days between 1 and 3650),
  created_at {time} not null,
  updated_at {time} not null
);
create table api_keys (
  pk {pk},
  api_key_id {uuid} not null constraint api_keys_api_key_id_key unique,
  -- null: an operator's key
  workspace_pk bigint references workspaces (pk) on update cascade on delete cascade,
  name text not null,
  role text not null check (role in ('read', 'write', 'admin')),
  secret_hash {bytes} not null constraint api_keys_secret_hash_key unique,
  masked_key text not null,
  is_active boolean not null,
  expiration_at {time},
  last_used_at {time},
  created_at {time} not null,
  updated_at {time} not null,
  deleted_at {time}
);
create index api_keys_workspace_idx on api_keys (workspace_pk, created_at desc, pk desc);
create table connectors (
  pk {pk},
  connector_id {uuid} not null constraint connectors_connector_id_key unique,
  -- null: an entry of the catalogue; else a custom connector of that workspace
  workspace_pk bigint references workspaces (pk) on update cascade on delete cascade,
  service_id text not null,
  name text not null,
  provider text,
  authorization_flow text not null check (authorization_flow in ('none', 'api_key', 'oauth2')),
  supported_target_models {json},
  status text not null check (status in ('available', 'coming_soon', 'unavailable', 'maintenance')),
  transport {json},
  governance {json},
  created_at {time} not null,
  updated_at {time} not null,
  deleted_at {time}
);
create unique index connectors_service_id_key on connectors (service_id)
  where workspace_pk is null and deleted_at is null;
create unique index connectors_custom_service_id_key on connectors (workspace_pk, service_id)
  where workspace_pk is not null and deleted_at is null;
create index connectors_workspace_idx on connectors (workspace_pk);
create table workspace_connectors (
  pk {pk},
  workspace_connector_id {uuid} not null
    constraint workspace_connectors_workspace_connector_id_key unique,
  workspace_pk bigint not null references workspaces (pk) on update cascade on delete cascade,
  connector_pk bigint not null references connectors (pk) on update cascade on delete cascade,
  name text not null,
  status text not null check (status in ('to_configure', 'enabled', 'processing', 'degraded',
    'need_reconnect', 'error', 'suspended', 'disabled')),
  -- where it rests while status is processing
  resting_status text check (resting_status in ('to_configure', 'enabled', 'degraded',
    'need_reconnect', 'error', 'suspended', 'disabled')),
  -- sealed
  transport {bytes},
  address text not null,
  secrets_set {json},
  installed_capabilities {json},
  schedule_minutes integer,
  paused boolean not null,
  supported_target_models {json},
  last_success_at {time},
  created_at {time} not null,
  updated_at {time} not null,
  deleted_at {time}
);
create index workspace_connectors_workspace_idx
  on workspace_connectors (workspace_pk, created_at desc, pk desc);
create index workspace_connectors_connector_idx on workspace_connectors (connector_pk);
create table workspace_connector_sync_targets (
  pk {pk},
  sync_target_id {uuid} not null
    constraint workspace_connector_sync_targets_sync_target_id_key unique,
  workspace_connector_pk bigint not null
    references workspace_connectors (pk) on update cascade on delete cascade,
  -- beside the key: the destination cannot see the installation itself
  workspace_connector_id {uuid} not null,
  -- the destination
  workspace_pk bigint not null references workspaces (pk) on update cascade on delete cascade,
  created_at {time} not null,
  updated_at {time} not null,
  deleted_at {time}
);
create unique index workspace_connector_sync_targets_live_key
  on workspace_connector_sync_targets (workspace_connector_pk, workspace_pk)
  where deleted_at is null;
create index workspace_connector_sync_targets_connector_idx
  on workspace_connector_sync_targets (workspace_connector_pk);
create index workspace_connector_sync_targets_workspace_idx
  on workspace_connector_sync_targets (workspace_pk, workspace_connector_id);
create table workspace_connector_sync_logs (
  pk {pk},
  sync_log_id {uuid} not null constraint workspace_connector_sync_logs_sync_log_id_key unique,
  workspace_pk bigint not null references workspaces (pk) on update cascade on delete cascade,
  workspace_connector_pk bigint not null
    references workspace_connectors (pk) on update cascade on delete cascade,
  status text not null check (status in ('scheduled', 'in_progress', 'success', 'error')),
  trigger_type text not null
    check (trigger_type in ('manual', 'scheduled', 'initial', 'api', 'webhook')),
  started_at {time},
  completed_at {time},
  duration_ms bigint,
  error text,
  metadata {json},
  created_at {time} not null,
  updated_at {time} not null,
  deleted_at {time}
);
create unique index workspace_connector_sync_logs_live_key
  on workspace_connector_sync_logs (workspace_connector_pk)
  where status in ('scheduled', 'in_progress') and deleted_at is null;
create index workspace_connector_sync_logs_workspace_idx
  on workspace_connector_sync_logs (workspace_pk, created_at desc, pk desc);
create index workspace_connector_sync_logs_connector_idx
  on workspace_connector_sync_logs (workspace_connector_pk, created_at desc, pk desc);
";

/// The seed's table. `reason_code` and `impact_code` are computed by the database, so that no
/// writer can get them wrong: row-level security would keep an index on the enum itself from
/// being used, as enum equality is not leakproof.
fn diagnostics(backend: DbBackend) -> String {
    let is_postgres = backend == DbBackend::Postgres;
    let (model, reason, id, now) = if is_postgres {
        (
            "target_model_enum not null".to_owned(),
            "sync_failure_reason_enum not null".to_owned(),
            "default gen_random_uuid()",
            "default now()",
        )
    } else {
        let models = quoted(TARGET_MODELS.iter().copied());
        (
            format!("text not null check (target_model in ({models}))"),
            format!("text not null check (reason in ({}))", quoted(reasons())),
            "",
            "default (strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now'))",
        )
    };
    let impact = if is_postgres { "context ->> 'impact'" } else { "context ->> '$.impact'" };
    let numbered = |words: Vec<&'static str>| words.into_iter().zip(1..).collect::<Vec<_>>();
    let reason_code = case("reason", numbered(reasons().collect()), "end");
    let own_impact = case("reason", REASONS.iter().copied(), "end");
    let impact_code =
        case(&format!("({impact})"), numbered(IMPACTS.to_vec()), &format!("else {own_impact} end"));
    format!(
        "create table connector_sync_diagnostics (
           pk {{pk}},
           diagnostic_id {{uuid}} not null {id}
             constraint connector_sync_diagnostics_diagnostic_id_key unique,
           target_model {model},
           tool_name text,
           reason {reason},
           http_status integer,
           detail text not null,
           occurred_at {{time}} not null {now},
           created_at {{time}} not null {now},
           updated_at {{time}} {now},
           deleted_at {{time}},
           workspace_pk bigint not null
             constraint connector_sync_diagnostics_workspace_fk
             references workspaces (pk) on update cascade on delete cascade,
           workspace_connector_pk bigint not null
             constraint connector_sync_diagnostics_workspace_connector_fk
             references workspace_connectors (pk) on update cascade on delete cascade,
           sync_log_pk bigint
             constraint connector_sync_diagnostics_sync_log_fk
             references workspace_connector_sync_logs (pk) on update cascade on delete set null,
           context {{json}},
           fingerprint text not null default '',
           idempotency_key text,
           idempotency_hash {{bytes}},
           reason_code smallint not null generated always as ({reason_code}) stored,
           impact_code smallint not null generated always as ({impact_code}) stored
         );
         {INDEXES}"
    )
}

/// Newest of a workspace; newest of a connector, and its prune; the hot filter; streams in the
/// order of commit; rows of a fingerprint, of a run; replays of a request.
const INDEXES: &str = "
create index connector_sync_diagnostics_workspace_idx
  on connector_sync_diagnostics (workspace_pk, occurred_at desc, pk desc);
create index connector_sync_diagnostics_connector_idx
  on connector_sync_diagnostics (workspace_connector_pk, occurred_at desc, pk desc);
create index connector_sync_diagnostics_reason_idx
  on connector_sync_diagnostics (workspace_connector_pk, reason_code, occurred_at desc, pk desc);
create index connector_sync_diagnostics_stream_idx
  on connector_sync_diagnostics (workspace_pk, pk);
create index connector_sync_diagnostics_fingerprint_idx
  on connector_sync_diagnostics (fingerprint, occurred_at desc, pk desc);
create index connector_sync_diagnostics_sync_log_idx
  on connector_sync_diagnostics (sync_log_pk, occurred_at desc, pk desc)
  where sync_log_pk is not null;
create unique index connector_sync_diagnostics_idempotency_key
  on connector_sync_diagnostics (workspace_connector_pk, workspace_pk, idempotency_key)
  where idempotency_key is not null;
";

/// A connector decides its workspace: without this the planner multiplies the two selectivities
/// and sorts instead of walking the index.
const STATISTICS: &str = "
create statistics connector_sync_diagnostics_tenancy (dependencies)
  on workspace_pk, workspace_connector_pk from connector_sync_diagnostics;
";

/// A key is found before its workspace is known, by whoever holds its secret.
const KEY_POLICY: &str = "
create policy api_keys_by_secret on api_keys for select
  using (secret_hash = (select core_api.key_hash()));
";

/// Streams read in the order of `pk`, and keys become visible out of order when transactions
/// overlap. A writer therefore says, before it draws a key, from where it draws (an advisory lock,
/// shared, whose number is the last key drawn so far); `settled` is the key up to which no writer
/// can still add a row. It reads the sequence before the locks: a key drawn before has its lock,
/// or its transaction has ended and a snapshot taken later sees its row.
const STREAM: &str = "
create or replace function core_api.enter_to_write(given text) returns boolean
  language plpgsql volatile as $$
begin
  perform set_config('wireline.tenants', given, true);
  perform pg_advisory_xact_lock_shared((23127::bigint << 48) + last_value - 1)
     from core_api.connector_sync_diagnostics_pk_seq;
  return true;
end $$;
create or replace function core_api.settled() returns bigint language plpgsql volatile as $$
declare
  drawn bigint;
  held bigint;
begin
  select case when is_called then last_value else 0 end into drawn
    from core_api.connector_sync_diagnostics_pk_seq;
  select min(((classid::bigint << 32) | objid::bigint) - (23127::bigint << 48)) into held
    from pg_locks
   where locktype = 'advisory' and objsubid = 1 and classid::bigint >> 16 = 23127
     and database = (select oid from pg_database where datname = current_database());
  return least(drawn, held);
end $$;
";

#[cfg(test)]
mod tests {
    use domain::{Impact, Reason, TargetModel};

    use super::*;

    #[test]
    fn the_words_of_the_tables_are_the_words_of_the_trade() {
        let models: Vec<_> = TargetModel::ALL.iter().map(|it| it.as_str()).collect();
        assert_eq!(TARGET_MODELS, models);
        let impacts: Vec<_> = Impact::ALL.iter().map(|it| it.as_str()).collect();
        assert_eq!(IMPACTS, impacts);
        let reasons: Vec<_> =
            Reason::ALL.iter().map(|it| (it.as_str(), it.impact() as u8 + 1)).collect();
        assert_eq!(REASONS, reasons);
    }
}
