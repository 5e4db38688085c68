//! What people have decided about a connector: tools pinned and forbidden, slots fixed, hints.
//!
//! ```json
//! { "forbidden": ["delete_everything"],
//!   "targets": { "invoice": {
//!     "tools": ["list_invoices", { "name": "query", "arguments": { "sql": "select 1" } }],
//!     "forbidden": ["search_invoices"],
//!     "slots": { "due_date": { "path": null, "reason": "always the day of payment" } },
//!     "hints": ["amounts are in cents"] } } }
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use crate::TargetModel;
use crate::nearest::nearest;
use crate::schema::Attribute;

/// Everything that was decided about a connector. Empty where nobody decided anything.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Governance {
    /// Tools that are never called, whatever the target.
    pub forbidden: BTreeSet<String>,
    pub targets: BTreeMap<TargetModel, Decided>,
}

/// What was decided about one target.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Decided {
    /// Tools that must be used, in this order; empty: the jury chooses.
    pub tools: Vec<ToolPin>,
    /// Tools that are never called for this target.
    pub forbidden: BTreeSet<String>,
    /// Attribute, dotted for a member of a list or an object, and where it must come from.
    pub slots: BTreeMap<String, SlotPin>,
    /// What a person or a model that draws the mapping should know.
    pub hints: Vec<String>,
}

/// A tool that must be used.
#[derive(Debug, Clone, PartialEq)]
pub struct ToolPin {
    pub name: String,
    /// Sent with every call; what the tool requires beyond them is supplied as for any other tool.
    pub arguments: Map<String, Value>,
}

impl ToolPin {
    /// A tool whose arguments are left to us.
    pub fn of(name: impl Into<String>) -> Self {
        Self { name: name.into(), arguments: Map::new() }
    }
}

/// A slot that is not drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlotPin {
    /// Path in a row of the tool; `None`: the slot stays empty.
    pub path: Option<String>,
    pub reason: String,
}

/// Why a document is no governance: where in it, and what is wrong there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// `targets.invoice.tools[0]`; empty for the document itself.
    pub at: String,
    pub says: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.at.as_str() {
            "" => f.write_str(&self.says),
            at => write!(f, "`{at}` {}", self.says),
        }
    }
}

impl std::error::Error for Fault {}

/// More than any catalogue needs: what is larger is a mistake.
const MOST_TOOLS: usize = 20;
const LONGEST_TEXT: usize = 1_000;

impl Governance {
    /// Reads the document of a connector. What it does not know, it refuses.
    ///
    /// # Errors
    /// The first fault, with the nearest right name where a name is unknown.
    pub fn parse(document: &Value) -> Result<Self, Fault> {
        let root = Spot { at: String::new(), value: document };
        let mut governance = Self::default();
        for (key, spot) in root.members(&["forbidden", "targets"])? {
            match key {
                "forbidden" => governance.forbidden = spot.names()?,
                _ => governance.targets = targets(&spot)?,
            }
        }
        Ok(governance)
    }

    pub fn is_forbidden(&self, target: TargetModel, tool: &str) -> bool {
        let here = self.targets.get(&target).is_some_and(|it| it.forbidden.contains(tool));
        here || self.forbidden.contains(tool)
    }

    pub fn pins(&self, target: TargetModel) -> &[ToolPin] {
        self.targets.get(&target).map_or(&[], |it| it.tools.as_slice())
    }

    /// SHA-256 over what was decided about a target, whatever the order in which it was written;
    /// `None` where nothing was.
    pub fn hash(&self, target: TargetModel) -> Option<String> {
        let decided = self.targets.get(&target).filter(|it| **it != Decided::default())?;
        Some(crate::hex(&Sha256::digest(sorted(&decided.to_json()).to_string())))
    }

    /// The document that [`Governance::parse`] reads.
    pub fn to_json(&self) -> Value {
        let targets: Map<String, Value> = self
            .targets
            .iter()
            .map(|(target, decided)| (target.as_str().to_owned(), decided.to_json()))
            .collect();
        json!({ "forbidden": self.forbidden, "targets": targets })
    }
}

impl Decided {
    fn to_json(&self) -> Value {
        let tool = |it: &ToolPin| json!({ "name": it.name, "arguments": it.arguments });
        let slot = |(name, it): (&String, &SlotPin)| {
            (name.clone(), json!({ "path": it.path, "reason": it.reason }))
        };
        json!({
            "tools": self.tools.iter().map(tool).collect::<Vec<_>>(),
            "forbidden": self.forbidden,
            "slots": self.slots.iter().map(slot).collect::<Map<_, _>>(),
            "hints": self.hints,
        })
    }
}

/// A value and where it stands in the document.
struct Spot<'a> {
    at: String,
    value: &'a Value,
}

impl<'a> Spot<'a> {
    fn fault(&self, says: impl Into<String>) -> Fault {
        Fault { at: self.at.clone(), says: says.into() }
    }

    fn below(&self, key: &str, value: &'a Value) -> Self {
        let at = if self.at.is_empty() { key.to_owned() } else { format!("{}.{key}", self.at) };
        Self { at, value }
    }

