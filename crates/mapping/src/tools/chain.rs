//! Tools that list within a parent: which tool lists the parents, and what a parent is known by.

use serde_json::{Map, Value};

use super::arguments::{Supplied, known, property, required};
use super::name::{Name, Verb, raw};
use super::{Catalogue, ToolSpec};
use crate::draw::words;

/// Whether a tool can be called with what a sync knows.
#[derive(Debug, Clone, PartialEq)]
pub enum Supply {
    /// With [`super::arguments`] alone.
    Ready,
    /// Once for each parent, which another tool of the server lists.
    Chained(Chain),
    /// It lists within a parent, and no tool lists the parents.
    ParentScoped { argument: String },
    /// It requires what only a person knows.
    Unknown { argument: String },
}

/// How the parents of a tool's rows are found.
#[derive(Debug, Clone, PartialEq)]
pub struct Chain {
    /// The argument that takes a parent.
    pub argument: String,
    /// Several parents at once; they are given one by one all the same.
    pub takes_list: bool,
    /// The field under which a row tells its parent, if it does not do so by itself.
    pub field: String,
    /// Index of the tool that lists the parents.
    pub parent: usize,
    /// With which that tool is called.
    pub arguments: Map<String, Value>,
    noun: Vec<String>,
}

/// See [`Catalogue::supply`].
pub(super) fn supply(
    tool: &ToolSpec<'_>,
    given: &Map<String, Value>,
    catalogue: &Catalogue<'_>,
    may: &dyn Fn(usize) -> bool,
) -> Supply {
    let missing = required(tool).into_iter().filter(|(name, _)| !given.contains_key(name));
    let mut scoped = None;
    for (name, supplied) in missing {
        let found = |name: &str| chain(tool, name, catalogue, may);
        match supplied {
            Supplied::Value(_) | Supplied::Guess => {}
            Supplied::FromAnother | Supplied::OneRecord if scoped.is_none() => {
                scoped = Some((found(&name), name));
            }
            Supplied::Unknown if scoped.is_none() => match found(&name) {
                Some(chain) => scoped = Some((Some(chain), name)),
                None => return Supply::Unknown { argument: name },
            },
            // One level, one parent.
            Supplied::FromAnother | Supplied::OneRecord | Supplied::Unknown => {
                return Supply::Unknown { argument: name };
            }
        }
    }
    match scoped {
        None => Supply::Ready,
        Some((Some(chain), _)) => Supply::Chained(chain),
        Some((None, argument)) => Supply::ParentScoped { argument },
    }
}

/// Words of an argument that say that it identifies, and not what.
const KEYS: &[&str] =
    &["id", "ids", "uid", "uids", "uuid", "uuids", "key", "keys", "number", "slug", "name", "code"];

fn chain(
    tool: &ToolSpec<'_>,
    argument: &str,
    catalogue: &Catalogue<'_>,
    may: &dyn Fn(usize) -> bool,
) -> Option<Chain> {
    let parts = raw(argument);
    let own: Vec<&str> = parts.iter().map(String::as_str).filter(|it| !KEYS.contains(it)).collect();
    let noun = match own.as_slice() {
        [] => scope(tool.name).unwrap_or_default(),
        ["path" | "directory" | "folder"] => vec!["directory".to_owned()],
        _ => words(&own.join(" ")),
    };
    let told = told(tool, argument);
    let tools = catalogue.tools();
    let each = tools.iter().enumerate().filter(|(index, it)| may(*index) && it.name != tool.name);
    let scored = each.filter_map(|(index, it)| {
        let read = catalogue.read(index)?;
        Some((lists(it, &read.name, &noun, told.contains(it.name))?, index))
    });
    // The first of the best, so that the order of a catalogue decides between equals.
    let best = scored.reduce(|best, it| if it.0 > best.0 { it } else { best });
    let (_, parent) = best?;
    // What is told of a parent is named after the tool that lists it, where nothing else names it.
    let noun = if noun.is_empty() { catalogue.read(parent)?.name.object.clone() } else { noun };
    let field = if own.is_empty() { format!("{}_id", noun.join("_")) } else { argument.to_owned() };
    Some(Chain {
        takes_list: property(tool, argument).get("type").is_some_and(|it| it == "array"),
        argument: argument.to_owned(),
        field,
        parent,
        arguments: known(tools.get(parent)?),
        noun,
    })
}

