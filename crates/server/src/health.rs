//! Is it alive, can it answer, and what has it counted.

use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::App;
use crate::auth::Owner;
use crate::problem::Problem;

/// The process runs.
pub(crate) async fn live() -> &'static str {
    "ok\n"
}

/// The database answers.
pub(crate) async fn ready(State(app): State<App>) -> Response {
    match app.store().check().await {
        Ok(()) => "ready\n".into_response(),
        Err(error) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "not ready");
            let retry = (header::RETRY_AFTER, HeaderValue::from_static("1"));
            (StatusCode::SERVICE_UNAVAILABLE, [retry], "not ready\n").into_response()
        }
    }
}

/// The numbers are of every tenant: for the operator, or for whoever sits at the machine.
pub(crate) struct MaySeeMetrics;

impl FromRequestParts<App> for MaySeeMetrics {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        // Behind a proxy on the same machine everyone comes from loopback.
        let is_forwarded =
            ["forwarded", "x-forwarded-for"].iter().any(|it| parts.headers.contains_key(*it));
        if app.is_loopback() && !is_forwarded {
            return Ok(Self);
        }
        Owner::from_request_parts(parts, app).await.map(|Owner(_)| Self)
    }
}

pub(crate) async fn metrics(State(app): State<App>, _: MaySeeMetrics) -> Response {
    crate::api::reasons::text("text/plain; version=0.0.4; charset=utf-8", app.meters().text())
}
