//! The sentences of an answer: plain words, for whoever was asked why something is missing.

use chrono::{DateTime, Utc};

use super::judge::in_words;
use super::{Held, Kept, Known, Looked, Noted, Question, Refused};
use crate::catalogue;
use crate::health::advice::reason_says;
use crate::reason::Reason;
use crate::target::TargetModel;
use crate::time::rfc3339;

fn what(question: &Question) -> String {
    format!("{} {}", in_words(question.model), question.key.text())
}

fn when(time: Option<DateTime<Utc>>) -> String {
    time.map_or_else(|| "at an unknown time".to_owned(), rfc3339)
}

/// The first letter in upper case.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |it| it.to_uppercase().chain(letters).collect())
}

pub(super) fn nowhere(question: &Question) -> String {
    format!("No connector of this workspace could have sent {}.", what(question))
}

pub(super) fn stored(question: &Question, known: &Known, kept: &Kept) -> String {
    let (what, at) = (sentence(&what(question)), rfc3339(kept.updated_at));
    format!("{what} is here: {} sent it, and it was last written {at}.", known.name)
}

pub(super) fn newer_refused(refused: &Refused) -> String {
    let cause = &refused.cause;
    format!("What came of it {} was refused: {cause}.", rfc3339(refused.seen_at))
}

pub(super) fn no_longer_sent(complete: &Looked) -> String {
    let at = when(complete.completed_at);
    format!("The last complete reading ({at}) no longer had it; nothing is deleted for that.")
}

pub(super) fn waiting(question: &Question, known: &Known, held: &Held) -> String {
    let parents = parents(held);
    format!(
        "{} arrived from {} and waits since {} for {parents}, which is not here.",
        sentence(&what(question)),
        known.name,
        rfc3339(held.since),
    )
}

fn parents(held: &Held) -> String {
    let named = held.parents.iter().map(|it| format!("{} {}", in_words(it.model), it.external_id));
    let named: Vec<String> = named.collect();
    if named.is_empty() { "a record that it refers to".to_owned() } else { named.join(" and ") }
}

pub(super) fn waiting_advice(held: &Held) -> String {
    let parents = parents(held);
    format!("Bring in {parents}: ask why that is missing. The record then follows by itself.")
}

pub(super) fn rejected(question: &Question, known: &Known, refused: &Refused) -> String {
    format!(
        "{} arrived from {} and was refused, last {}: {}.",
        sentence(&what(question)),
        known.name,
        rfc3339(refused.seen_at),
        refused.cause.trim_end_matches('.'),
    )
}

pub(super) fn not_read(question: &Question, known: &Known, last: &Looked, noted: &Noted) -> String {
    let title = lower(catalogue::page(noted.reason).title.trim_end_matches('.'));
    let read = match last.tally.as_ref().map_or(0, |it| it.fetched) {
        0 => "brought no".to_owned(),
        rows => format!("stopped after {rows}"),
    };
    format!(
        "The last run of {} ({}) {read} {} records: {title}. {} may be among those that it did \
         not bring.",
        known.name,
        when(last.completed_at),
        in_words(question.model),
        sentence(&what(question)),
    )
}

pub(super) fn unnamed(question: &Question, known: &Known, rows: u64) -> String {
    format!(
        "The last run of {} refused {rows} row(s) that left no identifier; {} may be one of them.",
        known.name,
        what(question),
    )
}

pub(super) fn not_reached(question: &Question, known: &Known, last: &Looked) -> (String, String) {
    let rows = last.tally.as_ref().map_or(0, |it| it.fetched);
    let why = last.error.as_deref().unwrap_or("a cap ended the reading");
    let says = format!(
        "The last run of {} read {rows} rows and stopped before the end ({}: {why}); {} was not \
         among them.",
        known.name,
        when(last.completed_at),
        what(question),
    );
    (says, "Run it again; if it stops there every time, raise the cap on rows.".to_owned())
}

pub(super) fn not_sent(question: &Question, known: &Known, last: &Looked) -> (String, String) {
    let rows = last.tally.as_ref().map_or(0, |it| it.fetched);
    let says = format!(
        "The provider did not send it: the last run of {} ({}) read all {rows} rows{}, and {} was \
         not among them.",
        known.name,
        when(last.completed_at),
        window(known),
        what(question),
    );
    let advice = "Look for it at the provider with the same credentials: it may have another \
                  identifier, belong to another account, or lie outside what the tool lists.";
    (says, advice.to_owned())
}

/// With what the tool is asked: a time or a filter there is the window of the reading.
fn window(known: &Known) -> String {
    let Some(call) = &known.call else { return String::new() };
    let arguments = call.arguments.as_ref().and_then(serde_json::Value::as_object);
    match arguments.filter(|it| !it.is_empty()) {
        Some(arguments) => {
            let arguments = serde_json::Value::Object(arguments.clone());
            format!(" of {} with {arguments}", call.tool)
        }
        None => format!(" of {}", call.tool),
    }
}

pub(super) fn complete_before(complete: &Looked) -> String {
    let at = when(complete.completed_at);
    format!("The last complete reading ({at}) did not have it.")
}

pub(super) fn not_synced(question: &Question, known: &Known) -> (String, String) {
    let (model, name) = (in_words(question.model), &known.name);
    if known.is_scheduled {
        let says = format!("{name} has not been asked for {model} records yet.");
        (says, format!("Run a sync of {name}."))
    } else {
        let says = format!("{name} is not set to bring {model} records.");
        (says, format!("Add {} to the connector's target models.", question.model))
    }
}

/// What to do about a reason that keeps records away.
pub(super) fn advice(reason: Reason, model: TargetModel) -> String {
    if reason == Reason::TargetSkipped {
        return format!("See in the diagnostic why {model} was skipped, and run a sync with it.");
    }
    if reason == Reason::NoSuitableTool {
        return format!("Pin a tool of the server that lists {} records.", in_words(model));
    }
    reason_says(reason).to_owned()
}

fn lower(title: &str) -> String {
    let mut letters = title.chars();
    letters.next().map_or_else(String::new, |it| it.to_lowercase().chain(letters).collect())
}
