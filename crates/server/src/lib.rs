//! The HTTP API: JSON:API 1.1 at `/v1`, its documentation, health and metrics.
//!
//! A request is two functions: a handler of [`api`], whose arguments say who may ask and what it
//! takes, and a function of the store. Start reading at [`routes::ALL`].

use std::fmt;
use std::future::Future;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::id::SyncLogId;
use sandbox::Sandbox;
use store::{Store, Tenant};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

pub mod api;
mod auth;
pub mod authorizations;
mod code;
mod docs;
mod edge;
mod health;
mod jsonapi;
pub mod listing;
pub mod mcp;
mod openapi;
pub mod pages;
mod probes;
mod problem;
pub mod replay;
pub mod routes;
mod serve;

pub use auth::Rates;
pub use code::Code;
pub use docs::markdown;
pub use pages::Pages;
pub use probes::Probes;
pub use problem::Problem;

use authorizations::Authorizations;
use edge::Meters;
use jsonapi::cursor::Cursors;

/// What the operator may set.
#[derive(Clone)]
pub struct Settings {
    /// Longest time to an answer's head; streams go on after it.
    pub request_timeout: Duration,
    /// Largest body, in bytes.
    pub body_limit: usize,
    /// Requests per second for each key, and the burst.
    pub requests_per_s: u32,
    /// Shortest time between two runs of one connector.
    pub min_gap: Duration,
    /// When a new installation is synced for the first time; None: when it is asked for.
    pub initial_after: Option<Duration>,
    /// Seals cursors and stream positions; None: made at start, so they end with the process.
    pub cursor_key: Option<[u8; 32]>,
    /// How often an idle stream says that it lives.
    pub heartbeat: Duration,
    /// Where people reach this server: authorization servers send them back there. None: nobody can
    /// authorize a connector over the API.
    pub public_url: Option<String>,
    /// Begins and ends authorizations of connectors.
    pub authorizations: Authorizations,
    /// May an installation of the API start commands on this machine?
    pub allows_stdio: bool,
    /// What tries an address.
    pub probes: Probes,
    /// How often one key may probe in a minute.
    pub probes_per_min: u32,
    /// What judges a mapping that a person wrote.
    pub sandbox: Sandbox,
    /// The pages for people.
    pub pages: Pages,
    /// How often an address may try to sign in, in a minute.
    pub sign_ins_per_min: u32,
    pub clock: fn() -> DateTime<Utc>,
}

impl Default for Settings {
    fn default() -> Self {
        #[expect(clippy::disallowed_methods, reason = "the edge reads the clock")]
        let clock = Utc::now;
        Self {
            request_timeout: Duration::from_secs(30),
            body_limit: 8 * 1024 * 1024,
            requests_per_s: 50_000,
            min_gap: Duration::from_secs(60),
            initial_after: None,
            cursor_key: None,
            heartbeat: Duration::from_secs(15),
            public_url: None,
            authorizations: Authorizations::none(),
            allows_stdio: false,
            probes: Probes::none(),
            probes_per_min: 20,
            sandbox: Sandbox::none(),
            pages: Pages::none(),
            sign_ins_per_min: 10,
            clock,
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("request_timeout", &self.request_timeout)
            .field("body_limit", &self.body_limit)
            .field("requests_per_s", &self.requests_per_s)
            .field("min_gap", &self.min_gap)
            .finish_non_exhaustive()
    }
}

/// Who is told of a run that was scheduled. Workers claim it from the queue without being told.
#[derive(Clone)]
pub struct Syncs(Arc<dyn Fn(Tenant, SyncLogId) + Send + Sync>);

impl Syncs {
    pub fn new(start: impl Fn(Tenant, SyncLogId) + Send + Sync + 'static) -> Self {
        Self(Arc::new(start))
    }

    /// Nobody: workers look by themselves.
    pub fn none() -> Self {
        Self::new(|_, _| {})
    }

    pub(crate) fn start(&self, tenant: Tenant, run: SyncLogId) {
        (self.0)(tenant, run);
    }
}

impl fmt::Debug for Syncs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Syncs")
    }
}

/// The state of the server; cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Inner>);

struct Inner {
    store: Store,
    syncs: Syncs,
    settings: Settings,
    rates: Rates,
    probe_rates: Rates,
    sign_in_rates: Rates,
    cursors: Cursors,
    meters: Meters,
    /// Ends streams when the server stops.
    stop: CancellationToken,
    is_loopback: AtomicBool,
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App").field("store", &self.0.store).finish_non_exhaustive()
    }
}

impl App {
    pub fn new(store: Store, syncs: Syncs, settings: Settings) -> Self {
        let rate = NonZeroU32::new(settings.requests_per_s).unwrap_or(NonZeroU32::MIN);
        let key = settings.cursor_key.unwrap_or_else(rand::random);
        Self(Arc::new(Inner {
            store,
            syncs,
            rates: Rates::per_second(rate),
            probe_rates: Rates::per_minute(
                NonZeroU32::new(settings.probes_per_min).unwrap_or(NonZeroU32::MIN),
            ),
            sign_in_rates: Rates::per_minute(
                NonZeroU32::new(settings.sign_ins_per_min).unwrap_or(NonZeroU32::MIN),
            ),
            cursors: Cursors::new(&key),
            meters: Meters::new(&settings.pages),
            stop: CancellationToken::new(),
            is_loopback: AtomicBool::new(false),
            settings,
        }))
    }

    pub fn store(&self) -> &Store {
        &self.0.store
    }

    pub(crate) fn syncs(&self) -> &Syncs {
        &self.0.syncs
    }

    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// The time, from the clock of the settings.
    pub fn now(&self) -> DateTime<Utc> {
        (self.0.settings.clock)()
    }

    /// One more request of the tenant's key, by whichever door; a problem if it comes too fast.
    pub fn take_rate(&self, tenant: &Tenant) -> Result<(), Problem> {
        self.0.rates.take_for(tenant)
    }

    /// Tells whoever waits for runs of one that was scheduled.
    pub fn start_run(&self, tenant: Tenant, run: SyncLogId) {
        self.0.syncs.start(tenant, run);
    }

    /// Where whoever has this token reads: where people reach us, else by its path alone.
    pub fn viewer_url(&self, token: &str) -> String {
        let base = self.0.settings.public_url.as_deref().unwrap_or_default();
        format!("{}/view/{token}", base.trim_end_matches('/'))
    }

    /// How fast each address may try keys.
    pub fn sign_in_rates(&self) -> &Rates {
        &self.0.sign_in_rates
    }

    pub(crate) fn rates(&self) -> &Rates {
        &self.0.rates
    }

    pub(crate) fn probe_rates(&self) -> &Rates {
        &self.0.probe_rates
    }

    pub(crate) fn cursors(&self) -> &Cursors {
        &self.0.cursors
    }

    pub(crate) fn meters(&self) -> &Meters {
        &self.0.meters
    }

    /// Ends when the server stops: streams have no end of their own.
    pub fn stop(&self) -> &CancellationToken {
        &self.0.stop
    }

    /// Only this machine can reach us: metrics need no key then.
    pub(crate) fn is_loopback(&self) -> bool {
        self.0.is_loopback.load(Ordering::Relaxed)
    }

    fn mark_loopback(&self) {
        self.0.is_loopback.store(true, Ordering::Relaxed);
    }
}

/// Every route, behind the edge (ids, time-outs, errors, metrics).
pub fn router(app: App) -> axum::Router {
    routes::router(app)
}

/// Answers until `shutdown`, then finishes what is under way.
pub async fn serve(
    app: App,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    serve::serve(app, listener, shutdown).await
}
