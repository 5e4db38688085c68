//! Deliveries: list, replay, a test, and their end.

use chrono::{DateTime, Utc};
use domain::id::{WebhookDeliveryId, WebhookEndpointId};
use domain::time::to_millis;
use domain::webhook::{DeliveryStatus, Event};
use sqlx::{ColumnIndex, Decode, FromRow, Type};
use uuid::Uuid;

use crate::error::Error;
use crate::query::{Field, FieldKind, Mark, Query, Slice, SortKey, words_of};
use crate::sql::{Bind, Sql};
use crate::{Store, Tenant, cell};

pub static FIELDS: &[Field] = &[
    Field { name: "webhook_endpoint", kind: FieldKind::Id },
    Field { name: "status", kind: FieldKind::Enum(words_of!(DeliveryStatus)) },
    Field { name: "event_type", kind: FieldKind::Enum(words_of!(Event)) },
    Field { name: "attempts", kind: FieldKind::Number },
    Field { name: "created_at", kind: FieldKind::Time },
];

pub static SORTS: &[&str] = &["created_at"];

/// One event on its way to one endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// What the receiver sees as `webhook-id`.
    pub id: WebhookDeliveryId,
    pub endpoint: WebhookEndpointId,
    pub event: Event,
    /// The run, the transition of an issue, or the diagnostic.
    pub subject: Uuid,
    pub status: DeliveryStatus,
    pub attempts: u32,
    /// Of a pending one; its turn may come later, after those before it.
    pub next_attempt_at: DateTime<Utc>,
    /// Of the last attempt; none: no answer came.
    pub answer_status: Option<u16>,
    /// Why the last attempt failed.
    pub answer_note: Option<String>,
    pub delivered_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

struct Row(i64, Delivery);

impl<'r, R: sqlx::Row> FromRow<'r, R> for Row
where
    usize: ColumnIndex<R>,
    i64: Decode<'r, R::Database> + Type<R::Database>,
    String: Decode<'r, R::Database> + Type<R::Database>,
    Uuid: Decode<'r, R::Database> + Type<R::Database>,
    DateTime<Utc>: Decode<'r, R::Database> + Type<R::Database>,
{
    fn from_row(row: &'r R) -> Result<Self, sqlx::Error> {
        let word = |at: usize| -> Result<String, sqlx::Error> { row.try_get(at) };
        let unknown = |error| sqlx::Error::Decode(Box::new(error));
        let status: Option<i64> = row.try_get(7)?;
        let delivery = Delivery {
            id: WebhookDeliveryId(row.try_get(1)?),
            endpoint: WebhookEndpointId(row.try_get(2)?),
            event: word(3)?.parse().map_err(unknown)?,
            subject: row.try_get(4)?,
            status: word(5)?.parse().map_err(unknown)?,
            attempts: u32::try_from(row.try_get::<i64, _>(6)?).unwrap_or_default(),
            answer_status: status.and_then(|it| u16::try_from(it).ok()),
            answer_note: row.try_get(8)?,
            next_attempt_at: row.try_get(9)?,
            delivered_at: row.try_get(10)?,
            created_at: row.try_get(11)?,
            updated_at: row.try_get(12)?,
        };
        Ok(Self(row.try_get(0)?, delivery))
    }
}

/// A page of the workspace's deliveries, the newest first.
pub async fn deliveries(
    store: &Store,
    tenant: &Tenant,
    query: &Query,
) -> Result<Slice<Delivery>, Error> {
    let (_, descending) = query.sort_or("created_at");
    let mut sql = store.sql();
    sql.push(
        "select t.pk, t.webhook_delivery_id, e.webhook_endpoint_id, t.event_type, t.subject, \
         t.status, t.attempts, t.answer_status, t.answer_note, t.next_attempt_at, t.delivered_at, \
         t.created_at, t.updated_at",
    );
    asked(&mut sql, tenant, query);
    sql.page("t.created_at", "t.pk", descending, &query.page);
    let marked = store.fetch::<Row>(sql).await?.into_iter().map(|Row(pk, it)| {
        let key = SortKey::Time(it.created_at);
        (it, Mark { key, pk })
    });
    let mut slice = Slice::of(marked.collect(), &query.page);
    if query.page.total {
        let mut sql = store.sql();
        asked(sql.push("select count(*)"), tenant, query);
        slice.total = store.fetch::<(i64,)>(sql).await?.first().map(|it| it.0.unsigned_abs());
    }
    Ok(slice)
}

