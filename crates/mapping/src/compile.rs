//! A plan as readable JSONata: one expression that makes one entity object of one row.
//!
//! Only what we write ourselves appears in it: member names and words of a plan go in as quoted
//! text, so no plan can become another expression than it says.

use serde_json::Value;

use crate::number;
use crate::path::{Path, Pick};
use crate::plan::{DateFormat, EpochUnit, Otherwise, Plan, Slot, Source, Transform, spelling};

mod helpers;
#[cfg(test)]
mod tests;

use helpers::Helper;

/// Writes the plan. Slots with nothing in the source are left out: absent is null.
pub fn compile(plan: &Plan) -> String {
    let mut writer = Writer::default();
    let body = writer.object(&plan.slots, "  ");
    let helpers = writer.helpers();
    if helpers.is_empty() { body } else { format!("(\n{helpers}  {body}\n)") }
}

#[derive(Default)]
struct Writer {
    used: Vec<&'static Helper>,
}

impl Writer {
    /// `{ "a": …, "b": { "c": … } }`; slots with a dotted name share their parent's object.
    fn object(&mut self, slots: &[Slot], indent: &str) -> String {
        let inner = format!("{indent}  ");
        let mut lines: Vec<(String, String)> = Vec::new();
        let mut done: Vec<&str> = Vec::new();
        for slot in slots.iter().filter(|it| !it.is_null()) {
            let Some((parent, _)) = slot.slot.split_once('.') else {
                lines.push((quoted(&slot.slot), self.slot(slot, &inner)));
                continue;
            };
            if done.contains(&parent) {
                continue;
            }
            done.push(parent);
            let members: Vec<Slot> = slots
                .iter()
                .filter_map(|it| {
                    let member = it.slot.strip_prefix(parent)?.strip_prefix('.')?;
                    Some(Slot { slot: member.to_owned(), ..it.clone() })
                })
                .collect();
            lines.push((quoted(parent), self.object(&members, &inner)));
        }
        if lines.is_empty() {
            return "{}".to_owned();
        }
        let lines: Vec<String> =
            lines.into_iter().map(|(name, value)| format!("{inner}{name}: {value}")).collect();
        format!("{{\n{}\n{indent}}}", lines.join(",\n"))
    }

    fn slot(&mut self, slot: &Slot, indent: &str) -> String {
        let mut text = match &slot.source {
            Source::Path(path) => written(path),
            Source::FirstOf(paths) => {
                let paths: Vec<String> = paths.iter().map(written).collect();
                self.call(&helpers::FIRST_OF, &[&format!("[{}]", paths.join(", "))])
            }
            Source::Concat { paths, separator } => {
                let paths: Vec<String> = paths.iter().map(written).collect();
                let parts = format!("[{}]", paths.join(", "));
                self.call(&helpers::JOINED, &[&parts, &quoted(separator)])
            }
            Source::Difference { plus, minus } => {
                self.call(&helpers::DIFFERENCE, &[&written(plus), &written(minus)])
            }
            Source::Each { path, slots } => {
                let item = self.object(slots, indent);
                format!("[{}[$type($) = \"object\"].{item}]", written(path))
            }
            Source::Constant { value, .. } => number::copied(value).to_string(),
            Source::Null { .. } => "null".to_owned(),
        };
        for transform in &slot.transforms {
            text = self.transform(transform, &text);
        }
        text
    }

