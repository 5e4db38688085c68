//! The versions of one mapping: their numbers, and that at most one is live.

use chrono::{DateTime, Utc};
use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder};

use crate::entity::connector_mappings::{Column, Entity};
use crate::error::Error;
use crate::{Tenant, cell};

/// The versions of one mapping.
pub(super) struct Line<'a> {
    pub(super) tenant: &'a Tenant,
    pub(super) connector_pk: i64,
    pub(super) model: &'a str,
    pub(super) tool: &'a str,
}

impl Line<'_> {
    /// Deleted versions keep their numbers: a number names one text for ever.
    pub(super) async fn next_version(&self, txn: &DatabaseTransaction) -> Result<i32, Error> {
        let last = Entity::find()
            .filter(Column::WorkspacePk.eq(self.tenant.workspace_pk))
            .filter(Column::WorkspaceConnectorPk.eq(self.connector_pk))
            .filter(Column::TargetModel.eq(self.model))
            .filter(Column::ToolName.eq(self.tool))
            .order_by_desc(Column::Version)
            .one(txn)
            .await?;
        Ok(last.map_or(1, |it| it.version + 1))
    }

    pub(super) async fn retire(
        &self,
        txn: &DatabaseTransaction,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let sql = "update connector_mappings set is_live = false, updated_at = $5
            where workspace_pk = $1 and workspace_connector_pk = $2 and target_model = $3
              and tool_name = $4 and is_live";
        let binds = [
            self.tenant.workspace_pk.into(),
            self.connector_pk.into(),
            self.model.into(),
            self.tool.into(),
            now.into(),
        ];
        cell::execute(txn, sql, binds).await.map(|_| ())
    }
}
