//! Pages as answers: whole, or with a part that takes longer sent after the rest.

use std::convert::Infallible;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use futures_util::StreamExt as _;
use futures_util::stream;
use maud::Markup;

/// Nothing is loaded from elsewhere, nothing runs or is styled in the page itself, and nobody may
/// frame it.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; \
     img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; \
     frame-ancestors 'none'";

/// Where a page that is sent in two parts is cut.
pub(crate) const CUT: &str = "\u{1}cut\u{1}";

pub(crate) fn page(markup: Markup) -> Response {
    page_with(StatusCode::OK, markup)
}

pub(crate) fn page_with(status: StatusCode, markup: Markup) -> Response {
    html(status, Body::from(markup.into_string()))
}

/// A page whose markup holds [`CUT`]: what is before it goes out at once, then the rest when it is
/// known, in the place of the cut.
pub(crate) fn streamed(
    markup: Markup,
    rest: impl Future<Output = Markup> + Send + 'static,
) -> Response {
    let text = markup.into_string();
    let (before, after) = text.split_once(CUT).unwrap_or((&text, ""));
    let (before, after) = (Bytes::from(before.to_owned()), after.to_owned());
    let rest = stream::once(async move { Bytes::from(rest.await.into_string() + &after) });
    let parts = stream::once(async move { before }).chain(rest);
    html(StatusCode::OK, Body::from_stream(parts.map(Ok::<_, Infallible>)))
}

fn html(status: StatusCode, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    guard(headers);
    response
}

/// What every answer of the console says of itself.
pub(crate) fn guard(headers: &mut HeaderMap) {
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // No address leaves for another site. Within this one a form must say where it comes from,
    // which no-referrer would hide.
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    let name = HeaderName::from_static("cross-origin-opener-policy");
    headers.insert(name, HeaderValue::from_static("same-origin"));
    headers.insert(header::VARY, HeaderValue::from_static("Cookie, Accept"));
}

/// After an act: go and look. 303, so that a reload repeats nothing.
pub(crate) fn see(to: &str) -> Response {
    let mut response = html(StatusCode::SEE_OTHER, Body::empty());
    // A path of ours, with every value encoded: it always is a header.
    let to = HeaderValue::from_str(to).unwrap_or(HeaderValue::from_static("/"));
    response.headers_mut().insert(header::LOCATION, to);
    response
}

pub(crate) fn set_cookie(response: &mut Response, cookie: &str) {
    if let Ok(cookie) = HeaderValue::from_str(cookie) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}
