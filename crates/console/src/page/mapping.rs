//! One mapping: a sample that comes in, the plan slot by slot, the entity that goes out; versions and
//! what sets them apart; and what may be changed, tried first.

use axum::extract::State;
use axum::response::Response;
use domain::id::ConnectorMappingId;
use mapping::plan::Plan;
use maud::{Markup, html};
use server::replay::{self, Outcomes};
use server::{App, Problem};
use store::mappings::{self, Mapping, SlotPin};
use store::workspace_connectors;

use crate::answer;
use crate::page::Named;
use crate::session::Person;
use crate::view::frame::{Frame, Place};
use crate::view::{link, text};

mod acts;
mod columns;
mod forms;
mod replayed;
mod versions;

pub(crate) use acts::{pin, regenerate, restore, try_out, unpin};

/// What the page shows.
struct Shown {
    it: Mapping,
    /// None: written as free-form JSONata.
    plan: Option<Plan>,
    connector: String,
    versions: Vec<Mapping>,
    pins: Vec<SlotPin>,
    /// What it makes of its sample, or why it makes nothing.
    made: Result<Outcomes, String>,
}

pub(crate) async fn show(
    State(app): State<App>,
    person: Person,
    Named(id): Named<ConnectorMappingId>,
) -> Result<Response, Problem> {
    let shown = read(&app, &person, id).await?;
    let main = whole(&person, &shown);
    Ok(answer::page(framed(&person, &shown.it, &shown.connector, &main)))
}

async fn read(app: &App, person: &Person, id: ConnectorMappingId) -> Result<Shown, Problem> {
    let (store, tenant) = (app.store(), person.tenant());
    let it = mappings::find(store, tenant, id).await?;
    let connector = name(app, person, &it).await?;
    let versions = mappings::versions(store, tenant, it.connector, it.model, &it.tool).await?;
    let pins = mappings::slot_pins(store, tenant, it.connector, it.model, &it.tool).await?;
    let made = replay::made(&app.settings().sandbox, &it).await.map_err(|it| it.to_string());
    let plan = serde_json::from_value(it.plan.clone()).ok();
    Ok(Shown { it, plan, connector, versions, pins, made })
}

async fn name(app: &App, person: &Person, it: &Mapping) -> Result<String, Problem> {
    match workspace_connectors::find(app.store(), person.tenant(), it.connector).await {
        Err(store::Error::NotFound(_)) => Ok("a deleted connector".to_owned()),
        found => Ok(found?.name),
    }
}

fn framed(person: &Person, it: &Mapping, connector: &str, main: &Markup) -> Markup {
    let title = format!("{} mapping", text::capital(&text::model(it.model)));
    let trail =
        [("Connectors", "/connectors".to_owned()), (connector, link::connector(it.connector))];
    Frame { title: &title, place: Place::Connectors, trail: &trail }.around(person, main)
}

fn whole(person: &Person, shown: &Shown) -> Markup {
    let it = &shown.it;
    html! {
        div.head {
            div {
                h1 { (text::capital(&text::model(it.model))) " from " code { (text::short(&it.tool, 80)) } }
                p.lead {
                    "Version " (it.version) ", " (state(it)) ", made " (text::time(it.created_at, person.now))
                    " (" (it.generator) ")."
                }
            }
            (forms::head(person, it))
        }
        (columns::three(person, shown))
        section aria-labelledby="jury" { h2 #jury { "Jury" } (columns::jury(&it.jury)) }
        section aria-labelledby="pins" { h2 #pins { "Pins" } (forms::pins(person, shown)) }
        section aria-labelledby="try" { h2 #try { "Try a change" } (forms::tries(person, shown)) }
        section aria-labelledby="versions" { h2 #versions { "Versions" } (versions::table(person, shown)) }
        section aria-labelledby="expression" {
            h2 #expression { "Expression" }
            details { summary { "JSONata" } pre tabindex="0" { code { (it.expression) } } }
        }
    }
}

fn state(it: &Mapping) -> Markup {
    html! {
        @if it.is_live { "in use" } @else { "not in use" }
        @if it.needs_regeneration {
            ", to be drawn again"
            @if let Some(why) = it.regeneration_reason { " (" (text::words(why.as_str())) ")" }
        }
    }
}
