//! How the shape of an answer has changed since a mapping was drawn, and what that means for it.

use serde_json::Value;

use crate::path::Pick;
use crate::plan::Plan;
use crate::shape::Shape;

#[cfg(test)]
mod tests;

/// Paths that went, changed their type, or came; what the mapping reads first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drift {
    pub gone: Vec<String>,
    pub changed: Vec<String>,
    pub new: Vec<String>,
    /// A path that the mapping reads is among those gone or changed.
    pub is_breaking: bool,
}

/// What a mapping reads.
#[derive(Debug, Clone, Copy)]
pub enum Reads<'a> {
    Plan(&'a Plan),
    /// A free-form expression: a path counts as read if the expression has its last name in it.
    Text(&'a str),
}

/// Compares two shapes. None: nothing but nulls has changed, which say nothing of a type.
pub fn between(before: &Shape, after: &Shape, reads: Reads<'_>) -> Option<Drift> {
    let gone = before.paths.keys().filter(|it| !after.paths.contains_key(*it));
    let new = after.paths.keys().filter(|it| !before.paths.contains_key(*it));
    let changed = before.paths.iter().filter(|(path, types)| {
        let now = after.paths.get(*path).filter(|now| !now.is_empty() && !types.is_empty());
        now.is_some_and(|now| !now.is_subset(types))
    });
    let is_read = |path: &String| reads.has(path);
    let sorted = |paths: Vec<&String>| {
        let (read, other): (Vec<&String>, Vec<&String>) =
            paths.into_iter().partition(|it| is_read(it));
        let is_breaking = !read.is_empty();
        (read.into_iter().chain(other).cloned().collect::<Vec<String>>(), is_breaking)
    };
    let (gone, vanished) = sorted(gone.collect());
    let (changed, turned) = sorted(changed.map(|(path, _)| path).collect());
    let new: Vec<String> = new.cloned().collect();
    let is_none = gone.is_empty() && changed.is_empty() && new.is_empty();
    (!is_none).then_some(Drift { gone, changed, new, is_breaking: vanished || turned })
}

/// Paths of the plan that lead nowhere in any of the rows, for a mapping whose shape was not kept.
pub fn dead_paths(plan: &Plan, rows: &[Value]) -> Vec<String> {
    let dead = |path: &crate::path::Path| rows.iter().all(|row| path.resolve(row).is_none());
    // Within a list there is one value an item, which a path alone does not reach.
    let plain = plan.slots.iter().flat_map(crate::plan::Slot::own_paths);
    let mut paths: Vec<String> = plain.filter(dead).map(|it| it.to_string()).collect();
    paths.sort();
    paths.dedup();
    paths
}

/// Whether a new plan fills a slot that the old one leaves empty, from what is new in the answer.
pub fn gains(before: &Plan, after: &Plan, new: &[String]) -> bool {
    let is_new = |path: &crate::path::Path| {
        let path = after.records.from_row(path);
        new.iter().any(|it| is_at(&segments(&path), it))
    };
    after.slots.iter().filter(|it| !it.is_null()).any(|it| {
        let was_empty = before.slot(&it.slot).is_none_or(crate::plan::Slot::is_null);
        was_empty && it.paths().iter().any(is_new)
    })
}

impl Reads<'_> {
    fn has(&self, path: &str) -> bool {
        match self {
            Self::Plan(plan) => read(plan).any(|it| is_at(&it, path)),
            Self::Text(expression) => {
                let name = path.rsplit('.').next().unwrap_or(path).replace("[]", "");
                !name.is_empty() && expression.contains(&name)
            }
        }
    }
}

/// Whatever a plan looks at, from the row: what its slots are read from, the members by which an
/// item of a list is chosen, and what tells the rows of its kind from others.
fn read(plan: &Plan) -> impl Iterator<Item = Vec<String>> {
    let only = plan.records.only.as_ref().map(|it| it.path.clone());
    plan.paths().into_iter().chain(only).flat_map(|path| {
        let names = segments(&path);
        let keys = path.0.iter().enumerate().filter_map(|(at, step)| match &step.pick {
            Pick::Where { key, .. } => {
                let list = names.iter().take(at + 1).cloned();
                Some(list.chain([escaped(key)]).collect())
            }
            Pick::All | Pick::At(_) => None,
        });
        keys.chain([names.clone()]).collect::<Vec<_>>()
    })
}

/// The names of a path, as a shape writes them.
fn segments(path: &crate::path::Path) -> Vec<String> {
    path.names().map(escaped).collect()
}

fn escaped(name: &str) -> String {
    name.replace('.', "\\.")
}

/// Whether a path of names is the one that a shape writes as `lines[].amount` or `rates.*`.
fn is_at(names: &[String], shape: &str) -> bool {
    let mut parts: Vec<String> = vec![String::new()];
    let mut escaped = false;
    for it in shape.replace("[]", "").chars() {
        match parts.last_mut() {
            Some(_) if it == '.' && !escaped => parts.push(String::new()),
            Some(part) => part.push(it),
            None => {}
        }
        escaped = it == '\\' && !escaped;
    }
    parts.len() == names.len()
        && parts.iter().zip(names).all(|(part, name)| part == "*" || part == name)
}
