//! What a run leaves behind: its ledger, the records of the twelve models with their provenance,
//! the rows that wait or were rejected, and the mappings.
//!
//! Words are text with a CHECK on both databases: to compare texts is leakproof on PostgreSQL, so
//! it may use an index under row-level security, where to compare enums may not.

use sea_orm::{DbBackend, DbErr};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait};

use super::{render, run, tenancy};
pub(super) use tables::MODELS;
use tables::{REASONS, RECORDS, Records};

mod tables;

pub(super) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &str {
        "m0002_records"
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
        let records: Vec<String> = RECORDS.iter().map(record_table).collect();
        let fixed = [LEDGER, PENDING, REJECTED, MAPPINGS];
        for text in fixed.into_iter().chain(records.iter().map(String::as_str)) {
            run(database, &dialect(text, backend)).await?;
        }
        if backend == DbBackend::Postgres {
            for table in
                ["sync_ledger", "pending_entities", "rejected_entities", "connector_mappings"]
            {
                run(database, &tenancy::policies(table)).await?;
            }
            for Records { table, .. } in RECORDS {
                run(database, &tenancy::policies(table)).await?;
                run(database, &tenancy::policies(&format!("{table}_workspace_connectors"))).await?;
            }
        }
        Ok(())
    }
}

/// Writes the types and the closed lists of words into a template.
fn dialect(template: &str, backend: DbBackend) -> String {
    let (decimal, date) =
        if backend == DbBackend::Postgres { ("numeric", "date") } else { ("text", "text") };
    let text = template
        .replace("{decimal}", decimal)
        .replace("{date}", date)
        .replace("{models}", MODELS)
        .replace("{reasons}", REASONS)
        .replace("{workspace}", WORKSPACE);
    render(&text, backend)
}

pub(super) const WORKSPACE: &str = "workspace_pk bigint not null
      references workspaces (pk) on update cascade on delete cascade";

const LEDGER: &str = "
create table sync_ledger (
    pk {pk},
    {workspace},
    workspace_connector_sync_log_pk bigint not null
        references workspace_connector_sync_logs (pk) on update cascade on delete cascade,
    target_model text not null
        constraint sync_ledger_target_model_check check (target_model in ({models})),
    fetched bigint not null,
    mapped bigint not null,
    inserted bigint not null,
    updated bigint not null,
    unchanged bigint not null,
    dropped {json} not null,
    dropped_total bigint not null,
    waiting bigint not null,
    truncated boolean not null,
    created_at {time} not null,
    constraint sync_ledger_positive_check check (
        mapped >= 0 and inserted >= 0 and updated >= 0 and unchanged >= 0
        and dropped_total >= 0 and waiting >= 0),
    constraint sync_ledger_conservation_check check (
        fetched = inserted + updated + unchanged + dropped_total + waiting));
create unique index sync_ledger_run_key
    on sync_ledger (workspace_connector_sync_log_pk, target_model);
create index sync_ledger_workspace_idx on sync_ledger (workspace_pk)";

const PENDING: &str = "
create table pending_entities (
    pk {pk},
    pending_entity_id {uuid} not null,
    {workspace},
    workspace_connector_pk bigint not null
        references workspace_connectors (pk) on update cascade on delete cascade,
    target_model text not null
        constraint pending_entities_target_model_check check (target_model in ({models})),
    tool_name text not null,
    external_id text not null,
    entity {json} not null,
    parents {json} not null,
    first_seen_run {uuid} not null,
    last_seen_run {uuid} not null,
    created_at {time} not null,
    updated_at {time} not null);
create unique index pending_entities_id_key on pending_entities (pending_entity_id);
create unique index pending_entities_external_id_key
    on pending_entities (workspace_pk, workspace_connector_pk, target_model, external_id);
create index pending_entities_connector_idx
    on pending_entities (workspace_connector_pk, target_model, pk)";

const REJECTED: &str = "
create table rejected_entities (
    pk {pk},
    rejected_entity_id {uuid} not null,
    {workspace},
    workspace_connector_pk bigint not null
        references workspace_connectors (pk) on update cascade on delete cascade,
    target_model text not null
        constraint rejected_entities_target_model_check check (target_model in ({models})),
    tool_name text not null,
    external_id text,
    reason text not null
        constraint rejected_entities_reason_check check (reason in ({reasons})),
    field text not null,
    cause text not null,
    row_hash {bytes} not null,
    entity {json},
    first_seen_run {uuid} not null,
    last_seen_run {uuid} not null,
    created_at {time} not null,
    updated_at {time} not null);
create unique index rejected_entities_id_key on rejected_entities (rejected_entity_id);
create unique index rejected_entities_row_key
    on rejected_entities (workspace_pk, workspace_connector_pk, target_model, tool_name, row_hash);
create index rejected_entities_external_id_idx
    on rejected_entities (workspace_pk, target_model, external_id);
create index rejected_entities_connector_idx
    on rejected_entities (workspace_connector_pk, updated_at)";

