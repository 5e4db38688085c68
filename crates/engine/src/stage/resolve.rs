//! Resolve: natural keys to records of this run or of the workspace. A child without a parent that
//! it cannot do without waits; any other goes on with an empty reference.

use domain::entity::{Claim, Entity};
use domain::evidence::{FailedWrite, MissingParent};
use domain::reference::{self, Reference};
use domain::{Finding, Reason, TargetModel};
use sha2::{Digest, Sha256};
use store::pending::{self, Parent, Pending};
use store::records;

use super::select::Choice;
use super::{Book, persist};
use crate::patience::patiently;
use crate::run::{Run, Stop};

mod lookup;
mod second;

pub(super) use lookup::known;
use lookup::{Known, Outcome};
pub(crate) use second::pass;

/// Parent keys that a finding names.
const SAMPLE: usize = 5;

/// A record that was stored without a reference, because its parent may still come in this run.
pub(crate) struct Deferred {
    /// The target whose end settles it.
    awaits: TargetModel,
    tool: String,
    /// With the reference as it was claimed.
    entity: Entity,
}

/// What became of the references of some entities.
#[derive(Default)]
pub(super) struct Linked {
    /// To be stored: every reference leads to a record, or is empty.
    pub(super) entities: Vec<Entity>,
    waiting: Vec<Pending>,
    deferred: Vec<Deferred>,
}

/// Entities whose parents are there, or can be done without. Without the store's word nothing is
/// known of them, so nothing of the page can be stored: the target stops.
pub(crate) async fn parents(
    run: &mut Run<'_>,
    book: &mut Book,
    choice: &Choice,
    sound: Vec<Entity>,
) -> Result<Vec<Entity>, Stop> {
    let tool = &choice.tool.name;
    // What cannot be stored cannot wait either: persist is about to say so.
    let (sound, unstorable): (Vec<Entity>, Vec<Entity>) =
        sound.into_iter().partition(records::is_storable);
    let known = match known(run, book.target, &sound).await {
        Ok(known) => known,
        Err(error) => {
            let rows = (sound.len() + unstorable.len()) as u64;
            return Err(persist::lost(run, book, choice, (rows, sound.first()), &error));
        }
    };
    let linked = link(run, book, tool, &known, sound);
    run.links.deferred.extend(linked.deferred);
    if let Err(stop) = wait(run, book, linked.waiting).await {
        let rows = (linked.entities.len() + unstorable.len()) as u64;
        book.tally.drop_rows(Reason::EntityPersistFailed, rows);
        return Err(stop);
    }
    second::make_room(run, book).await;
    Ok([linked.entities, unstorable].concat())
}

/// The second pass of what awaited this target; then one finding per foreign key.
pub(crate) async fn report(run: &mut Run<'_>, book: &mut Book, choice: &Choice) {
    pass(run, Some(book.target), Some(&mut *book)).await;
    note(run, book, &choice.tool.name);
}

fn note(run: &mut Run<'_>, book: &Book, tool: &str) {
    for orphan in book.orphans.values() {
        run.note(Finding::fk_parent_missing(book.target, tool, orphan));
    }
}

/// The references of a model: those of its schema, and what the settings add.
pub(super) fn references<'r>(
    run: &Run<'r>,
    model: TargetModel,
) -> impl Iterator<Item = &'r Reference> {
    let extra: &'r [Reference] = &run.engine.settings.extra_references;
    let own = reference::of(model).map(|it| -> &'r Reference { it });
    own.chain(extra.iter().filter(move |it| it.child == model))
}

