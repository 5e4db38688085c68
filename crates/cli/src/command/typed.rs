//! A server as it was typed: its connector, found or made. The same server again is the same
//! connector, whichever command made it.

use anyhow::{Context as _, Result};
use domain::connector::{Transport, plain_address};
use domain::id::{ConnectorId, WorkspaceConnectorId};
use store::query::{Condition, Op, Page, Query, Value};
use store::workspace_connectors::{self, WorkspaceConnector};
use store::{Store, Tenant, connectors};

use crate::wiring;

/// The installation at an address. One that was installed with other credentials keeps them, unless
/// new ones were typed.
pub(crate) async fn at_address(
    store: &Store,
    tenant: &Tenant,
    typed: Transport,
) -> Result<WorkspaceConnectorId> {
    let Transport::Http { url, headers } = &typed else {
        return Err(anyhow::anyhow!("a command has no address"));
    };
    let at = installed_at(store, tenant, &typed).await?;
    let meant = match at.iter().find(|it| it.url.as_deref().is_none_or(|it| asks_alike(it, url))) {
        Some(same) => Some(same),
        // Nothing was typed to tell several apart, and there is one.
        None if at.len() == 1 && headers.is_empty() && asked(url) == ["", ""] => at.first(),
        None => None,
    };
    let Some(found) = meant else {
        let slug = server::api::transport::slug(url);
        let new = connectors::New {
            name: slug.clone(),
            service_id: slug,
            address: Some(url.clone()),
            ..connectors::New::default()
        };
        let entry = connectors::insert(store, tenant, new, wiring::now())
            .await
            .context("adding the connector")?;
        return made(store, tenant, (entry.connector_id, &entry.name), typed).await;
    };
    // What does not open is replaced by what was typed.
    if !headers.is_empty() || found.url.is_none() {
        replace(store, tenant, found.id, typed).await?;
    }
    Ok(found.id)
}

/// An installation over HTTP.
struct Known {
    id: WorkspaceConnectorId,
    /// None: its seal does not open.
    url: Option<String>,
}

/// Installations whose address is this one, the newest first.
async fn installed_at(store: &Store, tenant: &Tenant, typed: &Transport) -> Result<Vec<Known>> {
    let wanted = plain_address(&typed.address());
    let page_of = async |query: Query| workspace_connectors::list(store, tenant, &query).await;
    let all = wiring::every(page_of).await.context("looking for the connector")?;
    let mut known = Vec::new();
    for it in all.iter().filter(|it| plain_address(&it.address) == wanted) {
        let id = it.workspace_connector_id;
        match workspace_connectors::transport(store, tenant, id).await {
            Ok(Transport::Http { url, .. }) => known.push(Known { id, url: Some(url) }),
            Ok(Transport::Stdio { .. }) => {}
            Err(store::Error::Sealed(_)) => known.push(Known { id, url: None }),
            Err(error) => return Err(error).with_context(|| format!("opening connector {id}")),
        }
    }
    Ok(known)
}

/// The same server for the same account: many put a key or a tenant into the query.
fn asks_alike(one: &str, other: &str) -> bool {
    plain_address(one) == plain_address(other) && asked(one) == asked(other)
}

/// What an address holds besides the server: user and query.
fn asked(url: &str) -> [&str; 2] {
    let whole = url.trim().split('#').next().unwrap_or_default();
    let (place, query) = whole.split_once('?').unwrap_or((whole, ""));
    let authority = place.split("://").nth(1).and_then(|it| it.split('/').next());
    let user = authority.and_then(|it| it.rsplit_once('@')).map_or("", |it| it.0);
    [user, query]
}

/// Adds a custom connector and its installation, or finds them: the same server again is the same
/// connector, so that a second run knows what the first one stored.
pub(crate) async fn install(
    store: &Store,
    tenant: &Tenant,
    service_id: &str,
    transport: Transport,
) -> Result<WorkspaceConnectorId> {
    let new = connectors::New {
        service_id: service_id.to_owned(),
        name: service_id.to_owned(),
        ..connectors::New::default()
    };
    let entry = connectors::insert(store, tenant, new, wiring::now())
        .await
        .context("adding the connector")?;
    if let Some(found) = installed(store, tenant, entry.connector_id).await? {
        replace(store, tenant, found.workspace_connector_id, transport).await?;
        return Ok(found.workspace_connector_id);
    }
    made(store, tenant, (entry.connector_id, service_id), transport).await
}

async fn replace(
    store: &Store,
    tenant: &Tenant,
    id: WorkspaceConnectorId,
    transport: Transport,
) -> Result<()> {
    let patch = workspace_connectors::Patch { transport: Some(transport), ..Default::default() };
    let replaced = workspace_connectors::update(store, tenant, id, patch, wiring::now()).await;
    replaced.map(drop).context("keeping how the connector is reached")
}

async fn made(
    store: &Store,
    tenant: &Tenant,
    (connector, name): (ConnectorId, &str),
    transport: Transport,
) -> Result<WorkspaceConnectorId> {
    let new = workspace_connectors::New::of(connector, name, transport);
    let made = workspace_connectors::insert(store, tenant, new, wiring::now())
        .await
        .context("installing the connector")?;
    Ok(made.workspace_connector_id)
}

/// The newest installation of a connector.
async fn installed(
    store: &Store,
    tenant: &Tenant,
    connector: ConnectorId,
) -> Result<Option<WorkspaceConnector>> {
    let of_connector = [Value::Id(connector.0)];
    let fields = workspace_connectors::FIELDS;
    let query = Query {
        conditions: vec![
            Condition::on(fields, "connector", Op::Eq, of_connector)
                .context("no field connector")?,
        ],
        page: Page { size: 1, ..Page::default() },
        ..Query::default()
    };
    let slice = workspace_connectors::list(store, tenant, &query)
        .await
        .context("looking for the connector")?;
    Ok(slice.items.into_iter().next().map(|(it, _)| it))
}

/// Names the server: its program or host for people, and a keyed digest of all that was typed, so
/// that the same command is the same connector and none of its secrets is in the name.
pub(crate) fn service_id(store: &Store, typed: &str, transport: &Transport) -> Result<String> {
    let address = transport.address();
    let known_by = match transport {
        Transport::Http { .. } => address.split("://").nth(1).and_then(|it| it.split('/').next()),
        Transport::Stdio { .. } => address.rsplit('/').next(),
    };
    let plain = |it: char| if it.is_ascii_alphanumeric() { it.to_ascii_lowercase() } else { '-' };
    let name: String = known_by.unwrap_or_default().chars().take(60).map(plain).collect();
    let digest = store.derived_key(&format!("connector {typed}"))?;
    let name = Some(name.trim_matches('-')).filter(|it| !it.is_empty()).unwrap_or("server");
    Ok(format!("{name}-{}", domain::hex(&digest[..4])))
}
