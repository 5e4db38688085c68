//! Charts: SVG made here, each with a title, a description, and its numbers as a table behind a
//! toggle. Sizes are presentation attributes, so that no style stands in the page.

use chrono::NaiveDate;
use maud::{Markup, html};

use super::text;

/// A day of the findings chart.
#[derive(Debug, Clone, Default)]
pub(crate) struct Day {
    pub(crate) date: NaiveDate,
    pub(crate) failure: u64,
    pub(crate) informational: u64,
    /// Runs that began; none where they are not shown.
    pub(crate) runs: Option<u64>,
}

const WIDTH: u64 = 600;
const HEIGHT: u64 = 120;

/// Stacked bars a day, and a line for runs. `link` gives where a day leads.
pub(crate) fn days(
    id: &str,
    title: &str,
    days: &[Day],
    link: impl Fn(NaiveDate) -> String,
) -> Markup {
    let most = days.iter().map(|it| it.failure + it.informational).max().unwrap_or(0).max(1);
    let most_runs = days.iter().filter_map(|it| it.runs).max().unwrap_or(0).max(1);
    let slots = u64::try_from(days.len()).unwrap_or(1).max(1);
    let step = WIDTH / slots;
    let height = |n: u64| if n == 0 { 0 } else { (n * (HEIGHT - 8) / most).max(2) };
    let x = |at: usize| u64::try_from(at).unwrap_or_default() * step;
    let line: Vec<String> = days
        .iter()
        .enumerate()
        .filter_map(|(at, it)| Some((at, it.runs?)))
        .map(|(at, n)| format!("{},{}", x(at) + step / 2, HEIGHT - n * (HEIGHT - 8) / most_runs))
        .collect();
    let failures: u64 = days.iter().map(|it| it.failure).sum();
    let others: u64 = days.iter().map(|it| it.informational).sum();
    html! {
        figure.chart {
            svg viewBox={ "0 0 " (WIDTH) " " (HEIGHT + 16) } role="group"
                aria-labelledby={ (id) "-t " (id) "-d" } preserveAspectRatio="none" {
                title id={ (id) "-t" } { (title) }
                desc id={ (id) "-d" } {
                    (text::count(failures)) " failures and " (text::count(others))
                    " informational findings on " (days.len()) " days; at most "
                    (text::count(most)) " on one day."
                }
                line.axis x1="0" y1=(HEIGHT) x2=(WIDTH) y2=(HEIGHT) {}
                @for (at, it) in days.iter().enumerate() {
                    @if it.failure + it.informational == 0 {
                        rect.hit data-day=(it.date) x=(x(at)) y="0" width=(step) height=(HEIGHT) {}
                    } @else {
                        (bar(it, (x(at), step), (height(it.failure), height(it.informational)), &link(it.date)))
                    }
                }
                @if line.len() > 1 { polyline.runs points=(line.join(" ")) {} }
            }
            figcaption {
                span.key-failure { "Failure" } " " span.key-info { "Informational" }
                @if !line.is_empty() { " " span.key-runs { "Runs" } }
                @if let (Some(first), Some(last)) = (days.first(), days.last()) {
                    span.range { (first.date) " to " (last.date) }
                }
            }
            (table(title, days))
        }
    }
}

/// One day that has something.
fn bar(it: &Day, (x, step): (u64, u64), (low, high): (u64, u64), to: &str) -> Markup {
    let words = format!(
        "{}: {}, {} informational",
        it.date,
        text::of(it.failure, "failure", "failures"),
        text::count(it.informational)
    );
    let (low, width) = (low.min(HEIGHT), step.saturating_sub(4).max(1));
    let high = high.min(HEIGHT - low);
    html! {
        a href=(to) data-day=(it.date) aria-label=(words) {
            title { (words) @if let Some(runs) = it.runs { ", " (text::of(runs, "run", "runs")) } }
            rect.hit x=(x) y="0" width=(step) height=(HEIGHT) {}
            rect.bar-failure x=(x + 2) y=(HEIGHT - low) width=(width) height=(low) {}
            rect.bar-info x=(x + 2) y=(HEIGHT - low - high) width=(width) height=(high) {}
        }
    }
}

/// Days without anything are left out: the picture shows them.
fn table(title: &str, days: &[Day]) -> Markup {
    let has_runs = days.iter().any(|it| it.runs.is_some());
    html! {
        details.numbers {
            summary { "Numbers" }
            div.scroll tabindex="0" role="region" aria-label=(title) {
                table {
                    caption.sr { (title) }
                    thead { tr {
                        th scope="col" { "Day" } th scope="col" { "Failure" }
                        th scope="col" { "Informational" } @if has_runs { th scope="col" { "Runs" } }
                    } }
                    tbody {
                        @for it in days.iter().rev().filter(|it| it.failure + it.informational + it.runs.unwrap_or_default() > 0) {
                            tr {
                                th scope="row" { (it.date) } td.num { (text::count(it.failure)) }
                                td.num { (text::count(it.informational)) }
                                @if has_runs { td.num { (text::count(it.runs.unwrap_or_default())) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// A few days as small bars; the numbers are what readers hear.
pub(crate) fn spark(counts: &[u64]) -> Markup {
    let most = counts.iter().max().copied().unwrap_or(0).max(1);
    let told: Vec<String> = counts.iter().map(ToString::to_string).collect();
    let width = counts.len() * 6;
    html! {
        svg.spark viewBox={ "0 0 " (width) " 20" } width=(width) height="20" role="img"
            aria-label={ "By day, the oldest first: " (told.join(", ")) } {
            @for (at, n) in counts.iter().enumerate() {
                @let height = if *n == 0 { 1 } else { (n * 18 / most).max(2) };
                rect x=(at * 6) y=(20 - height) width="5" height=(height) {}
            }
        }
    }
}

/// A share as a bar, with its number beside it.
pub(crate) fn share(label: &str, part: f64) -> Markup {
    let percent = format!("{:.0}", part.clamp(0.0, 1.0) * 100.0);
    html! {
        span.share {
            meter min="0" max="100" value=(percent) aria-label=(label) {}
            span.num { (percent) "%" }
        }
    }
}

/// The last runs as cells: colour and shape by outcome, height by records. The oldest first.
pub(crate) fn strip(cells: &[Cell]) -> Markup {
    let most = cells.iter().map(|it| it.records).max().unwrap_or(0).max(1);
    html! {
        ol.strip aria-label="Last runs, the oldest first" {
            @for it in cells {
                @let height = 10 + it.records * 30 / most;
                li {
                    a href=(it.to) title=(it.words) {
                        svg viewBox="0 0 10 42" width="10" height="42" aria-hidden="true" {
                            rect class={ "run-" (it.look) } x="1" y=(42 - height) width="8" height=(height) rx="1" {}
                            @if it.look == "failing" { path.mark d="M5 1 L9 8 L1 8 Z" {} }
                        }
                        span.sr { (it.words) }
                    }
                }
            }
        }
    }
}

/// A run in a strip.
#[derive(Debug)]
pub(crate) struct Cell {
    pub(crate) look: &'static str,
    pub(crate) records: u64,
    pub(crate) words: String,
    pub(crate) to: String,
}
