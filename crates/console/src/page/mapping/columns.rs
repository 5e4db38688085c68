//! Sample in, plan, entity out: three columns that belong together. A slot lights what it reads and
//! what it gives.

use std::collections::BTreeSet;

use domain::entity;
use mapping::draw::SlotReport;
use mapping::plan::{Plan, Slot, Transform};
use maud::{Markup, html};
use serde_json::{Map, Value};

use super::Shown;
use crate::page::records::source;
use crate::session::Person;
use crate::view::{chart, frame, link, text};

/// Paths of a record that are shown; a provider's record can be of any size.
const PATHS: usize = 80;

pub(super) fn three(person: &Person, shown: &Shown) -> Markup {
    let rows = shown.it.sample.as_array().map(Vec::as_slice).unwrap_or_default();
    let asked = link::parameter(&person.uri, "record").and_then(|it| it.parse::<usize>().ok());
    let at = asked.unwrap_or(1).clamp(1, rows.len().max(1));
    html! {
        @if rows.len() > 1 {
            nav.tabs aria-label="Records of the sample" {
                @for n in 1..=rows.len() {
                    a href=(link::with(&person.uri, "record", Some(&n.to_string()))) aria-current=[(n == at).then_some("true")] { "Record " (n) }
                }
            }
        }
        div.three data-lights {
            section aria-labelledby="in" { h2 #in { "Sample in" } (sample(shown, rows.get(at - 1))) }
            section aria-labelledby="plan" { h2 #plan { "Plan" } (plan(shown)) }
            section aria-labelledby="out" { h2 #out { "Entity out" } (made(person, shown, at - 1)) }
        }
    }
}

/// The provider's record, a line a path; those that the plan reads are marked.
fn sample(shown: &Shown, row: Option<&Value>) -> Markup {
    let Some(row) = row else {
        return frame::empty(
            "No records are kept.",
            &html! { "A run that draws this mapping keeps a few." },
        );
    };
    let mut lines = Vec::new();
    flat(row, String::new(), &mut lines);
    let used = used(shown.plan.as_ref());
    html! {
        ul.paths {
            @for (path, value) in lines.iter().take(PATHS) {
                @let plain = plain(path);
                li class=[used.contains(&plain).then_some("used")] data-path=(plain) {
                    code { (path) } " " span.value { (text::value(value)) }
                }
            }
        }
        @if lines.len() > PATHS { p.quiet { "and " (lines.len() - PATHS) " more" } }
    }
}

/// Leaves of a document, each with its path.
fn flat(value: &Value, path: String, into: &mut Vec<(String, Value)>) {
    let below =
        |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    match value {
        Value::Object(members) if !members.is_empty() => {
            for (name, it) in members {
                flat(it, below(name), into);
            }
        }
        Value::Array(items) if items.iter().any(Value::is_object) => {
            for (at, it) in items.iter().enumerate() {
                flat(it, format!("{path}[{at}]"), into);
            }
        }
        Value::Object(_)
        | Value::Array(_)
        | Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_) => into.push((path, value.clone())),
    }
}

/// A path without which item it picks: `lines[0].id` → `lines.id`.
fn plain(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    let mut depth = 0_u8;
    for letter in path.chars() {
        match letter {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            _ if depth == 0 => out.push(letter),
            _ => {}
        }
    }
    out
}

fn used(plan: Option<&Plan>) -> BTreeSet<String> {
    plan.map(|it| it.paths().iter().map(|it| plain(&it.to_string())).collect()).unwrap_or_default()
}

fn plan(shown: &Shown) -> Markup {
    let Some(plan) = &shown.plan else {
        return frame::empty(
            "Free-form.",
            &html! { "A person or a model wrote this as one expression: it has no slots." },
        );
    };
    let report: Vec<SlotReport> =
        serde_json::from_value(shown.it.slot_report.clone()).unwrap_or_default();
    let (filled, empty): (Vec<&Slot>, Vec<&Slot>) = plan.slots.iter().partition(|it| !it.is_null());
    html! {
        @if !plan.records.are_rows() { p.quiet { "Each record is " code { (plan.records.path) } " of a row." } }
        ul.slots {
            @for slot in filled { (slot_line(plan, slot, report.iter().find(|it| it.slot == slot.slot), shown)) }
        }
        @if !empty.is_empty() {
            details {
                summary { (empty.len()) " slots are left empty" }
                ul { @for slot in empty { li { code { (slot.slot) } " " span.quiet { (source(&slot.source)) } } } }
            }
        }
    }
}

fn slot_line(plan: &Plan, slot: &Slot, report: Option<&SlotReport>, shown: &Shown) -> Markup {
    let from: Vec<String> =
        slot.own_paths().iter().map(|it| plain(&plan.records.from_row(it).to_string())).collect();
    let pinned =
        shown.pins.iter().any(|it| it.slot == slot.slot) || report.is_some_and(|it| it.pinned);
    html! {
        li tabindex="0" data-slot=(slot.slot) data-from=(from.join(" ")) {
            div { code { strong { (slot.slot) } } " ← " code { (source(&slot.source)) } }
            div.quiet {
                @for (at, it) in slot.transforms.iter().enumerate() { @if at > 0 { ", then " } (transform(it)) }
                @if pinned { @if !slot.transforms.is_empty() { " · " } "pinned by a person" }
            }
            @if let Some(it) = report {
                div.rates {
                    span { "filled " (chart::share(&format!("Share of rows that fill {}", slot.slot), it.fill_rate)) }
                    span { "sure " (chart::share(&format!("How sure {} is", slot.slot), it.confidence)) }
                }
            }
        }
    }
}

/// `{"date": {"format": "day_first"}}` → `date (format: day_first)`.
fn transform(it: &Transform) -> String {
    match serde_json::to_value(it) {
        Ok(Value::String(name)) => text::words(&name),
        Ok(Value::Object(members)) => {
            let told = |(name, of): (&String, &Value)| {
                format!("{} {}", text::words(name), of_transform(of))
            };
            members.iter().map(told).collect::<Vec<_>>().join(", ")
        }
        Ok(_) | Err(_) => String::new(),
    }
}

fn of_transform(of: &Value) -> String {
    let Some(members) = of.as_object() else { return of.to_string() };
    let said = members.iter().filter(|it| !it.1.is_null()).map(|(name, it)| {
        let it = it.as_str().map_or_else(|| it.to_string(), str::to_owned);
        format!("{}: {}", text::words(name), text::short(&it, 80))
    });
    format!("({})", said.collect::<Vec<_>>().join("; "))
}

/// What the mapping makes of the record, and what the validator says of it.
fn made(person: &Person, shown: &Shown, at: usize) -> Markup {
    let outcome = match &shown.made {
        Err(why) => return html! { p.wrong { (why) } },
        Ok(all) => all.get(at),
    };
    let entity = match outcome {
        None => return html! { p.quiet { "Nothing to make it from." } },
        Some(Err(error)) => return html! { p.wrong { (error) } },
        Some(Ok(entity)) => entity,
    };
    let checked = entity::check(shown.it.model, entity, person.now.date_naive());
    let mut lines = Vec::new();
    flat(entity, String::new(), &mut lines);
    html! {
        @match &checked {
            Ok(_) => p.st.st-healthy { "The validator accepts it." },
            Err(causes) => {
                p.st.st-failing { "The validator rejects it:" }
                ul { @for it in causes { li { (it.says()) } } }
            }
        }
        ul.paths {
            @for (path, value) in lines.iter().filter(|it| !it.1.is_null()).take(PATHS) {
                li data-slot=(plain(path)) { code { (path) } " " span.value { (text::value(value)) } }
            }
        }
    }
}

/// Who agreed with whom: the seats of each outcome, without its hash.
fn ballot(votes: &Value) -> Markup {
    let Some(all) = votes.as_array() else { return text::value(votes) };
    html! {
        @for vote in all {
            @let seats = vote.get("seats").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
            div { @for (at, seat) in seats.iter().enumerate() { @if at > 0 { ", " } (text::value(seat)) } @if seats.len() > 1 { " agree" } @else { " alone" } }
        }
    }
}

/// Who voted, and what decided.
pub(super) fn jury(jury: &Value) -> Markup {
    let Some(it) = jury.as_object().filter(|it| !it.is_empty()) else {
        return html! { p.quiet { "No jury sat on this version." } };
    };
    let number = |name: &str| it.get(name).map(text::value).unwrap_or_default();
    let none = Map::new();
    let slots = it.get("slots").and_then(Value::as_object).unwrap_or(&none);
    let disputed =
        it.get("disputed").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    html! {
        dl.facts {
            div { dt { "Seats" } dd { (number("valid")) " of " (number("seats")) " valid, " (number("needed")) " needed" } }
            div { dt { "Agreement" } dd { (number("agreement")) " (effective votes " (number("effective_votes")) ")" } }
            div { dt { "Winner" } dd { (number("winner")) ", decided by " (number("decided_by")) } }
            @if let Some(votes) = it.get("votes") { div { dt { "Votes" } dd { (ballot(votes)) } } }
            @if let Some(failed) = it.get("failed").and_then(Value::as_array).filter(|it| !it.is_empty()) {
                div { dt { "Failed seats" } dd { @for seat in failed { div { (text::value(seat)) } } } }
            }
        }
        @if !disputed.is_empty() {
            p { "In dispute: " @for (at, slot) in disputed.iter().enumerate() {
                @if at > 0 { ", " } code { (slot.as_str().unwrap_or_default()) }
                @if let Some(share) = slot.as_str().and_then(|it| slots.get(it)) { " (" (text::value(share)) ")" }
            } }
        }
    }
}
