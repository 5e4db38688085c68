//! `/v1/webhook-deliveries`: what was sent, and what came of it.

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use serde_json::Value;
use store::webhooks::{self, Delivery};

use crate::App;
use crate::auth::Admin;
use crate::jsonapi::document::{self, Around, Fields, Id, Kind, Resource};
use crate::jsonapi::json::Json;
use crate::jsonapi::media::TakesJsonApi;
use crate::jsonapi::params::{Does, Listing};
use crate::problem::Problem;

pub(crate) static KIND: Kind = Kind {
    name: "webhook_delivery",
    path: "/v1/webhook-deliveries",
    attributes: &[
        "webhook_delivery_id",
        "event_type",
        "subject_id",
        "status",
        "attempts",
        "next_attempt_at",
        "answer_status",
        "answer_note",
        "delivered_at",
        "created_at",
        "updated_at",
    ],
    relationships: &[("webhook_endpoint", "webhook_endpoint")],
};

pub(crate) static LISTING: Listing = Listing {
    kind: &KIND,
    fields: webhooks::DELIVERY_FIELDS,
    sorts: webhooks::DELIVERY_SORTS,
    newest_by: "created_at",
    is_searchable: false,
    includes: &[],
    does: Does::Pages,
};

impl Resource for Delivery {
    fn kind(&self) -> &'static Kind {
        &KIND
    }

    fn id(&self) -> Id<'_> {
        Id::Uuid(self.id.0)
    }

    fn attributes(&self, json: &mut Json, fields: &Fields) {
        if fields.has("webhook_delivery_id") {
            json.key("webhook_delivery_id").uuid(self.id.0);
        }
        if fields.has("event_type") {
            json.key("event_type").word(self.event.as_str());
        }
        if fields.has("subject_id") {
            json.key("subject_id").uuid(self.subject);
        }
        if fields.has("status") {
            json.key("status").word(self.status.as_str());
        }
        if fields.has("attempts") {
            json.key("attempts").number(self.attempts.into());
        }
        if fields.has("next_attempt_at") {
            json.key("next_attempt_at").time(self.next_attempt_at);
        }
        if fields.has("answer_status") {
            json.key("answer_status").number_or_null(self.answer_status.map(u64::from));
        }
        if fields.has("answer_note") {
            json.key("answer_note").text_or_null(self.answer_note.as_deref());
        }
        if fields.has("delivered_at") {
            json.key("delivered_at").time_or_null(self.delivered_at);
        }
        for (name, time) in [("created_at", self.created_at), ("updated_at", self.updated_at)] {
            if fields.has(name) {
                json.key(name).time(time);
            }
        }
    }

    fn relationships(&self, json: &mut Json, fields: &Fields) {
        if fields.has("webhook_endpoint") {
            let to = Some(self.endpoint.0);
            document::to_one(json, "webhook_endpoint", "webhook_endpoint", to);
        }
    }
}

/// The resource object of a delivery, as every door shows it.
pub fn resource(delivery: &Delivery) -> Value {
    document::value(delivery)
}

pub(crate) async fn list(
    State(app): State<App>,
    Admin(tenant): Admin,
    _: TakesJsonApi,
    uri: Uri,
) -> Result<Response, Problem> {
    let workspace = Some(tenant.workspace());
    let list = Around::read(&uri, &LISTING, app.cursors(), workspace)?;
    let slice = webhooks::deliveries(app.store(), &tenant, &list.params.query).await?;
    Ok(list.page(&slice, |it| it))
}
