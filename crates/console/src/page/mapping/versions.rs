//! The versions of a mapping, and what sets two of them apart: plan against plan.

use std::collections::BTreeMap;

use mapping::plan::Plan;
use maud::{Markup, html};
use store::mappings::Mapping;

use super::{Shown, forms};
use crate::page::records::source;
use crate::session::Person;
use crate::view::{link, text};

/// Versions that are listed.
const LISTED: usize = 30;

pub(super) fn table(person: &Person, shown: &Shown) -> Markup {
    let against = link::parameter(&person.uri, "against").and_then(|it| it.parse::<u32>().ok());
    let other = against.and_then(|n| shown.versions.iter().find(|it| it.version == n));
    html! {
        div.scroll tabindex="0" role="region" aria-label="Versions" {
            table.list {
                thead { tr { th scope="col" { "Version" } th scope="col" { "Made by" } th scope="col" { "Made" } th scope="col" { "State" } th scope="col" { "Compare" } th scope="col" { "Change" } } }
                tbody {
                    @for it in shown.versions.iter().take(LISTED) {
                        tr data-row {
                            th scope="row" { a href=(link::mapping(it.id)) { "version " (it.version) } }
                            td data-label="Made by" { (it.generator) }
                            td data-label="Made" { (text::time(it.created_at, person.now)) }
                            td {
                                @let says = [(it.is_live, "in use"), (shown.it.last_good_version == Some(it.version), "last good"), (it.id == shown.it.id, "shown here")];
                                (says.iter().filter(|it| it.0).map(|it| it.1).collect::<Vec<_>>().join(", "))
                            }
                            td { @if it.id != shown.it.id { a href={ (link::with(&person.uri, "against", Some(&it.version.to_string()))) "#versions" } { "Plan against this" } } }
                            td { @if it.id != shown.it.id { (forms::version(person, &shown.it, it)) } }
                        }
                    }
                }
            }
        }
        @if let Some(other) = other { (diff(&shown.it, other)) }
    }
}

/// Slot by slot, what was and what is.
fn diff(it: &Mapping, other: &Mapping) -> Markup {
    let (before, after) = (slots(other), slots(it));
    let names: std::collections::BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let differ: Vec<&String> =
        names.into_iter().filter(|name| before.get(*name) != after.get(*name)).collect();
    html! {
        h3 { "Version " (other.version) " against version " (it.version) }
        @if differ.is_empty() {
            p { @if it.expression == other.expression { "Both have the same expression." } @else { "Their plans are the same; their expressions differ." } }
        } @else {
            div.scroll tabindex="0" role="region" aria-label="Difference of plans" {
                table.list {
                    thead { tr { th scope="col" { "Slot" } th scope="col" { "Version " (other.version) } th scope="col" { "Version " (it.version) } } }
                    tbody {
                        @for name in differ {
                            tr {
                                th scope="row" { code { (name) } }
                                td.gone { @match before.get(name) { Some(it) => { del { (it) } } None => { span.quiet { "not there" } } } }
                                td.add { @match after.get(name) { Some(it) => { ins { (it) } } None => { span.quiet { "not there" } } } }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn slots(it: &Mapping) -> BTreeMap<String, String> {
    let plan: Option<Plan> = serde_json::from_value(it.plan.clone()).ok();
    let each = plan.into_iter().flat_map(|it| it.slots).map(|slot| {
        let transforms = slot.transforms.iter().map(|it| format!(" | {it:?}")).collect::<String>();
        (slot.slot.clone(), format!("{}{transforms}", source(&slot.source)))
    });
    each.collect()
}
