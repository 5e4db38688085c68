//! Webhooks: endpoints (insert, find, list, update, delete), the outbox of their deliveries, and what
//! a worker needs to deliver them.
//!
//! Deliveries are written in the transaction of the event ([`outbox`]); a transition that follows from
//! rows is an event of its own transaction, right after theirs.

use chrono::{DateTime, Duration, Utc};
use domain::connector::Secret;
use domain::id::{WebhookEndpointId, WorkspaceConnectorId};
use domain::time::to_millis;
use domain::webhook::{self, EndpointStatus, Event, OLD_SECRET_HOURS};
use uuid::Uuid;

use crate::error::Error;
use crate::query::{Field, FieldKind, Mark, Query, Slice, SortKey, words_of};
use crate::sql::Bind;
use crate::{Store, Tenant, cell, diagnostics, seal};

mod courier;
mod deliveries;
pub(crate) mod outbox;
mod payload;

pub use courier::{Answer, Claimed, Parcel, claim, settle};
pub use deliveries::{
    Delivery, FIELDS as DELIVERY_FIELDS, Replay, SORTS as DELIVERY_SORTS, deliveries, prune,
    replay, test,
};

pub static FIELDS: &[Field] = &[
    Field { name: "status", kind: FieldKind::Enum(words_of!(EndpointStatus)) },
    Field { name: "url", kind: FieldKind::Text },
    Field { name: "created_at", kind: FieldKind::Time },
];

pub static SORTS: &[&str] = &["created_at"];

/// Who is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    pub id: WebhookEndpointId,
    pub url: String,
    pub description: Option<String>,
    pub events: Vec<Event>,
    /// None: of every connector.
    pub connector: Option<WorkspaceConnectorId>,
    pub status: EndpointStatus,
    /// Why it was disabled, when nobody asked for it.
    pub disabled_reason: Option<String>,
    /// Nothing has arrived since.
    pub failing_since: Option<DateTime<Utc>>,
    /// The secret before the present one signs as well, until then.
    pub old_secret_until: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

#[derive(Debug, Clone)]
pub struct New {
    pub url: String,
    pub description: Option<String>,
    pub events: Vec<Event>,
    pub connector: Option<WorkspaceConnectorId>,
}

/// A change; `None` leaves a member as it is.
#[derive(Debug, Clone, Default)]
pub struct Patch {
    pub url: Option<String>,
    pub description: Option<Option<String>>,
    pub events: Option<Vec<Event>>,
    pub status: Option<EndpointStatus>,
    /// A new secret; the present one signs for a day beside it.
    pub rotate: bool,
}

/// pk, id, url, description, events, connector, status, reason, failing, old until, created, updated
type Row = (
    i64,
    Uuid,
    String,
    Option<String>,
    String,
    Option<Uuid>,
    String,
    Option<String>,
    Option<DateTime<Utc>>,
    Option<DateTime<Utc>>,
    DateTime<Utc>,
    DateTime<Utc>,
);

/// With its secret, which is not shown again.
///
/// # Errors
/// [`Error::Invalid`] for an address, events or a description that no endpoint has, and for a
/// connector of others.
pub async fn insert(
    store: &Store,
    tenant: &Tenant,
    new: New,
    now: DateTime<Utc>,
) -> Result<(Endpoint, Secret), Error> {
    check(Some(&new.url), new.description.as_deref(), Some(&new.events))?;
    let connector_pk = match new.connector {
        None => None,
        Some(id) => Some(
            diagnostics::connector_pk(store, tenant, id)
                .await?
                .ok_or_else(|| Error::invalid(0, "workspace_connector", "names no connector"))?,
        ),
    };
    let (id, now) = (Uuid::new_v4(), to_millis(now));
    let secret = webhook::secret(rand::random());
    let sealed = seal::seal(store, id, secret.expose().as_bytes())?;
    let mut sql = store.sql().writing();
    sql.push(
        "insert into webhook_endpoints (webhook_endpoint_id, workspace_pk, \
         workspace_connector_pk, url, description, event_types, secret, status, created_at, \
         updated_at) select ",
    );
    sql.bind(Bind::Id(id)).push(", ").number(tenant.workspace_pk).push(", ");
    sql.bind(Bind::Number(connector_pk)).push(", ").text_bind(new.url).push(", ");
    sql.bind(Bind::Text(new.description)).push(", ").text_bind(listed(&new.events)).push(", ");
    sql.bind(Bind::Bytes(sealed)).push(", 'enabled', ").time(now).push(", ").time(now);
    sql.push(" where ").gate(tenant).push("1 = 1");
    store.execute(sql).await?;
    store.told();
    Ok((find(store, tenant, WebhookEndpointId(id)).await?, secret))
}

pub async fn find(
    store: &Store,
    tenant: &Tenant,
    id: WebhookEndpointId,
) -> Result<Endpoint, Error> {
    let mut sql = select(store, tenant);
    sql.push(" and t.webhook_endpoint_id = ").bind(Bind::Id(id.0));
    let found = store.fetch::<Row>(sql).await?.into_iter().next();
    found.ok_or(Error::NotFound("webhook_endpoint")).and_then(endpoint)
}

