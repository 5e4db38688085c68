//! A mapping as a resource object.

use std::collections::HashMap;

use domain::id::WorkspaceId;
use serde_json::{Map, Value, json};
use store::Tenant;
use store::mappings::{Mapping, SlotPin, Whole};
use uuid::Uuid;

use super::KIND;
use crate::jsonapi::document::{self, Fields, Id, Kind, Resource};
use crate::jsonapi::json::Json;

/// A mapping with its pins and, when that was asked for, the ids of all its versions.
#[derive(Debug)]
pub(crate) struct Shown<'a> {
    mapping: &'a Mapping,
    workspace: WorkspaceId,
    pins: &'a [SlotPin],
    pub(super) versions: Option<Vec<Uuid>>,
}

impl<'a> Shown<'a> {
    pub(super) fn of(
        tenant: &Tenant,
        mapping: &'a Mapping,
        pins: &'a HashMap<Whole, Vec<SlotPin>>,
    ) -> Self {
        let whole = (mapping.connector, mapping.model, mapping.tool.clone());
        let pins = pins.get(&whole).map_or(&[][..], Vec::as_slice);
        Self { mapping, workspace: tenant.workspace(), pins, versions: None }
    }

    fn pins(&self) -> Value {
        let each = self
            .pins
            .iter()
            .map(|it| (it.slot.clone(), json!({ "path": it.path, "reason": it.reason })));
        Value::Object(each.collect::<Map<_, _>>())
    }

    /// How it came about, and how it does.
    fn history(&self, json: &mut Json, fields: &Fields) {
        let it = self.mapping;
        if fields.has("needs_regeneration") {
            json.key("needs_regeneration").flag(it.needs_regeneration);
        }
        if fields.has("regeneration_reason") {
            let reason = it.regeneration_reason.map(|it| it.as_str());
            json.key("regeneration_reason").text_or_null(reason);
        }
        if fields.has("generator") {
            json.key("generator").word(it.generator.as_str());
        }
        if fields.has("version") {
            json.key("version").number(it.version.into());
        }
        if fields.has("last_good_version") {
            json.key("last_good_version").number_or_null(it.last_good_version.map(u64::from));
        }
        if fields.has("is_live") {
            json.key("is_live").flag(it.is_live);
        }
        if fields.has("input_fingerprint") {
            json.key("input_fingerprint").text(&it.input_fingerprint);
        }
        for (name, hash) in [
            ("output_schema_hash", &it.output_schema_hash),
            ("target_schema_hash", &it.target_schema_hash),
            ("governance_hash", &it.governance_hash),
        ] {
            if fields.has(name) {
                json.key(name).text_or_null(hash.as_deref());
            }
        }
        if fields.has("slot_pins") {
            json.key("slot_pins").value(&self.pins());
        }
        for (name, document) in [
            ("slot_report", &it.slot_report),
            ("jury", &it.jury),
            ("stats", &it.stats),
            ("sample", &it.sample),
        ] {
            if fields.has(name) {
                json.key(name).value(document);
            }
        }
        if fields.has("created_at") {
            json.key("created_at").time(it.created_at);
        }
        if fields.has("updated_at") {
            json.key("updated_at").time(it.updated_at);
        }
    }

    /// Where the versions are listed.
    fn related(&self) -> String {
        let it = self.mapping;
        let mut query = form_urlencoded::Serializer::new(format!("{}?", KIND.path));
        query.append_pair("filter[workspace_connector]", &it.connector.to_string());
        query.append_pair("filter[target_model]", it.model.as_str());
        query.append_pair("filter[tool_name]", &it.tool);
        query.finish()
    }
}

impl Resource for Shown<'_> {
    fn kind(&self) -> &'static Kind {
        &KIND
    }

    fn id(&self) -> Id<'_> {
        Id::Uuid(self.mapping.id.0)
    }

    fn attributes(&self, json: &mut Json, fields: &Fields) {
        let it = self.mapping;
        if fields.has("connector_mapping_id") {
            json.key("connector_mapping_id").uuid(it.id.0);
        }
        if fields.has("target_model") {
            json.key("target_model").word(it.model.as_str());
        }
        if fields.has("tool_name") {
            json.key("tool_name").text(&it.tool);
        }
        if fields.has("jsonata_expression") {
            json.key("jsonata_expression").text(&it.expression);
        }
        for (name, document) in [
            ("plan", &it.plan),
            ("tool_arguments", &it.tool_arguments),
            ("pagination_plan", &it.pagination_plan),
        ] {
            if fields.has(name) {
                json.key(name).value(document);
            }
        }
        self.history(json, fields);
    }

    fn relationships(&self, json: &mut Json, fields: &Fields) {
        if fields.has("workspace") {
            document::to_one(json, "workspace", "workspace", Some(self.workspace.0));
        }
        if fields.has("workspace_connector") {
            let to = Some(self.mapping.connector.0);
            document::to_one(json, "workspace_connector", "workspace_connector", to);
        }
        if fields.has("versions") {
            json.key("versions").open();
            if let Some(versions) = &self.versions {
                json.key("data").open_list();
                for id in versions {
                    json.open().key("type").word(KIND.name).key("id").uuid(*id).close();
                }
                json.close_list();
            }
            json.key("links").open().key("related").text(&self.related()).close().close();
        }
    }
}

/// The resource object of a mapping, as every door shows it.
pub fn resource(tenant: &Tenant, mapping: &Mapping, pins: &HashMap<Whole, Vec<SlotPin>>) -> Value {
    document::value(&Shown::of(tenant, mapping, pins))
}
