//! Builders of rows: what a test needs around what it is about.

use chrono::{DateTime, Utc};
use domain::connector::{Role, Secret};
use domain::id::{SyncLogId, WorkspaceConnectorId};
use domain::{NewDiagnostic, Reason, TargetModel};
use store::{Tenant, api_keys, tenant, workspaces};
use uuid::Uuid;

use crate::Db;

/// The moment of the seed's example.
pub fn now() -> DateTime<Utc> {
    "2026-06-01T14:32:07Z".parse().expect("a time")
}

pub async fn workspace(db: &Db, name: &str) -> Tenant {
    workspace_with(db, workspaces::New { name: name.to_owned(), ..Default::default() }).await
}

pub async fn workspace_with(db: &Db, new: workspaces::New) -> Tenant {
    let operator = db.store.operator();
    let made = workspaces::insert(&db.store, &operator, new, now()).await.expect("a workspace");
    let id = made.workspace_id.to_string();
    tenant::of(&db.store, &operator, &id).await.expect("the workspace just made")
}

pub async fn key(db: &Db, tenant: &Tenant, role: Role) -> Secret {
    let new = api_keys::New { name: format!("{role} key"), role, expiration_at: None };
    api_keys::insert(&db.store, tenant, new, now()).await.expect("a key").1
}

/// An enabled installation of a catalogue entry of its own.
pub async fn connector(db: &Db, tenant: &Tenant) -> WorkspaceConnectorId {
    let id = Uuid::new_v4();
    let (own, entry) = (db.uuid(id), db.uuid(Uuid::new_v4()));
    let at = domain::time::rfc3339(now());
    db.run(&format!(
        "insert into connectors (connector_id, service_id, name, authorization_flow, status,
           created_at, updated_at)
         values ({entry}, 'service-{id}', 'Service', 'none', 'available', '{at}', '{at}')"
    ))
    .await;
    let workspace = db.uuid(tenant.workspace().0);
    db.run(&format!(
        "insert into workspace_connectors (workspace_connector_id, workspace_pk, connector_pk, name,
           status, address, paused, created_at, updated_at)
         select {own}, w.pk, c.pk, 'Connector', 'enabled', 'https://mcp.example', false,
           '{at}', '{at}'
           from workspaces w, connectors c
          where w.workspace_id = {workspace} and c.connector_id = {entry}"
    ))
    .await;
    WorkspaceConnectorId(id)
}

/// The connector feeds this workspace too.
pub async fn feed(db: &Db, connector: WorkspaceConnectorId, destination: &Tenant) {
    let (id, own) = (db.uuid(connector.0), db.uuid(Uuid::new_v4()));
    let at = domain::time::rfc3339(now());
    let workspace = db.uuid(destination.workspace().0);
    db.run(&format!(
        "insert into workspace_connector_sync_targets (sync_target_id, workspace_connector_pk,
           workspace_connector_id, workspace_pk, created_at, updated_at)
         select {own}, c.pk, c.workspace_connector_id, w.pk, '{at}', '{at}'
           from workspaces w, workspace_connectors c
          where w.workspace_id = {workspace} and c.workspace_connector_id = {id}"
    ))
    .await;
}

/// A run that has ended well.
pub async fn run(db: &Db, connector: WorkspaceConnectorId) -> SyncLogId {
    let id = Uuid::new_v4();
    let (own, connector) = (db.uuid(id), db.uuid(connector.0));
    let at = domain::time::rfc3339(now());
    db.run(&format!(
        "insert into workspace_connector_sync_logs (sync_log_id, workspace_pk,
           workspace_connector_pk, status, trigger_type, created_at, updated_at)
         select {own}, workspace_pk, pk, 'success', 'manual', '{at}', '{at}'
           from workspace_connectors where workspace_connector_id = {connector}"
    ))
    .await;
    SyncLogId(id)
}

/// The seed's example, of this connector.
pub fn diagnostic(workspace_connector: WorkspaceConnectorId) -> NewDiagnostic {
    NewDiagnostic {
        workspace_connector,
        target_model: TargetModel::Invoice,
        tool_name: Some("pennylane_get_invoices".to_owned()),
        reason: Reason::MappedEntitiesDropped,
        http_status: Some(200),
        detail: "Validator rejected 12/12 mapped entities: required field 'issue_date' null after \
                 JSONata mapping for tool pennylane_get_invoices"
            .to_owned(),
        occurred_at: None,
        sync_log: None,
        context: None,
        subject: None,
    }
}
