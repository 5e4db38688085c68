//! What runs note. Above a rate, rows of one issue are counted rather than stored.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::NewDiagnostic;
use metrics::counter;

use super::insert::{blame, prepare_many};
use super::row::Prepared;
use super::tally::counts_of;
use super::writer;
use crate::error::Error;
use crate::issues::{self, Rate};
use crate::tenant::Tenant;
use crate::{Store, issues::hour};

/// All of them or none; how many were stored. The rest is counted, exactly, by its issue: of each
/// run the first row of a fingerprint is stored whatever the rate, so that what follows from the
/// rows of a run stays true.
pub async fn record(
    store: &Store,
    tenant: &Tenant,
    news: Vec<NewDiagnostic>,
    now: DateTime<Utc>,
) -> Result<u64, Error> {
    let rows = prepare_many(store, tenant, news, now).await?;
    if rows.is_empty() {
        return Ok(0);
    }
    let kept = kept(store, tenant, &rows, now).await?;
    let counts = counts_of(rows.iter().zip(kept.iter().copied()));
    let stored: Vec<&Prepared> =
        rows.iter().zip(&kept).filter_map(|(row, is_kept)| is_kept.then_some(row)).collect();
    match writer::write(store, &stored, counts).await {
        Ok(_) => {
            counter!("wireline_diagnostics_not_stored_total")
                .increment((rows.len() - stored.len()) as u64);
            writer::committed(store, stored.iter().copied());
            Ok(stored.len() as u64)
        }
        Err(error) => Err(blame(store, tenant, &rows, error).await),
    }
}

/// Which rows are stored.
async fn kept(
    store: &Store,
    tenant: &Tenant,
    rows: &[Prepared],
    now: DateTime<Utc>,
) -> Result<Vec<bool>, Error> {
    let spike = store.settings().spike;
    let counted = || rows.iter().filter(|it| it.new.is_issue());
    if spike.per_hour == 0 || counted().next().is_none() {
        return Ok(vec![true; rows.len()]);
    }
    let fingerprints = counted().map(|it| it.fingerprint.as_str());
    let mut rates: HashMap<String, Rate> = issues::rates(store, tenant, fingerprints).await?;
    let keep = rows.iter().map(|row| {
        if !row.new.is_issue() {
            return true;
        }
        let run = row.new.sync_log.map(|it| it.0);
        let rate = rates.entry(row.fingerprint.clone()).or_default();
        if rate.hour_at.is_none_or(|it| it < hour(now)) {
            (rate.hour_at, rate.stored) = (Some(hour(now)), 0);
        }
        let is_first = run.is_some() && rate.run != run;
        let is_kept = spike.stores(rate.stored, is_first);
        if is_kept {
            rate.stored += 1;
            rate.run = run.or(rate.run);
        }
        is_kept
    });
    Ok(keep.collect())
}
