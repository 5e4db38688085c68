//! A catalogue entry as plain statements read it.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::types::Json;
use sqlx::{ColumnIndex, Decode, FromRow, Type};
use uuid::Uuid;

use crate::entity::connectors::Model;

pub(super) const COLUMNS: &str = "pk, connector_id, workspace_pk, service_id, name, provider, \
     authorization_flow, supported_target_models, status, transport, governance, created_at, \
     updated_at, deleted_at";

/// In the order of [`COLUMNS`].
impl<'r, R: sqlx::Row> FromRow<'r, R> for Model
where
    usize: ColumnIndex<R>,
    i64: Decode<'r, R::Database> + Type<R::Database>,
    String: Decode<'r, R::Database> + Type<R::Database>,
    Uuid: Decode<'r, R::Database> + Type<R::Database>,
    DateTime<Utc>: Decode<'r, R::Database> + Type<R::Database>,
    Json<Value>: Decode<'r, R::Database> + Type<R::Database>,
{
    fn from_row(row: &'r R) -> Result<Self, sqlx::Error> {
        let document = |index: usize| -> Result<Option<Value>, sqlx::Error> {
            let it: Option<Json<Value>> = row.try_get(index)?;
            Ok(it.map(|it| it.0))
        };
        Ok(Self {
            pk: row.try_get(0)?,
            connector_id: row.try_get(1)?,
            workspace_pk: row.try_get(2)?,
            service_id: row.try_get(3)?,
            name: row.try_get(4)?,
            provider: row.try_get(5)?,
            authorization_flow: row.try_get(6)?,
            supported_target_models: document(7)?,
            status: row.try_get(8)?,
            transport: document(9)?,
            governance: document(10)?,
            created_at: row.try_get(11)?,
            updated_at: row.try_get(12)?,
            deleted_at: row.try_get(13)?,
        })
    }
}
