//! Why is it missing: the way of a record through the stages, the place where it stopped, one
//! sentence, one thing to do.

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use chrono::{DateTime, Utc};
use domain::missing::{Account, Answer, Key, Question, Verdict};
use domain::reason::Stage;
use domain::{TargetModel, catalogue};
use maud::{Markup, html};
use server::{App, Problem};
use store::missing;

use crate::answer;
use crate::session::Person;
use crate::view::frame::{Frame, Place};
use crate::view::{link, text};

pub(crate) async fn show(State(app): State<App>, person: Person) -> Result<Response, Problem> {
    let asked = asked(&person.uri)?;
    let answered = match &asked {
        None => None,
        Some(question) => {
            let found = missing::find(app.store(), person.tenant(), question, person.now).await?;
            Some(found)
        }
    };
    let frame = Frame { title: "Why missing", place: Place::Records, trail: &[] };
    let main = html! {
        h1 { "Why is it missing?" }
        (form("/missing", &person.uri))
        @match &answered {
            None => p.quiet { "Ask for a record as the provider or a person calls it: an identifier, the number of an invoice, an IBAN, a name." },
            Some(it) => (whole(it, person.now)),
        }
    };
    Ok(answer::page(frame.around(&person, &main)))
}

/// What the address asks for; none: nothing yet. Names are those of `GET /v1/missing`.
pub(crate) fn asked(uri: &Uri) -> Result<Option<Question>, Problem> {
    let given = |name: &str| {
        let text = link::parameter(uri, name).map(|it| it.trim().to_owned());
        text.filter(|it| !it.is_empty())
    };
    let key = match (given("external_id"), given("number")) {
        (Some(id), _) => Key::Id(id),
        (None, Some(number)) => Key::Number(number),
        (None, None) => return Ok(None),
    };
    let wrong = |name: &'static str, detail: String| {
        Problem::parameter(server::Code::InvalidParameter, name, detail)
    };
    let model = given("target_model").unwrap_or_default();
    let model: TargetModel = model
        .parse()
        .map_err(|error: domain::words::UnknownWord| wrong("target_model", error.to_string()))?;
    let connector = given("workspace_connector")
        .map(|it| it.parse())
        .transpose()
        .map_err(|_unread| wrong("workspace_connector", "is no id".to_owned()))?;
    Ok(Some(Question { model, key, connector }))
}

/// The question, with what was asked last.
pub(crate) fn form(action: &str, uri: &Uri) -> Markup {
    let model = link::parameter(uri, "target_model").unwrap_or_else(|| "invoice".to_owned());
    let key = link::parameter(uri, "external_id").or_else(|| link::parameter(uri, "number"));
    html! {
        form.filter method="get" action=(action) role="search" aria-label="Why is a record missing?" {
            label for="model" { "Kind of record" }
            select id="model" name="target_model" {
                @for it in TargetModel::ALL {
                    option value=(it) selected[it.as_str() == model] { (text::model(*it)) }
                }
            }
            label for="key" { "Identifier, number or name" }
            input id="key" type="search" name="external_id" required maxlength="1000" value=(key.unwrap_or_default());
            @if let Some(only) = link::parameter(uri, "workspace_connector") {
                input type="hidden" name="workspace_connector" value=(only);
            }
            button.primary type="submit" { "Ask" }
        }
    }
}

fn whole(answer: &Answer, now: DateTime<Utc>) -> Markup {
    html! {
        section.answer aria-labelledby="answer" {
            h2 #answer { (text::capital(&text::model(answer.target_model))) " " span.mono { (text::short(&answer.key, 80)) } }
            p.lead { (verdict(answer.verdict)) " " (answer.says) }
            p.do-this { strong { "What to do: " } (answer.advice) }
            @if let Some(best) = answer.accounts.first() { (way(best)) (account(answer.target_model, best, now)) }
        }
        @if answer.accounts.len() > 1 {
            section aria-labelledby="others" {
                h2 #others { "Other connectors" }
                @for it in answer.accounts.iter().skip(1) {
                    details.other {
                        summary { strong { (it.connector_name) } ": " (verdict(it.verdict)) " " (it.says) }
                        p { strong { "What to do: " } (it.advice) }
                        (account(answer.target_model, it, now))
                    }
                }
            }
        }
    }
}

