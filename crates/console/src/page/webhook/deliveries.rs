//! What was sent to a webhook, what came of it, and how to send it again.

use chrono::{DateTime, Utc};
use domain::webhook::{DeliveryStatus, EndpointStatus, Event};
use maud::{Markup, html};
use store::webhooks::Delivery;

use super::{SINCE, Shown, to};
use crate::page::connectors::pages;
use crate::session::Person;
use crate::view::{act, frame, link, status, text};

pub(super) fn view(person: &Person, shown: &Shown) -> Markup {
    let path = format!("{}/replay", to(shown.it.id));
    html! {
        (states(shown))
        @if shown.deliveries.is_empty() {
            (frame::empty("No deliveries here.", &html! { "They come with the next event that it asks for. A test shows at once whether the address answers." }))
        } @else {
            div.scroll tabindex="0" role="region" aria-label="Deliveries" {
                table.list {
                    thead { tr {
                        th scope="col" { "Event" } th scope="col" { "State" } th.num scope="col" { "Attempts" }
                        th scope="col" { "Answer" } th scope="col" { "Happened" } th scope="col" { "Next try" } th scope="col" { "Once more" }
                    } }
                    tbody { @for it in &shown.deliveries { (row(person, shown, it, &path)) } }
                }
            }
            (pages(&shown.beside))
            form.filter method="post" action=(path) {
                (act::token(person))
                label for="hours" { "Send again everything of" }
                select id="hours" name="hours" {
                    @for (hours, words) in SINCE { option value=(hours) selected[hours == 24] { (words) } }
                }
                button type="submit" { "Send again" }
                span.quiet { "Events keep their ids: a receiver knows those that it has seen." }
            }
        }
    }
}

fn states(shown: &Shown) -> Markup {
    const NAME: &str = "filter[status]";
    let now = link::parameter(&shown.uri, NAME).unwrap_or_default();
    let states =
        [("All", ""), ("Waiting", "pending"), ("Delivered", "delivered"), ("Given up", "given_up")];
    html! {
        nav.tabs aria-label="States" {
            @for (label, value) in states {
                @let to = link::with(&shown.uri, NAME, Some(value).filter(|it| !it.is_empty()));
                a href=(to) aria-current=[(now == value).then_some("true")] { (label) }
            }
        }
    }
}

fn row(person: &Person, shown: &Shown, it: &Delivery, path: &str) -> Markup {
    let id = it.id.to_string();
    html! {
        tr data-row {
            th scope="row" { code { (it.event) } " " span.quiet { (subject(it)) } }
            td { (status::delivery(it)) }
            td.num data-label="Attempts" { (it.attempts) }
            td data-label="Answer" { (answer(it)) }
            td data-label="Happened" { (text::time(it.created_at, person.now)) }
            td data-label="Next try" { (next(shown, it, person.now)) }
            td { (act::button_with(person, path, "Send again", &[("delivery", &id)])) }
        }
    }
}

/// What it is about, where there is a page of it.
fn subject(it: &Delivery) -> Markup {
    let to = match it.event {
        Event::RunCompleted => Some(("run", format!("/runs/{}", it.subject))),
        Event::DiagnosticFailure => Some(("row", format!("/diagnostics/{}", it.subject))),
        // The subject is the transition, which has no page of its own.
        Event::IssueOpened
        | Event::IssueEscalating
        | Event::IssueMuted
        | Event::IssueResolved
        | Event::IssueRegressed
        | Event::Test => None,
    };
    html! { @if let Some((what, to)) = to { a href=(to) { (what) " " (text::id(it.subject)) } } }
}

fn answer(it: &Delivery) -> Markup {
    html! {
        @match (&it.answer_note, it.answer_status) {
            (Some(note), _) => span.value { (text::short(note, 200)) },
            (None, Some(status)) => span.num { "answered " (status) },
            (None, None) => span.quiet { "none yet" },
        }
    }
}

fn next(shown: &Shown, it: &Delivery, now: DateTime<Utc>) -> Markup {
    html! {
        @match it.status {
            DeliveryStatus::Pending if shown.it.status == EndpointStatus::Disabled => span.quiet { "when it is enabled" },
            DeliveryStatus::Pending if it.next_attempt_at <= now => "in its turn",
            DeliveryStatus::Pending => (text::time(it.next_attempt_at, now)),
            DeliveryStatus::Delivered | DeliveryStatus::GivenUp => span.quiet { "none" },
        }
    }
}