    fn transform(&mut self, transform: &Transform, value: &str) -> String {
        let (helper, further) = match transform {
            Transform::Text => (&helpers::TEXT, Vec::new()),
            Transform::Number { comma: false } => (&helpers::NUMBER, Vec::new()),
            Transform::Number { comma: true } => (&helpers::NUMBER_COMMA, Vec::new()),
            Transform::MinorUnits { currency: None } => (&helpers::CENTS, Vec::new()),
            Transform::MinorUnits { currency: Some(path) } => {
                (&helpers::MINOR, vec![written(path)])
            }
            Transform::Negate => (&helpers::NEGATE, Vec::new()),
            Transform::SignFrom { path, negative } => (
                &helpers::SIGNED,
                vec![self.call(&helpers::IS_ONE_OF, &[&written(path), &words(negative)])],
            ),
            Transform::OnlyWhere { path, equals } => {
                let one = words(std::slice::from_ref(equals));
                (&helpers::ONLY_IF, vec![self.call(&helpers::IS_ONE_OF, &[&written(path), &one])])
            }
            Transform::Above => (&helpers::ABOVE, Vec::new()),
            Transform::Below => (&helpers::BELOW, Vec::new()),
            Transform::Date { format } => (date(*format), Vec::new()),
            Transform::EpochDate { unit } => (&helpers::EPOCH_DATE, vec![scale(*unit)]),
            Transform::EpochTime { unit } => (&helpers::EPOCH_TIME, vec![scale(*unit)]),
            Transform::Enum { words, other } => {
                let table = words.iter().map(|(from, to)| (spelling(from), to.as_str().into()));
                let table = Value::Object(table.collect()).to_string();
                match other {
                    Otherwise::Keep => (&helpers::ENUM_OR_KEEP, vec![table]),
                    Otherwise::Null => (&helpers::ENUM, vec![table, "null".to_owned()]),
                    Otherwise::Word(word) => (&helpers::ENUM, vec![table, quoted(word)]),
                }
            }
            Transform::Upper => (&helpers::UPPER, Vec::new()),
            Transform::Lower => (&helpers::LOWER, Vec::new()),
            Transform::IsOneOf { words } => (&helpers::SAYS, vec![self::words(words)]),
            Transform::Not => (&helpers::NOT, Vec::new()),
            Transform::Before { mark } => (&helpers::BEFORE, vec![quoted(mark)]),
            Transform::After { mark } => (&helpers::AFTER, vec![quoted(mark)]),
            Transform::AfterLast { mark } => (&helpers::AFTER_LAST, vec![quoted(mark)]),
            Transform::First => (&helpers::FIRST, Vec::new()),
            Transform::Last => (&helpers::LAST, Vec::new()),
            Transform::FalseIsNull => (&helpers::FALSE_IS_NULL, Vec::new()),
            Transform::Address => (&helpers::ADDRESS, Vec::new()),
            Transform::Domain => (&helpers::DOMAIN, Vec::new()),
        };
        let arguments = std::iter::once(value).chain(further.iter().map(String::as_str));
        self.call(helper, &arguments.collect::<Vec<_>>())
    }

    fn call(&mut self, helper: &'static Helper, arguments: &[&str]) -> String {
        for needed in helper.needs.iter().copied().chain([helper]) {
            if !self.used.iter().any(|it| it.name == needed.name) {
                self.used.push(needed);
            }
        }
        format!("${}({})", helper.name, arguments.join(", "))
    }

    fn helpers(&self) -> String {
        let line = |it: &&Helper| format!("  ${} := {};\n", it.name, it.body);
        self.used.iter().map(line).collect()
    }
}

fn date(format: DateFormat) -> &'static Helper {
    match format {
        DateFormat::Iso => &helpers::DATE_ISO,
        DateFormat::Compact => &helpers::DATE_COMPACT,
        DateFormat::DayFirst => &helpers::DATE_DAY_FIRST,
        DateFormat::MonthFirst => &helpers::DATE_MONTH_FIRST,
        DateFormat::YearFirst => &helpers::DATE_YEAR_FIRST,
        DateFormat::DayName => &helpers::DATE_DAY_NAME,
        DateFormat::MonthName => &helpers::DATE_MONTH_NAME,
    }
}

fn scale(unit: EpochUnit) -> String {
    match unit {
        EpochUnit::Seconds => "1000".to_owned(),
        EpochUnit::Milliseconds => "1".to_owned(),
    }
}

/// Words are compared in lower case.
fn words(words: &[String]) -> String {
    let words: Vec<String> = words.iter().map(|it| quoted(&it.to_lowercase())).collect();
    format!("[{}]", words.join(", "))
}

/// A path as JSONata reads it.
fn written(path: &Path) -> String {
    if path.0.is_empty() {
        return "$".to_owned();
    }
    let steps = path.0.iter().map(|step| match &step.pick {
        Pick::All => name(&step.name),
        Pick::At(index) => format!("{}[{index}]", name(&step.name)),
        Pick::Where { key, value } => {
            format!("{}[{} = {}][0]", name(&step.name), name(key), quoted(value))
        }
    });
    steps.collect::<Vec<_>>().join(".")
}

/// Words that JSONata reads as something else than a name.
const RESERVED: &[&str] = &["and", "or", "in", "null", "true", "false", "function", "undefined"];

fn name(text: &str) -> String {
    let is_letter = |it: char| it.is_ascii_alphabetic() || it == '_';
    let is_plain = text.starts_with(is_letter)
        && text.chars().all(|it| is_letter(it) || it.is_ascii_digit())
        && !RESERVED.contains(&text);
    match text {
        _ if is_plain => text.to_owned(),
        // A quoted name has no way to hold its own quote.
        _ if text.contains('`') || text.is_empty() => format!("$lookup($, {})", quoted(text)),
        _ => format!("`{text}`"),
    }
}

/// A text literal; JSONata's escapes are those of JSON.
fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}