/// One word for where it is.
pub(crate) fn verdict(verdict: Verdict) -> Markup {
    let (look, word) = match verdict {
        Verdict::Stored => ("healthy", "Here it is."),
        Verdict::Waiting => ("degraded", "It waits."),
        Verdict::Rejected => ("failing", "It was refused."),
        Verdict::NotRead => ("failing", "It was not read."),
        Verdict::NotReached => ("degraded", "It was not reached."),
        Verdict::RejectedUnnamed => ("failing", "It may have been refused."),
        Verdict::NotSent => ("no-data", "It was not sent."),
        Verdict::NotSynced => ("never", "Nobody has looked."),
    };
    html! { span class={ "st st-" (look) } { (word) } }
}

/// The stages that a record passes, with the one where this one stopped.
fn way(it: &Account) -> Markup {
    let is_stored = it.verdict == Verdict::Stored;
    let Some(stopped) = it.stage.filter(|_| !is_stored).or(is_stored.then_some(Stage::Settle))
    else {
        return html! {};
    };
    let passed = [
        Stage::Select,
        Stage::Fetch,
        Stage::Draw,
        Stage::Apply,
        Stage::Check,
        Stage::Resolve,
        Stage::Persist,
    ];
    html! {
        ol.way aria-label="The way of the record" {
            @for stage in passed {
                @let is_here = !is_stored && stage == stopped;
                li class=(if is_here { "here-it-stopped" } else if stage < stopped { "passed" } else { "ahead" }) {
                    (stage)
                    @if is_here { span.sr { ": it stopped here" } }
                    @else if stage < stopped { span.sr { ": passed" } }
                }
            }
            li class=(if is_stored { "passed" } else { "ahead" }) { "stored" }
        }
    }
}

fn account(model: TargetModel, it: &Account, now: DateTime<Utc>) -> Markup {
    html! {
        dl.facts {
            div { dt { "Connector" } dd { a href=(link::connector(it.workspace_connector)) { (it.connector_name) } } }
            @if let Some(reason) = it.reason {
                div { dt { "Reason" } dd { a href={ "/reasons/" (reason) } { (catalogue::page(reason).title) } } }
            }
            @if let Some(field) = &it.field { div { dt { "Field" } dd { code { (field) } } } }
            @if let Some(cause) = &it.cause { div { dt { "Rule" } dd { (cause) } } }
            @for parent in &it.waits_for {
                div { dt { "Waits for" } dd {
                    a href=(link::missing(parent.model, &parent.external_id)) { (text::model(parent.model)) " " (text::short(&parent.external_id, 60)) }
                } }
            }
            @if let Some(run) = &it.run {
                div { dt { "Last run" } dd {
                    a href=(link::run(run.sync_log)) { "run " (text::id(run.sync_log)) } ", "
                    (text::time_or(run.completed_at.or(run.started_at), now, "not ended")) ", "
                    (text::of(run.fetched, "row read", "rows read"))
                    @if run.truncated { ", cut short" }
                } }
            }
            @if let Some(run) = it.complete_run { div { dt { "Last complete reading" } dd { a href=(link::run(run)) { "run " (text::id(run)) } } } }
            @if let Some(call) = &it.call {
                div { dt { "Asked with" } dd { code { (text::short(&call.tool, 80)) }
                    @if let Some(arguments) = &call.arguments { " " code.json { (text::short(&arguments.to_string(), 200)) } }
                } }
            }
        }
        @for note in &it.notes { p.note { (note) } }
        p.links {
            @if let Some(id) = it.record { a href=(link::record(model, id)) { "See the record" } }
            @if let Some(id) = it.diagnostic { a href={ "/diagnostics/" (id) } { "The row that says so" } }
        }
    }
}
