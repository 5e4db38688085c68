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

impl<'c> Place<'c> {
    pub(crate) async fn open(context: &'c Context, named: &Named) -> Result<Self> {
        let store = wiring::store(context).await?;
        let tenant = wiring::tenant(&store, named.workspace.as_deref()).await?;
        Ok(Self { context, store, tenant })
    }
}
