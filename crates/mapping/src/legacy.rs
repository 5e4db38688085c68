//! The plan of last resort: a field goes into the slot that has its very name.

use domain::TargetModel;
use domain::schema::{Attribute, Kind};
use serde_json::Value;

use crate::draw::{Draft, Drawn, drawn, words};
use crate::path::{Path, Step};
use crate::plan::Slot;

#[cfg(test)]
mod tests;

/// The projection by exact names, spelling aside: `issueDate` is `issue_date`.
pub fn plan(target: TargetModel, rows: &[Value]) -> Drawn {
    let sample: Vec<&Value> = rows.iter().collect();
    let attributes = &target.schema().attributes;
    let drafts =
        attributes.iter().flat_map(|it| slots(it, "", &Path::default(), &sample)).collect();
    drawn(target, &sample, drafts)
}

fn slots(attribute: &Attribute, above: &str, parent: &Path, rows: &[&Value]) -> Vec<Draft> {
    let slot = format!("{above}{}", attribute.name);
    let path = namesake(&attribute.name, parent, rows);
    match (attribute.kind, path) {
        (Kind::Money | Kind::Object, Some(path)) => {
            let below = format!("{slot}.");
            attribute.items.iter().flat_map(|it| slots(it, &below, &path, rows)).collect()
        }
        // The items of a list have members of their own, which no name of a row can match.
        (Kind::List, _) | (_, None) => vec![Draft::null(&slot, "no field has this name")],
        (_, Some(path)) => vec![Draft::sure(Slot::copy(&slot, path))],
    }
}

fn namesake(name: &str, parent: &Path, rows: &[&Value]) -> Option<Path> {
    let sought = words(name);
    let members = rows.iter().filter_map(|row| parent.resolve(row)?.as_object()).flatten();
    let mut names = members.map(|(name, _)| name);
    names.find(|it| words(it) == sought).map(|it| parent.join(Step::new(it)))
}
