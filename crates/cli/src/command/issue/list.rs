//! `wireline issue list`.

use anyhow::{Context as _, Result};
use domain::id::WorkspaceConnectorId;
use domain::issue::State;
use domain::{Reason, TargetModel};
use store::issues;
use store::query::{Condition, Op, Value};

use super::Place;
use crate::{output, wiring};

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Only in this state; may be repeated
    #[arg(long = "state", value_name = "STATE")]
    states: Vec<State>,
    /// Only of this connector
    #[arg(long, value_name = "ID")]
    connector: Option<WorkspaceConnectorId>,
    /// Only of this target
    #[arg(long, value_name = "MODEL")]
    target: Option<TargetModel>,
    /// Only for this reason
    #[arg(long, value_name = "REASON")]
    reason: Option<Reason>,
    /// Resolved ones too
    #[arg(long)]
    all: bool,
}

pub(super) async fn run(place: &Place<'_>, options: &Options) -> Result<()> {
    let conditions = conditions(options)?;
    let page_of = |mut query: store::Query| {
        query.conditions.clone_from(&conditions);
        async move { issues::list(&place.store, &place.tenant, &query).await }
    };
    let all = wiring::every(page_of).await?;
    if place.context.json {
        return all.iter().try_for_each(|it| {
            output::json(&server::api::sync_issues::resource(&place.tenant, it))
        });
    }
    if all.is_empty() {
        output::aside("no issues match");
        return Ok(());
    }
    output::table(
        &["id", "state", "target", "tool", "reason", "rows", "records", "last seen"],
        all.iter().map(|it| {
            vec![
                it.id.to_string(),
                it.state.to_string(),
                it.target_model.to_string(),
                it.tool_name.clone().unwrap_or_default(),
                it.reason.to_string(),
                it.count.to_string(),
                it.affected_records.to_string(),
                domain::time::rfc3339(it.last_seen_at),
            ]
        }),
    );
    Ok(())
}

fn conditions(options: &Options) -> Result<Vec<Condition>> {
    let word = |it: &str| Value::Text(it.to_owned());
    let mut wanted = Vec::new();
    let states: Vec<Value> = options.states.iter().map(|it| word(it.as_str())).collect();
    match states.as_slice() {
        [] if options.all => {}
        [] => wanted.push(("state", Op::Neq, vec![word(State::Resolved.as_str())])),
        [_] => wanted.push(("state", Op::Eq, states)),
        _ => wanted.push(("state", Op::In, states)),
    }
    let connector = options.connector.map(|it| Value::Id(it.0));
    wanted.extend(connector.map(|it| ("workspace_connector", Op::Eq, vec![it])));
    let target = options.target.map(|it| word(it.as_str()));
    wanted.extend(target.map(|it| ("target_model", Op::Eq, vec![it])));
    let reason = options.reason.map(|it| word(it.as_str()));
    wanted.extend(reason.map(|it| ("reason", Op::Eq, vec![it])));
    let of = |(name, op, values): (_, _, Vec<Value>)| {
        Condition::on(issues::FIELDS, name, op, values)
            .with_context(|| format!("no field {name} in this version of the store"))
    };
    wanted.into_iter().map(of).collect()
}
