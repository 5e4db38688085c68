//! A connector is installed: one statement, its first run included.

use chrono::{DateTime, Utc};
use domain::TargetModel;
use domain::connector::{InstallationStatus, Transport};
use domain::id::{ConnectorId, WorkspaceConnectorId};
use domain::redact::Redactor;
use domain::run::TriggerType;
use serde_json::Value;
use uuid::Uuid;

use super::{WorkspaceConnector, find, minutes, sealed};
use crate::error::Error;
use crate::sql::{Bind, Sql};
use crate::sync_logs::Next;
use crate::{Store, Tenant, cell, connectors};

#[derive(Debug, Clone)]
pub struct New {
    pub connector: ConnectorId,
    pub name: String,
    pub transport: Transport,
    pub schedule_minutes: Option<u32>,
    pub paused: bool,
    pub supported_target_models: Option<Vec<TargetModel>>,
    /// When it is run for the first time by itself, unless its schedule comes sooner, it is paused,
    /// or it waits for a person.
    pub first_run_at: Option<DateTime<Utc>>,
}

impl New {
    /// On demand only, for every target that the connector supports.
    pub fn of(connector: ConnectorId, name: impl Into<String>, transport: Transport) -> Self {
        Self {
            connector,
            name: name.into(),
            transport,
            schedule_minutes: None,
            paused: false,
            supported_target_models: None,
            first_run_at: None,
        }
    }
}

/// Installs a connector, ready to run.
pub async fn insert(
    store: &Store,
    tenant: &Tenant,
    new: New,
    now: DateTime<Utc>,
) -> Result<WorkspaceConnector, Error> {
    connectors::check_name(&new.name)?;
    let now = domain::time::to_millis(now);
    let id = Uuid::new_v4();
    let sealed = sealed(store, id, &new.transport)?;
    let mut sql = store.sql().writing();
    sql.push("insert into workspace_connectors (workspace_connector_id, workspace_pk, ");
    sql.push("connector_pk, name, status, transport, address, secrets_set, schedule_minutes, ");
    sql.push("paused, supported_target_models, next_run_at, next_run, created_at, updated_at) ");
    sql.push("select ");
    sql.bind(Bind::Id(id)).push(", ").number(tenant.workspace_pk).push(", pk, ");
    sql.text_bind(Redactor::of(&new.transport).label(&new.name)).push(", ");
    // Whoever needs a person's consent, and brings no credential, waits for it.
    let waits = match new.transport.names_credential() {
        true => InstallationStatus::Enabled,
        false => InstallationStatus::ToConfigure,
    };
    sql.push("case authorization_flow when 'oauth2' then ").text_bind(waits.as_str());
    sql.push(" else ").text_bind(InstallationStatus::Enabled.as_str()).push(" end, ");
    sql.bind(Bind::Bytes(sealed)).push(", ").text_bind(new.transport.address()).push(", ");
    cell::json(&mut sql, Some(&Value::from(new.transport.secret_names())));
    sql.push(", ").bind(minutes(new.schedule_minutes)?).push(", ");
    cell::boolean(&mut sql, new.paused);
    sql.push(", ");
    cell::json(&mut sql, connectors::models(new.supported_target_models.as_ref()).as_ref());
    first_run(&mut sql, &new, now)?;
    sql.push(", ").time(now).push(", ").time(now);
    sql.push(" from connectors where ").gate(tenant).push("connector_id = ");
    sql.bind(Bind::Id(new.connector.0)).push(" and deleted_at is null");
    sql.push(" and (workspace_pk is null or workspace_pk = ").number(tenant.workspace_pk).push(")");
    if store.execute(sql).await? == 0 {
        return Err(Error::invalid(0, "connector", "is not in the catalogue"));
    }
    find(store, tenant, WorkspaceConnectorId(id)).await
}

/// `next_run_at` and `next_run`: its first run, or its schedule's.
fn first_run(sql: &mut Sql, new: &New, now: DateTime<Utc>) -> Result<(), Error> {
    let scheduled = first_time(new.schedule_minutes, now);
    let first = new.first_run_at.map(domain::time::to_millis);
    let first = first.filter(|at| !new.paused && scheduled.is_none_or(|it| it > *at));
    let Some(first) = first else {
        sql.push(", ").bind(Bind::Time(scheduled)).push(", null");
        return Ok(());
    };
    let asked =
        serde_json::to_value(Next::first(TriggerType::Initial)).map_err(cell::unreadable)?;
    // Whoever waits for a person cannot run yet.
    let may_run = match new.transport.names_credential() {
        true => "true",
        false => "authorization_flow <> 'oauth2'",
    };
    sql.push(", case when ").push(may_run).push(" then ").time(first).push(" else ");
    sql.bind(Bind::Time(scheduled)).push(" end, case when ").push(may_run).push(" then ");
    cell::json(sql, Some(&asked));
    sql.push(" end");
    Ok(())
}

/// A new schedule begins with a whole interval.
pub(super) fn first_time(schedule: Option<u32>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    schedule.map(|minutes| now + chrono::Duration::minutes(minutes.into()))
}
