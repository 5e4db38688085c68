//! The ledger of a run as a waterfall: from what came in to what was stored, each step a number and
//! a link to those very records.

use domain::TargetModel;
use domain::catalogue;
use domain::id::SyncLogId;
use domain::run::{LedgerLine, Tally};
use maud::{Markup, html};

use super::{link, text};

struct Step {
    words: String,
    code: Option<&'static str>,
    count: u64,
    look: &'static str,
    to: Option<String>,
}

/// One target: the steps, and the seal that says whether they add up.
pub(crate) fn waterfall(run: SyncLogId, line: &LedgerLine) -> Markup {
    let tally = &line.tally;
    let total = tally.fetched.max(1);
    html! {
        table.waterfall {
            caption { (text::model(line.target_model)) " " (seal(tally)) }
            thead.sr { tr { th scope="col" { "Step" } th scope="col" { "Share" } th scope="col" { "Records" } } }
            tbody {
                tr.fetched {
                    th scope="row" { "fetched" }
                    td { (bar(0, tally.fetched, total, "fetched")) }
                    td.num { (text::count(tally.fetched)) }
                }
                @for (step, before) in placed(steps(run, line)) {
                    tr {
                        th scope="row" {
                            (step.words)
                            @if let Some(code) = step.code { " " code { (code) } }
                        }
                        td { (bar(before, step.count, total, step.look)) }
                        td.num {
                            @match &step.to {
                                Some(to) => a href=(to) { (text::count(step.count)) },
                                None => (text::count(step.count)),
                            }
                        }
                    }
                }
            }
        }
        @if tally.truncated {
            p.note { "A cap ended the reading: the provider has more " (text::model(line.target_model)) " records, or may have." }
        }
        @if tally.released > 0 {
            p.note { (text::of(tally.released, "record", "records")) " of earlier runs had waited for a parent, and were stored in this one." }
        }
    }
}

/// Where each step begins: after those before it.
fn placed(steps: Vec<Step>) -> Vec<(Step, u64)> {
    let mut before = 0;
    let place = |step: Step| {
        let at = before;
        before += step.count;
        (step, at)
    };
    steps.into_iter().map(place).collect()
}

fn steps(run: SyncLogId, line: &LedgerLine) -> Vec<Step> {
    let (model, tally) = (line.target_model, &line.tally);
    let dropped = tally.dropped.iter().map(|(reason, count)| Step {
        words: catalogue::page(*reason).title.clone(),
        code: Some(reason.as_str()),
        count: *count,
        look: "dropped",
        to: Some(findings(run, model, reason.as_str())),
    });
    let waiting = Step {
        words: "waiting for a parent".to_owned(),
        code: None,
        count: tally.waiting,
        look: "waiting",
        to: Some(findings(run, model, "fk_parent_missing")),
    };
    let stored = [
        ("unchanged", tally.unchanged, "unchanged", "last_seen_run"),
        ("updated", tally.updated, "updated", "last_seen_run"),
        ("inserted", tally.inserted, "inserted", "first_seen_run"),
    ];
    let stored = stored.map(|(words, count, look, field)| Step {
        words: words.to_owned(),
        code: None,
        count,
        look,
        to: Some(records(run, model, field)),
    });
    dropped.chain([waiting]).chain(stored).filter(|it| it.count > 0).collect()
}

fn findings(run: SyncLogId, model: TargetModel, reason: &str) -> String {
    let run = run.to_string();
    let filters = [
        ("filter[sync_log]", &*run),
        ("filter[target_model]", model.as_str()),
        ("filter[reason]", reason),
    ];
    link::to("/diagnostics", &filters)
}

fn records(run: SyncLogId, model: TargetModel, field: &str) -> String {
    let (path, name) = (format!("/records/{model}"), format!("filter[{field}]"));
    link::to(&path, &[(name.as_str(), &run.to_string())])
}

fn bar(before: u64, count: u64, total: u64, look: &str) -> Markup {
    let scale = |n: u64| n.saturating_mul(400) / total;
    let (x, width) = (scale(before), scale(count).max(2));
    html! {
        svg.step viewBox="0 0 400 12" preserveAspectRatio="none" aria-hidden="true" {
            rect class={ "step-" (look) } x=(x.min(398)) y="1" width=(width) height="10" {}
        }
    }
}

/// What the conservation law says of a target.
pub(crate) fn seal(tally: &Tally) -> Markup {
    if tally.is_balanced() {
        return html! { span.seal { "balanced ✓" } };
    }
    let out = tally.persisted() + tally.unchanged + tally.dropped_total() + tally.waiting;
    html! { span.seal.broken { (text::count(tally.fetched.abs_diff(out))) " unaccounted for" } }
}