/// A page of endpoints, the newest first.
pub async fn list(store: &Store, tenant: &Tenant, query: &Query) -> Result<Slice<Endpoint>, Error> {
    let (_, descending) = query.sort_or("created_at");
    let mut sql = select(store, tenant);
    for condition in &query.conditions {
        let column = format!("t.{}", condition.field.name);
        sql.push(" and ").condition(&column, condition.op, &condition.values);
    }
    sql.page("t.created_at", "t.pk", descending, &query.page);
    let marked = store.fetch::<Row>(sql).await?.into_iter().map(|row| {
        let pk = row.0;
        let it = endpoint(row)?;
        let key = SortKey::Time(it.created_at);
        Ok((it, Mark { key, pk }))
    });
    let mut slice = Slice::of(marked.collect::<Result<_, Error>>()?, &query.page);
    if query.page.total {
        let mut sql = store.sql();
        sql.push("select count(*) from webhook_endpoints t");
        cell::of_tenant(&mut sql, tenant, "t.workspace_pk");
        sql.push(" and t.deleted_at is null");
        for condition in &query.conditions {
            let column = format!("t.{}", condition.field.name);
            sql.push(" and ").condition(&column, condition.op, &condition.values);
        }
        slice.total = store.fetch::<(i64,)>(sql).await?.first().map(|it| it.0.unsigned_abs());
    }
    Ok(slice)
}

/// With a new secret, if one was asked for. Enabling it ends what disabled it; what was pending is
/// delivered then.
pub async fn update(
    store: &Store,
    tenant: &Tenant,
    id: WebhookEndpointId,
    patch: Patch,
    now: DateTime<Utc>,
) -> Result<(Endpoint, Option<Secret>), Error> {
    let description = patch.description.as_ref().and_then(Option::as_deref);
    check(patch.url.as_deref(), description, patch.events.as_deref())?;
    let secret = patch.rotate.then(|| webhook::secret(rand::random()));
    let mut sql = store.sql().writing();
    sql.push("update webhook_endpoints set updated_at = ").time(to_millis(now));
    if let Some(secret) = &secret {
        let until = to_millis(now + Duration::hours(OLD_SECRET_HOURS));
        sql.push(", old_secret = secret, old_secret_until = ").time(until).push(", secret = ");
        sql.bind(Bind::Bytes(seal::seal(store, id.0, secret.expose().as_bytes())?));
    }
    if let Some(url) = patch.url {
        sql.push(", url = ").text_bind(url);
    }
    if let Some(description) = patch.description {
        sql.push(", description = ").bind(Bind::Text(description));
    }
    if let Some(events) = patch.events {
        sql.push(", event_types = ").text_bind(listed(&events));
    }
    if let Some(status) = patch.status {
        sql.push(", disabled_reason = null, failing_since = null, status = ");
        sql.text_bind(status.as_str());
    }
    of(&mut sql, tenant, id);
    match store.execute(sql).await? {
        0 => Err(Error::NotFound("webhook_endpoint")),
        _ => {
            store.told();
            Ok((find(store, tenant, id).await?, secret))
        }
    }
}

/// With its secrets, and what was to be delivered.
pub async fn delete(store: &Store, tenant: &Tenant, id: WebhookEndpointId) -> Result<(), Error> {
    let mut sql = store.sql().writing();
    sql.push("delete from webhook_endpoints");
    of(&mut sql, tenant, id);
    match store.execute(sql).await? {
        0 => Err(Error::NotFound("webhook_endpoint")),
        _ => Ok(()),
    }
}

fn check(
    url: Option<&str>,
    description: Option<&str>,
    events: Option<&[Event]>,
) -> Result<(), Error> {
    let wrong = |attribute| move |detail: String| Error::invalid(0, attribute, &detail);
    url.map_or(Ok(()), webhook::check_url).map_err(wrong("url"))?;
    description.map_or(Ok(()), webhook::check_description).map_err(wrong("description"))?;
    events.map_or(Ok(()), webhook::check_events).map_err(wrong("event_types"))
}

fn of(sql: &mut crate::sql::Sql, tenant: &Tenant, id: WebhookEndpointId) {
    cell::of_tenant(sql, tenant, "workspace_pk");
    sql.push(" and deleted_at is null and webhook_endpoint_id = ").bind(Bind::Id(id.0));
}

fn select(store: &Store, tenant: &Tenant) -> crate::sql::Sql {
    let mut sql = store.sql();
    sql.push("select t.pk, t.webhook_endpoint_id, t.url, t.description, t.event_types, case when ");
    sql.push("t.workspace_connector_pk is null then null else ").push(cell::CONNECTOR_ID);
    sql.push(
        " end, t.status, t.disabled_reason, t.failing_since, t.old_secret_until, t.created_at, \
         t.updated_at from webhook_endpoints t",
    );
    cell::of_tenant(&mut sql, tenant, "t.workspace_pk");
    sql.push(" and t.deleted_at is null");
    sql
}

fn endpoint(row: Row) -> Result<Endpoint, Error> {
    let (_, id, url, description, events, connector, status, disabled_reason, ..) = row;
    let events = events.split(',').filter(|it| !it.is_empty()).map(cell::word);
    Ok(Endpoint {
        id: WebhookEndpointId(id),
        url,
        description,
        events: events.collect::<Result<_, Error>>()?,
        connector: connector.map(WorkspaceConnectorId),
        status: cell::word(&status)?,
        disabled_reason,
        failing_since: row.8,
        old_secret_until: row.9,
        created_at: row.10,
        updated_at: row.11,
    })
}

/// In the order of the list, each once.
fn listed(events: &[Event]) -> String {
    let wanted = Event::subscribable().filter(|it| events.contains(it));
    let words: Vec<&str> = wanted.map(Event::as_str).collect();
    format!(",{},", words.join(","))
}
