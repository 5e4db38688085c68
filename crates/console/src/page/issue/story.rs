//! What happened to an issue, as a timeline, and what hangs on it.

use chrono::{DateTime, Utc};
use domain::issue::Cause;
use maud::{Markup, html};
use store::issues::{Actor, BlastRadius, Issue, Transition};

use crate::view::{link, status, text};

pub(super) fn view(story: &[Transition], now: DateTime<Utc>) -> Markup {
    html! {
        ol.story {
            @for it in story {
                li {
                    (text::time(it.created_at, now)) " " (status::issue(it.to)) " " (said(it))
                    @if let Some(version) = it.mapping_version { " under mapping version " (version) }
                    @if let Some(run) = it.run { " in " a href=(link::run(run)) { "run " (text::id(run)) } }
                    @if let Some(note) = &it.note { div.quiet { "“" (note) "”" } }
                }
            }
        }
    }
}

fn said(it: &Transition) -> Markup {
    let words = match it.cause {
        Cause::Seen => "opened by its first row",
        Cause::SeenAgain => "came back",
        Cause::RateRose => "rows came much faster than is usual",
        Cause::MuteTimeOver => "the mute ended by its time",
        Cause::MuteCountReached => "the mute ended by its count",
        Cause::Evidence => "a later run had rows, and not this reason",
        Cause::Person if it.from == Some(it.to) => "changed",
        Cause::Person => "set",
    };
    html! {
        (words)
        @match &it.actor {
            Actor::Engine => {}
            Actor::Key(_, name) => { " by key " (name.as_deref().unwrap_or("that was deleted")) }
            Actor::Operator => { " by the operator" }
        }
    }
}

pub(super) fn radius(it: &Issue, radius: &BlastRadius) -> Markup {
    let model = it.target_model.as_str();
    let missing = link::to("/missing", &[("target_model", model)]);
    html! {
        dl.facts {
            div { dt { "Records refused" } dd.num { (text::count(radius.rejected)) } }
            div { dt { "Records waiting" } dd.num { (text::count(radius.waiting)) } }
        }
        @for dependants in &radius.dependants {
            p { (text::of(dependants.waiting, "record", "records")) " of " (text::model(dependants.target_model)) " wait for a " (text::model(it.target_model)) "." }
        }
        @if !radius.models.is_empty() {
            p.quiet { "Records of " (radius.models.iter().map(|it| text::model(*it)).collect::<Vec<_>>().join(", ")) " refer to these, directly or through others." }
        }
        p { a href=(missing) { "Ask for one record" } }
    }
}
