//! The pages, one file each.

pub(crate) mod connector;
pub(crate) mod connectors;
pub(crate) mod diagnostics;
pub(crate) mod issue;
pub(crate) mod issues;
pub(crate) mod mapping;
pub(crate) mod missing;
pub(crate) mod overview;
pub(crate) mod problem;
pub(crate) mod reasons;
pub(crate) mod records;
pub(crate) mod run;
pub(crate) mod search;
pub(crate) mod settings;
pub(crate) mod sign_in;
pub(crate) mod theme;
pub(crate) mod viewer;
pub(crate) mod webhook;
pub(crate) mod webhooks;

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use server::{App, Problem};

/// The id that a path names. What is no uuid in its one spelling is the id of nothing.
#[derive(Debug)]
pub(crate) struct Named<T>(pub(crate) T);

impl<T: std::str::FromStr> FromRequestParts<App> for Named<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let path = Path::<String>::from_request_parts(parts, app).await;
        let id = path.ok().filter(|it| it.len() == 36).and_then(|it| it.parse().ok());
        id.map(Self).ok_or_else(|| Problem::not_found("page"))
    }
}
