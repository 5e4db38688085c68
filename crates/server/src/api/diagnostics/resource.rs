//! The resource object of a diagnostic: the seed's ten attributes in its order, and what we know
//! beyond them in `meta`.

use std::sync::LazyLock;

use domain::catalogue;
use domain::retention::Retention;
use domain::{Diagnostic, Reason};

use crate::jsonapi::document::{self, Fields, Id, Kind, Resource};
use crate::jsonapi::json::Json;

pub(crate) const PATH: &str = "/v1/connector-sync-diagnostics";

pub(crate) static KIND: Kind = Kind {
    name: "connector_sync_diagnostic",
    path: PATH,
    attributes: &[
        "diagnostic_id",
        "target_model",
        "tool_name",
        "reason",
        "http_status",
        "detail",
        "occurred_at",
        "created_at",
        "updated_at",
        "deleted_at",
    ],
    relationships: &[
        ("workspace", "workspace"),
        ("workspace_connector", "workspace_connector"),
        ("sync_log", "workspace_connector_sync_log"),
    ],
};

/// A row as it is shown: with the retention that says when it goes.
#[derive(Debug)]
pub(crate) struct Shown<'a> {
    pub(crate) row: &'a Diagnostic,
    pub(crate) retention: Retention,
}

impl Resource for Shown<'_> {
    fn kind(&self) -> &'static Kind {
        &KIND
    }

    fn id(&self) -> Id<'_> {
        Id::Uuid(self.row.diagnostic_id.0)
    }

    fn attributes(&self, json: &mut Json, fields: &Fields) {
        let row = self.row;
        if fields.has("diagnostic_id") {
            json.key("diagnostic_id").uuid(row.diagnostic_id.0);
        }
        if fields.has("target_model") {
            json.key("target_model").word(row.target_model.as_str());
        }
        if fields.has("tool_name") {
            json.key("tool_name").text_or_null(row.tool_name.as_deref());
        }
        if fields.has("reason") {
            json.key("reason").word(row.reason.as_str());
        }
        if fields.has("http_status") {
            json.key("http_status").number_or_null(row.http_status.map(u64::from));
        }
        if fields.has("detail") {
            json.key("detail").text(&row.detail);
        }
        if fields.has("occurred_at") {
            json.key("occurred_at").time(row.occurred_at);
        }
        if fields.has("created_at") {
            json.key("created_at").time(row.created_at);
        }
        if fields.has("updated_at") {
            json.key("updated_at").time_or_null(row.updated_at);
        }
        if fields.has("deleted_at") {
            json.key("deleted_at").time_or_null(row.deleted_at);
        }
    }

    fn relationships(&self, json: &mut Json, fields: &Fields) {
        let row = self.row;
        if fields.has("workspace") {
            document::to_one(json, "workspace", "workspace", Some(row.workspace.0));
        }
        if fields.has("workspace_connector") {
            let to = Some(row.workspace_connector.0);
            document::to_one(json, "workspace_connector", "workspace_connector", to);
        }
        if fields.has("sync_log") {
            let to = row.sync_log.map(|it| it.0);
            document::to_one(json, "sync_log", "workspace_connector_sync_log", to);
        }
    }

    fn meta(&self, json: &mut Json) {
        let row = self.row;
        json.key("class").word(row.reason.class().as_str());
        json.key("impact").word(row.impact().as_str());
        json.key("stage").word(row.stage().as_str());
        match &row.context {
            Some(context) => json.key("context").value(context),
            None => json.key("context").null(),
        };
        match row.issue() {
            Some(issue) => json.key("issue").uuid(issue.0),
            None => json.key("issue").null(),
        };
        json.key("expires_at").time(self.retention.expires_at(row.occurred_at));
        json.key("reason_title").text(title(row.reason));
    }

    fn about(&self) -> Option<String> {
        Some(format!("/reasons/{}", self.row.reason))
    }
}

/// Found by position: fifty rows need fifty of them.
fn title(reason: Reason) -> &'static str {
    static TITLES: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
        Reason::ALL.iter().map(|it| catalogue::page(*it).title.as_str()).collect()
    });
    TITLES.get(reason as usize).copied().unwrap_or_default()
}
