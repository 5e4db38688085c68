//! What a worker needs to deliver: the heads of lanes, one process at a time, and what came of it.
//!
//! A lane is an endpoint and a connector. Only the first pending delivery of a lane is ever claimed,
//! so that the next waits until it has arrived or was given up. A claim is a lease: whoever holds it
//! and dies lets it run out, and the event goes out again under its id.

use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::connector::Secret;
use domain::id::{WebhookDeliveryId, WorkspaceId};
use domain::time::to_millis;
use domain::webhook::{DEAD_AFTER_DAYS, Event, Verdict};
use uuid::Uuid;

use super::payload;
use crate::error::Error;
use crate::sql::{Bind, Sql};
use crate::tenant::Operator;
use crate::{Store, cell, seal, tenant};

/// A delivery that is ours to make until the lease ends.
#[derive(Debug, Clone)]
pub struct Parcel {
    pk: i64,
    endpoint_pk: i64,
    lease_until: DateTime<Utc>,
    pub id: WebhookDeliveryId,
    pub workspace: WorkspaceId,
    pub url: String,
    /// The present one, and the one before while it still signs.
    pub secrets: Vec<Secret>,
    pub body: String,
    /// Attempts that were made before this one.
    pub attempts: u32,
}

/// What came of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// None: none came.
    pub status: Option<u16>,
    /// Why it failed, in our words.
    pub note: Option<String>,
    pub verdict: Verdict,
}

/// The first pending delivery of each lane, by hopping from lane to lane in the index.
const HEADS: &str = "with recursive heads (pk) as (
  select (select pk from webhook_deliveries where status = 'pending'
           order by webhook_endpoint_pk, workspace_connector_pk, pk limit 1)
  union all
  select (select n.pk from webhook_deliveries n
           where n.status = 'pending'
             and (n.webhook_endpoint_pk, n.workspace_connector_pk)
                 > (c.webhook_endpoint_pk, c.workspace_connector_pk)
           order by n.webhook_endpoint_pk, n.workspace_connector_pk, n.pk limit 1)
    from heads h join webhook_deliveries c on c.pk = h.pk
)
select d.pk, case when d.lease_until > d.next_attempt_at then d.lease_until
                 else d.next_attempt_at end as due
  from heads h join webhook_deliveries d on d.pk = h.pk
  join webhook_endpoints e on e.pk = d.webhook_endpoint_pk";

/// pk, endpoint, id, workspace, event, subject, payload, attempts
type Row = (i64, i64, Uuid, i64, String, Uuid, Option<String>, i64);

/// What there is to deliver.
#[derive(Debug, Default)]
pub struct Claimed {
    /// Ours to make now.
    pub parcels: Vec<Parcel>,
    /// When the next of the others is due: its pause ends, or the lease of whoever has it. None: no
    /// other waits.
    pub next_due: Option<DateTime<Utc>>,
}

/// Deliveries whose time has come, at most `limit`, each leased to whoever asked; and when to ask
/// again if nothing new comes.
pub async fn claim(
    store: &Store,
    operator: &Operator,
    (limit, lease): (u32, Duration),
    now: DateTime<Utc>,
) -> Result<Claimed, Error> {
    let now = to_millis(now);
    let mut sql = store.sql();
    sql.push(HEADS).push(" where ").gate_as("enter_operator", "on".to_owned());
    sql.push("e.status = 'enabled' and e.deleted_at is null order by due, d.pk limit ");
    // One more than is taken: it says when the next is due.
    sql.number(i64::from(limit) + 1);
    let mut heads = store.fetch::<(i64, DateTime<Utc>)>(sql).await?;
    let is_more = heads.len() > limit as usize;
    let next_due = heads.iter().find(|it| it.1 > now).or(heads.last().filter(|_| is_more));
    let next_due = next_due.map(|it| it.1);
    heads.truncate(limit as usize);
    let due: Vec<i64> = heads.into_iter().filter(|it| it.1 <= now).map(|it| it.0).collect();
    if due.is_empty() {
        return Ok(Claimed { parcels: Vec::new(), next_due });
    }
    let lease_until = to_millis(now + lease);
    let mut sql = store.sql().writing();
    sql.push("update webhook_deliveries set lease_until = ").time(lease_until);
    sql.push(" where ").gate_as("enter_operator", "on".to_owned()).any("pk", Bind::Numbers(due));
    // Of two that saw the same heads the second finds them leased.
    sql.push(" and status = 'pending' and next_attempt_at <= ").time(now);
    sql.push(" and (lease_until is null or lease_until <= ").time(now);
    sql.push(
        ") returning pk, webhook_endpoint_pk, webhook_delivery_id, workspace_pk, event_type, \
         subject, payload, attempts",
    );
    let mut parcels = Vec::new();
    for row in store.fetch::<Row>(sql).await? {
        match parcel(store, operator, row, (now, lease_until)).await {
            Ok(parcel) => parcels.extend(parcel),
            // Its lease runs out, and it is tried again.
            Err(error) => tracing::warn!(
                error = &error as &dyn std::error::Error,
                "a webhook delivery could not be made up"
            ),
        }
    }
    Ok(Claimed { parcels, next_due })
}

