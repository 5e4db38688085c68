//! "Why is this record missing?" is asked by what people call a record as well as by its
//! identifier, of a period, and of one run: refused and waiting rows are found by each.

use sea_orm::DbErr;
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait};

use super::run;

pub(super) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &str {
        "m0011_missing"
    }
}

/// Yesterday's binary leaves the columns empty: its rows are found by their identifier.
const TABLES: &str = "
alter table pending_entities add column known_as text;
alter table rejected_entities add column known_as text;
create index pending_entities_known_as_idx
    on pending_entities (workspace_pk, target_model, known_as);
create index pending_entities_seen_idx
    on pending_entities (workspace_pk, target_model, updated_at, pk);
create index rejected_entities_known_as_idx
    on rejected_entities (workspace_pk, target_model, known_as);
create index rejected_entities_seen_idx
    on rejected_entities (workspace_pk, target_model, updated_at, pk);
create index rejected_entities_run_idx
    on rejected_entities (workspace_connector_pk, target_model, last_seen_run);
create index journal_entries_number_idx on journal_entries (workspace_pk, entry_number);";

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
        run(manager.get_connection(), TABLES).await
    }
}
