//! Slots that an admin has pinned: they belong to a mapping as a whole, and outlive its versions.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::TargetModel;
use domain::id::WorkspaceConnectorId;
use sea_orm::DatabaseTransaction;

use super::line::Line;
use crate::error::Error;
use crate::sql::Bind;
use crate::{Store, Tenant, cell, diagnostics};

/// A slot that is read from one path, or from nothing, whatever a seat proposes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlotPin {
    pub slot: String,
    /// None: left empty on purpose.
    pub path: Option<String>,
    pub reason: String,
}

/// A mapping as a whole, all of its versions: a connector's, for a target, from a tool.
pub type Whole = (WorkspaceConnectorId, TargetModel, String);

/// The pins of one mapping, by slot.
pub async fn slot_pins(
    store: &Store,
    tenant: &Tenant,
    connector: WorkspaceConnectorId,
    model: TargetModel,
    tool: &str,
) -> Result<Vec<SlotPin>, Error> {
    let mut all = slot_pins_of(store, tenant, &[connector]).await?;
    Ok(all.remove(&(connector, model, tool.to_owned())).unwrap_or_default())
}

/// The pins of every mapping of these connectors, each by slot: one query for the pins, and one for
/// each connector that is not known to the cache.
pub async fn slot_pins_of(
    store: &Store,
    tenant: &Tenant,
    connectors: &[WorkspaceConnectorId],
) -> Result<HashMap<Whole, Vec<SlotPin>>, Error> {
    type Row = (i64, String, String, String, Option<String>, String);
    let mut ids = HashMap::new();
    for connector in connectors {
        let pk = diagnostics::connector_pk(store, tenant, *connector).await?;
        ids.extend(pk.map(|pk| (pk, *connector)));
    }
    let mut all: HashMap<Whole, Vec<SlotPin>> = HashMap::new();
    if ids.is_empty() {
        return Ok(all);
    }
    let mut sql = store.sql();
    sql.push("select workspace_connector_pk, target_model, tool_name, slot, path, reason");
    sql.push(" from connector_mapping_slot_pins");
    cell::of_tenant(&mut sql, tenant, "workspace_pk");
    sql.push(" and ").any("workspace_connector_pk", Bind::Numbers(ids.keys().copied().collect()));
    sql.push(" order by slot");
    for (pk, model, tool, slot, path, reason) in store.fetch::<Row>(sql).await? {
        let Some(connector) = ids.get(&pk).copied() else { continue };
        let of = all.entry((connector, cell::word(&model)?, tool)).or_default();
        of.push(SlotPin { slot, path, reason });
    }
    Ok(all)
}

impl Line<'_> {
    pub(super) async fn pin(
        &self,
        txn: &DatabaseTransaction,
        pin: &SlotPin,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let sql = "insert into connector_mapping_slot_pins (workspace_pk, workspace_connector_pk,
              target_model, tool_name, slot, path, reason, created_at, updated_at)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $8)
            on conflict (workspace_connector_pk, workspace_pk, target_model, tool_name, slot)
            do update set path = excluded.path, reason = excluded.reason,
              updated_at = excluded.updated_at";
        let binds = [
            self.tenant.workspace_pk.into(),
            self.connector_pk.into(),
            self.model.into(),
            self.tool.into(),
            pin.slot.as_str().into(),
            pin.path.clone().into(),
            pin.reason.as_str().into(),
            now.into(),
        ];
        cell::execute(txn, sql, binds).await.map(|_| ())
    }

    /// Whether there was such a pin.
    pub(super) async fn unpin(&self, txn: &DatabaseTransaction, slot: &str) -> Result<bool, Error> {
        let sql = "delete from connector_mapping_slot_pins
            where workspace_pk = $1 and workspace_connector_pk = $2 and target_model = $3
              and tool_name = $4 and slot = $5";
        let binds = [
            self.tenant.workspace_pk.into(),
            self.connector_pk.into(),
            self.model.into(),
            self.tool.into(),
            slot.into(),
        ];
        Ok(cell::execute(txn, sql, binds).await? > 0)
    }

    /// The version that is live, if one is, is to be drawn again.
    pub(super) async fn redraw(
        &self,
        txn: &DatabaseTransaction,
        reason: super::RegenerationReason,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let sql = "update connector_mappings
              set needs_regeneration = true, regeneration_reason = $5, updated_at = $6
            where workspace_pk = $1 and workspace_connector_pk = $2 and target_model = $3
              and tool_name = $4 and is_live and deleted_at is null";
        let binds = [
            self.tenant.workspace_pk.into(),
            self.connector_pk.into(),
            self.model.into(),
            self.tool.into(),
            reason.as_str().into(),
            now.into(),
        ];
        cell::execute(txn, sql, binds).await.map(|_| ())
    }
}
