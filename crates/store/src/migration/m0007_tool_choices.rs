//! Which tools an installation's targets use: chosen once, kept while the server offers the same.

use sea_orm::DbErr;
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait};

use super::{render, run};

pub(super) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &str {
        "m0007_tool_choices"
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
        let column = "alter table workspace_connectors add column tool_choices {json}";
        run(manager.get_connection(), &render(column, manager.get_database_backend())).await
    }
}
