//! A language model as a seat: what it is asked, and how its answer becomes a plan.
//!
//! It is shown the slots that could be filled, and of the rows the paths that could fill them, with a
//! few values each; secrets are gone before. It answers with a plan in a form that is checked word
//! for word: what it says is data. It can name no path that it was not shown, write no expression and
//! make up no value. The plan is then tried like any other.

use std::collections::BTreeMap;

use domain::redact::Redactor;
use serde_json::Value;

use crate::draw::{self, Drawn};
use crate::path::Path;
use crate::seats::{Case, Failed};

mod answer;
mod constant;
mod free;
mod prompt;
mod schema;
mod shown;
#[cfg(test)]
mod tests;

pub use free::{Free, expression, judged};
use shown::Shown;

/// Longest name that a model may write into a plan: a mark, a word, a reason.
const WORD: usize = 200;

/// What a model is asked about a case.
#[derive(Debug, Clone)]
pub struct Question {
    pub instructions: String,
    /// The data, set apart from the instructions by a mark that nobody who wrote it could know.
    pub text: String,
    /// The JSON Schema of the answer.
    pub schema: Value,
    shown: Shown,
    redactor: Redactor,
}

/// A slot that is asked for.
#[derive(Debug, Clone)]
struct Wanted {
    slot: String,
    /// The words of a closed list; empty for any other slot.
    allowed: &'static [String],
    /// The only value that the same for all rows can be, if the tool itself names it.
    constant: Option<String>,
}

impl Question {
    /// Of each path `samples` values are shown, three at most. None: no path of the rows could fill
    /// any slot, so there is nothing to ask.
    pub fn of(case: &Case, redactor: &Redactor, samples: usize) -> Option<Self> {
        let shortlist = draw::shortlist(case.target, &case.rows, &case.hints(), &case.pins);
        let (shown, slots, fields) = Shown::of(case, shortlist, redactor, samples);
        if shown.paths.is_empty() {
            return None;
        }
        Some(Self {
            instructions: prompt::instructions(),
            text: prompt::text(case, &slots, &fields, redactor),
            schema: schema::of(&shown),
            shown,
            redactor: redactor.clone(),
        })
    }

    /// The plan of an answer: what was not asked or not said is as the names seat draws it.
    ///
    /// # Errors
    /// The answer is not of the form that was asked for, or says what it may not.
    pub fn read(&self, case: &Case, answer: &str) -> Result<Drawn, Failed> {
        let slots = answer::slots(&self.shown, answer, &self.redactor)?;
        let mut drawn = draw::decided(case.target, &case.rows, &case.hints(), &case.pins, slots);
        drawn.plan.records = case.records.clone();
        Ok(drawn)
    }
}

/// The paths by how they are written.
type Paths = BTreeMap<String, Path>;
