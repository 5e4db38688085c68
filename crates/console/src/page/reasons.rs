//! The reasons, readable by a customer and without a key: meaning, likely causes, who acts, what to
//! do, an example.

use axum::extract::Path;
use axum::response::Response;
use domain::Reason;
use domain::catalogue::{self, Page};
use maud::{Markup, PreEscaped, html};
use server::{Problem, markdown};

use crate::answer;
use crate::session::Anybody;
use crate::view::frame::{Frame, Place};
use crate::view::{status, text};

pub(crate) async fn list(reader: Anybody) -> Response {
    let frame = Frame { title: "Reasons", place: Place::Reasons, trail: &[] };
    let main = html! {
        h1 { "Reasons" }
        p.lead { "Everything notable that happens in a sync is written down under one of these " (catalogue::pages().len()) " reasons. Each page says what it means, why it happens, who acts, and what to do." }
        div.scroll tabindex="0" role="region" aria-label="Reasons" {
            table.list {
                thead { tr { th scope="col" { "Reason" } th scope="col" { "Class" } th scope="col" { "Effect" } th scope="col" { "In a line" } th scope="col" { "Who acts" } } }
                tbody { @for page in catalogue::pages() { (row(page)) } }
            }
        }
    };
    answer::page(frame.for_anybody(&reader, &main))
}

fn row(page: &Page) -> Markup {
    html! {
        tr data-row {
            th scope="row" { a href={ "/reasons/" (page.reason) } { (page.title) } " " code { (page.reason) } }
            td { (status::class(page.class)) }
            td data-label="Effect" { (status::impact(page.impact)) }
            td { (page.summary) }
            td data-label="Who acts" { (page.who_acts.join(", ")) }
        }
    }
}

/// What `links.about` of a diagnostic points to.
pub(crate) async fn show(reader: Anybody, Path(reason): Path<String>) -> Result<Response, Problem> {
    let reason: Reason = reason.parse().map_err(|_unknown| Problem::not_found("reason"))?;
    let page = catalogue::page(reason);
    let trail = [("Reasons", "/reasons".to_owned())];
    let frame = Frame { title: &page.title, place: Place::Reasons, trail: &trail };
    Ok(answer::page(frame.for_anybody(&reader, &whole(page))))
}

fn whole(page: &Page) -> Markup {
    html! {
        article.prose {
            h1 { (page.title) }
            p.lead { (page.summary) }
            dl.facts {
                div { dt { "Reason" } dd { code { (page.reason) } } }
                div { dt { "Class" } dd { (status::class(page.class)) } }
                div { dt { "Effect" } dd { (status::impact(page.impact)) } }
                div { dt { "Stage" } dd { (page.stage) } }
                div { dt { "Who acts" } dd { (page.who_acts.join(", ")) } }
                div { dt { "Retry" } dd { (page.retry) } }
            }
            @for (title, body) in [
                ("Meaning", &page.meaning),
                ("Likely causes", &page.likely_causes),
                ("What to do", &page.what_to_do),
                ("What happens next", &page.what_happens_next),
            ] {
                h2 { (title) }
                (PreEscaped(markdown(body)))
            }
            h2 { "Example" }
            table.facts {
                caption.sr { "An example row" }
                tbody {
                    @for (name, value) in page.example.as_object().into_iter().flatten() {
                        tr { th scope="row" { (text::words(name)) } td { (text::value(value)) } }
                    }
                }
            }
        }
    }
}
