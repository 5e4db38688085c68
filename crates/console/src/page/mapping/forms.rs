//! What a person may do with a mapping, as forms; a change is tried before it is made.

use domain::connector::Role;
use maud::{Markup, html};
use store::mappings::Mapping;

use super::Shown;
use crate::session::Person;
use crate::view::{act, link};

pub(super) fn head(person: &Person, it: &Mapping) -> Markup {
    let to = format!("{}/regenerate", link::mapping(it.id));
    html! {
        div.acts {
            @if person.may(Role::Admin) && it.is_live {
                (act::careful(person, &to, "Regenerate", "The next run draws this mapping again. Until then this version serves.", &[]))
            }
        }
    }
}

pub(super) fn pins(person: &Person, shown: &Shown) -> Markup {
    let to = format!("{}/unpin", link::mapping(shown.it.id));
    html! {
        @if shown.pins.is_empty() {
            p.quiet { "No slot is pinned. A pin fixes a slot to a path, or to nothing, whatever a run would draw." }
        } @else {
            ul.pins {
                @for pin in &shown.pins {
                    li {
                        code { (pin.slot) } " ← "
                        @match &pin.path { Some(path) => { code { (path) } } None => { "nothing, on purpose" } }
                        " " span.quiet { (pin.reason) } " "
                        @if person.may(Role::Admin) {
                            (act::careful(person, &to, "Unpin", &format!("The pin of {} goes; the next run draws the slot again.", pin.slot), &[("slot", &pin.slot)]))
                        }
                    }
                }
            }
        }
    }
}

/// Every try shows what would differ, on the records that are kept, before anything changes.
pub(super) fn tries(person: &Person, shown: &Shown) -> Markup {
    if !person.may(Role::Write) {
        return html! { p.quiet { "Trying a change needs a key with the role write." } };
    }
    let to = format!("{}/try", link::mapping(shown.it.id));
    let slots = shown.it.model.schema().slots();
    html! {
        div.two {
            form.sheet method="post" action=(to) {
                (act::token(person))
                input type="hidden" name="kind" value="pin";
                label for="slot" { "Pin a slot" }
                select id="slot" name="slot" { @for slot in &slots { option value=(slot) { (slot) } } }
                label for="path" { "to this path of the record (empty: to nothing)" }
                input.mono id="path" name="path" list="paths" maxlength="500" autocomplete="off" spellcheck="false";
                button type="submit" { "Try the pin" }
            }
            div {
                form.sheet method="post" action=(to) {
                    (act::token(person))
                    input type="hidden" name="kind" value="redraw";
                    p { "What the seats would draw from these records today." }
                    button type="submit" { "Try a redraw" }
                }
                form.sheet method="post" action=(to) {
                    (act::token(person))
                    input type="hidden" name="kind" value="expression";
                    label for="jsonata" { "An expression of your own" }
                    textarea.mono id="jsonata" name="expression" rows="3" required maxlength="65536" spellcheck="false" {}
                    button type="submit" { "Try the expression" }
                }
            }
        }
    }
}

/// Another version: tried, or made the live one.
pub(super) fn version(person: &Person, it: &Mapping, other: &Mapping) -> Markup {
    let version = other.version.to_string();
    html! {
        @if person.may(Role::Write) {
            (act::button_with(person, &format!("{}/try", link::mapping(it.id)), "Try", &[("kind", "version"), ("version", &version)]))
        }
        @if person.may(Role::Admin) && !other.is_live {
            (act::careful(person, &format!("{}/restore", link::mapping(other.id)), "Roll back", &format!("Version {version} becomes the one in use."), &[]))
        }
    }
}
