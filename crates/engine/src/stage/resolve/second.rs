//! The second pass: references to records that came later than the record that names them.

use domain::TargetModel;
use domain::entity::Entity;
use store::records::{self, Upsert};

use super::{Deferred, link, lookup, note};
use crate::patience::patiently;
use crate::run::Run;
use crate::stage::Book;

/// Records that wait in memory for a second pass. When there are more it is held at once, and a
/// parent that comes even later is found by the next run.
const ROOM: usize = 20_000;

/// A page of records.
const CHUNK: usize = 500;

/// Links what awaited the end of `target` (none: of the run). What is still not found is counted:
/// in the book of its target if that one is still open, else reported here.
pub(crate) async fn pass(
    run: &mut Run<'_>,
    target: Option<TargetModel>,
    mut open: Option<&mut Book>,
) {
    let is_due = |it: &Deferred| target.is_none_or(|target| it.awaits == target);
    let (due, later): (Vec<Deferred>, Vec<Deferred>) =
        std::mem::take(&mut run.links.deferred).into_iter().partition(is_due);
    run.links.deferred = later;
    run.links.is_second_pass = true;
    let mut models: Vec<TargetModel> = due.iter().map(|it| it.entity.model).collect();
    models.sort();
    models.dedup();
    for model in models {
        let of_model: Vec<&Deferred> = due.iter().filter(|it| it.entity.model == model).collect();
        let tool = of_model.first().map(|it| it.tool.clone()).unwrap_or_default();
        match open.as_deref_mut().filter(|it| it.target == model) {
            Some(book) => patch(run, book, &of_model).await,
            None => {
                let mut book = Book::new(model);
                patch(run, &mut book, &of_model).await;
                note(run, &book, &tool);
            }
        }
    }
    run.links.is_second_pass = false;
}

pub(super) async fn make_room(run: &mut Run<'_>, book: &mut Book) {
    if run.links.deferred.len() > ROOM {
        let target = book.target;
        pass(run, Some(target), Some(book)).await;
    }
}

/// Stores again those that have found a parent. They are counted where they were read.
async fn patch(run: &mut Run<'_>, book: &mut Book, due: &[&Deferred]) {
    for chunk in due.chunks(CHUNK) {
        let entities: Vec<Entity> = chunk.iter().map(|it| it.entity.clone()).collect();
        let Some(tool) = chunk.first().map(|it| it.tool.clone()) else { continue };
        let known = match lookup::known(run, book.target, &entities).await {
            Ok(known) => known,
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "no second pass");
                return;
            }
        };
        let linked = link(run, book, &tool, &known, entities).entities;
        let upsert = Upsert {
            run: run.id,
            connector: run.connector,
            tool: &tool,
            model: book.target,
            entities: &linked,
        };
        let stored = patiently(run.engine.settings.store_patience, || {
            records::upsert(run.store(), run.tenant, &upsert, run.now())
        })
        .await;
        if let Err(error) = stored {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "references of a second pass stay empty until the next run"
            );
        }
    }
}
