//! The token of a run: taken from its seal, renewed before it expires and once when it is refused,
//! by one process at a time.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::connector::Secret;
use domain::grant::Grant;
use domain::id::WorkspaceConnectorId;
use domain::redact::Redactor;
use mcp::auth::{Hidden, Party, Tokens};
use store::grants::{self, Held};
use store::{Store, Tenant};
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep};

use crate::run::Engine;

/// A token this close to its end is renewed before it is used.
const MARGIN_S: i64 = 60;
/// How often a renewal by another process is looked for.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// What a run may present to its server.
pub(crate) struct Access {
    engine: Engine,
    tenant: Tenant,
    connector: WorkspaceConnectorId,
    /// None: the configuration alone must do.
    held: Mutex<Option<Held>>,
    bearer: mcp::Bearer,
    /// The run's own: it learns each token before the server can repeat it.
    redactor: Redactor,
    /// A renewal was attempted in this run.
    tried: AtomicBool,
    /// The token of the moment has been accepted.
    worked: AtomicBool,
    /// The authorization server will give no more tokens: only a person can help.
    ended: AtomicBool,
}

/// What a refused renewal means.
enum Verdict {
    /// The refresh token is spent: only a person can help.
    Over,
    Later,
}

impl Access {
    pub(crate) async fn open(
        engine: &Engine,
        tenant: &Tenant,
        connector: WorkspaceConnectorId,
        redactor: Redactor,
    ) -> Result<Self, store::Error> {
        let held = grants::find(&engine.store, tenant, connector).await?;
        let bearer = mcp::Bearer::default();
        if let Some(held) = &held {
            redactor.learn(secrets(&held.grant).iter().map(String::as_str));
            bearer.set(held.grant.access_token.expose());
        }
        Ok(Self {
            redactor,
            engine: engine.clone(),
            tenant: tenant.clone(),
            connector,
            held: Mutex::new(held),
            bearer,
            tried: AtomicBool::new(false),
            worked: AtomicBool::new(false),
            ended: AtomicBool::new(false),
        })
    }

    pub(crate) fn bearer(&self) -> mcp::Bearer {
        self.bearer.clone()
    }

    pub(crate) fn refresh_tried(&self) -> bool {
        self.tried.load(Ordering::Relaxed)
    }

