//! Sign in with a key, and sign out.

use std::net::IpAddr;

use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use maud::{Markup, html};
use server::pages::Peer;
use server::{App, Problem};
use store::sessions::{self, Opened};
use uuid::Uuid;

use crate::answer;
use crate::form::{Open, Posted};
use crate::session::{Theme, session_cookie};
use crate::view::frame::{Frame, Place};
use crate::view::link;

pub(crate) async fn show(headers: HeaderMap, uri: Uri) -> Response {
    let back = link::parameter(&uri, "back").unwrap_or_default();
    let is_out = link::parameter(&uri, "done").as_deref() == Some("signed-out");
    let told = is_out.then_some("You are signed out.");
    answer::page(view(Theme::of(&headers), own_path(&back), told, None))
}

pub(crate) async fn enter(
    State(app): State<App>,
    Address(address): Address,
    headers: HeaderMap,
    Open(fields): Open,
) -> Result<Response, Problem> {
    app.sign_in_rates().take_by(address)?;
    let back = own_path(fields.text("back"));
    let secret = fields.text("key").trim();
    let wrong = match sessions::open(app.store(), secret, app.now()).await {
        Ok(Opened::Session(cookie)) => {
            let mut response = answer::see(back);
            answer::set_cookie(&mut response, &session_cookie(&app, Some(&cookie)));
            return Ok(response);
        }
        Ok(Opened::Operator) => {
            "This is an operator key: it makes workspaces and their first keys, and opens nothing \
             inside them. Sign in with a key of a workspace; \
             `wireline key create --workspace …` makes one."
        }
        Err(store::Error::NotFound(_)) => {
            "This key opens nothing. It may be mistyped, deactivated, deleted, or expired."
        }
        Err(
            error @ (store::Error::Conflict { .. }
            | store::Error::Invalid { .. }
            | store::Error::Busy(_)
            | store::Error::NotMigrated { .. }
            | store::Error::Sealed(_)
            | store::Error::Database { .. }),
        ) => return Err(error.into()),
    };
    let page = view(Theme::of(&headers), back, None, Some(wrong));
    Ok(answer::page_with(StatusCode::UNAUTHORIZED, page))
}

pub(crate) async fn leave(State(app): State<App>, _: Posted) -> Response {
    let mut response = answer::see("/sign-in?done=signed-out");
    answer::set_cookie(&mut response, &session_cookie(&app, None));
    response
}

fn view(theme: Theme, back: &str, told: Option<&str>, wrong: Option<&str>) -> Markup {
    let frame = Frame { title: "Sign in", place: Place::Elsewhere, trail: &[] };
    frame.in_public(
        theme,
        &html! {
            div.narrow {
                h1 { "Sign in" }
                @if let Some(told) = told { p.told role="status" { (told) } }
                p { "Paste a key of your workspace. It is kept nowhere: your browser gets a sealed session of 12 hours, which ends with the key." }
                form.sheet method="post" action="/sign-in" {
                    @if let Some(wrong) = wrong { p.wrong role="alert" #wrong { (wrong) } }
                    input type="hidden" name="back" value=(back);
                    label for="key" { "Key" }
                    input.mono id="key" type="password" name="key" required autofocus maxlength="200"
                        placeholder="wl_live_…" autocomplete="current-password" spellcheck="false"
                        aria-describedby=[wrong.map(|_| "wrong")];
                    button.primary type="submit" { "Sign in" }
                }
                p.quiet { "No key? On the machine that runs Wireline, " code { "wireline key create --workspace NAME --role read" } " prints one." }
            }
        },
    )
}

/// A path of this console, or its first page: a link cannot send anybody elsewhere.
pub(crate) fn own_path(back: &str) -> &str {
    let is_path = back.starts_with('/')
        && !back.starts_with("//")
        && !back.contains(['\\', '\n', '\r', '\t'])
        && back.bytes().all(|it| it.is_ascii_graphic())
        && !back.starts_with("/sign-");
    if is_path { back } else { "/" }
}

/// Whose tries are counted together: an address, or for IPv6 the network that one household has.
#[derive(Debug)]
pub(crate) struct Address(Uuid);

impl FromRequestParts<App> for Address {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Self::Rejection> {
        let from = parts.extensions.get::<Peer>().map(|it| it.0);
        Ok(Self(Uuid::from_u128(match from {
            None => 0,
            Some(IpAddr::V4(it)) => it.to_ipv6_mapped().to_bits(),
            Some(IpAddr::V6(it)) => it.to_bits() >> 64 << 64,
        })))
    }
}

#[cfg(test)]
mod tests {
    use super::own_path;

    #[test]
    fn one_comes_back_to_a_page_of_ours_and_nowhere_else() {
        assert_eq!(own_path("/runs/1?x=y"), "/runs/1?x=y");
        for it in [
            "//evil.example",
            "https://evil.example",
            "/\\evil.example",
            "",
            "/sign-in?back=/",
            "javascript:alert(1)",
            "/a\nb",
            "/\t/evil.example",
        ] {
            assert_eq!(own_path(it), "/", "{it}");
        }
    }
}
