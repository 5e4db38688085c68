//! The resources, one file each.

pub(crate) mod api_keys;
pub mod connector_mappings;
pub mod connectors;
pub mod diagnostics;
pub mod governance;
pub mod health;
pub(crate) mod included;
pub(crate) mod missing;
pub(crate) mod probes;
pub(crate) mod reasons;
pub(crate) mod records;
pub(crate) mod replays;
pub mod sync_issues;
pub mod sync_logs;
pub mod transport;
pub(crate) mod viewer_links;
pub mod webhook_deliveries;
pub mod webhook_endpoints;
pub mod workspace_connectors;
pub(crate) mod workspaces;

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;

use crate::jsonapi::document::Kind;
use crate::{App, Problem};

/// Every type of resource.
pub(crate) fn kinds() -> impl Iterator<Item = &'static Kind> {
    KINDS.iter().copied().chain(records::kinds())
}

static KINDS: &[&Kind] = &[
    &diagnostics::KIND,
    &workspaces::KIND,
    &api_keys::KIND,
    &connectors::KIND,
    &workspace_connectors::KIND,
    &health::KIND,
    &connector_mappings::KIND,
    &sync_logs::KIND,
    &sync_issues::KIND,
    &webhook_endpoints::KIND,
    &webhook_endpoints::REPLAY,
    &webhook_deliveries::KIND,
    &probes::KIND,
    &replays::KIND,
    &viewer_links::KIND,
    &missing::KIND,
    &missing::PERIOD,
    &reasons::KIND,
];

/// What a path names: an id, or a word. What is no text is the name of nothing.
#[derive(Debug)]
pub(crate) struct Named(pub(crate) String);

impl FromRequestParts<App> for Named {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let path = Path::<String>::from_request_parts(parts, app).await;
        path.map(|Path(name)| Self(name)).map_err(|_not_text| Problem::not_found("resource"))
    }
}

/// The id of a path. What is no uuid is the id of nothing.
pub(crate) fn id<T: std::str::FromStr>(given: &str, what: &'static str) -> Result<T, Problem> {
    // The parser takes other spellings of a uuid as well; one resource has one address.
    let parsed = (given.len() == 36).then(|| given.parse().ok()).flatten();
    parsed.ok_or_else(|| Problem::not_found(what))
}
