//! `include`: one query for each included type, however many rows name it.

use std::collections::BTreeSet;

use domain::Diagnostic;
use store::{Condition, Field, FieldKind, Op, Page, Query, Tenant, Value};
use store::{sync_logs, workspace_connectors, workspaces};
use uuid::Uuid;

use crate::App;
use crate::api;
use crate::jsonapi::document;
use crate::jsonapi::json::Json;
use crate::jsonapi::params::Params;
use crate::problem::Problem;

static CONNECTOR: Field = Field { name: "workspace_connector_id", kind: FieldKind::Id };
static RUN: Field = Field { name: "sync_log_id", kind: FieldKind::Id };

/// The included resources, separated by commas; none when nothing was asked for.
pub(super) async fn included<'a>(
    app: &App,
    tenant: &Tenant,
    params: &Params,
    rows: impl Iterator<Item = &'a Diagnostic> + Clone,
) -> Result<Option<Json>, Problem> {
    if params.include.is_empty() {
        return Ok(None);
    }
    let store = app.store();
    let mut json = Json::default();
    if params.includes("workspace") && rows.clone().next().is_some() {
        // Every row that a tenant sees names its own workspace.
        let own = workspaces::find(store, tenant).await?;
        document::resource(&mut json, &own, params.fields(&api::workspaces::KIND));
    }
    if params.includes("workspace_connector") {
        let ids: BTreeSet<Uuid> = rows.clone().map(|it| it.workspace_connector.0).collect();
        if let Some(query) = of(&CONNECTOR, ids) {
            for (it, _) in &workspace_connectors::list(store, tenant, &query).await?.items {
                document::resource(&mut json, it, params.fields(&api::workspace_connectors::KIND));
            }
        }
    }
    if params.includes("sync_log") {
        let ids: BTreeSet<Uuid> = rows.filter_map(|it| it.sync_log).map(|it| it.0).collect();
        if let Some(query) = of(&RUN, ids) {
            for (it, _) in &sync_logs::list(store, tenant, &query).await?.items {
                let shown = api::sync_logs::Shown { log: it, ledger: None };
                document::resource(&mut json, &shown, params.fields(&api::sync_logs::KIND));
            }
        }
    }
    Ok(Some(json))
}

/// Everything with one of these ids; a page of rows names no more of them than it has rows.
fn of(field: &'static Field, ids: BTreeSet<Uuid>) -> Option<Query> {
    let values: Vec<Value> = ids.into_iter().map(Value::Id).collect();
    (!values.is_empty()).then(|| Query {
        conditions: vec![Condition { field, op: Op::In, values }],
        page: Page::first(Page::SIZE_MAX),
        ..Query::default()
    })
}
