//! `wireline missing`: why a record is missing, or where it is.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result};
use domain::TargetModel;
use domain::id::WorkspaceConnectorId;
use domain::missing::{Account, Answer, Key, Period, Question};
use store::missing::{self, Span};

use super::place::{self, Named, Place};
use crate::{Context, output, wiring};

#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("what").required(true).args(["external_id", "number", "since"]))]
pub(crate) struct Options {
    /// The model: invoice, company, transaction …
    model: TargetModel,
    /// The provider's identifier; if none has it, what people call the record
    #[arg(value_name = "EXTERNAL_ID")]
    external_id: Option<String>,
    /// What people call it alone: an invoice number, an IBAN, the name of a company
    #[arg(long)]
    number: Option<String>,
    /// Everything of the model that is missing from the runs within this time, e.g. 2h, 30days
    #[arg(long, value_parser = humantime::parse_duration)]
    since: Option<Duration>,
    /// Only this connector
    #[arg(long, value_name = "ID")]
    connector: Option<WorkspaceConnectorId>,
    #[command(flatten)]
    named: Named,
}

pub(crate) async fn run(context: &Context, options: &Options) -> Result<ExitCode> {
    place::within(context, &options.named, async |place| match options.since {
        Some(since) => within(place, options, since).await,
        None => find(place, options).await,
    })
    .await
    .map(|()| ExitCode::SUCCESS)
}

async fn find(place: &Place<'_>, options: &Options) -> Result<()> {
    let key = match (&options.external_id, &options.number) {
        (Some(id), _) => Key::Id(id.clone()),
        (None, Some(number)) => Key::Number(number.clone()),
        (None, None) => unreachable!("clap asks for one of them"),
    };
    let question = Question { model: options.model, key, connector: options.connector };
    let answer = missing::find(&place.store, &place.tenant, &question, wiring::now()).await;
    let answer = answer.context("looking for the record")?;
    if place.context.json {
        output::json(&answer)?;
    } else {
        shown(&answer);
    }
    Ok(())
}

async fn within(place: &Place<'_>, options: &Options, since: Duration) -> Result<()> {
    let until = wiring::now();
    let (model, connector) = (options.model, options.connector);
    let span = Span { model, connector, since: until - since, until };
    let period = missing::within(&place.store, &place.tenant, span, until).await;
    let period = period.context("looking for what is missing")?;
    if place.context.json {
        output::json(&period)?;
    } else {
        listed(&period);
    }
    Ok(())
}

fn shown(answer: &Answer) {
    output::line(&answer.says);
    output::line(format!("What to do: {}", answer.advice));
    for account in &answer.accounts {
        output::line("");
        output::table(&["", &account.connector_name], facts(account));
        for note in &account.notes {
            output::line(format!("note: {note}"));
        }
    }
}

/// What is known, a line each; what is not is left out.
fn facts(it: &Account) -> Vec<Vec<String>> {
    let run = it.run.as_ref();
    let parents = it.waits_for.iter().map(|it| format!("{} {}", it.model, it.external_id));
    let parents: Vec<String> = parents.collect();
    let all = [
        ("verdict", Some(it.verdict.to_string())),
        ("external id", it.external_id.clone()),
        ("stage reached", it.stage.map(|it| it.to_string())),
        ("reason", it.reason.map(|it| it.to_string())),
        ("field", it.field.clone()),
        ("cause", it.cause.clone()),
        ("waits for", Some(parents.join(", ")).filter(|it| !it.is_empty())),
        ("run", run.map(|it| it.sync_log.to_string())),
        ("ended", run.and_then(|it| it.completed_at).map(domain::time::rfc3339)),
        ("rows read", run.map(|it| it.fetched.to_string())),
        ("stopped short", run.filter(|it| it.truncated).map(|_| "yes".to_owned())),
        ("tool", it.call.as_ref().map(|it| it.tool.clone())),
        ("diagnostic", it.diagnostic.map(|it| it.to_string())),
    ];
    let known = all.into_iter().filter_map(|(name, value)| Some(vec![name.to_owned(), value?]));
    known.collect()
}

fn listed(period: &Period) {
    let model = period.target_model;
    output::line(format!(
        "{} run(s) looked for {model}; {}{} record(s) arrived and are not stored",
        period.runs.len(),
        if period.is_cut { "more than " } else { "" },
        period.records.len()
    ));
    for run in &period.runs {
        let reasons: Vec<&str> = run.reasons.iter().map(|it| it.as_str()).collect();
        let reasons = if reasons.is_empty() { "-".to_owned() } else { reasons.join(", ") };
        let at = run.run.completed_at.map_or_else(|| "-".to_owned(), domain::time::rfc3339);
        output::line(format!("{at}  read {}  {reasons}", run.run.fetched));
    }
    if period.records.is_empty() {
        return;
    }
    output::table(
        &["external id", "known as", "why", "what is wrong", "last seen"],
        period.records.iter().map(|it| {
            let parents = it.waits_for.iter().map(|it| format!("{} {}", it.model, it.external_id));
            let parents: Vec<String> = parents.collect();
            let wrong =
                it.cause.clone().unwrap_or_else(|| format!("waits for {}", parents.join(", ")));
            let or_dash = |it: &Option<String>| it.clone().unwrap_or_else(|| "-".to_owned());
            vec![
                or_dash(&it.external_id),
                or_dash(&it.known_as),
                it.reason.to_string(),
                wrong,
                domain::time::rfc3339(it.seen_at),
            ]
        }),
    );
}