/// Writes into each entity the parents that are known; what to do with those that lack one.
pub(super) fn link(
    run: &Run<'_>,
    book: &mut Book,
    tool: &str,
    known: &Known,
    sound: Vec<Entity>,
) -> Linked {
    let mut linked = Linked::default();
    for mut entity in sound {
        let whole = entity.clone();
        let mut awaits = None;
        let mut lacks: Vec<Parent> = Vec::new();
        for reference in references(run, entity.model) {
            for claim in whole.claims(reference) {
                match known.outcome(reference, &claim) {
                    Outcome::Found(id) => entity.link(reference, claim.item, Some(&id)),
                    Outcome::NotNamed => {}
                    Outcome::Missing { .. } if run.links.awaited(reference).is_some() => {
                        awaits = run.links.awaited(reference);
                        entity.link(reference, claim.item, None);
                    }
                    Outcome::Missing { is_ambiguous } => {
                        count(book, reference, &claim, is_ambiguous);
                        match reference.required {
                            true => lacks.extend(parent(reference, &claim)),
                            false => entity.link(reference, claim.item, None),
                        }
                    }
                }
            }
        }
        if !lacks.is_empty() {
            linked.waiting.push(pending(tool, &whole, lacks));
            continue;
        }
        if let Some(awaits) = awaits {
            linked.deferred.push(Deferred { awaits, tool: tool.to_owned(), entity: whole });
        }
        linked.entities.push(entity);
    }
    linked
}

fn count(book: &mut Book, reference: &Reference, claim: &Claim, is_ambiguous: bool) {
    let Some(parent) = parent(reference, claim) else { return };
    let orphan = book.orphans.entry(parent.attribute.clone()).or_insert_with(|| MissingParent {
        key: parent.attribute,
        parent: parent.model,
        children: 0,
        sample_parents: Vec::new(),
        required: reference.required,
        ambiguous: 0,
    });
    orphan.children += 1;
    orphan.ambiguous += u64::from(is_ambiguous);
    let shown = shown(parent.model, &parent.external_id);
    if orphan.sample_parents.len() < SAMPLE && !orphan.sample_parents.contains(&shown) {
        orphan.sample_parents.push(shown);
    }
}

/// The parent in the words of the claim: by its id, else by its natural key.
fn parent(reference: &Reference, claim: &Claim) -> Option<Parent> {
    let natural = claim.naturals.first();
    let (model, key) = match (&claim.id, natural) {
        (Some(id), _) => (*reference.parents.first()?, id.clone()),
        (None, Some((natural, key))) => (natural.parent, key.clone()),
        (None, None) => return None,
    };
    Some(Parent { attribute: reference.attribute.clone(), model, external_id: key })
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

fn pending(tool: &str, entity: &Entity, parents: Vec<Parent>) -> Pending {
    Pending {
        model: entity.model,
        tool: tool.to_owned(),
        external_id: entity.external_id.clone(),
        entity: entity.to_json(),
        parents,
    }
}

/// Rows that cannot be kept are lost to this run, and said to be: they do not wait. The target stops
/// only where others have ended the run.
async fn wait(run: &mut Run<'_>, book: &mut Book, waiting: Vec<Pending>) -> Result<(), Stop> {
    let rows = waiting.len() as u64;
    if rows == 0 {
        return Ok(());
    }
    let kept = patiently(run.engine.settings.store_patience, || {
        pending::put(run.store(), run.tenant, run.id, run.connector, &waiting, run.now())
    });
    let Err(error) = kept.await else {
        book.tally.waiting += rows;
        return Ok(());
    };
    book.tally.drop_rows(Reason::EntityPersistFailed, rows);
    if persist::is_ended(&error) {
        return Err(run.ended_by_others());
    }
    for parent in waiting.iter().flat_map(|it| &it.parents) {
        uncount(book, &parent.attribute);
    }
    tracing::error!(error = &error as &dyn std::error::Error, rows, "waiting rows not kept");
    let failure = book.failures.entry(error.to_string()).or_insert_with(|| FailedWrite {
        sqlstate: None,
        constraint: None,
        message: error.to_string(),
        count: 0,
        sample_key: waiting.first().map(|it| it.external_id.clone()),
    });
    failure.count += rows;
    Ok(())
}

fn uncount(book: &mut Book, attribute: &str) {
    if let Some(orphan) = book.orphans.get_mut(attribute) {
        orphan.children = orphan.children.saturating_sub(1);
        orphan.ambiguous = orphan.ambiguous.min(orphan.children);
    }
    book.orphans.retain(|_, it| it.children > 0);
}
