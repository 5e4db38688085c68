//! Webhooks: who is told of what, and the outbox, which is written in the transaction of the event.

use sea_orm::{DbBackend, DbErr};
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, async_trait};

use super::{render, run, tenancy};

pub(super) struct Step;

impl MigrationName for Step {
    fn name(&self) -> &str {
        "m0010_webhooks"
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
            for table in ["webhook_endpoints", "webhook_deliveries"] {
                run(database, &tenancy::policies(table)).await?;
            }
        }
        Ok(())
    }
}

const TABLES: &str = "
create table webhook_endpoints (
  pk {pk},
  webhook_endpoint_id {uuid} not null
    constraint webhook_endpoints_webhook_endpoint_id_key unique,
  workspace_pk bigint not null references workspaces (pk) on update cascade on delete cascade,
  -- null: of every connector
  workspace_connector_pk bigint
    references workspace_connectors (pk) on update cascade on delete cascade,
  url text not null,
  description text,
  -- ',run.completed,issue.opened,'
  event_types text not null,
  -- sealed
  secret {bytes} not null,
  old_secret {bytes},
  old_secret_until {time},
  status text not null check (status in ('enabled', 'disabled')),
  disabled_reason text,
  -- nothing has arrived since
  failing_since {time},
  created_at {time} not null,
  updated_at {time} not null,
  deleted_at {time}
);
create index webhook_endpoints_workspace_idx
  on webhook_endpoints (workspace_pk, created_at desc, pk desc);
create index webhook_endpoints_connector_idx on webhook_endpoints (workspace_connector_pk);
create index webhook_endpoints_enabled_idx on webhook_endpoints (workspace_pk)
  where status = 'enabled' and deleted_at is null;
create table webhook_deliveries (
  pk {pk},
  webhook_delivery_id {uuid} not null
    constraint webhook_deliveries_webhook_delivery_id_key unique,
  workspace_pk bigint not null references workspaces (pk) on update cascade on delete cascade,
  webhook_endpoint_pk bigint not null
    references webhook_endpoints (pk) on update cascade on delete cascade,
  -- events of one connector come in order; 0: of none
  workspace_connector_pk bigint not null default 0,
  event_type text not null,
  -- the run, the transition or the diagnostic
  subject {uuid} not null,
  -- what is sent: made at the first attempt, the same in each
  payload text,
  status text not null check (status in ('pending', 'delivered', 'given_up')),
  attempts bigint not null default 0,
  next_attempt_at {time} not null,
  lease_until {time},
  answer_status bigint,
  answer_note text,
  delivered_at {time},
  created_at {time} not null,
  updated_at {time} not null
);
create index webhook_deliveries_lane_idx
  on webhook_deliveries (webhook_endpoint_pk, workspace_connector_pk, pk)
  where status = 'pending';
create index webhook_deliveries_endpoint_idx
  on webhook_deliveries (webhook_endpoint_pk, created_at desc, pk desc);
create index webhook_deliveries_workspace_idx
  on webhook_deliveries (workspace_pk, created_at desc, pk desc);
";
