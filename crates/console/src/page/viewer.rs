//! What a viewer link opens: how connectors do, in words for a customer. No details, no evidence, no
//! tools, and nothing of anybody else.

use axum::extract::{FromRequestParts, Path, State};
use axum::http::Uri;
use axum::http::request::Parts;
use axum::response::Response;
use chrono::{DateTime, Utc};
use domain::catalogue;
use domain::health::{Health, HealthState, TargetHealth};
use domain::id::WorkspaceConnectorId;
use domain::missing::{Account, Answer, Verdict};
use domain::reason::Reason;
use maud::{Markup, PreEscaped, html};
use server::{App, Problem, markdown};
use store::viewers::{self, Viewer};
use store::workspace_connectors;
use store::{Page, Query, health, missing};

use crate::answer;
use crate::page::missing::{asked, form, verdict};
use crate::session::Theme;
use crate::view::frame::{Frame, Place};
use crate::view::{status, text};

/// Connectors of a workspace that are shown.
const SHOWN: u16 = 100;

/// Who has a link, and what it opens.
#[derive(Debug)]
pub(crate) struct Guest {
    viewer: Viewer,
    token: String,
    theme: Theme,
    uri: Uri,
    now: DateTime<Utc>,
    /// The connector that the path names.
    named: Option<WorkspaceConnectorId>,
}

impl FromRequestParts<App> for Guest {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let nothing = || Problem::not_found("page");
        let path = Path::<Vec<(String, String)>>::from_request_parts(parts, app).await;
        let path = path.map_err(|_unread| nothing())?.0;
        let part = |name: &str| path.iter().find(|it| it.0 == name).map(|it| it.1.as_str());
        let token = part("token").unwrap_or_default().to_owned();
        let now = app.now();
        let viewer = match viewers::resume(app.store(), &token, now).await {
            Err(store::Error::NotFound(_)) => return Err(nothing()),
            viewer => viewer?,
        };
        app.take_rate(&viewer.tenant)?;
        let named = part("id").map(str::parse).transpose().map_err(|_unread| nothing())?;
        // A link of one connector opens no other: as if there were none.
        if named.is_some_and(|it| viewer.connector.is_some_and(|only| only != it)) {
            return Err(nothing());
        }
        let (theme, uri) = (Theme::of(&parts.headers), parts.uri.clone());
        Ok(Self { viewer, token, theme, uri, now, named })
    }
}

impl Guest {
    fn page(&self, title: &str, main: &Markup) -> Response {
        let frame = Frame { title, place: Place::Elsewhere, trail: &[] };
        let main = html! {
            (main)
            p.quiet { "This page may be read until " (text::moment(self.viewer.ends_at)) " UTC by whoever has its address." }
        };
        answer::page(frame.in_public(self.theme, &main))
    }

    fn to(&self, path: &str) -> String {
        format!("/view/{}{path}", self.token)
    }
}

/// The workspace, or the one connector.
pub(crate) async fn show(State(app): State<App>, guest: Guest) -> Result<Response, Problem> {
    match guest.viewer.connector {
        Some(id) => one(&app, &guest, id).await,
        None => all(&app, &guest).await,
    }
}

pub(crate) async fn connector(State(app): State<App>, guest: Guest) -> Result<Response, Problem> {
    let id = guest.named.ok_or_else(|| Problem::not_found("page"))?;
    one(&app, &guest, id).await
}

async fn all(app: &App, guest: &Guest) -> Result<Response, Problem> {
    let (store, tenant) = (app.store(), &guest.viewer.tenant);
    let query = Query { page: Page::first(SHOWN), ..Query::default() };
    let connectors = workspace_connectors::list(store, tenant, &query).await?;
    let connectors: Vec<_> = connectors.items.into_iter().map(|it| it.0).collect();
    let health = health::of(store, tenant, &connectors, guest.now).await?;
    let main = html! {
        h1 { "Connections of " (guest.viewer.workspace_name) }
        ul.needing {
            @for (it, health) in connectors.iter().zip(&health) {
                li {
                    (status::health(health.state))
                    a.name href=(guest.to(&format!("/connectors/{}", it.workspace_connector_id))) { (it.name) }
                    span.why { (sentence(health)) }
                    (fresh(health.fresh_until, guest.now))
                }
            }
        }
        (ask(guest))
    };
    Ok(guest.page("Connections", &main))
}

async fn one(app: &App, guest: &Guest, id: WorkspaceConnectorId) -> Result<Response, Problem> {
    let (store, tenant) = (app.store(), &guest.viewer.tenant);
    let it = match workspace_connectors::find(store, tenant, id).await {
        Err(store::Error::NotFound(_)) => return Err(Problem::not_found("page")),
        found => found?,
    };
    let health = health::of(store, tenant, std::slice::from_ref(&it), guest.now).await?;
    let health = health.into_iter().next().ok_or_else(|| Problem::not_found("page"))?;
    let main = html! {
        h1 { (it.name) }
        p.lead { (status::health(health.state)) " " (sentence(&health)) }
        p { (fresh(health.fresh_until, guest.now)) }
        h2 #kinds { "What it brings" }
        (targets(&health, guest.now))
        (reasons(&health))
        (ask(guest))
    };
    Ok(guest.page(&it.name, &main))
}

