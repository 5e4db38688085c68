//! One value of a record, read from JSON by the kind of its attribute.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use rust_decimal::Decimal;
use serde_json::{Map, Number, Value};

use super::{Cause, Rule, is_absent};
use crate::schema::{Attribute, Kind};
use crate::time::{rfc3339, to_millis};

/// A value as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub enum FieldValue {
    Text(String),
    Decimal(Decimal),
    Integer(i64),
    Boolean(bool),
    Date(NaiveDate),
    DateTime(DateTime<Utc>),
    /// A checked list or object; members that are absent are left out.
    Json(Value),
    Money {
        amount: Decimal,
        currency: String,
    },
}

impl FieldValue {
    /// Reads a value that is not absent. `path` names it in the causes.
    pub(super) fn read(it: &Attribute, path: &str, value: &Value) -> Result<Self, Vec<Cause>> {
        let wrong = |expected: &str| vec![Cause::new(path, Rule::WrongType, expected)];
        match it.kind {
            Kind::Text | Kind::Email | Kind::Uri => match value.as_str() {
                Some(text) => self::text(it, path, text).map_err(|cause| vec![cause]),
                None => Err(wrong("a text")),
            },
            Kind::Boolean => {
                value.as_bool().map(Self::Boolean).ok_or_else(|| wrong("true or false"))
            }
            Kind::Decimal => match decimal(value) {
                Some(number) => number.map(Self::Decimal).map_err(|cause| vec![cause.at(path)]),
                None => Err(wrong("a number")),
            },
            Kind::Integer => integer(path, value).map(Self::Integer).map_err(|cause| vec![cause]),
            Kind::Date => {
                let text = value.as_str().ok_or_else(|| wrong("a date"))?;
                date(text).map(Self::Date).ok_or_else(|| vec![misshapen(path, "YYYY-MM-DD")])
            }
            Kind::DateTime => {
                let text = value.as_str().ok_or_else(|| wrong("a date and time"))?;
                date_time(text).map(Self::DateTime).ok_or_else(|| vec![misshapen(path, "RFC 3339")])
            }
            Kind::Money => {
                money(path, value.as_object().ok_or_else(|| wrong("an amount with its currency"))?)
            }
            Kind::Object => {
                let given = value.as_object().ok_or_else(|| wrong("an object"))?;
                object(it, path, given).map(|it| Self::Json(Value::Object(it)))
            }
            Kind::List => list(it, path, value.as_array().ok_or_else(|| wrong("a list"))?),
        }
    }

    /// The kind of value, in a word.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "text",
            Self::Decimal(_) => "decimal",
            Self::Integer(_) => "integer",
            Self::Boolean(_) => "boolean",
            Self::Date(_) => "date",
            Self::DateTime(_) => "date_time",
            Self::Json(_) => "json",
            Self::Money { .. } => "money",
        }
    }

    /// As a mapping may give it: reading it back gives the same value. Decimals travel as text.
    pub fn to_json(&self) -> Value {
        match self {
            Self::Text(it) => it.clone().into(),
            Self::Decimal(it) => it.to_string().into(),
            Self::Integer(it) => (*it).into(),
            Self::Boolean(it) => (*it).into(),
            Self::Date(it) => it.to_string().into(),
            Self::DateTime(it) => rfc3339(*it).into(),
            Self::Json(it) => it.clone(),
            Self::Money { amount, currency } => {
                serde_json::json!({ "amount": amount.to_string(), "currency": currency })
            }
        }
    }

    /// One spelling for equal values.
    pub fn canonical(&self) -> String {
        match self {
            Self::Text(it) => it.clone(),
            Self::Decimal(it) => it.normalize().to_string(),
            Self::Integer(it) => it.to_string(),
            Self::Boolean(it) => it.to_string(),
            Self::Date(it) => it.to_string(),
            Self::DateTime(it) => it.timestamp_millis().to_string(),
            Self::Json(it) => sorted(it).to_string(),
            Self::Money { amount, currency } => format!("{} {currency}", amount.normalize()),
        }
    }
}