fn asked(sql: &mut Sql, tenant: &Tenant, query: &Query) {
    sql.push(" from webhook_deliveries t");
    sql.push(" join webhook_endpoints e on e.pk = t.webhook_endpoint_pk");
    cell::of_tenant(sql, tenant, "t.workspace_pk");
    for condition in &query.conditions {
        let column = match condition.field.name {
            "webhook_endpoint" => "e.webhook_endpoint_id".to_owned(),
            name => format!("t.{name}"),
        };
        sql.push(" and ").condition(&column, condition.op, &condition.values);
    }
}

/// What is to be delivered once more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replay {
    /// Every event since then, delivered or not.
    Since(DateTime<Utc>),
    One(WebhookDeliveryId),
}

/// Delivers events again, under their ids and in their order; how many.
pub async fn replay(
    store: &Store,
    tenant: &Tenant,
    endpoint: WebhookEndpointId,
    what: Replay,
    now: DateTime<Utc>,
) -> Result<u64, Error> {
    super::find(store, tenant, endpoint).await?;
    let now = to_millis(now);
    let mut sql = store.sql().writing();
    sql.push("update webhook_deliveries set status = 'pending', attempts = 0, lease_until = null");
    sql.push(", delivered_at = null, next_attempt_at = ").time(now);
    sql.push(", updated_at = ").time(now);
    cell::of_tenant(&mut sql, tenant, "workspace_pk");
    sql.push(" and webhook_endpoint_pk = (select pk from webhook_endpoints");
    cell::of_tenant(&mut sql, tenant, "workspace_pk");
    sql.push(" and webhook_endpoint_id = ").bind(Bind::Id(endpoint.0)).push(")");
    match what {
        Replay::Since(at) => sql.push(" and created_at >= ").time(to_millis(at)),
        Replay::One(id) => sql.push(" and webhook_delivery_id = ").bind(Bind::Id(id.0)),
    };
    let replayed = store.execute(sql).await?;
    store.told();
    match (what, replayed) {
        (Replay::One(_), 0) => Err(Error::NotFound("webhook_delivery")),
        (Replay::One(_) | Replay::Since(_), count) => Ok(count),
    }
}

/// An event of its own, to see whether the endpoint works.
pub async fn test(
    store: &Store,
    tenant: &Tenant,
    endpoint: WebhookEndpointId,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let now = to_millis(now);
    let mut sql = store.sql().writing();
    sql.push(
        "insert into webhook_deliveries (webhook_delivery_id, workspace_pk, webhook_endpoint_pk, \
         event_type, subject, status, next_attempt_at, created_at, updated_at) select ",
    );
    sql.bind(Bind::Id(Uuid::new_v4())).push(", workspace_pk, pk, ");
    sql.text_bind(Event::Test.as_str()).push(", webhook_endpoint_id, 'pending', ");
    sql.time(now).push(", ").time(now).push(", ").time(now).push(" from webhook_endpoints");
    cell::of_tenant(&mut sql, tenant, "workspace_pk");
    sql.push(" and deleted_at is null and webhook_endpoint_id = ").bind(Bind::Id(endpoint.0));
    match store.execute(sql).await? {
        0 => Err(Error::NotFound("webhook_endpoint")),
        _ => {
            store.told();
            Ok(())
        }
    }
}

/// Deliveries past the retention, whatever has become of them; how many.
pub async fn prune(store: &Store, tenant: &Tenant, now: DateTime<Utc>) -> Result<u64, Error> {
    let mut sql = store.sql().writing();
    sql.push("delete from webhook_deliveries");
    cell::of_tenant(&mut sql, tenant, "workspace_pk");
    sql.push(" and created_at < ").time(to_millis(tenant.retention.cutoff(now)));
    store.execute(sql).await
}
