//! Check: what the mapping gave, held against the target's schema. Reject or keep; never invent.

use domain::entity::{self, Cause, Entity, Rule};
use domain::evidence::{Call, Dropped};
use domain::reference::known_as;
use domain::{Finding, Reason};
use serde_json::Value;
use sha2::{Digest, Sha256};
use store::rejected::{self, OfRun, Rejected};

use super::Book;
use super::apply::Mapped;
use super::select::Choice;
use crate::patience::patiently;
use crate::run::Run;

/// The sound entities of a page. Rejected rows are counted, and stored with their cause.
pub(crate) async fn entities(
    run: &Run<'_>,
    book: &mut Book,
    choice: &Choice,
    mapped: Vec<Mapped>,
) -> Vec<Entity> {
    let today = run.now().date_naive();
    let mut sound = Vec::with_capacity(mapped.len());
    let mut refused = Vec::new();
    for Mapped { row, entity } in mapped {
        book.tally.fetched += 1;
        book.tally.mapped += u64::from(entity.is_ok());
        let named = entity.as_ref().map_or_else(|_| Named::default(), |it| named(book, it));
        let checked = match entity {
            Ok(value) => entity::check(book.target, &value, today),
            Err(error) => Err(vec![Cause::new("", Rule::EvaluationFailed, error)]),
        };
        match checked.and_then(|it| first_of_its_key(book, it)) {
            Ok(Some(entity)) => sound.push(entity),
            Ok(None) => book.tally.unchanged += 1,
            Err(causes) => refused.extend(refuse(book, choice, &row, named, causes)),
        }
    }
    list(run, refused).await;
    sound
}

/// Keeps refused rows, so that whoever misses one can be told why.
pub(super) async fn list(run: &Run<'_>, refused: Vec<Rejected>) {
    if refused.is_empty() {
        return;
    }
    let kept = patiently(run.engine.settings.store_patience, || {
        let rows = refused.clone();
        rejected::insert_many(run.store(), run.tenant, run.id, run.connector, rows, run.now())
    });
    if let Err(error) = kept.await {
        tracing::error!(
            error = &error as &dyn std::error::Error,
            "rejected rows are counted but not listed"
        );
    }
}

/// Rejected rows of the target, as one finding with its most frequent causes.
pub(crate) async fn report(run: &mut Run<'_>, book: &Book, choice: &Choice, call: &Call) {
    if book.rejected == 0 {
        return;
    }
    let rows = OfRun {
        run: run.id,
        connector: run.connector,
        model: book.target,
        tool: &choice.tool.name,
    };
    let settled = rejected::settle(run.store(), run.tenant, rows, reason(book)).await;
    if let Err(error) = settled {
        tracing::error!(
            error = &error as &dyn std::error::Error,
            "rejected rows are listed under the reason of their page"
        );
    }
    let mut causes = book.causes.most_frequent();
    causes.truncate(3);
    let evidence = Dropped { rejected: book.rejected, total: book.rows(), causes };
    run.note(Finding::mapped_entities_dropped(book.target, call, &evidence));
}

/// All rows rejected, or some of them.
pub(crate) fn reason(book: &Book) -> Reason {
    if book.rejected >= book.rows() {
        Reason::MappedEntitiesDropped
    } else {
        Reason::MappedEntitiesPartialDrop
    }
}

/// None: the very same record came before in this run.
fn first_of_its_key(book: &mut Book, entity: Entity) -> Result<Option<Entity>, Vec<Cause>> {
    let entity = if entity.has_derived_key() { numbered(book, entity) } else { entity };
    let key = digest(entity.external_id.as_bytes());
    let content = digest(&entity.content_hash());
    match book.seen.insert(key, content) {
        None => Ok(Some(entity)),
        Some(before) if before == content => Ok(None),
        Some(before) => {
            book.seen.insert(key, before);
            Err(vec![Cause::new(book.target.external_id(), Rule::DuplicateKey, "one record a key")])
        }
    }
}

/// Two equal records without an identifier are two records: the second gets a number, the same in
/// every run.
fn numbered(book: &mut Book, entity: Entity) -> Entity {
    let twins = book.twins.entry(digest(entity.external_id.as_bytes())).or_default();
    *twins += 1;
    match *twins {
        1 => entity,
        n => entity.numbered(n),
    }
}

fn refuse(
    book: &mut Book,
    choice: &Choice,
    row: &Value,
    Named { external_id, known_as }: Named,
    causes: Vec<Cause>,
) -> Option<Rejected> {
    book.rejected += 1;
    book.causes.add(&causes);
    let first = causes.into_iter().next()?;
    Some(Rejected {
        model: book.target,
        tool: choice.tool.name.clone(),
        external_id,
        known_as,
        reason: reason(book),
        cause: first.says(),
        field: first.field,
        row_hash: Sha256::digest(row.to_string()).into(),
        // Values are kept only where a workspace opts in.
        entity: None,
    })
}

/// By what a refused row can be asked for.
#[derive(Default)]
struct Named {
    external_id: Option<String>,
    known_as: Option<String>,
}

/// Of a mapped value, sound or not.
fn named(book: &Book, value: &Value) -> Named {
    let external_id = match value.get(book.target.external_id()) {
        Some(Value::String(key)) if !key.is_empty() => Some(domain::diagnostic::shorten(key, 255)),
        Some(Value::Number(key)) => Some(key.to_string()),
        Some(
            Value::Null | Value::Bool(_) | Value::String(_) | Value::Array(_) | Value::Object(_),
        )
        | None => None,
    };
    Named { external_id, known_as: known_as(book.target, value) }
}

fn digest(bytes: &[u8]) -> u64 {
    let hash = Sha256::digest(bytes);
    hash.iter().take(8).fold(0, |all, byte| all << 8 | u64::from(*byte))
}