fn text(it: &Attribute, path: &str, text: &str) -> Result<FieldValue, Cause> {
    let length = text.chars().count();
    if let Some(most) = it.max_length.filter(|most| length > *most) {
        return Err(Cause::new(path, Rule::TooLong, format!("at most {most} characters")));
    }
    if let Some(least) = it.min_length.filter(|least| length < *least) {
        return Err(Cause::new(path, Rule::TooShort, format!("at least {least} characters")));
    }
    if !it.allowed.is_empty() && !it.allowed.iter().any(|allowed| allowed == text) {
        return Err(Cause::new(path, Rule::NotInEnum, format!("one of {}", it.allowed.join(", "))));
    }
    if let Some(pattern) = it.pattern.as_ref().filter(|pattern| !pattern.is_match(text)) {
        return Err(Cause::new(path, Rule::BadPattern, pattern.as_str()));
    }
    if it.kind == Kind::Email && !is_address(text) {
        return Err(misshapen(path, "an e-mail address"));
    }
    Ok(FieldValue::Text(text.to_owned()))
}

/// Whether a text has the form of an e-mail address.
pub(super) fn is_address(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let dotted = |part: &str| part.split('.').all(|label| !label.is_empty());
    let plain =
        |it: char| !it.is_whitespace() && !it.is_control() && !"@<>,;:()[]\\\"".contains(it);
    let named = |it: char| it.is_alphanumeric() || it == '-' || it == '.';
    !local.is_empty()
        && dotted(local)
        && local.chars().all(plain)
        && domain.contains('.')
        && dotted(domain)
        && domain.chars().all(named)
}

/// The exact number that a JSON number writes, by its shortest decimal text; a plain decimal text
/// counts too, because a number with more digits than a double holds travels as text.
fn decimal(value: &Value) -> Option<Result<Decimal, Cause>> {
    let text = match value {
        Value::Number(number) => number.to_string(),
        Value::String(text) if is_plain_number(text) => text.clone(),
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
            return None;
        }
    };
    let number = match text.contains(['e', 'E']) {
        true => Decimal::from_scientific(&text),
        false => Decimal::from_str_exact(&text),
    };
    Some(number.map_err(|_overflow| Cause::new("", Rule::OutOfRange, "at most 28 digits")))
}

fn integer(path: &str, value: &Value) -> Result<i64, Cause> {
    let number = decimal(value)
        .ok_or_else(|| Cause::new(path, Rule::WrongType, "a whole number"))?
        .map_err(|cause| cause.at(path))?;
    if !number.fract().is_zero() {
        return Err(Cause::new(path, Rule::WrongType, "a whole number"));
    }
    i64::try_from(number)
        .map_err(|_overflow| Cause::new(path, Rule::OutOfRange, "a number of 64 bits"))
}

fn is_plain_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let numeric = |part: &str| !part.is_empty() && part.bytes().all(|it| it.is_ascii_digit());
    numeric(whole) && numeric(fraction)
}

fn date(text: &str) -> Option<NaiveDate> {
    (text.len() == 10).then(|| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()).flatten()
}

/// RFC 3339; an offset without a colon and a time without any offset (then UTC) are seen often.
fn date_time(text: &str) -> Option<DateTime<Utc>> {
    let offset = DateTime::parse_from_rfc3339(text)
        .or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f%z"))
        .map(|it| it.with_timezone(&Utc));
    let local = || NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f");
    let spaced = || NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f");
    let time = offset.ok().or_else(|| local().or_else(|_| spaced()).ok().map(|it| it.and_utc()));
    time.map(to_millis)
}

