//! What authorization servers grant: sealed beside how an installation is reached, with a generation
//! and a lease so that one process at a time renews it, and the flow that a person is on.

use sea_orm::DbErr;
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait};

use super::{render, run};

pub(super) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &str {
        "m0008_grants"
    }
}

/// One column a statement: SQLite takes no more. Yesterday's binary writes none of them.
const COLUMNS: &str = "
alter table workspace_connectors add column grant_sealed {bytes};
alter table workspace_connectors add column grant_generation bigint not null default 0;
alter table workspace_connectors add column grant_lease_until {time};
alter table workspace_connectors add column flow_sealed {bytes};
";

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
        let text = render(COLUMNS, manager.get_database_backend());
        run(manager.get_connection(), &text).await
    }
}
