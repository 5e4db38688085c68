//! What an admin has pinned of a mapping: a slot to a path, or to nothing. Beside the versions, not
//! in them, because a pin outlives every version that is drawn or restored.

use sea_orm::{DbBackend, DbErr};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait};

use super::m0002_records::{MODELS, WORKSPACE};
use super::{render, run, tenancy};

pub(super) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &str {
        "m0003_slot_pins"
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
        let table = TABLE.replace("{workspace}", WORKSPACE).replace("{models}", MODELS);
        run(database, &render(&table, backend)).await?;
        if backend == DbBackend::Postgres {
            run(database, &tenancy::policies("connector_mapping_slot_pins")).await?;
        }
        Ok(())
    }
}

const TABLE: &str = "
create table connector_mapping_slot_pins (
    pk {pk},
    {workspace},
    workspace_connector_pk bigint not null
        references workspace_connectors (pk) on update cascade on delete cascade,
    target_model text not null constraint connector_mapping_slot_pins_target_model_check
        check (target_model in ({models})),
    tool_name text not null,
    slot text not null,
    path text,
    reason text not null,
    created_at {time} not null,
    updated_at {time} not null);
create unique index connector_mapping_slot_pins_slot_key on connector_mapping_slot_pins
    (workspace_connector_pk, workspace_pk, target_model, tool_name, slot);
create index connector_mapping_slot_pins_workspace_idx
    on connector_mapping_slot_pins (workspace_pk)";