    fn object(&self) -> Result<&'a Map<String, Value>, Fault> {
        self.value.as_object().ok_or_else(|| self.fault("is not an object"))
    }

    /// The members of an object, all of which must have one of these names.
    fn members(&self, known: &'static [&'static str]) -> Result<Vec<(&'static str, Self)>, Fault> {
        let each = self.object()?.iter().map(|(key, value)| {
            match known.iter().copied().find(|it| it == key) {
                Some(known) => Ok((known, self.below(key, value))),
                None => Err(self.below(key, value).fault(unknown("key", key, known))),
            }
        });
        each.collect()
    }

    fn items(&self) -> Result<Vec<Self>, Fault> {
        let items = self.value.as_array().ok_or_else(|| self.fault("is not a list"))?;
        let each = items.iter().enumerate();
        Ok(each.map(|(n, value)| Self { at: format!("{}[{n}]", self.at), value }).collect())
    }

    fn text(&self) -> Result<String, Fault> {
        let text = self.value.as_str().map(str::trim).filter(|it| !it.is_empty());
        match text {
            Some(text) if text.len() <= LONGEST_TEXT && !text.contains('\0') => Ok(text.to_owned()),
            Some(_) => {
                Err(self.fault(format!("is longer than {LONGEST_TEXT} bytes or holds a NUL")))
            }
            None => Err(self.fault("is not a text, or is empty")),
        }
    }

    fn names(&self) -> Result<BTreeSet<String>, Fault> {
        self.items()?.iter().map(Self::text).collect()
    }
}

fn unknown<'a>(kind: &str, given: &str, known: impl IntoIterator<Item = &'a &'a str>) -> String {
    let known: Vec<&str> = known.into_iter().copied().collect();
    match nearest(given, known.iter().copied()) {
        Some(near) => format!("is no {kind} here; did you mean `{near}`?"),
        None => format!("is no {kind} here; there are {}", known.join(", ")),
    }
}

fn targets(spot: &Spot<'_>) -> Result<BTreeMap<TargetModel, Decided>, Fault> {
    let each = spot.object()?.iter().map(|(word, value)| {
        let here = spot.below(word, value);
        let target: TargetModel =
            word.parse().map_err(|_ours_is_shorter: crate::words::UnknownWord| {
                let known: Vec<&str> = TargetModel::ALL.iter().map(|it| it.as_str()).collect();
                here.fault(unknown("target model", word, &known))
            })?;
        Ok((target, decided(target, &here)?))
    });
    each.collect()
}

fn decided(target: TargetModel, spot: &Spot<'_>) -> Result<Decided, Fault> {
    let mut decided = Decided::default();
    for (key, spot) in spot.members(&["tools", "forbidden", "slots", "hints"])? {
        match key {
            "tools" => decided.tools = tools(&spot)?,
            "forbidden" => decided.forbidden = spot.names()?,
            "slots" => decided.slots = slots(target, &spot)?,
            _ => decided.hints = spot.items()?.iter().map(Spot::text).collect::<Result<_, _>>()?,
        }
    }
    match decided.tools.iter().find(|it| decided.forbidden.contains(&it.name)) {
        Some(both) => Err(spot.fault(format!("pins `{}` and forbids it", both.name))),
        None => Ok(decided),
    }
}

fn tools(spot: &Spot<'_>) -> Result<Vec<ToolPin>, Fault> {
    let items = spot.items()?;
    match items.len() {
        0..=MOST_TOOLS => items.iter().map(tool).collect(),
        _ => Err(spot.fault(format!("has more than {MOST_TOOLS} tools"))),
    }
}

/// A name, or a name with fixed arguments.
fn tool(spot: &Spot<'_>) -> Result<ToolPin, Fault> {
    if spot.value.is_string() {
        return Ok(ToolPin::of(spot.text()?));
    }
    let mut name = None;
    let mut arguments = Map::new();
    for (key, spot) in spot.members(&["name", "arguments"])? {
        match key {
            "name" => name = Some(spot.text()?),
            _ => arguments.clone_from(spot.object()?),
        }
    }
    let name = name.ok_or_else(|| spot.fault("needs a `name`"))?;
    Ok(ToolPin { name, arguments })
}

fn slots(target: TargetModel, spot: &Spot<'_>) -> Result<BTreeMap<String, SlotPin>, Fault> {
    let known = slot_names(&target.schema().attributes);
    let each = spot.object()?.iter().map(|(name, value)| {
        let here = spot.below(name, value);
        if !known.contains(name) {
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            return Err(here.fault(unknown(&format!("slot of {target}"), name, &known)));
        }
        Ok((name.clone(), slot(&here)?))
    });
    each.collect()
}

/// Attributes, and the members of lists and objects below them.
fn slot_names(attributes: &[Attribute]) -> BTreeSet<String> {
    let names = attributes.iter().flat_map(|it| {
        let below = it.items.iter().map(move |item| format!("{}.{}", it.name, item.name));
        std::iter::once(it.name.clone()).chain(below)
    });
    names.collect()
}

fn slot(spot: &Spot<'_>) -> Result<SlotPin, Fault> {
    let (mut path, mut reason) = (None, None);
    for (key, spot) in spot.members(&["path", "empty", "reason"])? {
        match key {
            "path" if spot.value.is_null() => path = Some(None),
            "path" => path = Some(Some(spot.text()?)),
            // As `"path": null`, for what is written in TOML.
            "empty" if *spot.value == Value::Bool(true) && path.is_none() => path = Some(None),
            "empty" => return Err(spot.fault("is `true`, in place of a `path`")),
            _ => reason = Some(spot.text()?),
        }
    }
    let path = path.ok_or_else(|| spot.fault("needs a `path`, or `empty = true`"))?;
    let reason = reason.ok_or_else(|| spot.fault("needs a `reason`"))?;
    Ok(SlotPin { path, reason })
}

/// The same value with the keys of every object in order.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let by_key: BTreeMap<&String, Value> =
                fields.iter().map(|(key, value)| (key, sorted(value))).collect();
            by_key.into_iter().map(|(key, value)| (key.clone(), value)).collect()
        }
        Value::Array(items) => items.iter().map(sorted).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

#[cfg(test)]
mod tests;
