//! The stages of a run as a timeline, a row a target: bars with their duration, findings as marks on
//! the stage where they arose.

use std::collections::BTreeMap;

use domain::reason::Stage;
use domain::run::LedgerLine;
use domain::{Class, Diagnostic, TargetModel};
use maud::{Markup, html};
use serde_json::Value;

use super::{status, text};

const WIDTH: u64 = 560;

/// What is known of one target of a run.
#[derive(Debug, Default)]
struct Row {
    /// Milliseconds by stage, in the order of stages; empty where none were measured.
    spans: Vec<(Stage, u64)>,
    failures: BTreeMap<Stage, u64>,
    others: BTreeMap<Stage, u64>,
}

/// `metadata.stages` of a run holds milliseconds by target and stage.
pub(crate) fn timeline(
    metadata: Option<&Value>,
    ledger: &[LedgerLine],
    findings: &[Diagnostic],
) -> Markup {
    let mut rows: BTreeMap<TargetModel, Row> =
        ledger.iter().map(|it| (it.target_model, Row::default())).collect();
    let measured = metadata.and_then(|it| it.get("stages")).and_then(Value::as_object);
    for (model, stages) in measured.into_iter().flatten() {
        let Ok(model) = model.parse::<TargetModel>() else { continue };
        let spent = |stage: &Stage| stages.get(stage.as_str()).and_then(Value::as_u64);
        let spans = Stage::ALL.iter().filter_map(|it| Some((*it, spent(it)?)));
        rows.entry(model).or_default().spans = spans.collect();
    }
    for it in findings {
        let row = rows.entry(it.target_model).or_default();
        let marks = match it.reason.class() {
            Class::Failure => &mut row.failures,
            Class::Informational => &mut row.others,
        };
        *marks.entry(it.stage()).or_default() += 1;
    }
    let longest = rows.values().map(|it| total(&it.spans)).max().unwrap_or(0).max(1);
    html! {
        div.scroll tabindex="0" role="region" aria-label="Stages" {
            table.stages {
                thead { tr { th scope="col" { "Target" } th scope="col" { "Stages" } th.num scope="col" { "Took" } } }
                tbody {
                    @for (model, row) in &rows {
                        tr {
                            th scope="row" { (text::model(*model)) }
                            td { (bars(row, longest)) (words(row)) }
                            td.num { @if !row.spans.is_empty() { (text::duration(total(&row.spans))) } }
                        }
                    }
                }
            }
        }
    }
}

fn total(spans: &[(Stage, u64)]) -> u64 {
    spans.iter().map(|it| it.1).sum()
}

fn bars(row: &Row, longest: u64) -> Markup {
    if row.spans.is_empty() {
        return html! {};
    }
    let mut x = 0;
    let placed: Vec<(Stage, u64, u64, u64)> = row
        .spans
        .iter()
        .map(|(stage, ms)| {
            let (at, width) = (x, (ms * (WIDTH - 40) / longest).max(3));
            x += width + 1;
            (*stage, *ms, at, width)
        })
        .collect();
    html! {
        svg.timeline viewBox={ "0 0 " (WIDTH) " 18" } preserveAspectRatio="none" aria-hidden="true" {
            @for (stage, ms, at, width) in &placed {
                g {
                    title { (stage) ": " (text::duration(*ms)) }
                    rect class={ "stage stage-" (stage) } x=(at) y="4" width=(width) height="12" {}
                    @if row.failures.contains_key(stage) {
                        path.mark d={ "M" (at + width / 2) " 0 l4 7 h-8 z" } {}
                    }
                }
            }
        }
    }
}

/// The same in words: a bar is too thin to say its name.
fn words(row: &Row) -> Markup {
    let stages = Stage::ALL.iter().filter(|it| {
        row.failures.contains_key(it)
            || row.others.contains_key(it)
            || row.spans.iter().any(|span| span.0 == **it)
    });
    html! {
        p.stage-words {
            @for stage in stages {
                span class={ "stage-name stage-name-" (stage) } {
                    (stage)
                    @if let Some((_, ms)) = row.spans.iter().find(|it| it.0 == *stage) {
                        " " span.quiet.num { (text::duration(*ms)) }
                    }
                    @if let Some(n) = row.failures.get(stage) {
                        " " (status::marks(Class::Failure, *n))
                    }
                    @if let Some(n) = row.others.get(stage) {
                        " " (status::marks(Class::Informational, *n))
                    }
                }
            }
        }
    }
}
