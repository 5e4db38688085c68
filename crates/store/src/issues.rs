//! `sync_issues`: find, list, update, prune; what rows add up to, and what changes their state.
//!
//! Rows are counted in the statement that writes them ([`count`]); a state that may have to change
//! is looked at right after, on the locked row, by the rules of [`domain::issue`] ([`review`]). A
//! process that dies in between leaves the change to the next row.

use chrono::{DateTime, Utc};
use domain::id::{ApiKeyId, SyncIssueId, SyncIssueTransitionId, SyncLogId, WorkspaceConnectorId};
use domain::issue::{Cause, State};
use domain::{Impact, Reason, Stage, TargetModel};

use crate::error::Error;
use crate::query::{Mark, Query, Slice};
use crate::sql::Bind;
use crate::{Store, Tenant};

mod around;
mod change;
mod count;
mod evidence;
mod prune;
mod review;
mod row;
mod transition;

pub use around::{BlastRadius, Day, Dependants, blast_radius, transitions, trend, trends};
pub use change::{Patch, update};
pub use prune::end_mutes;
pub use row::{FIELDS, SORTS};

pub(crate) use count::{
    BATCH, Count, Counted, Due, Shared, bind_batch, count_day, day, hour, opened, upsert,
};
pub(crate) use evidence::resolve;
pub(crate) use prune::prune;
pub(crate) use review::{Rate, moved, rates, review};

use row::{Row, asked, select};

/// Rows with one fingerprint.
#[derive(Debug, Clone, PartialEq)]
pub struct Issue {
    pub id: SyncIssueId,
    pub fingerprint: String,
    pub connector: WorkspaceConnectorId,
    pub target_model: TargetModel,
    pub tool_name: Option<String>,
    pub reason: Reason,
    pub stage: Stage,
    /// What it is about beyond its tool, e.g. a field path.
    pub subject: Option<String>,
    /// Of its newest row.
    pub impact: Impact,
    pub state: State,
    pub note: Option<String>,
    pub first_seen_at: DateTime<Utc>,
    pub last_seen_at: DateTime<Utc>,
    /// Every row that was ever counted, stored or not.
    pub count: u64,
    pub not_stored: u64,
    pub not_stored_since: Option<DateTime<Utc>>,
    /// Records that the rows of the last run tell of ([`domain::issue::records`]).
    pub affected_records: u64,
    /// Of the mapping that it was last seen with.
    pub mapping_version: Option<u32>,
    pub opened_run: Option<SyncLogId>,
    pub last_run: Option<SyncLogId>,
    pub muted_until: Option<DateTime<Utc>>,
    pub muted_until_count: Option<u64>,
    pub resolved_at: Option<DateTime<Utc>>,
    pub resolved_version: Option<u32>,
    pub resolved_run: Option<SyncLogId>,
    /// Of its last transition.
    pub changed_at: DateTime<Utc>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// Who changed an issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// What rows and runs have shown.
    Engine,
    /// With the name that the key had.
    Key(ApiKeyId, Option<String>),
    /// A person on the machine itself.
    Operator,
}

/// One line of an issue's history; none is ever changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transition {
    pub id: SyncIssueTransitionId,
    /// None: it was opened.
    pub from: Option<State>,
    /// The same as `from`: a note, or another end of a mute.
    pub to: State,
    pub cause: Cause,
    pub actor: Actor,
    /// The run that opened it, brought it back, or showed it to be over.
    pub run: Option<SyncLogId>,
    pub mapping_version: Option<u32>,
    pub note: Option<String>,
    pub created_at: DateTime<Utc>,
}

pub async fn find(store: &Store, tenant: &Tenant, id: SyncIssueId) -> Result<Issue, Error> {
    let mut sql = select(store, tenant);
    sql.push(" and t.sync_issue_id = ").bind(Bind::Id(id.0));
    let found = store.fetch::<Row>(sql).await?.into_iter().next();
    found.ok_or(Error::NotFound("sync_issue"))?.issue()
}

/// A page of the workspace's issues, the last seen first unless asked otherwise.
pub async fn list(store: &Store, tenant: &Tenant, query: &Query) -> Result<Slice<Issue>, Error> {
    let (sort, descending) = query.sort_or("last_seen_at");
    let mut sql = select(store, tenant);
    asked(store, tenant, &mut sql, query).await?;
    sql.page(&format!("t.{sort}"), "t.pk", descending, &query.page);
    let marked = store.fetch::<Row>(sql).await?.into_iter().map(|row| {
        let pk = row.pk;
        let it = row.issue()?;
        let key = row::sort_key(sort, &it);
        Ok((it, Mark { key, pk }))
    });
    let mut slice = Slice::of(marked.collect::<Result<_, Error>>()?, &query.page);
    if query.page.total {
        let mut sql = store.sql();
        row::of_tenant(sql.push("select count(*)"), tenant);
        asked(store, tenant, &mut sql, query).await?;
        let counted = store.fetch::<(i64,)>(sql).await?;
        slice.total = Some(counted.first().map_or(0, |it| it.0.unsigned_abs()));
    }
    Ok(slice)
}
