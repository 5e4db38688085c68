//! How many records each model has.

use std::collections::BTreeMap;

use domain::TargetModel;
use domain::id::WorkspaceConnectorId;

use crate::error::Error;
use crate::sql::Bind;
use crate::{Store, Tenant, cell};

/// Records by model: of one connector, or of the whole workspace. One statement.
pub async fn counts(
    store: &Store,
    tenant: &Tenant,
    connector: Option<WorkspaceConnectorId>,
) -> Result<BTreeMap<TargetModel, u64>, Error> {
    let mut sql = store.sql();
    for (at, model) in TargetModel::ALL.iter().enumerate() {
        if at > 0 {
            sql.push(" union all ");
        }
        sql.push("select '")
            .push(model.as_str())
            .push("', count(*) from ")
            .push(super::table::name(*model));
        cell::of_tenant(&mut sql, tenant, "workspace_pk");
        if let Some(id) = connector {
            sql.push(" and source_workspace_connector_pk = (select pk from workspace_connectors");
            sql.push(" where workspace_pk = ").number(tenant.workspace_pk);
            sql.push(" and workspace_connector_id = ").bind(Bind::Id(id.0)).push(")");
        }
    }
    let rows = store.fetch::<(String, i64)>(sql).await?;
    rows.into_iter().map(|(model, n)| Ok((cell::word(&model)?, n.unsigned_abs()))).collect()
}
