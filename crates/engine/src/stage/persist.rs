//! Persist: idempotent upserts in chunks. A row that cannot be written fails alone.

use domain::entity::Entity;
use domain::evidence::FailedWrite;
use domain::reference::known_as;
use domain::{Finding, Reason, TargetModel};
use store::records::{self, FailedRow, Upsert};
use store::rejected::{self, OfRun, Rejected};

use super::select::Choice;
use super::{Book, check};
use crate::patience::patiently;
use crate::run::{Run, Stop};

/// Entities of one statement.
const CHUNK: usize = 500;

/// Stores a page. The target stops when the database stays away longer than a run waits.
pub(crate) async fn entities(
    run: &mut Run<'_>,
    book: &mut Book,
    choice: &Choice,
    linked: Vec<Entity>,
) -> Result<(), Stop> {
    let mut chunks = linked.chunks(CHUNK);
    while let Some(chunk) = chunks.next() {
        let upsert = Upsert {
            run: run.id,
            connector: run.connector,
            tool: &choice.tool.name,
            model: book.target,
            entities: chunk,
        };
        let stored = patiently(run.engine.settings.store_patience, || {
            records::upsert(run.store(), run.tenant, &upsert, run.now())
        })
        .await;
        match stored {
            Ok(stored) => {
                book.tally.inserted += stored.inserted;
                book.tally.updated += stored.updated;
                book.tally.unchanged += stored.unchanged;
                let refused = stored.failed.iter();
                let refused = refused.filter_map(|it| fail(book, choice, it, chunk)).collect();
                check::list(run, refused).await;
            }
            Err(error) => {
                let left = chunk.len() + chunks.map(<[Entity]>::len).sum::<usize>();
                return Err(lost(run, book, choice, (left as u64, chunk.first()), &error));
            }
        }
    }
    Ok(())
}

/// Rows that the store did not take, as a whole: the target stops. A run that others have ended
/// stops altogether: its rows are another run's now, and nothing is lost.
pub(super) fn lost(
    run: &mut Run<'_>,
    book: &mut Book,
    choice: &Choice,
    (rows, first): (u64, Option<&Entity>),
    error: &store::Error,
) -> Stop {
    book.tally.drop_rows(Reason::EntityPersistFailed, rows);
    if is_ended(error) {
        return run.ended_by_others();
    }
    tracing::error!(error = error as &dyn std::error::Error, rows, "records not stored");
    let evidence = FailedWrite {
        sqlstate: None,
        constraint: None,
        message: error.to_string(),
        count: rows,
        sample_key: first.map(|it| it.external_id.clone()),
    };
    run.stop(Finding::entity_persist_failed(book.target, &choice.tool.name, &evidence))
}

/// The store takes nothing more from this run: it was ended, or its connector was removed.
pub(super) fn is_ended(error: &store::Error) -> bool {
    matches!(
        error,
        store::Error::Conflict { what: "sync_log", .. }
            | store::Error::NotFound("workspace_connector")
    )
}

/// One finding per distinct error.
pub(crate) fn report(run: &mut Run<'_>, book: &Book, choice: &Choice) {
    for failure in book.failures.values() {
        run.note(Finding::entity_persist_failed(book.target, &choice.tool.name, failure));
    }
}

/// The whole answer was read: an account under a new identifier takes the place of the one that is
/// gone, and rejections without an identifier that were not seen again are over.
pub(crate) async fn read_whole(run: &Run<'_>, book: &mut Book, choice: &Choice) {
    if book.target == TargetModel::Account && book.tally.inserted > 0 {
        match records::relink_accounts(run.store(), run.tenant, run.connector, run.id).await {
            Ok(relinked) => {
                let relinked = relinked.min(book.tally.inserted);
                book.tally.inserted -= relinked;
                book.tally.updated += relinked;
            }
            Err(error) => put_off(&error),
        }
    }
    let (model, tool) = (book.target, choice.tool.name.as_str());
    let rows = OfRun { run: run.id, connector: run.connector, model, tool };
    if let Err(error) = rejected::end_nameless(run.store(), run.tenant, rows).await {
        put_off(&error);
    }
}

fn put_off(error: &store::Error) {
    tracing::warn!(error = error as &dyn std::error::Error, "not tidied up; the next run will");
}

/// Counts a record that the database refused; the row that tells of it.
fn fail(
    book: &mut Book,
    choice: &Choice,
    failed: &FailedRow,
    chunk: &[Entity],
) -> Option<Rejected> {
    book.tally.drop_rows(Reason::EntityPersistFailed, 1);
    let entity = chunk.get(failed.index);
    let key = format!("{:?} {:?}", failed.sqlstate, failed.constraint);
    let failure = book.failures.entry(key).or_insert_with(|| FailedWrite {
        sqlstate: failed.sqlstate.clone(),
        constraint: failed.constraint.clone(),
        message: failed.message.clone(),
        count: 0,
        sample_key: entity.map(|it| it.external_id.clone()),
    });
    failure.count += 1;
    let entity = entity?;
    Some(Rejected {
        model: book.target,
        tool: choice.tool.name.clone(),
        external_id: Some(entity.external_id.clone()),
        known_as: known_as(book.target, &entity.to_json()),
        reason: Reason::EntityPersistFailed,
        field: String::new(),
        cause: format!("the database refused it: {}", failed.message),
        row_hash: entity.content_hash(),
        entity: None,
    })
}
