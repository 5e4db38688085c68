//! A person's way to a grant: begun here, continued in a browser, ended when the answer comes back.

use std::sync::Arc;

use domain::connector::{Secret, Transport};
use domain::grant::{Answer, Begun, Flow};
use domain::id::WorkspaceConnectorId;
use domain::redact::Redactor;
use mcp::auth;
use store::{Tenant, grants, workspace_connectors};

use crate::access;
use crate::link::Link;
use crate::run::Engine;

/// How long a person may take.
const PATIENCE_MIN: i64 = 15;

/// Each variant has a caller that acts differently on it.
#[derive(Debug, thiserror::Error)]
pub enum Failed {
    /// No such connector here, or no such authorization under way.
    #[error("there is no such {0} here")]
    NotFound(&'static str),
    /// This connector or its server cannot be authorized like this; the sentence is fit to be shown.
    #[error("{0}")]
    Unsuited(String),
    /// The authorization server said no.
    #[error("{0}")]
    Denied(String),
    /// Another attempt may succeed.
    #[error("{0}")]
    Unreachable(String),
    #[error("the database did not answer")]
    Store(#[source] store::Error),
}

impl From<store::Error> for Failed {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::NotFound(what) => Self::NotFound(what),
            other @ (store::Error::Conflict { .. }
            | store::Error::Invalid { .. }
            | store::Error::Busy(_)
            | store::Error::NotMigrated { .. }
            | store::Error::Sealed(_)
            | store::Error::Database { .. }) => Self::Store(other),
        }
    }
}

impl Engine {
    /// Connects to an installation with what it was granted and lists the tools, for a person who
    /// asks whether it can be reached. How many there are, or why not.
    pub async fn reach(
        &self,
        tenant: &Tenant,
        id: WorkspaceConnectorId,
    ) -> Result<Result<usize, mcp::Error>, store::Error> {
        let transport = workspace_connectors::transport(&self.store, tenant, id).await?;
        let redactor = Redactor::of(&transport);
        let access = Arc::new(access::Access::open(self, tenant, id, redactor).await?);
        Ok(match Link::open_with(&transport, &self.settings, &access).await {
            Ok(link) => {
                let tools = link.tools.len();
                link.close().await;
                Ok(tools)
            }
            Err(error) => Err(error),
        })
    }

    /// Finds the authorization server of a connector, makes us known to it, and says where a person
    /// gives consent. `redirect_uri`: where the answer is taken.
    pub async fn begin_authorization(
        &self,
        tenant: &Tenant,
        id: WorkspaceConnectorId,
        redirect_uri: &str,
    ) -> Result<Begun, Failed> {
        let reach = self.settings.reach;
        let transport = workspace_connectors::transport(&self.store, tenant, id).await?;
        let redactor = Redactor::of(&transport);
        let failed = |error| failed(error, &redactor);
        let Transport::Http { url, .. } = &transport else {
            let what = "a command on this machine takes no authorization; give it its variables";
            return Err(Failed::Unsuited(what.to_owned()));
        };
        let authority = auth::discover(url, reach).await.map_err(failed)?;
        let party = auth::register(authority, redirect_uri, reach).await.map_err(failed)?;
        let verifier = auth::verifier();
        let kept = serde_json::to_string(&party)
            .map_err(|_secret| Failed::Unsuited("the server cannot be noted down".to_owned()))?;
        let now = (self.clock)();
        let expires_at = now + chrono::Duration::minutes(PATIENCE_MIN);
        let flow =
            Flow { verifier: Secret::new(verifier.expose()), party: Secret::new(kept), expires_at };
        let state = grants::begin(&self.store, tenant, id, flow, now).await?;
        let url = party.authorization_url(&state, &verifier, reach).map_err(failed)?;
        Ok(Begun { url, expires_at })
    }

    /// Takes the answer: proven by its state, redeemed, and sealed.
    pub async fn finish_authorization(
        &self,
        answer: &Answer,
    ) -> Result<WorkspaceConnectorId, Failed> {
        let now = (self.clock)();
        let (tenant, id, flow) = grants::claim(&self.store, &answer.state, now).await?;
        let unsuited = |what: &str| Failed::Unsuited(what.to_owned());
        let party = access::party(&flow.party)
            .ok_or_else(|| unsuited("another version of this program began it; begin again"))?;
        if !party.is_from(answer.issuer.as_deref()) {
            return Err(Failed::Denied(
                "the answer is not from the server that was asked".to_owned(),
            ));
        }
        let Some(code) = &answer.code else {
            let word = answer.error.as_deref().filter(|it| is_word(it)).unwrap_or("no code");
            return Err(Failed::Denied(format!("consent was not given ({word})")));
        };
        let verifier = auth::Hidden::new(flow.verifier.expose());
        let secret = party.registration.client_secret.as_ref();
        let known = [code.as_str(), verifier.expose(), secret.map_or("", |it| it.expose())];
        let redactor = Redactor::new(known);
        let exchanged = party.exchange(code, &verifier, self.settings.reach).await;
        let tokens = exchanged.map_err(|error| failed(error, &redactor))?;
        let asked = party.authority.scopes.clone();
        let mut grant = access::granted(tokens, flow.party, now);
        if grant.scopes.is_empty() {
            // Not named: what was asked for (RFC 6749, 5.1).
            grant.scopes = asked;
        }
        grants::insert(&self.store, &tenant, id, &grant, (self.clock)()).await?;
        Ok(id)
    }
}

fn is_word(text: &str) -> bool {
    (1..=60).contains(&text.len()) && text.bytes().all(|it| it.is_ascii_lowercase() || it == b'_')
}

/// The server's words, without secrets.
fn failed(error: auth::Error, redactor: &Redactor) -> Failed {
    let shown = redactor.text(&error.to_string()).into_owned();
    match error {
        auth::Error::Refused { .. } | auth::Error::Unsupported { .. } => Failed::Unsuited(shown),
        auth::Error::Denied { said, .. } if said.trim().is_empty() => Failed::Denied(shown),
        auth::Error::Denied { said, .. } => {
            Failed::Denied(format!("{shown}: {}", redactor.text(said.trim())))
        }
        auth::Error::Unreachable { .. } => {
            tracing::debug!(error = &error as &dyn std::error::Error, "no authorization server");
            Failed::Unreachable(shown)
        }
    }
}
