//! A diagnostic on its way in ([`Prepared`]) and on its way out ([`Row`]).

use chrono::{DateTime, Utc};
use domain::diagnostic::NewDiagnostic;
use domain::id::{DiagnosticId, SyncLogId, WorkspaceConnectorId, WorkspaceId};
use domain::retention::Retention;
use domain::{Diagnostic, Reason, TargetModel};
use serde_json::Value;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::types::Json;
use sqlx::{FromRow, Row as _};
use uuid::Uuid;

use super::insert::Idempotency;
use crate::raw::Raw;
use crate::tenant::Tenant;

/// What [`Row`] reads, in its order.
pub(super) const COLUMNS: &str = "pk, diagnostic_id, target_model, tool_name, reason, http_status, \
     detail, occurred_at, created_at, updated_at, deleted_at, workspace_connector_pk, sync_log_pk, \
     context, fingerprint";

/// A stored row; connector and run are still keys.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) pk: i64,
    pub(super) connector_pk: i64,
    pub(super) run_pk: Option<i64>,
    diagnostic_id: Uuid,
    target_model: TargetModel,
    tool_name: Option<String>,
    pub(super) reason: Reason,
    http_status: Option<u16>,
    detail: String,
    pub(super) occurred_at: DateTime<Utc>,
    pub(super) created_at: DateTime<Utc>,
    updated_at: Option<DateTime<Utc>>,
    deleted_at: Option<DateTime<Utc>>,
    context: Option<Value>,
    fingerprint: String,
}

impl<'r> FromRow<'r, PgRow> for Row {
    fn from_row(row: &'r PgRow) -> Result<Self, sqlx::Error> {
        let raw = Raw(row);
        Ok(Self {
            pk: raw.some(0, Raw::number)?,
            diagnostic_id: raw.some(1, Raw::uuid)?,
            target_model: word(raw.some(2, Raw::text)?)?,
            tool_name: raw.string(3)?,
            reason: word(raw.some(4, Raw::text)?)?,
            http_status: raw.integer(5)?.and_then(|it| it.try_into().ok()),
            detail: raw.some(6, Raw::string)?,
            occurred_at: raw.some(7, Raw::time)?,
            created_at: raw.some(8, Raw::time)?,
            updated_at: raw.time(9)?,
            deleted_at: raw.time(10)?,
            connector_pk: raw.some(11, Raw::number)?,
            run_pk: raw.number(12)?,
            context: raw.json(13)?,
            fingerprint: raw.some(14, Raw::string)?,
        })
    }
}

impl<'r> FromRow<'r, SqliteRow> for Row {
    fn from_row(row: &'r SqliteRow) -> Result<Self, sqlx::Error> {
        let status: Option<i32> = row.try_get(5)?;
        let context: Option<Json<Value>> = row.try_get(13)?;
        Ok(Self {
            pk: row.try_get(0)?,
            diagnostic_id: row.try_get(1)?,
            target_model: word(row.try_get(2)?)?,
            tool_name: row.try_get(3)?,
            reason: word(row.try_get(4)?)?,
            http_status: status.and_then(|it| it.try_into().ok()),
            detail: row.try_get(6)?,
            occurred_at: row.try_get(7)?,
            created_at: row.try_get(8)?,
            updated_at: row.try_get(9)?,
            deleted_at: row.try_get(10)?,
            connector_pk: row.try_get(11)?,
            run_pk: row.try_get(12)?,
            context: context.map(|it| it.0),
            fingerprint: row.try_get(14)?,
        })
    }
}

fn word<T: std::str::FromStr<Err = domain::words::UnknownWord>>(
    text: &str,
) -> Result<T, sqlx::Error> {
    text.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)))
}

impl Row {
    pub(super) fn into_diagnostic(
        self,
        workspace: WorkspaceId,
        workspace_connector: WorkspaceConnectorId,
        sync_log: Option<SyncLogId>,
    ) -> Diagnostic {
        Diagnostic {
            diagnostic_id: DiagnosticId(self.diagnostic_id),
            target_model: self.target_model,
            tool_name: self.tool_name,
            reason: self.reason,
            http_status: self.http_status,
            detail: self.detail,
            occurred_at: self.occurred_at,
            created_at: self.created_at,
            updated_at: self.updated_at,
            deleted_at: self.deleted_at,
            workspace,
            workspace_connector,
            sync_log,
            context: self.context,
            fingerprint: self.fingerprint,
        }
    }
}

/// A new row, ready for a statement.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(super) tenant: Tenant,
    pub(super) connector_pk: i64,
    pub(super) run_pk: Option<i64>,
    pub(super) new: NewDiagnostic,
    pub(super) occurred_at: DateTime<Utc>,
    pub(super) now: DateTime<Utc>,
    pub(super) context: Option<String>,
    pub(super) fingerprint: String,
    pub(super) idempotency: Option<Idempotency>,
}

/// What the database made of a row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Made {
    pub(super) diagnostic_id: Uuid,
}

impl Prepared {
    pub(super) fn retention(&self) -> Retention {
        self.tenant.retention
    }

    pub(super) fn status(&self) -> Option<i32> {
        self.new.http_status.map(i32::from)
    }

    pub(super) fn into_diagnostic(self, made: Made) -> Diagnostic {
        let new = self.new;
        Diagnostic {
            diagnostic_id: DiagnosticId(made.diagnostic_id),
            target_model: new.target_model,
            tool_name: new.tool_name,
            reason: new.reason,
            http_status: new.http_status,
            detail: new.detail,
            occurred_at: self.occurred_at,
            created_at: self.now,
            updated_at: Some(self.now),
            deleted_at: None,
            workspace: self.tenant.workspace,
            workspace_connector: new.workspace_connector,
            sync_log: new.sync_log,
            context: new.context,
            fingerprint: self.fingerprint,
        }
    }
}
