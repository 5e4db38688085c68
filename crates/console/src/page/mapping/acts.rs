//! Changes of a mapping, and tries of one.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::id::ConnectorMappingId;
use server::api::connector_mappings::slot_pin;
use server::replay::{self, Change, Failed};
use server::{App, Code, Problem};
use store::mappings::{self, Mapping, Patch, SlotPin};

use super::{framed, name, replayed};
use crate::answer;
use crate::form::{Changing, Fields, Posted, Writing};
use crate::page::Named;
use crate::session::Refused;
use crate::view::link;

/// Shows what a change would do, on the records that are kept. Nothing is saved.
pub(crate) async fn try_out(
    State(app): State<App>,
    Named(id): Named<ConnectorMappingId>,
    Writing(posted): Writing,
) -> Result<Response, Refused> {
    let person = &posted.person;
    let it = mappings::find(app.store(), person.tenant(), id).await?;
    let connector = name(&app, person, &it).await?;
    let tried = match change(&posted.fields, &it) {
        Err(why) => Err(why),
        Ok(change) => {
            let place = (app.store(), person.tenant());
            match replay::replay(place, &app.settings().sandbox, id, change, person.now).await {
                Ok(replayed) => Ok(replayed),
                Err(Failed::Store(error)) => return Err(error.into()),
                Err(failed) => Err(failed.to_string()),
            }
        }
    };
    let status = if tried.is_ok() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let main = replayed::view(person, &it, &posted.fields, &tried);
    Ok(answer::page_with(status, framed(person, &it, &connector, &main)))
}

fn change(fields: &Fields, it: &Mapping) -> Result<Change, String> {
    match fields.text("kind") {
        "version" => {
            let version = fields.text("version").parse();
            version.map(Change::Version).map_err(|_unread| "say which version".to_owned())
        }
        "pin" => asked_pin(fields, it, "tried").map(Change::Pin),
        "redraw" => Ok(Change::Redraw),
        "expression" if !fields.text("expression").trim().is_empty() => {
            Ok(Change::Expression(fields.text("expression").to_owned()))
        }
        _ => Err("say what is to be tried".to_owned()),
    }
}

fn asked_pin(fields: &Fields, it: &Mapping, reason: &str) -> Result<SlotPin, String> {
    let path = Some(fields.text("path").trim()).filter(|it| !it.is_empty());
    slot_pin(it.model, fields.text("slot"), path, reason)
}

pub(crate) async fn pin(
    State(app): State<App>,
    Named(id): Named<ConnectorMappingId>,
    Changing(posted): Changing,
) -> Result<Response, Refused> {
    let it = mappings::find(app.store(), posted.person.tenant(), id).await?;
    let reason = posted.fields.text("reason").trim();
    let reason = if reason.is_empty() { "pinned in the console" } else { reason };
    let pin = asked_pin(&posted.fields, &it, reason)
        .map_err(|why| Problem::new(Code::InvalidMember, why))?;
    let patch = Patch { pins: vec![pin], ..Patch::default() };
    changed(&app, &posted, id, patch, "pinned").await
}

pub(crate) async fn unpin(
    State(app): State<App>,
    Named(id): Named<ConnectorMappingId>,
    Changing(posted): Changing,
) -> Result<Response, Refused> {
    let unpins = vec![posted.fields.text("slot").to_owned()];
    changed(&app, &posted, id, Patch { unpins, ..Patch::default() }, "unpinned").await
}

pub(crate) async fn regenerate(
    State(app): State<App>,
    Named(id): Named<ConnectorMappingId>,
    Changing(posted): Changing,
) -> Result<Response, Refused> {
    let patch = Patch { regenerate: true, ..Patch::default() };
    changed(&app, &posted, id, patch, "regenerating").await
}

pub(crate) async fn restore(
    State(app): State<App>,
    Named(id): Named<ConnectorMappingId>,
    Changing(posted): Changing,
) -> Result<Response, Refused> {
    let patch = Patch { restore: true, ..Patch::default() };
    changed(&app, &posted, id, patch, "restored").await
}

async fn changed(
    app: &App,
    posted: &Posted,
    id: ConnectorMappingId,
    patch: Patch,
    done: &str,
) -> Result<Response, Refused> {
    let (tenant, now) = (posted.person.tenant(), posted.person.now);
    let changed = mappings::update(app.store(), tenant, id, &patch, now).await?;
    Ok(answer::see(&link::to(&link::mapping(changed.id), &[("done", done)])))
}
