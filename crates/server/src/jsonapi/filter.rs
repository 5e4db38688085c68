//! Filters: `filter[field]=a,b` and `filter[field][op]=v`, checked against the fields that the
//! store declares. What is wrong is told with the nearest right word.

use chrono::{DateTime, NaiveDate, Utc};
use domain::nearest::nearest;
use store::{Condition, Field, FieldKind, Op, Value};

use crate::code::Code;
use crate::problem::Problem;

/// Most values of one list.
const VALUES_MAX: usize = 100;

/// One condition of a list. `path` is what stands in brackets: a field, and maybe an operator.
pub(crate) fn condition(
    name: &str,
    path: &[&str],
    given: &str,
    fields: &'static [Field],
) -> Result<Condition, Problem> {
    let invalid = |detail: String| Problem::parameter(Code::InvalidParameter, name, detail);
    let (field, op) = match path {
        [field] => (*field, None),
        [field, op] => (*field, Some(*op)),
        _ => return Err(invalid("write `filter[field]` or `filter[field][operator]`".to_owned())),
    };
    let field = fields
        .iter()
        .find(|it| it.name == field)
        .ok_or_else(|| unknown_field(name, field, fields))?;
    let op = match op {
        None => None,
        Some(word) => Some(operator(field, word).map_err(invalid)?),
    };
    let (op, texts) = operands(field, op, given);
    if texts.len() > VALUES_MAX {
        return Err(invalid(format!("at most {VALUES_MAX} values")));
    }
    let values = texts.into_iter().map(|it| value(field, op, it));
    let values = values.collect::<Result<_, _>>().map_err(invalid)?;
    Ok(Condition { field, op, values })
}

fn unknown_field(name: &str, given: &str, fields: &'static [Field]) -> Problem {
    let names = || fields.iter().map(|it| it.name);
    let detail = match nearest(given, names()) {
        Some(near) => format!("there is no such filter; did you mean `filter[{near}]`?"),
        None => format!("there is no such filter; there are: {}", list(names())),
    };
    Problem::parameter(Code::UnknownParameter, name, detail)
}

fn operator(field: &Field, word: &str) -> Result<Op, String> {
    let ops = field.kind.ops();
    ops.iter().find(|it| it.as_str() == word).copied().ok_or_else(|| {
        let words = || ops.iter().map(|it| it.as_str());
        match nearest(word, words()) {
            Some(near) => format!("`{}` has no such operator; did you mean `{near}`?", field.name),
            None => format!("`{}` takes the operators {}", field.name, list(words())),
        }
    })
}

/// Without an operator: equal, or one of a list for words and ids.
fn operands<'a>(field: &Field, op: Option<Op>, given: &'a str) -> (Op, Vec<&'a str>) {
    let is_list = match field.kind {
        FieldKind::Enum(_) | FieldKind::Id => given.contains(','),
        FieldKind::Text | FieldKind::Number | FieldKind::Time | FieldKind::Bool => false,
    };
    match op {
        Some(Op::In) => (Op::In, given.split(',').map(str::trim).collect()),
        None if is_list => (Op::In, given.split(',').map(str::trim).collect()),
        Some(op) => (op, vec![given]),
        None => (Op::Eq, vec![given]),
    }
}

fn value(field: &Field, op: Op, given: &str) -> Result<Value, String> {
    let wrong = |what: &str| format!("`{}` is no {what}", domain::diagnostic::shorten(given, 60));
    if op == Op::IsNull {
        return boolean(given).ok_or_else(|| wrong("truth value: write `true` or `false`"));
    }
    match field.kind {
        FieldKind::Text => Ok(Value::Text(given.to_owned())),
        FieldKind::Number => {
            given.parse().map(Value::Number).map_err(|_unread| wrong("whole number"))
        }
        FieldKind::Bool => {
            boolean(given).ok_or_else(|| wrong("truth value: write `true` or `false`"))
        }
        FieldKind::Id => given.parse().map(Value::Id).map_err(|_unread| wrong("uuid")),
        FieldKind::Time => {
            let time = time(given).map(Value::Time);
            time.ok_or_else(|| wrong("time: write `2026-06-01T14:32:07Z` or `2026-06-01`"))
        }
        FieldKind::Enum(words) => match words.iter().find(|it| **it == given) {
            Some(word) => Ok(Value::Text((*word).to_owned())),
            None => Err(match nearest(given, words.iter().copied()) {
                Some(near) => format!("{}; did you mean `{near}`?", wrong(field.name)),
                None => {
                    format!("{}; there are: {}", wrong(field.name), list(words.iter().copied()))
                }
            }),
        },
    }
}

fn boolean(given: &str) -> Option<Value> {
    match given {
        "true" => Some(Value::Bool(true)),
        "false" => Some(Value::Bool(false)),
        _ => None,
    }
}

/// RFC 3339, or a day. The plus of an offset that was not encoded came as a space.
pub(crate) fn time(given: &str) -> Option<DateTime<Utc>> {
    let day = || NaiveDate::parse_from_str(given, "%Y-%m-%d").ok()?.and_hms_opt(0, 0, 0);
    let offset = || {
        let (head, tail) = given.rsplit_once(' ')?;
        DateTime::parse_from_rfc3339(&format!("{head}+{tail}")).ok()
    };
    DateTime::parse_from_rfc3339(given)
        .ok()
        .or_else(offset)
        .map(|it| it.to_utc())
        .or_else(|| day().map(|it| it.and_utc()))
        // What both databases can compare.
        .filter(|it| (0..=9999).contains(&chrono::Datelike::year(it)))
}

/// Words in a sentence: `a`, `b`, `c`.
pub(crate) fn list<'a>(words: impl Iterator<Item = &'a str>) -> String {
    words.map(|it| format!("`{it}`")).collect::<Vec<_>>().join(", ")
}