const MAPPINGS: &str = "
create table connector_mappings (
    pk {pk},
    connector_mapping_id {uuid} not null,
    {workspace},
    workspace_connector_pk bigint not null
        references workspace_connectors (pk) on update cascade on delete cascade,
    target_model text not null
        constraint connector_mappings_target_model_check check (target_model in ({models})),
    tool_name text not null,
    version integer not null constraint connector_mappings_version_check check (version >= 1),
    is_live boolean not null,
    last_good_version integer,
    generator text not null constraint connector_mappings_generator_check
        check (generator in ('structured', 'legacy', 'pinned', 'manual')),
    jsonata_expression text not null,
    plan {json},
    tool_arguments {json},
    pagination_plan {json},
    needs_regeneration boolean not null,
    regeneration_reason text constraint connector_mappings_regeneration_reason_check check (
        regeneration_reason in ('drift', 'regression', 'drop_rate', 'governance_changed',
                                'schema_changed', 'manual')),
    input_fingerprint text not null,
    output_schema_hash text,
    target_schema_hash text,
    governance_hash text,
    slot_report {json},
    jury {json},
    stats {json},
    created_at {time} not null,
    updated_at {time} not null,
    deleted_at {time});
create unique index connector_mappings_id_key on connector_mappings (connector_mapping_id);
create unique index connector_mappings_live_key
    on connector_mappings (workspace_connector_pk, workspace_pk, target_model, tool_name)
    where is_live and deleted_at is null;
create unique index connector_mappings_version_key
    on connector_mappings (workspace_connector_pk, workspace_pk, target_model, tool_name, version);
create index connector_mappings_workspace_idx on connector_mappings (workspace_pk, created_at, pk)";

/// A record table with its provenance. Neither `updated_at` nor `last_seen_run` is indexed, so that
/// a row seen again is rewritten within its page (a HOT update) and no index is touched. Runs are
/// held by their public id without a foreign key: a run may belong to the workspace that feeds
/// this one.
fn record_table(it: &Records) -> String {
    let Records { table, external_id, columns } = it;
    // An e-mail address is one contact channel of the workspace, whichever connector names it.
    let key = match *table {
        "emails" => format!("workspace_pk, {external_id}"),
        _ => format!("workspace_pk, source_workspace_connector_pk, {external_id}"),
    };
    let own_key = match *table {
        "journals" => own_key(table, "code"),
        "ledger_accounts" => own_key(table, "account_number"),
        _ => String::new(),
    };
    format!(
        "create table {table} (
           pk {{pk}},
           record_id {{uuid}} not null constraint {table}_record_id_key unique,
           {{workspace}},
           source_workspace_connector_pk bigint not null
             references workspace_connectors (pk) on update cascade on delete cascade,
           source_tool text not null,
           first_seen_run {{uuid}} not null,
           last_seen_run {{uuid}} not null,
           content_hash {{bytes}} not null,
           created_at {{time}} not null,
           updated_at {{time}} not null,
           {columns},
           constraint {table}_external_id_check check (
             {external_id} is not null and length({external_id}) between 1 and 1000)
         );
         create unique index {table}_external_id_key on {table} ({key});
         create index {table}_workspace_idx on {table} (workspace_pk, created_at desc, pk desc);
         create index {table}_source_idx on {table} (source_workspace_connector_pk, source_tool);
         {own_key}
         create table {table}_workspace_connectors (
           record_pk bigint not null
             references {table} (pk) on update cascade on delete cascade,
           workspace_connector_pk bigint not null
             references workspace_connectors (pk) on update cascade on delete cascade,
           {{workspace}},
           created_at {{time}} not null,
           primary key (record_pk, workspace_connector_pk)
         );
         create index {table}_workspace_connectors_connector_idx
           on {table}_workspace_connectors (workspace_connector_pk);
         create index {table}_workspace_connectors_workspace_idx
           on {table}_workspace_connectors (workspace_pk);"
    )
}

/// Unique in the workspace when it is there.
fn own_key(table: &str, column: &str) -> String {
    format!(
        "create unique index {table}_{column}_key on {table} (workspace_pk, {column})
           where {column} is not null;"
    )
}

#[cfg(test)]
mod tests {
    use domain::{Reason, TargetModel};

    use super::*;
    use crate::records::table;

    fn quoted<'a>(words: impl Iterator<Item = &'a str>) -> String {
        words.map(|it| format!("'{it}'")).collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn the_words_are_the_words_of_the_trade() {
        assert_eq!(MODELS, quoted(TargetModel::ALL.iter().map(|it| it.as_str())));
        assert_eq!(REASONS, quoted(Reason::ALL.iter().map(|it| it.as_str())));
    }

    #[test]
    fn the_tables_hold_what_the_schemas_say() {
        for (model, it) in TargetModel::ALL.iter().zip(RECORDS) {
            assert_eq!(it.table, table::name(*model));
            assert_eq!(it.external_id, model.external_id());
            for backend in [DbBackend::Postgres, DbBackend::Sqlite] {
                let wanted: Vec<String> = table::columns(*model)
                    .iter()
                    .map(|it| {
                        let sql_type = it.store.sql_type(backend == DbBackend::Postgres);
                        format!("{} {sql_type}", it.name)
                    })
                    .collect();
                assert_eq!(dialect(it.columns, backend), wanted.join(", "), "{model}");
            }
        }
    }
}
