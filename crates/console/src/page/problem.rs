//! What is shown when something is refused or fails: what it was, what to try, and the id under
//! which the log has it.

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use maud::{Markup, html};
use server::Problem;

use crate::answer;
use crate::session::Theme;
use crate::view::frame::{Frame, Place};
use crate::view::text;

pub(crate) fn show(problem: &Problem, request_id: &str, headers: &HeaderMap) -> Response {
    let status = problem.status();
    let frame = Frame { title: title(status), place: Place::Elsewhere, trail: &[] };
    let page = frame.in_public(Theme::of(headers), &whole(problem, request_id));
    let mut response = answer::page_with(status, page);
    if let Some(wait) = problem.headers().get(header::RETRY_AFTER) {
        response.headers_mut().insert(header::RETRY_AFTER, wait.clone());
    }
    response
}

fn whole(problem: &Problem, request_id: &str) -> Markup {
    html! {
        div.narrow {
            h1 { (title(problem.status())) }
            (inside(problem, request_id))
            p { a href="/" { "Overview" } }
        }
    }
}

/// The same within a page whose other parts are well.
pub(crate) fn inside(problem: &Problem, request_id: &str) -> Markup {
    html! {
        div.problem role="alert" {
            @for (parameter, detail) in problem.details() {
                p {
                    @match parameter {
                        Some(name) => { code { (name) } ": " (quoted(detail)) "." }
                        None => { (quoted(&text::capital(detail))) "." }
                    }
                }
            }
            p { (advice(problem.status())) }
            p.quiet { "Request " code { (request_id) } }
        }
    }
}

/// What is between backticks is code.
fn quoted(detail: &str) -> Markup {
    html! {
        @for (at, part) in detail.split('`').enumerate() {
            @if at % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

fn title(status: StatusCode) -> &'static str {
    match status.as_u16() {
        400 | 422 => "This address cannot be read",
        401 => "Sign in",
        403 => "This is not allowed",
        404 => "There is no such page",
        405 => "This cannot be done here",
        409 => "This does not fit what is there",
        413 | 414 | 431 => "This is too large",
        429 => "Too fast",
        503 | 504 => "Wireline is busy",
        _ => "Something went wrong on our side",
    }
}

fn advice(status: StatusCode) -> &'static str {
    match status.as_u16() {
        400 | 422 => "Mend the address or the form, or begin again from the rail.",
        403 => "Sign in with a key that may, or ask whoever runs Wireline for one.",
        404 => "It may have been deleted, be past its retention, or belong to another workspace.",
        409 => "Reload the page to see what is there now.",
        429 | 503 | 504 => "Try again in a moment.",
        _ => "Try again; if it stays, give the id below to whoever runs Wireline.",
    }
}
