//! Where a value stands in a row: `a.b`, `lines[0].amount`, `Phones[Type=HOME].Number`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

#[cfg(test)]
pub(crate) mod tests;

/// A path from a row to a value in it. The empty path is the row itself.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Path(pub Vec<Step>);

/// One step of a path: a member, and then at most one choice within the list that it holds.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Step {
    pub name: String,
    pub pick: Pick,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Pick {
    /// The member as it is.
    All,
    /// The item at a position.
    At(usize),
    /// The first item whose member has a value.
    Where { key: String, value: String },
}

/// A text that is no path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a path")]
pub struct NotAPath(String);

impl Path {
    pub fn of(names: &[&str]) -> Self {
        Self(names.iter().map(|name| Step::new(name)).collect())
    }

    #[must_use]
    pub fn join(&self, step: Step) -> Self {
        let mut path = self.clone();
        path.0.push(step);
        path
    }

    /// The names of the steps, joined; what a person would call the field.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|it| it.name.as_str())
    }

    pub fn resolve<'a>(&self, row: &'a Value) -> Option<&'a Value> {
        self.0.iter().try_fold(row, |value, step| {
            let member = value.get(&step.name)?;
            match &step.pick {
                Pick::All => Some(member),
                Pick::At(index) => member.get(*index),
                Pick::Where { key, value } => {
                    let is_it = |it: &&Value| it.get(key).and_then(Value::as_str) == Some(value);
                    member.as_array()?.iter().find(is_it)
                }
            }
        })
    }
}

impl Step {
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), pick: Pick::All }
    }

    pub fn at(name: &str, index: usize) -> Self {
        Self { name: name.to_owned(), pick: Pick::At(index) }
    }

    pub fn matching(name: &str, key: &str, value: &str) -> Self {
        let pick = Pick::Where { key: key.to_owned(), value: value.to_owned() };
        Self { name: name.to_owned(), pick }
    }
}

/// Characters that mean something in a path; a name that has one is written with backslashes.
const SPECIAL: &[char] = &['.', '[', ']', '=', '\\'];

fn write_name(f: &mut fmt::Formatter<'_>, name: &str) -> fmt::Result {
    name.chars().try_for_each(|it| match SPECIAL.contains(&it) {
        true => write!(f, "\\{it}"),
        false => write!(f, "{it}"),
    })
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, step) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(".")?;
            }
            write_name(f, &step.name)?;
            match &step.pick {
                Pick::All => {}
                Pick::At(index) => write!(f, "[{index}]")?,
                Pick::Where { key, value } => {
                    f.write_str("[")?;
                    write_name(f, key)?;
                    f.write_str("=")?;
                    write_name(f, value)?;
                    f.write_str("]")?;
                }
            }
        }
        Ok(())
    }
}

impl FromStr for Path {
    type Err = NotAPath;

    fn from_str(text: &str) -> Result<Self, NotAPath> {
        if text.is_empty() {
            return Ok(Self::default());
        }
        let steps = split(text, '.').into_iter().map(step).collect::<Option<Vec<Step>>>();
        steps.map(Self).ok_or_else(|| NotAPath(text.to_owned()))
    }
}

/// One step as it is written; `None` if its brackets do not close.
fn step(text: String) -> Option<Step> {
    let Some((name, rest)) = split_once(&text, '[') else {
        return split_once(&text, ']').is_none().then(|| Step::new(&plain(&text)));
    };
    let (inner, "") = split_once(rest, ']')? else { return None };
    let name = plain(name);
    match split_once(inner, '=') {
        Some((key, value)) => Some(Step::matching(&name, &plain(key), &plain(value))),
        None => inner.parse().ok().map(|index| Step::at(&name, index)),
    }
}

/// Splits at `mark` outside brackets, where no backslash stands before it.
fn split(text: &str, mark: char) -> Vec<String> {
    let mut parts = vec![String::new()];
    let (mut escaped, mut depth) = (false, 0_u32);
    for it in text.chars() {
        match it {
            _ if escaped => {}
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if it == mark && !escaped && depth == 0 {
            parts.push(String::new());
        } else if let Some(part) = parts.last_mut() {
            part.push(it);
        }
        escaped = it == '\\' && !escaped;
    }
    parts
}

fn split_once(text: &str, mark: char) -> Option<(&str, &str)> {
    let mut escaped = false;
    for (at, it) in text.char_indices() {
        if it == mark && !escaped {
            let (left, right) = text.split_at_checked(at)?;
            return Some((left, right.strip_prefix(mark)?));
        }
        escaped = it == '\\' && !escaped;
    }
    None
}

fn plain(text: &str) -> String {
    let mut escaped = false;
    let keep = |it: &char| {
        escaped = *it == '\\' && !escaped;
        !escaped
    };
    text.chars().filter(keep).collect()
}

impl Serialize for Path {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Path {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}
