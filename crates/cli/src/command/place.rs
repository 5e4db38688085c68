//! What the commands on one workspace work on.

use anyhow::Result;
use store::{Store, Tenant};

use crate::{Context, wiring};

/// The options of every such command.
#[derive(Debug, clap::Args)]
pub(crate) struct Named {
    /// Workspace id or external id; else the local workspace
    #[arg(long, global = true)]
    workspace: Option<String>,
}

/// A workspace, opened.
pub(crate) struct Place<'c> {
    pub(crate) context: &'c Context,
    pub(crate) store: Store,
    pub(crate) tenant: Tenant,
}

/// Opens a workspace, acts in it, and closes the store whatever came of that: what every command on
/// one workspace is.
pub(crate) async fn within<T>(
    context: &Context,
    named: &Named,
    act: impl AsyncFnOnce(&Place<'_>) -> Result<T>,
) -> Result<T> {
    let store = wiring::store(context).await?;
    let tenant = wiring::tenant(&store, named.workspace.as_deref()).await?;
    let place = Place { context, store, tenant };
    let done = act(&place).await;
    place.store.close().await;
    done
}
