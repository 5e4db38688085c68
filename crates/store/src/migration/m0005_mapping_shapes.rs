//! A mapping keeps the shape that it was drawn for, so that drift can name its paths, and a few
//! rows without secrets, so that another mapping can be tried on them later.

use sea_orm::DbErr;
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait};

use super::{render, run};

pub(super) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &str {
        "m0005_mapping_shapes"
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
        run(manager.get_connection(), &render(COLUMNS, manager.get_database_backend())).await
    }
}

const COLUMNS: &str = "
alter table connector_mappings add column input_shape {json};
alter table connector_mappings add column sample {json}";
