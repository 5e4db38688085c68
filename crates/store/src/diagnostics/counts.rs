//! Every count that a page of diagnostics shows, in one statement: what matches is read once, however
//! many ways it is counted.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use domain::id::WorkspaceConnectorId;
use domain::reason::{Class, Impact, Reason};
use domain::target::TargetModel;

use super::{days, resolve};
use crate::error::Error;
use crate::query::Query;
use crate::{Store, Tenant, cell};

/// What some rows come to. Values without a row are left out; the most frequent come first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    pub total: u64,
    pub reasons: Vec<(Reason, u64)>,
    pub models: Vec<(TargetModel, u64)>,
    pub connectors: Vec<(WorkspaceConnectorId, u64)>,
    pub classes: Vec<(Class, u64)>,
    pub impacts: Vec<(Impact, u64)>,
    /// Failures and informational rows by day (UTC), in the order of days.
    pub days: BTreeMap<NaiveDate, (u64, u64)>,
}

/// What is counted by: `r` reason, `m` model, `k` connector, `i` impact, `d` day and class.
type Row = (String, Option<String>, Option<i64>, i64);

/// Counts every row that the query matches, whatever its page.
pub async fn counts(
    store: &Store,
    tenant: &Tenant,
    query: &Query,
    now: DateTime<Utc>,
) -> Result<Counts, Error> {
    let mut sql = store.sql();
    sql.push("with c as materialized (select d, r, m, k, i, sum(n) as n from ");
    days::counted(store, tenant, &mut sql, query, now).await?;
    sql.push(" group by 1, 2, 3, 4, 5)");
    let number = "cast(null as bigint)";
    for (glue, name, text, key, by) in [
        ("", "r", "cast(null as text)", "cast(r as bigint)", "r"),
        (" union all", "m", "cast(m as text)", number, "m"),
        (" union all", "k", "cast(null as text)", "k", "k"),
        (" union all", "i", "cast(null as text)", "cast(i as bigint)", "i"),
        (" union all", "d", "d", "cast(r as bigint)", "d, r"),
    ] {
        sql.push(glue).push(" select '").push(name).push("', ").push(text).push(", ").push(key);
        sql.push(", cast(sum(n) as bigint) from c group by ").push(by);
    }
    let rows = store.fetch::<Row>(sql).await?;
    let keys = rows.iter().filter(|it| it.0 == "k").filter_map(|it| it.2);
    resolve::know_connectors(store, tenant, keys).await?;
    let mut counts = Counts::default();
    for row in rows {
        counts.add(store, row)?;
    }
    counts.settle();
    Ok(counts)
}

impl Counts {
    fn add(&mut self, store: &Store, (by, text, key, n): Row) -> Result<(), Error> {
        let n = n.unsigned_abs();
        // Written by a newer binary: counted, but under no name.
        let reason = key.and_then(|it| coded(Reason::ALL, it));
        match by.as_str() {
            "r" => {
                self.total += n;
                self.reasons.extend(reason.map(|it| (it, n)));
            }
            "m" => self.models.push((cell::word(&text.unwrap_or_default())?, n)),
            "k" => {
                let id = key.and_then(|it| resolve::connector_id(store, it));
                self.connectors.extend(id.map(|it| (it, n)));
            }
            "i" => self.impacts.extend(key.and_then(|it| coded(Impact::ALL, it)).map(|it| (it, n))),
            _ => {
                let Some(date) = text.and_then(|it| it.parse().ok()) else { return Ok(()) };
                let day: &mut (u64, u64) = self.days.entry(date).or_default();
                match reason.map_or(Class::Failure, Reason::class) {
                    Class::Failure => day.0 += n,
                    Class::Informational => day.1 += n,
                }
            }
        }
        Ok(())
    }

    fn settle(&mut self) {
        let (mut failures, mut others) = (0, 0);
        for day in self.days.values() {
            failures += day.0;
            others += day.1;
        }
        self.classes = vec![(Class::Failure, failures), (Class::Informational, others)];
        self.classes.retain(|it| it.1 > 0);
        self.reasons.sort_by_key(|it| (std::cmp::Reverse(it.1), it.0));
        self.models.sort_by_key(|it| (std::cmp::Reverse(it.1), it.0));
        self.connectors.sort_by_key(|it| (std::cmp::Reverse(it.1), it.0));
        self.impacts.sort_by_key(|it| (std::cmp::Reverse(it.1), it.0));
    }
}

/// The word with this code, counted from 1.
pub(super) fn coded<T: Copy>(all: &[T], code: i64) -> Option<T> {
    usize::try_from(code - 1).ok().and_then(|it| all.get(it)).copied()
}
