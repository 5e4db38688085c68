//! The targets of a connector: how each is, with the latest reason.

use domain::catalogue;
use domain::health::{Health, TargetHealth};
use maud::{Markup, html};
use store::workspace_connectors::WorkspaceConnector;

use super::Shown;
use crate::view::{link, status, text};

pub(super) fn table(it: &WorkspaceConnector, health: &Health, shown: &Shown) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label="Targets" {
            table.list {
                thead { tr {
                    th scope="col" { "Target" } th scope="col" { "State" } th scope="col" { "Complete up to" }
                    th.num scope="col" { "Records" } th scope="col" { "Tool" } th scope="col" { "Mapping" } th scope="col" { "Why, and what to do" }
                } }
                tbody { @for target in &health.targets { (row(it, target, shown)) } }
            }
        }
    }
}

fn row(it: &WorkspaceConnector, target: &TargetHealth, shown: &Shown) -> Markup {
    let model = target.target_model;
    let records = shown.records.get(&model).copied().unwrap_or_default();
    let mappings = shown.mappings.iter().filter(|it| it.model == model);
    let (mut tools, mut versions) = (Vec::new(), Vec::new());
    for mapping in mappings {
        tools.push(mapping.tool.as_str());
        versions.push(mapping);
    }
    let id = it.workspace_connector_id.to_string();
    let listed = link::to(&format!("/records/{model}"), &[("filter[workspace_connector]", &id)]);
    html! {
        tr data-row id={ "target-" (model) } {
            th scope="row" { (text::model(model)) }
            td {
                (status::health(target.state))
                @if let Some(since) = target.since { div.quiet { (text::lasting(since, shown.now)) } }
            }
            td data-label="Complete up to" { (text::time_or(target.fresh_until, shown.now, "never")) }
            td.num data-label="Records" { @if records > 0 { a href=(listed) { (text::count(records)) } } @else { "0" } }
            td data-label="Tool" { @for tool in tools { div { code { (text::short(tool, 60)) } } } }
            td data-label="Mapping" { @for it in versions { div { a href=(link::mapping(it.id)) { "version " (it.version) } } } }
            td { (why(it, target)) }
        }
    }
}

fn why(it: &WorkspaceConnector, target: &TargetHealth) -> Markup {
    let Some(reason) = target.reasons.first() else { return html! { (target.advice) } };
    let id = it.workspace_connector_id.to_string();
    let filters = [
        ("filter[workspace_connector]", id.as_str()),
        ("filter[target_model]", target.target_model.as_str()),
        ("filter[reason]", reason.as_str()),
    ];
    html! {
        a href=(link::to("/diagnostics", &filters)) { (catalogue::page(*reason).title) }
        div.quiet { (target.advice) }
    }
}
