//! The pages for people, which another crate makes: their routes behind our edge, and how a problem
//! looks to somebody with a browser.

use std::fmt;

use axum::Router;
use axum::http::{HeaderMap, Method, header};
use axum::response::Response;
use uuid::Uuid;

use crate::App;
use crate::problem::Problem;

/// The id of a request, in its extensions: what an answer says in `x-request-id`.
#[derive(Debug, Clone, Copy)]
pub struct RequestId(pub Uuid);

/// Who is at the other end of the connection, in the extensions of a request. A proxy, if there is one.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub std::net::IpAddr);

/// What serves people.
#[derive(Clone, Copy)]
pub struct Pages {
    /// Every page, without the state.
    pub router: fn() -> Router<App>,
    /// Methods and paths of it, so that each is measured.
    pub routes: fn() -> Vec<(Method, &'static str)>,
    /// A problem as a page, for a request with this id and these headers.
    pub problem: fn(&Problem, &str, &HeaderMap) -> Response,
}

impl Pages {
    /// No pages: problems are JSON:API documents everywhere.
    pub fn none() -> Self {
        Self { router: Router::new, routes: Vec::new, problem: |problem, id, _| problem.render(id) }
    }
}

impl fmt::Debug for Pages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pages")
    }
}

/// Does the request come from somebody who reads pages? The API answers everyone in its own form.
pub(crate) fn wants_page(path: &str, headers: &HeaderMap) -> bool {
    let takes_html = headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|it| it.to_str().ok())
        .any(|it| it.contains("text/html"));
    takes_html && !path.starts_with("/v1/") && path != "/mcp"
}