/// None: its workspace or endpoint is gone.
async fn parcel(
    store: &Store,
    operator: &Operator,
    row: Row,
    (now, lease_until): (DateTime<Utc>, DateTime<Utc>),
) -> Result<Option<Parcel>, Error> {
    let (pk, endpoint_pk, id, workspace_pk, event, subject, stored, attempts) = row;
    let mut sql = store.sql();
    sql.push("select e.webhook_endpoint_id, w.workspace_id, e.url, e.secret, e.old_secret, ");
    sql.push("e.old_secret_until, d.created_at from webhook_endpoints e ");
    sql.push("join workspaces w on w.pk = e.workspace_pk ");
    sql.push("join webhook_deliveries d on d.webhook_endpoint_pk = e.pk where ");
    sql.gate_as("enter_operator", "on".to_owned()).push("e.pk = ").number(endpoint_pk);
    sql.push(" and e.workspace_pk = ").number(workspace_pk).push(" and d.pk = ").number(pk);
    type Found =
        (Uuid, Uuid, String, Vec<u8>, Option<Vec<u8>>, Option<DateTime<Utc>>, DateTime<Utc>);
    let Some(found) = store.fetch::<Found>(sql).await?.into_iter().next() else { return Ok(None) };
    let (endpoint, workspace, url, secret, old, old_until, created_at) = found;
    let old = old.filter(|_| old_until.is_some_and(|it| it > now));
    let mut secrets = Vec::new();
    for sealed in [Some(secret), old].into_iter().flatten() {
        let plain = seal::open(store, endpoint, &sealed)?;
        secrets.push(Secret::new(String::from_utf8_lossy(&plain).into_owned()));
    }
    let body = match stored {
        Some(body) => body,
        None => {
            let tenant = tenant::of(store, operator, &workspace.to_string()).await?;
            let event: Event = cell::word(&event)?;
            let body = payload::of(store, &tenant, event, subject, (created_at, now)).await?;
            keep(store, pk, &body).await?;
            body
        }
    };
    Ok(Some(Parcel {
        pk,
        endpoint_pk,
        lease_until,
        id: WebhookDeliveryId(id),
        workspace: WorkspaceId(workspace),
        url,
        secrets,
        body,
        attempts: u32::try_from(attempts).unwrap_or_default(),
    }))
}

/// Every attempt sends the same.
async fn keep(store: &Store, pk: i64, body: &str) -> Result<(), Error> {
    let mut sql = store.sql().writing();
    sql.push("update webhook_deliveries set payload = ").text_bind(body).push(" where ");
    sql.gate_as("enter_operator", "on".to_owned()).push("pk = ").number(pk);
    store.execute(sql).await.map(drop)
}

/// Writes an attempt down, and what follows for its endpoint: one that wants no more, or at which
/// nothing has arrived for days, is disabled, with the reason.
pub async fn settle(
    store: &Store,
    _: &Operator,
    parcel: &Parcel,
    answer: &Answer,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let now = to_millis(now);
    let mut sql = store.sql().writing();
    sql.push("update webhook_deliveries set attempts = attempts + 1, lease_until = null");
    sql.push(", updated_at = ").time(now).push(", answer_status = ");
    sql.bind(Bind::Number(answer.status.map(i64::from))).push(", answer_note = ");
    sql.bind(Bind::Text(answer.note.clone()));
    match answer.verdict {
        Verdict::Delivered => sql.push(", status = 'delivered', delivered_at = ").time(now),
        Verdict::GiveUp | Verdict::Gone => sql.push(", status = 'given_up'"),
        Verdict::Retry(pause) => sql.push(", next_attempt_at = ").time(to_millis(now + pause)),
    };
    sql.push(" where ").gate_as("enter_operator", "on".to_owned());
    sql.push("pk = ").number(parcel.pk).push(" and status = 'pending'");
    // Sent again meanwhile, or claimed by another: then this attempt has no say any more.
    sql.push(" and lease_until = ").time(parcel.lease_until);
    store.execute(sql).await?;
    let sql = endpoint(store.sql().writing(), parcel, answer.verdict, now);
    store.execute(sql).await.map(drop)
}

fn endpoint(mut sql: Sql, parcel: &Parcel, verdict: Verdict, now: DateTime<Utc>) -> Sql {
    sql.push("update webhook_endpoints set ");
    match verdict {
        Verdict::Delivered => {
            sql.push("failing_since = null where ");
            sql.gate_as("enter_operator", "on".to_owned());
            sql.push("failing_since is not null and ");
        }
        Verdict::Gone => {
            sql.push("status = 'disabled', disabled_reason = ");
            sql.text_bind("it answered 410: it wants no more").push(", updated_at = ").time(now);
            sql.push(" where ").gate_as("enter_operator", "on".to_owned());
        }
        Verdict::Retry(_) | Verdict::GiveUp => {
            let dead = to_millis(now - chrono::Duration::days(DEAD_AFTER_DAYS));
            let reason = format!("nothing has arrived for {DEAD_AFTER_DAYS} days");
            sql.push("failing_since = coalesce(failing_since, ").time(now);
            sql.push("), status = case when failing_since <= ").time(dead);
            sql.push(" then 'disabled' else status end, disabled_reason = case when ");
            sql.push("failing_since <= ").time(dead).push(" then ").text_bind(reason);
            sql.push(" else disabled_reason end, updated_at = ").time(now);
            sql.push(" where ").gate_as("enter_operator", "on".to_owned());
        }
    }
    sql.push("pk = ").number(parcel.endpoint_pk);
    sql
}
