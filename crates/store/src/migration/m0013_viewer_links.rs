//! Viewer links become rows: each can be seen and ended alone. A link that was made before has no
//! row, and opens nothing any more.

use sea_orm::{DbBackend, DbErr};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait};

use super::{render, run, tenancy};

pub(super) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &str {
        "m0013_viewer_links"
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
        run(database, &render(TABLE, backend)).await?;
        if backend == DbBackend::Postgres {
            run(database, &tenancy::policies("viewer_links")).await?;
        }
        Ok(())
    }
}

const TABLE: &str = "
create table viewer_links (
  pk {pk},
  viewer_link_id {uuid} not null constraint viewer_links_viewer_link_id_key unique,
  workspace_pk bigint not null references workspaces (pk) on update cascade on delete cascade,
  -- null: every connector
  workspace_connector_pk bigint
    references workspace_connectors (pk) on update cascade on delete cascade,
  -- which made it, and ends it
  api_key_pk bigint not null references api_keys (pk) on update cascade on delete cascade,
  expires_at {time} not null,
  created_at {time} not null,
  updated_at {time} not null,
  deleted_at {time}
);
create index viewer_links_workspace_idx on viewer_links (workspace_pk, created_at desc, pk desc);
create index viewer_links_connector_idx on viewer_links (workspace_connector_pk);
create index viewer_links_key_idx on viewer_links (api_key_pk);
";
