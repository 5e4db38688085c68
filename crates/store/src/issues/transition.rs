//! Writing a transition down: the state of the issue, a line of its history, and whoever is told.

use chrono::{DateTime, Utc};
use domain::issue::{Cause, State};
use domain::webhook::Event;
use sea_orm::DatabaseTransaction;
use uuid::Uuid;

use crate::error::Error;
use crate::sql::{Bind, Dialect, Sql, execute_in};
use crate::tenant::Tenant;
use crate::webhooks::outbox::{self, Of};

/// What happened to an issue, whose row is locked.
#[derive(Debug)]
pub(super) struct Change<'a> {
    pub(super) tenant: &'a Tenant,
    pub(super) issue_pk: i64,
    pub(super) from: State,
    pub(super) to: State,
    pub(super) cause: Cause,
    /// A person did it: the tenant's key, else the operator. Else the engine.
    pub(super) is_person: bool,
    pub(super) run: Option<Uuid>,
    /// Under which it came back, or was resolved.
    pub(super) mapping_version: Option<u32>,
    pub(super) note: Option<&'a str>,
    pub(super) at: DateTime<Utc>,
}

/// The new state, and the line; webhooks are told of a state that changed. Ends of a mute are set by whoever mutes, afterwards.
pub(super) async fn write(
    txn: &DatabaseTransaction,
    dialect: Dialect,
    it: &Change<'_>,
) -> Result<(), Error> {
    let id = Uuid::new_v4();
    if it.from != it.to {
        execute_in(txn, state(Sql::new(dialect), it)).await?;
        let event = (Event::of_issue(it.to), id);
        let of = Of::Issue(it.issue_pk);
        execute_in(txn, outbox::tell(Sql::new(dialect), it.tenant, of, event, it.at)).await?;
    }
    execute_in(txn, line(Sql::new(dialect), it, id)).await.map(drop)
}

fn state(mut sql: Sql, it: &Change<'_>) -> Sql {
    sql.push("update sync_issues set state = ").text_bind(it.to.as_str());
    sql.push(", changed_at = ").time(it.at).push(", updated_at = ").time(it.at);
    sql.push(", muted_until = null, muted_until_count = null");
    match it.to {
        State::Resolved => {
            sql.push(", known_rate = 0, resolved_at = ").time(it.at);
            sql.push(", resolved_run = ").bind(Bind::MaybeId(it.run));
            sql.push(", resolved_version = ");
            sql.bind(Bind::Number(it.mapping_version.map(i64::from)));
        }
        State::Open | State::Escalating | State::Muted | State::Regressed => {
            sql.push(", resolved_at = null, resolved_run = null, resolved_version = null");
        }
    }
    sql.push(" where ").gate(it.tenant).push("pk = ").number(it.issue_pk);
    sql.push(" and workspace_pk = ").number(it.tenant.workspace_pk);
    sql
}

fn line(mut sql: Sql, it: &Change<'_>, id: Uuid) -> Sql {
    let key = it.tenant.key.filter(|_| it.is_person);
    let actor = match (it.is_person, key) {
        (false, _) => "engine",
        (true, Some(_)) => "key",
        (true, None) => "operator",
    };
    sql.push(
        "insert into sync_issue_transitions (sync_issue_transition_id, workspace_pk, \
         sync_issue_pk, from_state, to_state, cause, actor, api_key_id, actor_name, run, \
         mapping_version, note, created_at) select ",
    );
    sql.bind(Bind::Id(id)).push(", ").number(it.tenant.workspace_pk).push(", ");
    sql.number(it.issue_pk).push(", ").text_bind(it.from.as_str()).push(", ");
    sql.text_bind(it.to.as_str()).push(", ").text_bind(it.cause.as_str()).push(", ");
    sql.text_bind(actor).push(", ").bind(Bind::MaybeId(key.map(|it| it.0))).push(", ");
    match key {
        // The name that it has now: keys are renamed, history is not.
        Some(key) => {
            sql.push("(select name from api_keys where api_key_id = ").bind(Bind::Id(key.0));
            sql.push(" and workspace_pk = ").number(it.tenant.workspace_pk).push(")");
        }
        None => {
            sql.push("null");
        }
    }
    sql.push(", ").bind(Bind::MaybeId(it.run)).push(", ");
    sql.bind(Bind::Number(it.mapping_version.map(i64::from))).push(", ");
    sql.bind(Bind::Text(it.note.map(str::to_owned))).push(", ").time(it.at);
    sql.push(" where ").gate(it.tenant).push("1 = 1");
    sql
}