/// How a connection does, in words that anybody reads.
fn sentence(health: &Health) -> &'static str {
    match health.state {
        HealthState::Healthy => "Everything arrives.",
        HealthState::NoData => "The connection works, and there is nothing to bring.",
        HealthState::Degraded => "Some records are missing.",
        HealthState::Failing => "Most records do not arrive.",
        HealthState::NeedsReconnect => "It was disconnected. Somebody has to connect it again.",
        HealthState::NeverSynced => "Nothing was read yet.",
    }
}

fn fresh(at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Markup {
    html! { @if let Some(at) = at { span.quiet { "Complete up to " (text::time(at, now)) } } }
}

fn targets(health: &Health, now: DateTime<Utc>) -> Markup {
    let shown = health.targets.iter().filter(|it| it.state != HealthState::NeverSynced);
    html! {
        div.scroll tabindex="0" role="region" aria-label="What it brings" {
            table.list {
                thead { tr { th scope="col" { "Kind of record" } th scope="col" { "State" } th scope="col" { "Complete up to" } th scope="col" { "Why" } } }
                tbody { @for it in shown { (target(it, now)) } }
            }
        }
    }
}

fn target(it: &TargetHealth, now: DateTime<Utc>) -> Markup {
    html! {
        tr {
            th scope="row" { (text::capital(&text::model(it.target_model))) }
            td { (status::health(it.state)) }
            td data-label="Complete up to" { (text::time_or(it.fresh_until, now, "never")) }
            td { @if let Some(reason) = it.reasons.first() { a href={ "#" (reason) } { (catalogue::page(*reason).title) } } }
        }
    }
}

/// Each reason that keeps something away, from its page.
fn reasons(health: &Health) -> Markup {
    let mut all: Vec<Reason> = health.targets.iter().flat_map(|it| it.reasons.clone()).collect();
    all.sort();
    all.dedup();
    html! {
        @if !all.is_empty() {
            h2 #why { "Why, and what to do" }
            @for reason in all { (explained(reason)) }
        }
    }
}

fn explained(reason: Reason) -> Markup {
    let page = catalogue::page(reason);
    html! {
        section.prose id=(reason) {
            h3 { (page.title) }
            p { (page.summary) }
            details { summary { "What to do" } (PreEscaped(markdown(&page.what_to_do))) }
            p.quiet { "Who acts: " (page.who_acts.join(", ")) ". " a href={ "/reasons/" (reason) } { "More about this" } }
        }
    }
}

fn ask(guest: &Guest) -> Markup {
    html! {
        h2 #ask { "Is a record missing?" }
        (form(&guest.to("/missing"), &guest.uri))
    }
}

/// Why a record is missing, without what only those who run the connection should read.
pub(crate) async fn why(State(app): State<App>, guest: Guest) -> Result<Response, Problem> {
    let question = asked(&guest.uri)?;
    let answered = match question {
        None => None,
        Some(mut question) => {
            // A link of one connector asks of that one alone.
            question.connector = guest.viewer.connector.or(question.connector);
            let found =
                missing::find(app.store(), &guest.viewer.tenant, &question, guest.now).await;
            match found {
                Err(store::Error::NotFound(_)) => return Err(Problem::not_found("page")),
                found => Some(found?),
            }
        }
    };
    let main = html! {
        h1 { "Is a record missing?" }
        (form(&guest.to("/missing"), &guest.uri))
        @if let Some(it) = &answered { (told(it, guest.now)) }
        p { a href=(guest.to("")) { "Back" } }
    };
    Ok(guest.page("Is a record missing?", &main))
}

fn told(it: &Answer, now: DateTime<Utc>) -> Markup {
    html! {
        section.answer aria-labelledby="answer" {
            h2 #answer { (text::capital(&text::model(it.target_model))) " " span.mono { (text::short(&it.key, 80)) } }
            p.lead { (verdict(it.verdict)) " " (plain(it.verdict)) }
            @if let Some(best) = it.accounts.first() { (account(best, now)) }
        }
    }
}

fn account(it: &Account, now: DateTime<Utc>) -> Markup {
    html! {
        @for parent in &it.waits_for {
            p { "It belongs to " (text::model(parent.model)) " " strong { (text::short(&parent.external_id, 60)) } ", which is not here yet." }
        }
        @if let Some(run) = &it.run {
            p.quiet { "Last looked for " (text::time_or(run.completed_at.or(run.started_at), now, "just now")) "." }
        }
        @if let Some(reason) = it.reason { (explained(reason)) }
    }
}

const fn plain(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Stored => "The record is stored.",
        Verdict::Waiting => "It arrived, and another record that it belongs to has not.",
        Verdict::Rejected => "It arrived with something that is not allowed, and was not stored.",
        Verdict::NotRead => "Records of this kind could not be read the last time.",
        Verdict::NotReached => "The reading ended before all records were seen; it may come later.",
        Verdict::RejectedUnnamed => {
            "Some records without an identifier were refused; it may be among them."
        }
        Verdict::NotSent => {
            "Everything was read, and the provider did not send it. Look for it there."
        }
        Verdict::NotSynced => "Records of this kind are not brought here yet.",
    }
}
