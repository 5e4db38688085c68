//! What an admin changes of a mapping: pins, a wish for another drawing, the version that is live.

use chrono::{DateTime, Utc};
use domain::id::ConnectorMappingId;
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter};

use super::line::Line;
use super::pins::SlotPin;
use super::{Mapping, RegenerationReason, find};
use crate::entity::connector_mappings::{ActiveModel, Column, Entity, Model};
use crate::error::Error;
use crate::{Store, Tenant};

/// What is left out stays as it is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Patch {
    pub pins: Vec<SlotPin>,
    /// Slots whose pins are taken away; one that is not pinned stays so.
    pub unpins: Vec<String>,
    /// The next run draws it again.
    pub regenerate: bool,
    /// Roll back: this version is the live one from now on.
    pub restore: bool,
}

/// All of it or nothing. A changed pin asks for another drawing by itself.
pub async fn update(
    store: &Store,
    tenant: &Tenant,
    id: ConnectorMappingId,
    patch: &Patch,
    now: DateTime<Utc>,
) -> Result<Mapping, Error> {
    let now = domain::time::to_millis(now);
    let txn = store.tenant_txn(tenant).await?;
    let row = row(&txn, tenant, id).await?;
    let is_live = row.is_live || patch.restore;
    if patch.regenerate && !is_live {
        return Err(Error::invalid(0, "needs_regeneration", "is asked of the live version alone"));
    }
    if patch.restore {
        revive(&txn, tenant, row.clone(), now).await?;
    }
    let line = line(tenant, &row);
    let mut has_changed = !patch.pins.is_empty();
    for pin in &patch.pins {
        line.pin(&txn, pin, now).await?;
    }
    for slot in &patch.unpins {
        has_changed |= line.unpin(&txn, slot).await?;
    }
    if patch.regenerate {
        line.redraw(&txn, RegenerationReason::Manual, now).await?;
    } else if has_changed {
        line.redraw(&txn, RegenerationReason::GovernanceChanged, now).await?;
    }
    txn.commit().await?;
    find(store, tenant, id).await
}

/// Makes an old version live again; the one that was live is kept.
pub async fn restore(
    store: &Store,
    tenant: &Tenant,
    id: ConnectorMappingId,
    now: DateTime<Utc>,
) -> Result<Mapping, Error> {
    update(store, tenant, id, &Patch { restore: true, ..Patch::default() }, now).await
}

async fn row(
    txn: &DatabaseTransaction,
    tenant: &Tenant,
    id: ConnectorMappingId,
) -> Result<Model, Error> {
    let found = Entity::find()
        .filter(Column::ConnectorMappingId.eq(id.0))
        .filter(Column::WorkspacePk.eq(tenant.workspace_pk))
        .filter(Column::DeletedAt.is_null())
        .one(txn)
        .await?;
    found.ok_or(Error::NotFound("connector_mapping"))
}

fn line<'a>(tenant: &'a Tenant, row: &'a Model) -> Line<'a> {
    Line {
        tenant,
        connector_pk: row.workspace_connector_pk,
        model: &row.target_model,
        tool: &row.tool_name,
    }
}

async fn revive(
    txn: &DatabaseTransaction,
    tenant: &Tenant,
    row: Model,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    line(tenant, &row).retire(txn, now).await?;
    let mut row: ActiveModel = row.into();
    row.is_live = Set(true);
    row.needs_regeneration = Set(false);
    row.regeneration_reason = Set(None);
    row.updated_at = Set(now);
    let conflict = |error| Error::from(error).or_conflict("connector_mapping", "version");
    row.update(txn).await.map_err(conflict).map(|_| ())
}
