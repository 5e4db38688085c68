//! Attributes of webhook endpoints, deliveries and replays.

use domain::webhook::{DeliveryStatus, EndpointStatus, Event};
use utoipa::openapi::{KnownFormat, Schema};

use super::super::schema::{formatted, list_of, nullable_number, number, sized, words};
use crate::jsonapi::document::Kind;

/// None: an attribute that is the same of every kind.
pub(super) fn attribute(kind: &Kind, name: &str) -> Option<Schema> {
    let events: Vec<Event> = Event::subscribable().collect();
    Some(match (kind.name, name) {
        ("webhook_endpoint", "status") => words(EndpointStatus::ALL),
        ("webhook_delivery", "status") => words(DeliveryStatus::ALL),
        ("webhook_replay", "since") => formatted(KnownFormat::DateTime, false),
        ("webhook_endpoint" | "webhook_delivery" | "webhook_replay", _) => match name {
            "webhook_endpoint_id" | "webhook_delivery_id" | "subject_id" => {
                formatted(KnownFormat::Uuid, false)
            }
            "url" => sized(1, 2_000, false),
            "event_types" => list_of(words(&events)).into(),
            "event_type" => words(Event::ALL),
            "disabled_reason" | "answer_note" => sized(0, 500, true),
            "failing_since" | "old_secret_until" | "delivered_at" => {
                formatted(KnownFormat::DateTime, true)
            }
            "next_attempt_at" => formatted(KnownFormat::DateTime, false),
            "answer_status" => nullable_number(100, 599),
            "attempts" | "deliveries" => number(0, i64::MAX),
            _ => return None,
        },
        (_, _) => return None,
    })
}
