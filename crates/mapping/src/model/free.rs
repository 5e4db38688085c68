//! The one-shot generator of the legacy path: a model writes one free-form expression. It is
//! evaluated in a process of its own, and judged without a plan: where its values come from is not
//! known, so a text whose words do not stand in its row counts as made up.

use domain::TargetModel;
use domain::redact::Redactor;
use domain::schema::{Attribute, Kind};
use serde::Deserialize;
use serde_json::Value;

use super::{prompt, schema, shown::Shown};
use crate::draw::{self, Drawn};
use crate::expression::ExpressionError;
use crate::gate::{self, Trial};
use crate::plan::Plan;
use crate::records::Records;
use crate::seats::{self, Candidate, Case, Failed};

/// What a model is asked when it writes the whole expression.
#[derive(Debug, Clone)]
pub struct Free {
    pub instructions: String,
    pub text: String,
    pub schema: Value,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    expression: String,
}

impl Free {
    /// `case`: of the rows as they came, for that is what a free-form expression takes. None: no
    /// path could fill any slot, or people have pinned slots, which no free-form expression heeds.
    pub fn of(case: &Case, redactor: &Redactor, samples: usize) -> Option<Self> {
        let shortlist = draw::shortlist(case.target, &case.rows, &case.hints(), &case.pins);
        let (shown, slots, fields) = Shown::of(case, shortlist, redactor, samples);
        (case.pins.is_empty() && !shown.paths.is_empty()).then(|| Self {
            instructions: prompt::free(),
            text: prompt::text(case, &slots, &fields, redactor),
            schema: schema::free(),
        })
    }
}

/// The expression of an answer, not yet looked at.
///
/// # Errors
/// The answer is not of the form that was asked for.
pub fn expression(answer: &str) -> Result<String, Failed> {
    let read: Result<Answer, _> = serde_json::from_str(answer.trim());
    let why = |error| Failed::because(format!("its answer is not of the form asked for: {error}"));
    read.map(|it| it.expression).map_err(why)
}

/// A candidate without a plan, of what an expression gave on the rows.
///
/// # Errors
/// It gave nothing, or texts that are not from the rows.
pub fn judged(
    case: &Case,
    expression: String,
    outcomes: Vec<Result<Value, ExpressionError>>,
) -> Result<Candidate, Failed> {
    let entities = seats::entities(outcomes)?;
    if let Some(slot) = made_up(case.target, &case.rows, &entities) {
        return Err(Failed::because(format!("slot `{slot}` has texts that are not of its row")));
    }
    let judgement = gate::judge(&Trial {
        target: case.target,
        rows: &case.rows,
        entities: &entities,
        plan: None,
        today: case.today,
    });
    let plan = Plan { target: case.target, records: Records::default(), slots: Vec::new() };
    let drawn = Drawn { plan, report: Vec::new(), missing_required: Vec::new() };
    Ok(Candidate { drawn, expression, entities, judgement, repaired: Vec::new() })
}

/// A slot for free text with, in any row, a word that does not stand there.
fn made_up(target: TargetModel, rows: &[Value], entities: &[Value]) -> Option<&'static str> {
    let attributes = target.schema().attributes.iter();
    let mut open = attributes.filter(|it| is_open(it));
    let rows: Vec<String> = rows.iter().map(|it| plain(&it.to_string())).collect();
    let is_odd = |attribute: &Attribute, row: &str, entity: &Value| {
        let text = entity.get(&attribute.name).and_then(Value::as_str).unwrap_or_default();
        let words = text.split(|it: char| !it.is_alphanumeric());
        words.map(plain).any(|it| !row.contains(&it))
    };
    let odd =
        open.find(|it| rows.iter().zip(entities).any(|(row, entity)| is_odd(it, row, entity)));
    odd.map(|it| it.name.as_str())
}

/// Neither a closed list nor a form of its own.
fn is_open(it: &Attribute) -> bool {
    let is_text = match it.kind {
        Kind::Text | Kind::Email | Kind::Uri => true,
        Kind::Decimal
        | Kind::Integer
        | Kind::Boolean
        | Kind::Date
        | Kind::DateTime
        | Kind::List
        | Kind::Object
        | Kind::Money => false,
    };
    is_text && it.allowed.is_empty() && !it.name.ends_with("currency")
}

fn plain(text: &str) -> String {
    text.chars().filter(|it| it.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_text_is_from_its_row_or_made_up() {
        let rows = [json!({ "first": "Ada", "last": "Lovelace", "iban": "DE89 3704 0044" })];
        let check = |entity: Value, expected: Option<&str>| {
            assert_eq!(made_up(TargetModel::Account, &rows, &[entity]), expected);
        };
        check(json!({ "holder_name": "Lovelace, Ada", "iban": "DE8937040044" }), None);
        check(json!({ "type": "checking", "currency": "EUR" }), None);
        check(json!({ "iban": "DE02120300000000202051" }), Some("iban"));
        check(json!({ "holder_name": "Mallory" }), Some("holder_name"));
    }

    #[test]
    fn an_answer_is_one_expression_and_nothing_else() {
        assert_eq!(expression(r#"{"expression":"{}"}"#).unwrap(), "{}");
        assert!(expression(r#"{"expression":"{}","note":1}"#).is_err());
        assert!(expression("{}").is_err());
    }
}
