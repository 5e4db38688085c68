//! What a change would do: counts, slots that differ, records that would come or go, and the button
//! that makes it.

use domain::connector::Role;
use maud::{Markup, html};
use server::replay::Replayed;
use store::mappings::Mapping;

use crate::form::Fields;
use crate::session::Person;
use crate::view::{act, link, text};

/// Differences that are listed.
const LISTED: usize = 60;

pub(super) fn view(
    person: &Person,
    it: &Mapping,
    fields: &Fields,
    tried: &Result<Replayed, String>,
) -> Markup {
    html! {
        h1 { "What it would do" }
        @match tried {
            Err(why) => p.wrong role="alert" { "It cannot be tried: " (why) "." },
            Ok(replayed) => (outcome(person, it, fields, replayed)),
        }
        p { a href=(link::mapping(it.id)) { "Back to the mapping" } ". Nothing has changed." }
    }
}

fn outcome(person: &Person, it: &Mapping, fields: &Fields, replayed: &Replayed) -> Markup {
    let replay = &replayed.replay;
    let counts = replay.entities;
    html! {
        p.lead {
            (text::capital(&replayed.from)) " → " (replayed.to) ", on "
            (text::of(u64::try_from(replay.records).unwrap_or_default(), "record", "records")) " of version " (replayed.sample_version) "."
        }
        @for note in &replayed.notes { p.note { (text::capital(note)) "." } }
        dl.facts {
            div { dt { "Accepted" } dd.num { (replay.before.accepted) " → " (replay.after.accepted) } }
            div { dt { "Rejected" } dd.num { (replay.before.rejected) " → " (replay.after.rejected) } }
            div { dt { "Same" } dd.num { (counts.same) } }
            div { dt { "Changed" } dd.num { (counts.changed) } }
            div { dt { "Only before" } dd.num { (counts.only_before) } }
            div { dt { "Only after" } dd.num { (counts.only_after) } }
        }
        @if replay.worse.is_some() { p.wrong { "It does worse: a redraw that came to this would be taken back." } }
        (differences(replayed))
        (rejected(replayed))
        (make(person, it, fields))
    }
}

fn differences(replayed: &Replayed) -> Markup {
    let all = &replayed.replay.differences;
    if all.is_empty() {
        return html! { p { "No value differs." } };
    }
    html! {
        h2 #differences { "Values that differ" }
        div.scroll tabindex="0" role="region" aria-label="Values that differ" {
            table.list {
                thead { tr { th scope="col" { "Record" } th scope="col" { "Slot" } th scope="col" { "Now" } th scope="col" { "Then" } } }
                tbody {
                    @for it in all.iter().take(LISTED) {
                        tr {
                            td.num { (it.record) } th scope="row" { code { (it.slot) } }
                            td.gone { del { (text::value(&it.before)) } } td.add { ins { (text::value(&it.after)) } }
                        }
                    }
                }
            }
        }
        @if all.len() > LISTED { p.quiet { "and " (all.len() - LISTED) " more" } }
    }
}

fn rejected(replayed: &Replayed) -> Markup {
    let all = &replayed.replay.rejected;
    html! {
        @if !all.is_empty() {
            h2 #rejected { "What the validator says" }
            ul {
                @for it in all.iter().take(LISTED) {
                    li {
                        "Record " (it.record) ": now " (said(&it.before)) "; then " (said(&it.after))
                    }
                }
            }
        }
    }
}

fn said(causes: &[String]) -> String {
    if causes.is_empty() { "accepted".to_owned() } else { causes.join("; ") }
}

/// What was tried can be made, where it is a change of its own.
fn make(person: &Person, it: &Mapping, fields: &Fields) -> Markup {
    if fields.text("kind") != "pin" || !person.may(Role::Admin) {
        return html! {};
    }
    html! {
        form.sheet method="post" action={ (link::mapping(it.id)) "/pin" } {
            (act::token(person))
            input type="hidden" name="slot" value=(fields.text("slot"));
            input type="hidden" name="path" value=(fields.text("path"));
            label for="reason" { "Why (kept with the pin)" }
            input id="reason" name="reason" maxlength="500" autocomplete="off";
            button.primary type="submit" { "Pin " (fields.text("slot")) }
        }
    }
}
