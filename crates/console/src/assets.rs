//! The stylesheet and the script: compiled in, and named by what they hold, so that a browser keeps
//! them for good and never keeps an old one.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use server::Problem;
use sha2::{Digest as _, Sha256};

struct Asset {
    name: &'static str,
    content_type: &'static str,
    text: &'static str,
}

const STYLE: &Asset = &Asset {
    name: "console.css",
    content_type: "text/css; charset=utf-8",
    text: include_str!("assets/console.css"),
};
const SCRIPT: &Asset = &Asset {
    name: "console.js",
    content_type: "text/javascript; charset=utf-8",
    text: include_str!("assets/console.js"),
};
const ICON: &Asset = &Asset {
    name: "icon.svg",
    content_type: "image/svg+xml",
    text: include_str!("assets/icon.svg"),
};

static PATHS: LazyLock<[String; 3]> = LazyLock::new(|| {
    [STYLE, SCRIPT, ICON].map(|it| {
        let hash = Sha256::digest(it.text.as_bytes());
        format!("/assets/{}/{}", domain::hex(hash.get(..6).unwrap_or_default()), it.name)
    })
});

pub(crate) fn style() -> &'static str {
    &PATHS[0]
}

pub(crate) fn script() -> &'static str {
    &PATHS[1]
}

pub(crate) fn icon() -> &'static str {
    &PATHS[2]
}

pub(crate) async fn serve(Path((hash, name)): Path<(String, String)>) -> Result<Response, Problem> {
    let asked = format!("/assets/{hash}/{name}");
    let found = [STYLE, SCRIPT, ICON].into_iter().zip(PATHS.iter()).find(|it| *it.1 == asked);
    let (asset, _) = found.ok_or_else(|| Problem::not_found("file"))?;
    let mut response = asset.text.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.content_type));
    let kept = HeaderValue::from_static("public, max-age=31536000, immutable");
    headers.insert(header::CACHE_CONTROL, kept);
    Ok(response)
}
