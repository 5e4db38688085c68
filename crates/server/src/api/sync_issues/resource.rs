//! An issue as a resource object; alone, with its history, its days, and how far it reaches.

use domain::id::WorkspaceId;
use serde_json::Value;
use store::Tenant;
use store::issues::{Actor, BlastRadius, Day, Issue, Transition};

use super::KIND;
use crate::jsonapi::document::{self, Fields, Id, Kind, Resource};
use crate::jsonapi::json::Json;

/// What `meta` tells of one issue.
#[derive(Debug)]
pub struct Story {
    pub transitions: Vec<Transition>,
    pub trend: Vec<Day>,
    pub radius: BlastRadius,
}

#[derive(Debug)]
pub(crate) struct Shown<'a> {
    issue: &'a Issue,
    workspace: WorkspaceId,
    story: Option<&'a Story>,
}

impl<'a> Shown<'a> {
    pub(super) fn of(tenant: &Tenant, issue: &'a Issue) -> Self {
        Self { issue, workspace: tenant.workspace(), story: None }
    }

    pub(super) fn in_full(tenant: &Tenant, issue: &'a Issue, story: &'a Story) -> Self {
        Self { story: Some(story), ..Self::of(tenant, issue) }
    }

    /// What it adds up to.
    fn sums(&self, json: &mut Json, fields: &Fields) {
        let it = self.issue;
        for (name, time) in [("first_seen_at", it.first_seen_at), ("last_seen_at", it.last_seen_at)]
        {
            if fields.has(name) {
                json.key(name).time(time);
            }
        }
        for (name, number) in [
            ("count", it.count),
            ("affected_records", it.affected_records),
            ("not_stored", it.not_stored),
        ] {
            if fields.has(name) {
                json.key(name).number(number);
            }
        }
        if fields.has("not_stored_since") {
            json.key("not_stored_since").time_or_null(it.not_stored_since);
        }
        if fields.has("mapping_version") {
            json.key("mapping_version").number_or_null(it.mapping_version.map(u64::from));
        }
        if fields.has("muted_until") {
            json.key("muted_until").time_or_null(it.muted_until);
        }
        if fields.has("muted_until_count") {
            json.key("muted_until_count").number_or_null(it.muted_until_count);
        }
        if fields.has("resolved_at") {
            json.key("resolved_at").time_or_null(it.resolved_at);
        }
        if fields.has("resolved_version") {
            json.key("resolved_version").number_or_null(it.resolved_version.map(u64::from));
        }
        for (name, time) in [
            ("changed_at", it.changed_at),
            ("created_at", it.created_at),
            ("updated_at", it.updated_at),
        ] {
            if fields.has(name) {
                json.key(name).time(time);
            }
        }
    }
}

impl Resource for Shown<'_> {
    fn kind(&self) -> &'static Kind {
        &KIND
    }

    fn id(&self) -> Id<'_> {
        Id::Uuid(self.issue.id.0)
    }

    fn attributes(&self, json: &mut Json, fields: &Fields) {
        let it = self.issue;
        if fields.has("sync_issue_id") {
            json.key("sync_issue_id").uuid(it.id.0);
        }
        if fields.has("fingerprint") {
            json.key("fingerprint").text(&it.fingerprint);
        }
        for (name, word) in
            [("state", it.state.as_str()), ("target_model", it.target_model.as_str())]
        {
            if fields.has(name) {
                json.key(name).word(word);
            }
        }
        if fields.has("tool_name") {
            json.key("tool_name").text_or_null(it.tool_name.as_deref());
        }
        for (name, word) in [
            ("reason", it.reason.as_str()),
            ("class", it.reason.class().as_str()),
            ("impact", it.impact.as_str()),
            ("stage", it.stage.as_str()),
        ] {
            if fields.has(name) {
                json.key(name).word(word);
            }
        }
        for (name, text) in [("subject", &it.subject), ("note", &it.note)] {
            if fields.has(name) {
                json.key(name).text_or_null(text.as_deref());
            }
        }
        self.sums(json, fields);
    }

    fn relationships(&self, json: &mut Json, fields: &Fields) {
        let it = self.issue;
        if fields.has("workspace") {
            document::to_one(json, "workspace", "workspace", Some(self.workspace.0));
        }
        if fields.has("workspace_connector") {
            let to = Some(it.connector.0);
            document::to_one(json, "workspace_connector", "workspace_connector", to);
        }
        for (name, run) in [
            ("opened_run", it.opened_run),
            ("last_run", it.last_run),
            ("resolved_run", it.resolved_run),
        ] {
            if fields.has(name) {
                document::to_one(json, name, "workspace_connector_sync_log", run.map(|it| it.0));
            }
        }
    }

    fn meta(&self, json: &mut Json) {
        let Some(story) = self.story else { return };
        json.key("blast_radius").open();
        json.key("rejected").number(story.radius.rejected);
        json.key("waiting").number(story.radius.waiting);
        json.key("models").value(&story.radius.models);
        json.key("dependants").open_list();
        for it in &story.radius.dependants {
            json.open().key("target_model").word(it.target_model.as_str());
            json.key("waiting").number(it.waiting).close();
        }
        json.close_list().close();
        json.key("trend").open_list();
        for it in &story.trend {
            json.open().key("day").word(&it.day).key("count").number(it.count).close();
        }
        json.close_list();
        json.key("transitions").open_list();
        for it in &story.transitions {
            transition(json, it);
        }
        json.close_list();
    }

    fn about(&self) -> Option<String> {
        Some(format!("/reasons/{}", self.issue.reason))
    }
}

fn transition(json: &mut Json, it: &Transition) {
    json.open().key("id").uuid(it.id.0);
    json.key("from").text_or_null(it.from.map(|it| it.as_str()));
    json.key("to").word(it.to.as_str()).key("cause").word(it.cause.as_str());
    json.key("actor").open();
    match &it.actor {
        Actor::Engine => json.key("kind").word("engine"),
        Actor::Operator => json.key("kind").word("operator"),
        Actor::Key(id, name) => {
            json.key("kind").word("api_key").key("api_key_id").uuid(id.0);
            json.key("name").text_or_null(name.as_deref())
        }
    };
    json.close();
    match it.run {
        Some(run) => json.key("sync_log").uuid(run.0),
        None => json.key("sync_log").null(),
    };
    json.key("mapping_version").number_or_null(it.mapping_version.map(u64::from));
    json.key("note").text_or_null(it.note.as_deref());
    json.key("created_at").time(it.created_at).close();
}

/// The resource object of an issue, as every door shows it.
pub fn resource(tenant: &Tenant, issue: &Issue) -> Value {
    document::value(&Shown::of(tenant, issue))
}

/// With its history, its days, and how far it reaches.
pub fn resource_in_full(tenant: &Tenant, issue: &Issue, story: &Story) -> Value {
    document::value(&Shown::in_full(tenant, issue, story))
}
