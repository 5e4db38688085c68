//! A plan carried out without an interpreter, with the outcome that its JSONata has.
//!
//! People read and store the JSONata, so that is what a plan means; this is the fast way to the
//! same entities. A test holds both equal on plans and rows made by chance, and a drill on those of
//! real providers, with the reference engine as the judge.

use serde_json::{Map, Value};

use crate::path::Path;
use crate::plan::{Plan, Slot, Source, Transform, spelling};

mod cell;
mod date;
mod route;
#[cfg(test)]
mod tests;
mod transform;

use cell::Cell;
use route::Found;

/// A plan made ready for many rows: its slots in the order of their objects, its words as they are
/// compared.
#[derive(Debug, Clone, PartialEq)]
pub struct Program(Vec<Field>);

/// A member of an object that is made.
#[derive(Debug, Clone, PartialEq)]
struct Field {
    name: String,
    make: Make,
}

#[derive(Debug, Clone, PartialEq)]
enum Make {
    Object(Vec<Field>),
    List { path: Path, item: Vec<Field>, transforms: Vec<Transform> },
    Value { source: Source, transforms: Vec<Transform> },
}

impl Program {
    pub fn of(plan: &Plan) -> Self {
        Self(fields(&plan.slots, ""))
    }

    /// Of the plan that is stored with an expression; none if the expression is not what we compile
    /// from it, but written by hand, by a model, or by an earlier version of us. What stands there
    /// counts, not what we would make of the plan today.
    pub fn of_compiled(expression: &str, plan: &Value) -> Option<Self> {
        let plan: Plan = serde_json::from_value(plan.clone()).ok()?;
        (crate::compile(&plan) == expression).then(|| Self::of(&plan))
    }

    /// The entity of one row. Bounded by the plan and the row, so it needs no limits.
    pub fn evaluate(&self, row: &Value) -> Value {
        object(&self.0, row)
    }
}

/// Slots with a dotted name share their parent's object, which stands where the first of them does.
fn fields(slots: &[Slot], within: &str) -> Vec<Field> {
    let mut fields: Vec<Field> = Vec::new();
    for slot in slots.iter().filter(|it| !it.is_null()) {
        let Some(name) = slot.slot.strip_prefix(within) else { continue };
        let (name, make) = match name.split_once('.') {
            Some((parent, _)) if fields.iter().any(|it| it.name == parent) => continue,
            Some((parent, _)) => {
                (parent, Make::Object(self::fields(slots, &format!("{within}{parent}."))))
            }
            None => (name, made(slot)),
        };
        fields.push(Field { name: name.to_owned(), make });
    }
    fields
}

fn made(slot: &Slot) -> Make {
    let transforms: Vec<Transform> = slot.transforms.iter().map(prepared).collect();
    match &slot.source {
        Source::Each { path, slots } => {
            Make::List { path: path.clone(), item: fields(slots, ""), transforms }
        }
        Source::Path(_)
        | Source::FirstOf(_)
        | Source::Concat { .. }
        | Source::Difference { .. }
        | Source::Constant { .. }
        | Source::Null { .. } => Make::Value { source: slot.source.clone(), transforms },
    }
}

/// With words as they are compared.
fn prepared(transform: &Transform) -> Transform {
    let mut transform = transform.clone();
    match &mut transform {
        Transform::Enum { words, .. } => {
            let spelled = std::mem::take(words).into_iter();
            *words = spelled.map(|(from, to)| (spelling(&from), to)).collect();
        }
        Transform::SignFrom { negative, .. } => {
            negative.iter_mut().for_each(|it| *it = it.to_lowercase());
        }
        Transform::OnlyWhere { equals, .. } => *equals = equals.to_lowercase(),
        Transform::IsOneOf { words } => words.iter_mut().for_each(|it| *it = it.to_lowercase()),
        Transform::Text
        | Transform::Number { .. }
        | Transform::MinorUnits { .. }
        | Transform::Negate
        | Transform::Above
        | Transform::Below
        | Transform::Date { .. }
        | Transform::EpochDate { .. }
        | Transform::EpochTime { .. }
        | Transform::Upper
        | Transform::Lower
        | Transform::Not
        | Transform::Before { .. }
        | Transform::After { .. }
        | Transform::AfterLast { .. }
        | Transform::First
        | Transform::Last
        | Transform::FalseIsNull
        | Transform::Address
        | Transform::Domain => {}
    }
    transform
}

fn object(fields: &[Field], row: &Value) -> Value {
    let mut members = Map::with_capacity(fields.len());
    for field in fields {
        let value = match &field.make {
            Make::Object(fields) => Some(object(fields, row)),
            Make::List { path, item, transforms } => {
                let items = route::objects(path, row).into_iter().map(|it| object(item, it));
                let list = Cell::Made(Value::Array(items.collect()));
                transformed(list, transforms, row).into_value()
            }
            Make::Value { source, transforms } => {
                transformed(read(source, row), transforms, row).into_value()
            }
        };
        if let Some(value) = value {
            members.insert(field.name.clone(), value);
        }
    }
    Value::Object(members)
}

fn transformed<'a>(cell: Cell<'a>, transforms: &'a [Transform], row: &'a Value) -> Cell<'a> {
    transforms.iter().fold(cell, |cell, transform| transform::apply(transform, cell, row))
}

fn read<'a>(source: &'a Source, row: &'a Value) -> Cell<'a> {
    match source {
        Source::Path(path) => at(path, row),
        Source::FirstOf(paths) => {
            let is_present = |it: &&Value| !it.is_null() && it.as_str() != Some("");
            each(paths, row).find(is_present).map_or(Cell::Absent, Cell::of)
        }
        Source::Concat { paths, separator } => {
            let texts = each(paths, row).filter_map(|it| match Cell::of(it) {
                Cell::Text(it) => Some(it).filter(|it| !it.is_empty()),
                Cell::Number(it) => crate::number::text(it).map(Into::into),
                Cell::Absent
                | Cell::Null
                | Cell::Bool(_)
                | Cell::Whole(_)
                | Cell::Many(_)
                | Cell::Made(_) => None,
            });
            let joined = texts.reduce(|left, right| {
                let mut joined = left.into_owned();
                joined.push_str(separator);
                joined.push_str(&right);
                joined.into()
            });
            joined.map_or(Cell::Absent, Cell::Text)
        }
        Source::Difference { plus, minus } => {
            let number = |path| transform::number(at(path, row), '.');
            match (number(plus), number(minus)) {
                (Cell::Number(plus), Cell::Number(minus)) => Cell::Number(plus - minus.abs()),
                (Cell::Number(plus), _) => Cell::Number(plus),
                (_, Cell::Number(minus)) => Cell::Number(0.0 - minus.abs()),
                (plus, _) => plus,
            }
        }
        Source::Constant { value, .. } => Cell::of(value),
        // Both are seen to when the program is made.
        Source::Each { .. } | Source::Null { .. } => Cell::Null,
    }
}

fn at<'a>(path: &Path, row: &'a Value) -> Cell<'a> {
    match route::resolve(path, row) {
        Found::Absent => Cell::Absent,
        Found::One(it) => Cell::of(it),
        Found::Many(items) => Cell::Many(items),
    }
}

/// The values of several paths; a list among them counts as its items.
fn each<'a>(paths: &'a [Path], row: &'a Value) -> impl Iterator<Item = &'a Value> {
    paths.iter().flat_map(|path| route::resolve(path, row).into_items())
}
