//! Puts the parts together: log, store, engine, the workspace of this machine.

use anyhow::{Context as _, Result};
use chrono::{DateTime, Utc};
use server::authorizations::Authorizations;
use store::{Edge, Page, Query, Slice, Store, Tenant};

use crate::Context;

/// The workspace that commands use when none is named.
pub(crate) const LOCAL: &str = "local";

/// The edge that reads the clock.
#[expect(clippy::disallowed_methods, reason = "the edge reads the clock, once")]
pub(crate) fn now() -> DateTime<Utc> {
    Utc::now()
}

/// The store. The embedded database is migrated on the way: nobody else could be using an older
/// schema of it. PostgreSQL is migrated by `wireline migrate` alone.
pub(crate) async fn store(context: &Context) -> Result<Store> {
    let place = context.config.place()?;
    if matches!(place, store::Place::Sqlite { .. }) {
        Store::migrate(&place)
            .await
            .with_context(|| format!("preparing the database ({})", named(&place)))?;
    }
    opened(context, &place).await
}

/// A database that is migrated.
pub(crate) async fn opened(context: &Context, place: &store::Place) -> Result<Store> {
    Store::open(place, context.config.store()?)
        .await
        .with_context(|| format!("opening the database ({})", named(place)))
}

/// Where the data is, without a password.
pub(crate) fn named(place: &store::Place) -> String {
    match place {
        store::Place::Sqlite { data } => format!("SQLite in {}", data.display()),
        store::Place::Postgres { url } => {
            let plain = url.expose().split('?').next().unwrap_or_default();
            let host = plain.rsplit_once('@').map_or(plain, |(_, host)| host);
            format!("PostgreSQL at {}", host.trim_start_matches("postgres://"))
        }
    }
}

/// A workspace by its id or external id; without one, the workspace of this machine, made when it
/// is first needed.
pub(crate) async fn tenant(store: &Store, workspace: Option<&str>) -> Result<Tenant> {
    let operator = store.operator();
    let name = workspace.unwrap_or(LOCAL);
    match store::tenant::of(store, &operator, name).await {
        Err(store::Error::NotFound(_)) if workspace.is_none() => {
            let new = store::workspaces::New {
                name: "Local".to_owned(),
                external_workspace_id: Some(LOCAL.to_owned()),
                ..Default::default()
            };
            store::workspaces::insert(store, &operator, new, now())
                .await
                .context("making the local workspace")?;
            store::tenant::of(store, &operator, LOCAL).await.context("opening the local workspace")
        }
        found => found.with_context(|| {
            format!("opening workspace {name}; `wireline workspace list` shows them all")
        }),
    }
}

/// Every row of a list, a page at a time.
pub(crate) async fn every<T, F>(mut page_of: impl FnMut(Query) -> F) -> Result<Vec<T>, store::Error>
where
    F: Future<Output = Result<Slice<T>, store::Error>>,
{
    let mut all = Vec::new();
    let mut query = Query { page: Page::first(Page::SIZE_MAX), ..Query::default() };
    loop {
        let slice = page_of(query.clone()).await?;
        let last = slice.items.last().map(|(_, mark)| mark.clone());
        all.extend(slice.items.into_iter().map(|(it, _)| it));
        match last.filter(|_| slice.has_after) {
            Some(mark) => query.page.at = Some(Edge::After(mark)),
            None => return Ok(all),
        }
    }
}

/// The engine. `is_local`: only a person of this machine can ask it for anything.
pub(crate) fn engine(context: &Context, store: &Store, is_local: bool) -> engine::Engine {
    let sandbox = context.config.sandbox();
    let seats = context.config.seats().unwrap_or_else(|error| {
        // They were checked when the settings were read.
        tracing::error!(%error, "the seats of mapping.seats cannot be had; the usual ones draw");
        engine::Seats::default()
    });
    let settings = engine::Settings { sandbox, seats, ..context.config.engine(is_local) };
    engine::Engine {
        recorder: engine::Recorder::start(store.clone(), settings.findings_kept, now),
        store: store.clone(),
        settings,
        clock: now,
    }
}

/// What tries an address for the API.
pub(crate) fn probes(settings: engine::Settings) -> server::Probes {
    server::Probes::new(move |transport| {
        let settings = settings.clone();
        Box::pin(async move { engine::probe(&transport, &settings).await })
    })
}

/// Consent of people, carried out by the engine.
pub(crate) fn authorizations(engine: engine::Engine) -> Authorizations {
    let finishing = engine.clone();
    Authorizations::new(
        move |tenant, connector, redirect| {
            let engine = engine.clone();
            Box::pin(async move {
                let begun = engine.begin_authorization(&tenant, connector, &redirect).await;
                begun.map_err(not_authorized)
            })
        },
        move |answer| {
            let engine = finishing.clone();
            Box::pin(async move {
                engine.finish_authorization(&answer).await.map(drop).map_err(not_authorized)
            })
        },
    )
}

fn not_authorized(failed: engine::Failed) -> server::authorizations::Failed {
    use server::authorizations::Failed;
    match failed {
        engine::Failed::NotFound(what) => Failed::NotFound(what),
        engine::Failed::Unsuited(why)
        | engine::Failed::Denied(why)
        | engine::Failed::Unreachable(why) => Failed::Refused(why),
        engine::Failed::Store(error) => Failed::Store(error),
    }
}
