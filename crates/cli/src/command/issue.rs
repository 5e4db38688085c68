//! `wireline issue …`: what goes wrong again and again, and what people say of it. One file a
//! command.

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use domain::id::SyncIssueId;
use store::issues::{self, Issue};

use super::place::{Named, Place, within};
use crate::Context;

mod change;
mod list;
mod show;

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    #[command(flatten)]
    named: Named,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Show the issues of a workspace, the last seen first
    List(list::Options),
    /// Show an issue: how far it reaches, its days, who changed it
    Show(show::Options),
    /// Say nothing of it until a time, a count of rows, or until it escalates
    Mute(change::Mute),
    /// It is mended; a row that comes after this brings it back
    Resolve(change::Options),
    /// Open it again: unmuted, not resolved, or seen to
    Reopen(change::Options),
    /// Keep a sentence with it, for whoever looks later
    Note(change::Note),
}

pub(crate) async fn run(context: &Context, options: &Options) -> Result<ExitCode> {
    within(context, &options.named, async |place| match &options.action {
        Action::List(options) => list::run(place, options).await,
        Action::Show(options) => show::run(place, options).await,
        Action::Mute(options) => change::mute(place, options).await,
        Action::Resolve(options) => change::resolve(place, options).await,
        Action::Reopen(options) => change::reopen(place, options).await,
        Action::Note(options) => change::note(place, options).await,
    })
    .await
    .map(|()| ExitCode::SUCCESS)
}

impl Place<'_> {
    async fn issue(&self, id: SyncIssueId) -> Result<Issue> {
        issues::find(&self.store, &self.tenant, id)
            .await
            .with_context(|| format!("opening issue {id}; `wireline issue list` shows them"))
    }
}
