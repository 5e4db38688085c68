//! An installation may feed other workspaces than its own: its sync targets.

use chrono::{DateTime, Utc};
use domain::id::WorkspaceConnectorId;
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter};
use uuid::Uuid;

use crate::entity::workspace_connector_sync_targets::{ActiveModel, Column, Entity};
use crate::error::Error;
use crate::{Store, Tenant};

/// Lets an installation of `owner` write into `destination`. Both have been proven; a second one
/// for the same destination is a conflict.
pub async fn feed(
    store: &Store,
    owner: &Tenant,
    destination: &Tenant,
    id: WorkspaceConnectorId,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let txn = store.tenant_read(owner).await?;
    let own = super::own(&txn, owner, id).await?;
    txn.commit().await?;
    let now = domain::time::to_millis(now);
    let row = ActiveModel {
        pk: NotSet,
        sync_target_id: Set(Uuid::new_v4()),
        workspace_connector_pk: Set(own.pk),
        workspace_connector_id: Set(id.0),
        workspace_pk: Set(destination.workspace_pk),
        created_at: Set(now),
        updated_at: Set(now),
        deleted_at: Set(None),
    };
    let txn = store.tenant_txn(destination).await?;
    let conflict = |error| Error::from(error).or_conflict("sync_target", "workspace");
    row.insert(&txn).await.map_err(conflict)?;
    Ok(txn.commit().await?)
}

/// Ends it; what was written stays.
pub async fn unfeed(
    store: &Store,
    destination: &Tenant,
    id: WorkspaceConnectorId,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let now = domain::time::to_millis(now);
    let txn = store.tenant_txn(destination).await?;
    let row = Entity::find()
        .filter(Column::WorkspaceConnectorId.eq(id.0))
        .filter(Column::WorkspacePk.eq(destination.workspace_pk))
        .filter(Column::DeletedAt.is_null())
        .one(&txn)
        .await?;
    let mut row = row.ok_or(Error::NotFound("workspace_connector"))?.into_active_model();
    row.updated_at = Set(now);
    row.deleted_at = Set(Some(now));
    row.update(&txn).await?;
    txn.commit().await?;
    store.caches().forget_connector(id);
    Ok(())
}
