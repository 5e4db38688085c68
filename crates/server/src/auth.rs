//! Who asks: a bearer key becomes a tenant or the operator, within its rate. What a handler may do
//! is said by its argument: [`Reader`], [`Writer`], [`Admin`], [`Asker`].

use std::num::NonZeroU32;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use domain::connector::Role;
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use store::{Access, Operator, Tenant};
use uuid::Uuid;

use crate::App;
use crate::code::Code;
use crate::problem::Problem;

/// Any key of a workspace.
#[derive(Debug)]
pub(crate) struct Reader(pub(crate) Tenant);

/// A key that may record.
#[derive(Debug)]
pub(crate) struct Writer(pub(crate) Tenant);

/// A key that may change and remove.
#[derive(Debug)]
pub(crate) struct Admin(pub(crate) Tenant);

/// Any valid key, the operator's included.
#[derive(Debug)]
pub(crate) struct Asker(pub(crate) Access);

/// The operator's key alone.
#[derive(Debug)]
pub(crate) struct Owner(pub(crate) Operator);

impl FromRequestParts<App> for Asker {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let secret = bearer(&parts.headers).ok_or_else(Problem::unauthorized)?;
        let access =
            app.store().authenticate(secret, app.now()).await.map_err(|error| match error {
                store::Error::NotFound(_) => Problem::unauthorized(),
                other @ (store::Error::Conflict { .. }
                | store::Error::Invalid { .. }
                | store::Error::Busy(_)
                | store::Error::NotMigrated { .. }
                | store::Error::Sealed(_)
                | store::Error::Database { .. }) => other.into(),
            })?;
        app.rates().take(&access)?;
        Ok(Self(access))
    }
}

impl FromRequestParts<App> for Reader {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        tenant_of(parts, app, Role::Read).await.map(Self)
    }
}

impl FromRequestParts<App> for Writer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        tenant_of(parts, app, Role::Write).await.map(Self)
    }
}

impl FromRequestParts<App> for Admin {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        tenant_of(parts, app, Role::Admin).await.map(Self)
    }
}

impl FromRequestParts<App> for Owner {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        match Asker::from_request_parts(parts, app).await?.0 {
            Access::Operator(operator) => Ok(Self(operator)),
            Access::Tenant(_) => {
                Err(Problem::new(Code::Forbidden, "only an operator key may do this"))
            }
        }
    }
}

async fn tenant_of(parts: &mut Parts, app: &App, needed: Role) -> Result<Tenant, Problem> {
    match Asker::from_request_parts(parts, app).await?.0 {
        Access::Tenant(tenant) => allowed(tenant, needed),
        Access::Operator(_) => Err(Problem::new(
            Code::Forbidden,
            "an operator key makes workspaces and their keys, and opens nothing inside them",
        )),
    }
}

/// The tenant again, if its role suffices.
pub(crate) fn allowed(tenant: Tenant, needed: Role) -> Result<Tenant, Problem> {
    if tenant.role() >= needed {
        return Ok(tenant);
    }
    let detail = format!("this needs the role `{needed}`; the key has `{}`", tenant.role());
    Err(Problem::new(Code::Forbidden, detail))
}

/// The key of a request.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, secret) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let secret = secret.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !secret.is_empty()).then_some(secret)
}

/// How fast each key may ask.
#[derive(Debug)]
pub struct Rates {
    limiter: DefaultKeyedRateLimiter<Uuid>,
    clock: DefaultClock,
}

impl Rates {
    pub(crate) fn per_second(requests: NonZeroU32) -> Self {
        Self::of(Quota::per_second(requests))
    }

    pub(crate) fn per_minute(requests: NonZeroU32) -> Self {
        Self::of(Quota::per_minute(requests))
    }

    fn of(quota: Quota) -> Self {
        Self { limiter: RateLimiter::keyed(quota), clock: DefaultClock::default() }
    }

    fn take(&self, access: &Access) -> Result<(), Problem> {
        match access {
            // Operator keys share one rate: there are few, and none is used often.
            Access::Operator(_) => self.take_by(Uuid::nil()),
            Access::Tenant(tenant) => self.take_for(tenant),
        }
    }

    pub(crate) fn take_for(&self, tenant: &Tenant) -> Result<(), Problem> {
        self.take_by(tenant.key().map_or(tenant.workspace().0, |it| it.0))
    }

    /// One more of whoever has this id; a problem that says how long to wait.
    pub fn take_by(&self, id: Uuid) -> Result<(), Problem> {
        self.limiter.check_key(&id).map_err(|until| {
            let wait = until.wait_time_from(self.clock.now()).as_secs() + 1;
            let detail = format!("this comes too fast; wait {wait} s");
            Problem::wait(Code::TooManyRequests, detail, wait)
        })
    }
}
