//! Release: rows of earlier runs that waited for a parent, and whose parent has come.
//!
//! They were accounted for in the run that fetched them, so the ledger counts them apart.

use std::collections::BTreeMap;

use domain::entity::{self, Causes, Entity};
use domain::evidence::{Call, Dropped, FailedWrite};
use domain::reference::known_as;
use domain::run::{LedgerLine, Tally};
use domain::{Finding, Reason, TargetModel};
use sha2::{Digest, Sha256};
use store::pending::{self, Waiting};
use store::records::{self, Upsert, Upserted};
use store::rejected::{self, Rejected};

use super::{Book, resolve};
use crate::patience::patiently;
use crate::run::Run;

/// Parents may have come since the last run, also by another connector.
pub(crate) async fn at_start(run: &mut Run<'_>) {
    match pending::models(run.store(), run.tenant, run.connector).await {
        Ok(models) => run.links.waiting = models,
        Err(error) => return put_off(&error),
    }
    for model in run.links.waiting.clone() {
        of_model(run, model).await;
    }
}

/// The parents that a target has brought.
pub(crate) async fn after(run: &mut Run<'_>, target: TargetModel) {
    let waits = |it: &TargetModel| {
        let mut required = resolve::references(run, *it).filter(|it| it.required);
        required.any(|it| it.parents.contains(&target))
    };
    let children: Vec<TargetModel> = run.links.waiting.iter().copied().filter(waits).collect();
    for model in children {
        of_model(run, model).await;
    }
}

/// Writes what was released into the ledger, on the line of its own model.
pub(crate) fn count(run: &Run<'_>, ledger: &mut Vec<LedgerLine>) {
    for (model, released) in &run.links.released {
        match ledger.iter_mut().find(|it| it.target_model == *model) {
            Some(line) => line.tally.released = *released,
            None => {
                let tally = Tally { released: *released, ..Tally::default() };
                ledger.push(LedgerLine { target_model: *model, tally });
            }
        }
    }
}

async fn of_model(run: &mut Run<'_>, model: TargetModel) {
    let mut after = 0;
    while !run.is_over() {
        let page = pending::list(run.store(), run.tenant, run.connector, model, after).await;
        let page = match page {
            Ok(page) => page,
            Err(error) => return put_off(&error),
        };
        let Some(last) = page.last() else { return };
        after = last.pk;
        let mut by_tool: BTreeMap<String, Vec<Waiting>> = BTreeMap::new();
        for it in page {
            by_tool.entry(it.row.tool.clone()).or_default().push(it);
        }
        for (tool, rows) in by_tool {
            if let Err(error) = of_tool(run, model, &tool, rows).await {
                return put_off(&error);
            }
        }
    }
}

/// Checked again, linked, stored; the upsert itself ends their wait.
async fn of_tool(
    run: &mut Run<'_>,
    model: TargetModel,
    tool: &str,
    rows: Vec<Waiting>,
) -> Result<(), store::Error> {
    let sound = sound(run, model, tool, rows).await?;
    let known = resolve::known(run, model, &sound).await?;
    // What still lacks a parent has its finding in the run that it came in.
    let mut book = Book::new(model);
    let ready = resolve::link(run, &mut book, tool, &known, sound).entities;
    if ready.is_empty() {
        return Ok(());
    }
    let upsert = Upsert { run: run.id, connector: run.connector, tool, model, entities: &ready };
    let stored = patiently(run.engine.settings.store_patience, || {
        records::upsert(run.store(), run.tenant, &upsert, run.now())
    })
    .await?;
    *run.links.released.entry(model).or_default() +=
        stored.inserted + stored.updated + stored.unchanged;
    refused(run, model, tool, &ready, stored);
    Ok(())
}

/// A row that the rules of today reject waits no longer.
async fn sound(
    run: &mut Run<'_>,
    model: TargetModel,
    tool: &str,
    rows: Vec<Waiting>,
) -> Result<Vec<Entity>, store::Error> {
    let today = run.now().date_naive();
    let total = rows.len() as u64;
    let (mut sound, mut broken, mut causes) = (Vec::new(), Vec::new(), Causes::default());
    for Waiting { row, .. } in rows {
        match entity::check(model, &row.entity, today) {
            Ok(entity) => sound.push(entity),
            Err(found) => {
                causes.add(&found);
                broken.extend(found.into_iter().next().map(|first| Rejected {
                    model,
                    tool: tool.to_owned(),
                    external_id: Some(row.external_id),
                    known_as: known_as(model, &row.entity),
                    reason: Reason::MappedEntitiesPartialDrop,
                    cause: first.says(),
                    field: first.field,
                    row_hash: Sha256::digest(row.entity.to_string()).into(),
                    entity: None,
                }));
            }
        }
    }
    if !broken.is_empty() {
        let ids: Vec<String> = broken.iter().filter_map(|it| it.external_id.clone()).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let rejected = ids.len() as u64;
        let (store, now) = (run.store(), run.now());
        rejected::insert_many(store, run.tenant, run.id, run.connector, broken, now).await?;
        pending::clear(store, run.tenant, run.connector, model, &ids).await?;
        let mut causes = causes.most_frequent();
        causes.truncate(3);
        let evidence = Dropped { rejected, total, causes };
        run.note(Finding::mapped_entities_dropped(model, &Call::of(tool), &evidence));
    }
    Ok(sound)
}

fn refused(run: &mut Run<'_>, model: TargetModel, tool: &str, ready: &[Entity], stored: Upserted) {
    let count = stored.failed.len() as u64;
    if let Some(first) = stored.failed.into_iter().next() {
        let evidence = FailedWrite {
            sqlstate: first.sqlstate,
            constraint: first.constraint,
            message: first.message,
            count,
            sample_key: ready.get(first.index).map(|it| it.external_id.clone()),
        };
        run.note(Finding::entity_persist_failed(model, tool, &evidence));
    }
}

fn put_off(error: &store::Error) {
    tracing::error!(
        error = error as &dyn std::error::Error,
        "waiting rows are not released by this run; a later one will"
    );
}
