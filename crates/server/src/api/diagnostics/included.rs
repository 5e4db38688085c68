//! `include`: one query for each included type, however many rows name it.

use domain::Diagnostic;
use store::Tenant;
use store::workspaces;

use crate::App;
use crate::api::{self, included};
use crate::jsonapi::document;
use crate::jsonapi::json::Json;
use crate::jsonapi::params::Params;
use crate::problem::Problem;

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
    let mut json = Json::default();
    if params.includes("workspace") && rows.clone().next().is_some() {
        // Every row that a tenant sees names its own workspace.
        let own = workspaces::find(app.store(), tenant).await?;
        document::resource(&mut json, &own, params.fields(&api::workspaces::KIND));
    }
    if params.includes("workspace_connector") {
        let ids = rows.clone().map(|it| it.workspace_connector.0).collect();
        included::connectors(app, tenant, params, ids, &mut json).await?;
    }
    if params.includes("sync_log") {
        let ids = rows.filter_map(|it| it.sync_log).map(|it| it.0).collect();
        included::runs(app, tenant, params, ids, &mut json).await?;
    }
    Ok(Some(json))
}