    /// Whether a person must authorize again before anything can be read.
    pub(crate) fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Relaxed)
    }

    /// The server took the token.
    pub(crate) fn accepted(&self) {
        self.worked.store(true, Ordering::Relaxed);
    }

    /// What was granted, as far as it is known.
    pub(crate) async fn scopes(&self) -> Vec<String> {
        self.held.lock().await.as_ref().map(|it| it.grant.scopes.clone()).unwrap_or_default()
    }

    /// The scopes of these that were not granted.
    pub(crate) async fn lacks(&self, scopes: &[String]) -> Vec<String> {
        if scopes.is_empty() {
            return Vec::new();
        }
        self.held.lock().await.as_ref().map(|it| it.grant.lacks(scopes)).unwrap_or_default()
    }

    /// Renews a token that is about to expire.
    pub(crate) async fn freshen(&self) {
        let mut held = self.held.lock().await;
        let margin = chrono::Duration::seconds(MARGIN_S);
        let is_stale = held.as_ref().is_some_and(|it| it.grant.is_stale(self.now(), margin));
        if is_stale && !self.has_ended() {
            self.renew(&mut held).await;
        }
    }

    /// The server refused the token: whether there is another now. Once only until it works, since a
    /// token that is refused when it is new will be refused again.
    pub(crate) async fn refused(&self) -> bool {
        let mut held = self.held.lock().await;
        let is_worth_it = !self.refresh_tried() || self.worked.load(Ordering::Relaxed);
        is_worth_it && !self.has_ended() && self.renew(&mut held).await
    }

    fn now(&self) -> DateTime<Utc> {
        (self.engine.clock)()
    }

    async fn renew(&self, held: &mut Option<Held>) -> bool {
        let Some(old) = held.take() else { return false };
        let renewed = self.renewed(&old).await.unwrap_or_else(|error| {
            tracing::warn!(error = &error as &dyn std::error::Error, "token not renewed");
            None
        });
        let is_new = renewed.is_some();
        let held = held.insert(renewed.unwrap_or(old));
        if is_new {
            self.worked.store(false, Ordering::Relaxed);
            self.redactor.learn(secrets(&held.grant).iter().map(String::as_str));
            self.bearer.set(held.grant.access_token.expose());
        }
        is_new
    }

    /// The next generation, from us or from whoever was faster.
    async fn renewed(&self, old: &Held) -> Result<Option<Held>, store::Error> {
        let (store, tenant, id) = self.place();
        let until = Instant::now() + grants::LEASE;
        loop {
            let found = grants::find(store, tenant, id).await?;
            let Some(held) = found else { return Ok(None) };
            if held.generation != old.generation {
                self.tried.store(true, Ordering::Relaxed);
                return Ok(Some(held));
            }
            let Some(refresh) = &held.grant.refresh_token else {
                self.ended.store(true, Ordering::Relaxed);
                return Ok(None);
            };
            if grants::lease(store, tenant, id, held.generation, self.now()).await? {
                self.tried.store(true, Ordering::Relaxed);
                return self.refresh(&held, refresh).await;
            }
            if Instant::now() >= until {
                return Ok(None);
            }
            sleep(LOOK_EVERY).await;
        }
    }

    /// Under the lease.
    async fn refresh(&self, held: &Held, refresh: &Secret) -> Result<Option<Held>, store::Error> {
        let (store, tenant, id) = self.place();
        let now = self.now();
        let Some(party) = party(&held.grant.party) else {
            self.ended.store(true, Ordering::Relaxed);
            return Ok(None);
        };
        let refresh = Hidden::new(refresh.expose());
        let asked = party.refresh(&refresh, self.engine.settings.reach);
        let grant = match asked.await.map_err(|error| self.noted(&error)) {
            Ok(tokens) => renewed_grant(&held.grant, tokens, now),
            Err(Verdict::Over) => {
                self.ended.store(true, Ordering::Relaxed);
                Grant { refresh_token: None, ..held.grant.clone() }
            }
            Err(Verdict::Later) => {
                grants::release(store, tenant, id, held.generation, now).await?;
                return Ok(None);
            }
        };
        let next = Held { generation: held.generation, grant };
        let is_ours = grants::update(store, tenant, id, &next, now).await?;
        if self.has_ended() {
            return Ok(None);
        }
        match is_ours {
            true => Ok(Some(Held { generation: held.generation + 1, ..next })),
            false => grants::find(store, tenant, id).await,
        }
    }

    /// Why no token came, for the log.
    fn noted(&self, error: &mcp::auth::Error) -> Verdict {
        match error {
            mcp::auth::Error::Denied { code, said } => {
                let said = self.redactor.text(said);
                tracing::warn!(connector.id = %self.connector, %code, %said, "token not renewed");
                Verdict::Over
            }
            mcp::auth::Error::Refused { .. }
            | mcp::auth::Error::Unreachable { .. }
            | mcp::auth::Error::Unsupported { .. } => {
                let error = error as &dyn std::error::Error;
                tracing::warn!(connector.id = %self.connector, error, "token not renewed");
                Verdict::Later
            }
        }
    }

    fn place(&self) -> (&Store, &Tenant, WorkspaceConnectorId) {
        (&self.engine.store, &self.tenant, self.connector)
    }
}

pub(crate) fn party(kept: &Secret) -> Option<Party> {
    serde_json::from_str(kept.expose()).ok()
}

/// A refresh token that is not replaced stays good, and scopes that are not named stay as they were.
fn renewed_grant(old: &Grant, tokens: Tokens, now: DateTime<Utc>) -> Grant {
    Grant {
        refresh_token: tokens
            .refresh
            .as_ref()
            .map(|it| Secret::new(it.expose()))
            .or_else(|| old.refresh_token.clone()),
        scopes: tokens.scopes.clone().unwrap_or_else(|| old.scopes.clone()),
        ..granted(tokens, old.party.clone(), now)
    }
}

pub(crate) fn granted(tokens: Tokens, party: Secret, now: DateTime<Utc>) -> Grant {
    let lasts = tokens.expires_in_s.and_then(|it| i64::try_from(it).ok());
    Grant {
        access_token: Secret::new(tokens.access.expose()),
        refresh_token: tokens.refresh.map(|it| Secret::new(it.expose())),
        expires_at: lasts
            .and_then(chrono::Duration::try_seconds)
            .and_then(|it| now.checked_add_signed(it))
            .map(domain::time::to_millis),
        scopes: tokens.scopes.unwrap_or_default(),
        party,
    }
}

fn secrets(grant: &Grant) -> Vec<String> {
    let client = party(&grant.party).and_then(|it| it.registration.client_secret);
    [
        Some(grant.access_token.expose().to_owned()),
        grant.refresh_token.as_ref().map(|it| it.expose().to_owned()),
        client.map(|it| it.expose().to_owned()),
    ]
    .into_iter()
    .flatten()
    .collect()
}
