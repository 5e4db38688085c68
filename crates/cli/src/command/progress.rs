//! A line per target while a run goes on.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use domain::TargetModel;
use domain::run::Tally;
use engine::{Event, Progress};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

/// Shows the events of a run on standard error.
pub(crate) struct Watcher {
    bars: MultiProgress,
    lines: Arc<Mutex<HashMap<TargetModel, ProgressBar>>>,
    is_shown: bool,
}

impl Watcher {
    pub(crate) fn new(is_shown: bool) -> Self {
        Self { bars: MultiProgress::new(), lines: Arc::default(), is_shown }
    }

    pub(crate) fn progress(&self) -> Progress {
        if !self.is_shown {
            return Progress::default();
        }
        let (bars, lines) = (self.bars.clone(), Arc::clone(&self.lines));
        Progress::new(move |event| show(&bars, &lines, event))
    }

    pub(crate) fn finish(&self) {
        if let Ok(mut lines) = self.lines.lock() {
            for (_, line) in lines.drain() {
                line.finish();
            }
        }
    }
}

fn show(bars: &MultiProgress, lines: &Mutex<HashMap<TargetModel, ProgressBar>>, event: Event) {
    let Ok(mut lines) = lines.lock() else { return };
    match event {
        Event::Connected { server, tools } => {
            // A closed terminal is no reason to stop a run.
            bars.println(format!("connected to {server}: {tools} tools")).ok();
        }
        Event::TargetStarted { target, tool } => {
            let style = ProgressStyle::with_template("{spinner} {prefix:20} {msg}");
            let line = bars.add(ProgressBar::new_spinner());
            if let Ok(style) = style {
                line.set_style(style);
            }
            line.set_prefix(target.as_str());
            line.set_message(tool.unwrap_or_default());
            lines.insert(target, line);
        }
        Event::Page { target, tally } => {
            if let Some(line) = lines.get(&target) {
                line.set_message(in_words(&tally));
                line.tick();
            }
        }
        Event::TargetEnded { target, tally } => {
            if let Some(line) = lines.remove(&target) {
                line.finish_with_message(in_words(&tally));
            }
        }
    }
}

/// `fetched 159: 159 inserted`.
pub(crate) fn in_words(tally: &Tally) -> String {
    let parts: Vec<String> = [
        (tally.inserted, "inserted"),
        (tally.updated, "updated"),
        (tally.unchanged, "unchanged"),
        (tally.dropped_total(), "dropped"),
        (tally.waiting, "waiting"),
        (tally.released, "released from waiting"),
    ]
    .into_iter()
    .filter(|(rows, _)| *rows > 0)
    .map(|(rows, what)| format!("{rows} {what}"))
    .collect();
    let cut = if tally.truncated { " (truncated: more rows exist)" } else { "" };
    match parts.as_slice() {
        [] => format!("fetched {}{cut}", tally.fetched),
        parts => format!("fetched {}: {}{cut}", tally.fetched, parts.join(", ")),
    }
}
