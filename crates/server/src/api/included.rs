//! Resources that others name, for `include`: one query for each type, however many rows name it.

use std::collections::BTreeSet;

use store::{Condition, Field, FieldKind, Op, Page, Query, Tenant, Value};
use store::{sync_logs, workspace_connectors};
use uuid::Uuid;

use crate::App;
use crate::api;
use crate::jsonapi::document;
use crate::jsonapi::json::Json;
use crate::jsonapi::params::Params;
use crate::problem::Problem;

static CONNECTOR: Field = Field { name: "workspace_connector_id", kind: FieldKind::Id };
static RUN: Field = Field { name: "sync_log_id", kind: FieldKind::Id };

/// The installations with these ids.
pub(crate) async fn connectors(
    app: &App,
    tenant: &Tenant,
    params: &Params,
    ids: BTreeSet<Uuid>,
    json: &mut Json,
) -> Result<(), Problem> {
    for query in of(&CONNECTOR, ids) {
        for (it, _) in &workspace_connectors::list(app.store(), tenant, &query).await?.items {
            document::resource(json, it, params.fields(&api::workspace_connectors::KIND));
        }
    }
    Ok(())
}

/// The runs with these ids.
pub(crate) async fn runs(
    app: &App,
    tenant: &Tenant,
    params: &Params,
    ids: BTreeSet<Uuid>,
    json: &mut Json,
) -> Result<(), Problem> {
    for query in of(&RUN, ids) {
        for (it, _) in &sync_logs::list(app.store(), tenant, &query).await?.items {
            let shown = api::sync_logs::Shown { log: it, ledger: None };
            document::resource(json, &shown, params.fields(&api::sync_logs::KIND));
        }
    }
    Ok(())
}

/// Everything with one of these ids. A row names two at most, so a page needs two queries at most.
fn of(field: &'static Field, ids: BTreeSet<Uuid>) -> Vec<Query> {
    let values: Vec<Value> = ids.into_iter().map(Value::Id).collect();
    let each = values.chunks(usize::from(Page::SIZE_MAX)).map(|values| Query {
        conditions: vec![Condition { field, op: Op::In, values: values.to_vec() }],
        page: Page::first(Page::SIZE_MAX),
        ..Query::default()
    });
    each.collect()
}
