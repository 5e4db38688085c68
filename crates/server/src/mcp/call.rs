//! What each tool does: the store is asked, the API's resources are answered.

use domain::catalogue;
use domain::id::{DiagnosticId, WorkspaceConnectorId};
use serde_json::{Map, Value, json};
use store::{Condition, Edge, Field, Mark, Page, Query, Slice, Tenant};
use store::{diagnostics, health, mappings, sync_logs, workspace_connectors};

use super::tools::{ROWS, ToolName};
use crate::App;
use crate::api::{self, missing};
use crate::auth;
use crate::code::Code;
use crate::jsonapi::cursor::Scope;
use crate::jsonapi::document;
use crate::jsonapi::filter;
use crate::jsonapi::named::Parameters;
use crate::problem::Problem;

pub(super) async fn call(
    app: &App,
    tenant: &Tenant,
    tool: ToolName,
    arguments: &Map<String, Value>,
) -> Result<Value, Problem> {
    if tool.writes() {
        auth::allowed(tenant.clone(), domain::connector::Role::Write)?;
    }
    let asked = Asked { app, tenant, tool, given: Parameters::of_json(arguments, tool.takes())? };
    match tool {
        ToolName::ListSyncDiagnostics => asked.diagnostics().await,
        ToolName::GetSyncDiagnostic => asked.diagnostic().await,
        ToolName::ExplainConnectorHealth => asked.health().await,
        ToolName::WhyMissing => {
            let answer = missing::answer(app, tenant, &asked.given).await?;
            serde_json::to_value(answer).map_err(Problem::internal)
        }
        ToolName::ListConnectors => asked.connectors().await,
        ToolName::ListConnectorMappings => asked.mappings().await,
        ToolName::ListSyncLogs => asked.runs().await,
        ToolName::RequestSync => asked.sync().await,
    }
}

/// A call whose arguments hold.
struct Asked<'a> {
    app: &'a App,
    tenant: &'a Tenant,
    tool: ToolName,
    given: Parameters,
}

impl Asked<'_> {
    async fn diagnostics(&self) -> Result<Value, Problem> {
        let names =
            ["workspace_connector", "target_model", "reason", "class", "impact", "sync_log"];
        let mut query = self.query(diagnostics::FIELDS, &names)?;
        if let Some(since) = self.given.get("since") {
            let name = "filter[occurred_at][gte]";
            let path = ["occurred_at", "gte"];
            query.conditions.push(filter::condition(name, &path, since, diagnostics::FIELDS)?);
        }
        let (store, now) = (self.app.store(), self.app.now());
        let slice = diagnostics::list(store, self.tenant, &query, now).await?;
        let retention = self.tenant.retention();
        let each = |it| api::diagnostics::resource(it, retention);
        Ok(self.page("diagnostics", &slice, each))
    }

    async fn diagnostic(&self) -> Result<Value, Problem> {
        let id = DiagnosticId(self.id("id")?);
        let row = diagnostics::find(self.app.store(), self.tenant, id, self.app.now()).await?;
        let reason = document::value(catalogue::page(row.reason));
        let shown = api::diagnostics::resource(&row, self.tenant.retention());
        Ok(json!({ "diagnostic": shown, "reason": reason }))
    }

    async fn health(&self) -> Result<Value, Problem> {
        let of = WorkspaceConnectorId(self.id("workspace_connector")?);
        let found = health::find(self.app.store(), self.tenant, of, self.app.now()).await?;
        Ok(api::health::resource(of, found))
    }

    async fn connectors(&self) -> Result<Value, Problem> {
        let query = self.query(workspace_connectors::FIELDS, &["status"])?;
        let slice = workspace_connectors::list(self.app.store(), self.tenant, &query).await?;
        Ok(self.page("connectors", &slice, api::workspace_connectors::resource))
    }

    async fn mappings(&self) -> Result<Value, Problem> {
        let mut query = self.query(mappings::FIELDS, &["workspace_connector", "target_model"])?;
        query.conditions.push(filter::condition(
            "filter[is_live]",
            &["is_live"],
            "true",
            mappings::FIELDS,
        )?);
        let slice = mappings::list(self.app.store(), self.tenant, &query).await?;
        let rows = slice.items.iter().map(|it| &it.0);
        let pins = api::connector_mappings::pins(self.app.store(), self.tenant, rows).await?;
        let each = |it| {
            let mut shown = api::connector_mappings::resource(self.tenant, it, &pins);
            // Rows of the source say nothing of the mapping that its report does not.
            if let Some(attributes) = shown.get_mut("attributes").and_then(Value::as_object_mut) {
                attributes.remove("sample");
            }
            shown
        };
        Ok(self.page("mappings", &slice, each))
    }

    async fn runs(&self) -> Result<Value, Problem> {
        let query = self.query(sync_logs::FIELDS, &["workspace_connector", "status"])?;
        let mut slice = sync_logs::list(self.app.store(), self.tenant, &query).await?;
        let ids: Vec<_> = slice.items.iter().map(|it| it.0.sync_log_id).collect();
        let ledgers = sync_logs::ledgers(self.app.store(), self.tenant, &ids).await?;
        for ((log, _), (_, ledger)) in slice.items.iter_mut().zip(ledgers) {
            log.ledger = ledger;
        }
        Ok(self.page("sync_logs", &slice, api::sync_logs::resource))
    }

    async fn sync(&self) -> Result<Value, Problem> {
        let connector = WorkspaceConnectorId(self.id("workspace_connector")?);
        let run = api::workspace_connectors::schedule(self.app, self.tenant, connector).await?;
        Ok(json!({ "sync_log": api::sync_logs::resource(&run) }))
    }

    fn id(&self, name: &'static str) -> Result<uuid::Uuid, Problem> {
        self.given.required(name)?;
        self.given.parsed(name)?.ok_or_else(|| Problem::not_found(name))
    }

    /// The arguments that are named like the fields that they filter on, and the page.
    fn query(&self, fields: &'static [Field], names: &[&'static str]) -> Result<Query, Problem> {
        let given = names.iter().filter_map(|name| Some((*name, self.given.get(name)?)));
        let conditions = given.map(|(name, value)| filter::condition(name, &[name], value, fields));
        let conditions: Vec<Condition> = conditions.collect::<Result<_, _>>()?;
        let mut page = Page::first(self.given.parsed("limit")?.unwrap_or(20).min(ROWS));
        if let Some(cursor) = self.given.get("cursor") {
            let mark = self.app.cursors().open(cursor, self.scope()).ok_or_else(|| {
                let detail = "is not a cursor of this tool; leave it out to start again";
                Problem::parameter(Code::InvalidCursor, "cursor", detail)
            })?;
            page.at = Some(Edge::After(mark));
        }
        Ok(Query { conditions, page, ..Query::default() })
    }

    /// A cursor belongs to a tool and a workspace.
    fn scope(&self) -> Scope<'_> {
        Scope { workspace: Some(self.tenant.workspace()), order: self.tool.as_str() }
    }

    fn page<'r, T>(&self, name: &str, slice: &'r Slice<T>, each: impl Fn(&'r T) -> Value) -> Value {
        let rows: Vec<Value> = slice.items.iter().map(|it| each(&it.0)).collect();
        let last: Option<&Mark> = slice.items.last().map(|it| &it.1).filter(|_| slice.has_after);
        let next = last.map(|it| self.app.cursors().seal(it, self.scope()));
        json!({ name: rows, "next_cursor": next })
    }
}
