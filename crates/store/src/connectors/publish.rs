//! The catalogue's global entries: brought in line with its files, by the operator alone.

use chrono::{DateTime, Utc};
use domain::TargetModel;
use domain::connector::{AuthorizationFlow, ConnectorStatus};
use domain::governance::Governance;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::Value;
use uuid::Uuid;

use super::{check_name, check_service_id, models};
use crate::entity::connectors::{Column, Entity, Model};
use crate::error::Error;
use crate::{Operator, Store, cell};

/// A global connector as its file describes it.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    pub service_id: String,
    pub name: String,
    pub provider: Option<String>,
    pub authorization_flow: AuthorizationFlow,
    /// None: try all.
    pub supported_target_models: Option<Vec<TargetModel>>,
    pub status: ConnectorStatus,
    /// The default address, free of credentials.
    pub transport: Option<Value>,
    pub governance: Governance,
}

/// What came of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Published {
    pub added: usize,
    pub changed: usize,
}

/// Adds entries, and changes those that are there and differ. What is there and in no file stays:
/// it may be installed.
pub async fn publish(
    store: &Store,
    operator: &Operator,
    entries: &[Entry],
    now: DateTime<Utc>,
) -> Result<Published, Error> {
    for entry in entries {
        check_service_id(&entry.service_id)?;
        check_name(&entry.name)?;
    }
    let now = domain::time::to_millis(now);
    let txn = store.operator_txn(operator).await?;
    let there = Entity::find()
        .filter(Column::WorkspacePk.is_null())
        .filter(Column::DeletedAt.is_null())
        .all(&txn)
        .await?;
    let mut published = Published::default();
    for entry in entries {
        let before = there.iter().find(|it| it.service_id == entry.service_id);
        match before {
            Some(row) if is_same(row, entry) => continue,
            Some(_) => published.changed += 1,
            None => published.added += 1,
        }
        // Another process may be at it as well; both write the same.
        cell::execute(&txn, UPSERT, values(entry, now)).await?;
    }
    txn.commit().await?;
    Ok(published)
}

const UPSERT: &str = "
insert into connectors (connector_id, service_id, name, provider, authorization_flow,
    supported_target_models, status, transport, governance, created_at, updated_at)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)
  on conflict (service_id) where workspace_pk is null and deleted_at is null do update
    set name = excluded.name, provider = excluded.provider,
        authorization_flow = excluded.authorization_flow,
        supported_target_models = excluded.supported_target_models, status = excluded.status,
        transport = excluded.transport, governance = excluded.governance,
        updated_at = excluded.updated_at";

fn values(entry: &Entry, now: DateTime<Utc>) -> [sea_orm::Value; 10] {
    [
        Uuid::new_v4().into(),
        entry.service_id.clone().into(),
        entry.name.clone().into(),
        entry.provider.clone().into(),
        entry.authorization_flow.as_str().into(),
        models(entry.supported_target_models.as_ref()).into(),
        entry.status.as_str().into(),
        entry.transport.clone().into(),
        governance(entry).into(),
        now.into(),
    ]
}

/// None where nothing was decided.
fn governance(entry: &Entry) -> Option<Value> {
    (entry.governance != Governance::default()).then(|| entry.governance.to_json())
}

fn is_same(row: &Model, entry: &Entry) -> bool {
    row.name == entry.name
        && row.provider == entry.provider
        && row.authorization_flow == entry.authorization_flow.as_str()
        && row.supported_target_models == models(entry.supported_target_models.as_ref())
        && row.status == entry.status.as_str()
        && row.transport == entry.transport
        && row.governance == governance(entry)
}