fn money(path: &str, given: &Map<String, Value>) -> Result<FieldValue, Vec<Cause>> {
    let member = |name: &str| given.get(name).filter(|it| !is_absent(it));
    let at = |name: &str| format!("{path}.{name}");
    let (amount, currency) = (member("amount"), member("currency"));
    if amount.is_none() && currency.is_none() {
        return Err(vec![Cause::null_required(path)]);
    }
    let amount = match amount.map(decimal) {
        Some(Some(amount)) => amount.map_err(|cause| cause.at(&at("amount"))),
        Some(None) => Err(Cause::new(&at("amount"), Rule::WrongType, "a number")),
        None => Err(Cause::null_required(&at("amount"))),
    };
    let currency = match currency.map(Value::as_str) {
        Some(Some(code)) if code.len() == 3 && code.bytes().all(|it| it.is_ascii_uppercase()) => {
            Ok(code.to_owned())
        }
        Some(_) => Err(Cause::new(&at("currency"), Rule::BadPattern, "^[A-Z]{3}$")),
        None => Err(Cause::new(path, Rule::MissingCurrency, "a currency beside every amount")),
    };
    match (amount, currency) {
        (Ok(amount), Ok(currency)) => Ok(FieldValue::Money { amount, currency }),
        (amount, currency) => Err(amount.err().into_iter().chain(currency.err()).collect()),
    }
}

fn list(it: &Attribute, path: &str, given: &[Value]) -> Result<FieldValue, Vec<Cause>> {
    let mut items = Vec::new();
    let mut causes = Vec::new();
    for value in given.iter().filter(|it| !is_absent(it)) {
        match value.as_object().map(|members| object(it, path, members)) {
            Some(Ok(item)) => items.push(Value::Object(item)),
            Some(Err(found)) => causes.extend(found),
            None => causes.push(Cause::new(path, Rule::WrongType, "a list of objects")),
        }
    }
    causes.dedup();
    if causes.is_empty() { Ok(FieldValue::Json(Value::Array(items))) } else { Err(causes) }
}

fn object(
    it: &Attribute,
    path: &str,
    given: &Map<String, Value>,
) -> Result<Map<String, Value>, Vec<Cause>> {
    let mut members = Map::new();
    let mut causes = Vec::new();
    for (name, value) in given {
        let path = format!("{path}.{name}");
        match it.items.iter().find(|member| member.name == *name) {
            None => causes.push(Cause::new(&path, Rule::UnknownField, "not in the schema")),
            Some(_) if is_absent(value) => {}
            Some(member) => match FieldValue::read(member, &path, value) {
                Ok(value) => {
                    members.insert(name.clone(), value.into_json());
                }
                Err(found) => causes.extend(found),
            },
        }
    }
    let missing = it.items.iter().filter(|it| it.required && is_missing(given, &it.name));
    causes.extend(missing.map(|it| Cause::null_required(&format!("{path}.{}", it.name))));
    if causes.is_empty() { Ok(members) } else { Err(causes) }
}

fn is_missing(given: &Map<String, Value>, name: &str) -> bool {
    given.get(name).is_none_or(is_absent)
}

fn misshapen(path: &str, expected: &str) -> Cause {
    Cause::new(path, Rule::BadFormat, expected)
}

impl FieldValue {
    /// As a member of a list or object that is stored as JSON.
    fn into_json(self) -> Value {
        match self {
            Self::Text(it) => Value::String(it),
            Self::Decimal(it) => exact(it),
            Self::Integer(it) => Value::from(it),
            Self::Boolean(it) => Value::Bool(it),
            Self::Date(it) => Value::String(it.to_string()),
            Self::DateTime(it) => Value::String(rfc3339(it)),
            Self::Json(it) => it,
            Self::Money { amount, currency } => {
                serde_json::json!({ "amount": exact(amount), "currency": currency })
            }
        }
    }
}

/// A JSON number if its text is the decimal's own, else a text: digits are never lost.
pub(super) fn exact(number: Decimal) -> Value {
    let number = number.normalize();
    let text = number.to_string();
    let parsed = text.parse::<i64>().ok().map(Number::from);
    let parsed = parsed.or_else(|| text.parse().ok().and_then(Number::from_f64));
    match parsed {
        Some(it) if decimal(&Value::Number(it.clone())).is_some_and(|it| it == Ok(number)) => {
            Value::Number(it)
        }
        _ => Value::String(text),
    }
}

fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut pairs: Vec<_> = members.iter().collect();
            pairs.sort_by_key(|(name, _)| name.as_str());
            Value::Object(pairs.into_iter().map(|(name, it)| (name.clone(), sorted(it))).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(sorted).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}