/// What is said of an argument: by its schema, and by the lines of the description that name it.
fn told(tool: &ToolSpec<'_>, argument: &str) -> String {
    let own = property(tool, argument).get("description").and_then(Value::as_str);
    let lines = tool.description.unwrap_or_default().lines();
    let of_it = lines.filter(|it| {
        let line = it.trim_start_matches([' ', '-', '*', '`']);
        line.strip_prefix(argument).is_some_and(|it| it.starts_with([':', ' ', '(', '`']))
    });
    own.into_iter().chain(of_it).collect::<Vec<_>>().join(" ")
}

/// `list_attachments_for_a_transaction`: what the rows are within.
fn scope(tool: &str) -> Option<Vec<String>> {
    let parts = raw(tool);
    let at = parts.iter().rposition(|it| ["for", "of", "by", "in"].contains(&it.as_str()))?;
    let after = parts.get(at + 1..)?.iter().map(String::as_str);
    let noun: Vec<&str> =
        after.filter(|it| !["a", "an", "the"].contains(it) && !KEYS.contains(it)).collect();
    (!noun.is_empty()).then(|| words(&noun.join(" ")))
}

/// How well a tool lists things of a noun, asking for nothing that we do not have. `told`: the
/// argument's description sends its reader there.
fn lists(tool: &ToolSpec<'_>, name: &Name, noun: &[String], told: bool) -> Option<u32> {
    let is_safe = tool.destructive != Some(true) && tool.read_only != Some(false);
    let verb = match name.verb {
        Verb::Lists => 2,
        Verb::Reads | Verb::None if name.is_plural => 1,
        Verb::Reads | Verb::None | Verb::Changes => return None,
    };
    let has = |it: &Supplied| matches!(it, Supplied::Value(_) | Supplied::Guess);
    let needs_nothing = required(tool).iter().all(|(_, it)| has(it));
    let fit = match () {
        () if told => 16,
        () if noun.is_empty() => return None,
        () if name.object == noun => 8,
        () if name.object.ends_with(noun) => 4,
        () => return None,
    };
    // `list_all_x` says more than `search_x`.
    let plain = u32::from(raw(tool.name).iter().any(|it| it == "list" || it == "all"));
    (is_safe && needs_nothing).then_some(fit + verb + plain)
}

impl Chain {
    /// What a parent is known by, in a row of the tool that lists them.
    pub fn id<'a>(&self, row: &'a Value) -> Option<&'a Value> {
        let fields = row.as_object()?;
        let noun = self.noun.concat();
        let names = [
            plain(&self.argument),
            format!("{noun}id"),
            "id".to_owned(),
            "uuid".to_owned(),
            "uid".to_owned(),
            "key".to_owned(),
            format!("{noun}name"),
            noun,
            "name".to_owned(),
            "email".to_owned(),
            "emailaddress".to_owned(),
            "path".to_owned(),
            "slug".to_owned(),
            "value".to_owned(),
        ];
        let is_id = |it: &&Value| match it {
            Value::String(text) => !text.is_empty(),
            Value::Number(_) => true,
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => false,
        };
        let of = |name: &String| {
            let found = fields.iter().find(|(key, _)| plain(key) == *name);
            found.map(|(_, value)| value).filter(is_id)
        };
        names.iter().find_map(of)
    }

    /// The argument for one parent.
    pub fn argument_for(&self, id: &Value) -> Value {
        if self.takes_list { Value::Array(vec![id.clone()]) } else { id.clone() }
    }

    /// Tells a row its parent, unless the row knows.
    pub fn tell(&self, row: &mut Value, id: &Value) {
        if let Some(fields) = row.as_object_mut()
            && !fields.keys().any(|it| plain(it) == plain(&self.field))
        {
            fields.insert(self.field.clone(), id.clone());
        }
    }
}

fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|it| it.to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests;
