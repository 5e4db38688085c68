//! Resolve: natural keys to records of this run or of the workspace. A child without a parent that
//! it cannot do without waits; any other goes on with an empty reference.

use std::collections::{BTreeMap, HashSet};

use domain::entity::Entity;
use domain::evidence::MissingParent;
use domain::{Finding, TargetModel};
use sha2::{Digest, Sha256};
use store::pending::{self, Parent, Pending};
use store::records;

use super::Book;
use super::select::Choice;
use crate::patience::patiently;
use crate::run::Run;

/// Parent keys that a finding names.
const SAMPLE: usize = 5;

/// Entities whose parents are there, or can be done without.
pub(crate) async fn parents(
    run: &Run<'_>,
    book: &mut Book,
    choice: &Choice,
    sound: Vec<Entity>,
) -> Vec<Entity> {
    let there = match known(run, book.target, &sound).await {
        Ok(there) => there,
        Err(error) => {
            // Without the store nothing can be linked, and persist is about to say so.
            tracing::error!(error = &error as &dyn std::error::Error, "parents not looked up");
            return sound;
        }
    };
    let mut linked = Vec::with_capacity(sound.len());
    let mut waiting = Vec::new();
    for mut entity in sound {
        let missing = missing(&entity, &there);
        for (attribute, model, id) in &missing {
            count(book, attribute, *model, id);
        }
        if missing.iter().any(|(attribute, ..)| book.target.requires(attribute)) {
            waiting.push(pending(choice, &entity, missing));
        } else {
            for (attribute, ..) in &missing {
                entity.values.remove(attribute);
            }
            linked.push(entity);
        }
    }
    wait(run, book, waiting).await;
    linked
}

/// One finding per foreign key.
pub(crate) fn report(run: &mut Run<'_>, book: &Book, choice: &Choice) {
    for orphan in book.orphans.values() {
        run.note(Finding::fk_parent_missing(book.target, &choice.tool.name, orphan));
    }
}

/// The parents of these entities that exist: one query per model, and the page itself for a model
/// that refers to its own kind.
async fn known(
    run: &Run<'_>,
    target: TargetModel,
    sound: &[Entity],
) -> Result<BTreeMap<TargetModel, HashSet<String>>, store::Error> {
    let mut wanted: BTreeMap<TargetModel, HashSet<String>> = BTreeMap::new();
    for (_, model, id) in sound.iter().flat_map(Entity::parents) {
        wanted.entry(model).or_default().insert(id);
    }
    let mut there = BTreeMap::new();
    for (model, ids) in wanted {
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let mut found = patiently(run.engine.settings.store_patience, || {
            records::existing(run.store(), run.tenant, model, run.connector, &ids)
        })
        .await?;
        if model == target {
            found.extend(sound.iter().map(|it| it.external_id.clone()));
        }
        there.insert(model, found);
    }
    Ok(there)
}

/// References that lead nowhere. One that may go to either of two models is there if one has it.
fn missing(
    entity: &Entity,
    there: &BTreeMap<TargetModel, HashSet<String>>,
) -> Vec<(String, TargetModel, String)> {
    let parents = entity.parents();
    let is_there =
        |model: &TargetModel, id: &String| there.get(model).is_some_and(|it| it.contains(id));
    let found: HashSet<(String, String)> = parents
        .iter()
        .filter(|(_, model, id)| is_there(model, id))
        .map(|(attribute, _, id)| (attribute.clone(), id.clone()))
        .collect();
    parents
        .into_iter()
        .filter(|(attribute, _, id)| !found.contains(&(attribute.clone(), id.clone())))
        .collect()
}

fn count(book: &mut Book, attribute: &str, model: TargetModel, id: &str) {
    let required = book.target.requires(attribute);
    let orphan = book.orphans.entry(attribute.to_owned()).or_insert_with(|| MissingParent {
        key: attribute.to_owned(),
        parent: model,
        children: 0,
        sample_parents: Vec::new(),
        required,
    });
    orphan.children += 1;
    let shown = shown(model, id);
    if orphan.sample_parents.len() < SAMPLE && !orphan.sample_parents.contains(&shown) {
        orphan.sample_parents.push(shown);
    }
}

/// A person's key may be an address or a name: a digest is enough to compare.
fn shown(model: TargetModel, id: &str) -> String {
    match model {
        TargetModel::People | TargetModel::Email => {
            let hash = Sha256::digest(id);
            format!("sha256:{}", domain::hex(&hash[..6]))
        }
        TargetModel::Company
        | TargetModel::Invoice
        | TargetModel::Transaction
        | TargetModel::Account
        | TargetModel::LedgerAccount
        | TargetModel::Journal
        | TargetModel::JournalEntry
        | TargetModel::PaymentMeans
        | TargetModel::InvoiceTransaction
        | TargetModel::Document => id.to_owned(),
    }
}

fn pending(
    choice: &Choice,
    entity: &Entity,
    missing: Vec<(String, TargetModel, String)>,
) -> Pending {
    let parent = |(attribute, model, external_id)| Parent { attribute, model, external_id };
    Pending {
        model: entity.model,
        tool: choice.tool.name.clone(),
        external_id: entity.external_id.clone(),
        entity: entity.to_json(),
        parents: missing.into_iter().map(parent).collect(),
    }
}

async fn wait(run: &Run<'_>, book: &mut Book, waiting: Vec<Pending>) {
    let rows = waiting.len() as u64;
    if rows == 0 {
        return;
    }
    book.tally.waiting += rows;
    let kept = pending::put(run.store(), run.tenant, run.id, run.connector, &waiting, run.now());
    if let Err(error) = kept.await {
        tracing::error!(
            error = &error as &dyn std::error::Error,
            "waiting rows are counted but not listed"
        );
    }
}
