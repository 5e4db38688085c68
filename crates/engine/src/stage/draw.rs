//! Draw: the expression that makes entities of rows. A stored one is used while the shape of the
//! answer stands; else one is drawn, and saved.

use domain::evidence::Degraded;
use domain::evidence::{Drift, FailedWrite, NoExpression, NoMapping};
use domain::{Finding, Stage, TargetModel};
use mapping::draw::{Drawn, Hints};
use mapping::plan::Plan;
use mapping::{expression, gate, legacy, shape};
use serde_json::Value;
use store::mappings::{self, Generator, NewMapping};

use super::fetch::Page;
use super::select::Choice;
use crate::patience::patiently;
use crate::run::{Run, Stop};

/// Rows that a mapping is drawn from and tried on.
const SAMPLE: usize = 50;
/// Paths that a finding names.
const PATHS: usize = 10;

/// An expression that maps one row to one entity.
pub(crate) struct Mapping {
    pub(crate) expression: String,
}

/// Stored and still fitting, or drawn now.
pub(crate) async fn mapping(
    run: &mut Run<'_>,
    choice: &Choice,
    target: TargetModel,
    page: &Page,
) -> Result<Mapping, Stop> {
    let sample: Vec<Value> = page.rows.iter().take(SAMPLE).cloned().collect();
    let fingerprint = shape::fingerprint(&sample);
    let stored = patiently(run.engine.settings.store_patience, || {
        mappings::find_live(run.store(), run.tenant, run.connector, target, &choice.tool.name)
    })
    .await
    .unwrap_or_else(|error| {
        tracing::error!(
            error = &error as &dyn std::error::Error,
            "stored mapping not read; drawing anew"
        );
        None
    });
    let stored = match stored {
        Some(it) if it.input_fingerprint == fingerprint && !it.needs_regeneration => {
            return Ok(Mapping { expression: it.expression });
        }
        other => other,
    };
    if let Some(it) = stored.as_ref().filter(|it| it.input_fingerprint != fingerprint) {
        drifted(run, choice, target, it.plan.clone(), &sample);
    }
    let (drawn, expression, generator) = drawn(run, choice, target, &sample).await?;
    keyless(run, choice, target, &drawn);
    let new = NewMapping {
        // A plan and its report are plain data of ours: they always serialize.
        plan: serde_json::to_value(&drawn.plan).unwrap_or_default(),
        slot_report: serde_json::to_value(&drawn.report).unwrap_or_default(),
        tool_arguments: Value::Object(choice.arguments.clone()),
        input_fingerprint: fingerprint,
        ..NewMapping::of(run.connector, target, &choice.tool.name, generator, &expression)
    };
    save(run, choice, target, new).await;
    Ok(Mapping { expression })
}

/// The structured path, else the legacy one, else the target ends.
async fn drawn(
    run: &mut Run<'_>,
    choice: &Choice,
    target: TargetModel,
    sample: &[Value],
) -> Result<(Drawn, String, Generator), Stop> {
    let tool = &choice.tool.name;
    let hints = Hints {
        tool_name: tool,
        tool_description: choice.tool.description.as_deref().unwrap_or_default(),
        output_schema: choice.tool.output_schema.as_ref(),
    };
    let structured = mapping::draw::plan(target, sample, &hints);
    let first = match tried("structured", target, &structured, sample).await {
        Ok(expression) => return Ok((structured, expression, Generator::Structured)),
        Err(error) => error,
    };
    run.note(Finding::jsonata_generation_failed(target, tool, &first));
    let cause =
        Degraded { cause: first.first_error.clone(), substitute: Some("legacy".to_owned()) };
    run.note(Finding::structured_pipeline_fell_back_to_legacy(target, tool, Stage::Draw, &cause));
    let projected = legacy::plan(target, sample);
    match tried("legacy", target, &projected, sample).await {
        Ok(expression) => Ok((projected, expression, Generator::Legacy)),
        Err(second) => {
            let failed = NoMapping { paths: vec![first, second] };
            Err(run.stop(Finding::mapping_generation_hard_fail(target, tool, &failed)))
        }
    }
}

/// Rows without an identifier of their own get a key from their content; that is worth knowing.
fn keyless(run: &mut Run<'_>, choice: &Choice, target: TargetModel, drawn: &Drawn) {
    let has_none = drawn.missing_required.iter().any(|it| it == target.external_id());
    if let Some(from) = domain::entity::derivation(target).filter(|_| has_none) {
        let evidence = Degraded {
            cause: "the rows carry no identifier".to_owned(),
            substitute: Some(format!("a key made of {from}")),
        };
        let tool = Some(choice.tool.name.as_str());
        run.note(Finding::structured_pipeline_degraded(target, tool, Stage::Draw, &evidence));
    }
}

/// A plan is of use when it reads at least one required attribute and evaluates on the sample.
/// What it leaves empty is for the validator to say, row by row.
async fn tried(
    path: &'static str,
    target: TargetModel,
    drawn: &Drawn,
    sample: &[Value],
) -> Result<String, NoExpression> {
    let no =
        |first_error: String, position| NoExpression { path, attempts: 1, first_error, position };
    let required = target.schema().attributes.iter().filter(|it| it.required).count();
    if drawn.missing_required.len() >= required {
        let missing = drawn.missing_required.join("`, `");
        return Err(no(
            format!("no path of the rows fits a required attribute (`{missing}`)"),
            None,
        ));
    }
    let expression = mapping::compile(&drawn.plan);
    let (source, rows) = (expression.clone(), sample.to_vec());
    let outcomes = tokio::task::spawn_blocking(move || {
        expression::apply(&source, &rows, &expression::Limits::default())
    })
    .await
    .map_err(|error| no(error.to_string(), None))?
    .map_err(|error| no(error.message, error.position))?;
    let entities: Vec<Value> = outcomes.iter().filter_map(|it| it.as_ref().ok().cloned()).collect();
    match outcomes.into_iter().find_map(Result::err) {
        Some(error) if entities.is_empty() => Err(no(error.message, error.position)),
        _ => {
            if let Err(doubts) = gate::check(target, &entities) {
                tracing::info!(target.model = %target, doubts = ?doubts, "mapping used with doubts");
            }
            Ok(expression)
        }
    }
}

/// Breaking when a path that the mapping reads is gone from every row.
fn drifted(run: &mut Run<'_>, choice: &Choice, target: TargetModel, plan: Value, sample: &[Value]) {
    let plan: Option<Plan> = serde_json::from_value(plan).ok();
    let gone: Vec<String> = plan
        .iter()
        .flat_map(Plan::paths)
        .filter(|path| sample.iter().all(|row| path.resolve(row).is_none()))
        .map(|path| path.to_string())
        .take(PATHS)
        .collect();
    let drift = Drift { breaking: !gone.is_empty(), gone, changed: Vec::new(), new: Vec::new() };
    let call = domain::evidence::Call::of(&choice.tool.name);
    run.note(Finding::schema_drift_detected(target, &call, &drift));
}

/// A mapping that cannot be saved is used all the same.
async fn save(run: &mut Run<'_>, choice: &Choice, target: TargetModel, new: NewMapping) {
    let saved = patiently(run.engine.settings.store_patience, || {
        mappings::save(run.store(), run.tenant, new.clone(), run.now())
    });
    if let Err(error) = saved.await {
        let message = error.to_string();
        let (sqlstate, constraint) = match error {
            store::Error::Database { sqlstate, constraint, .. } => (sqlstate, constraint),
            store::Error::NotFound(_)
            | store::Error::Conflict { .. }
            | store::Error::Invalid { .. }
            | store::Error::Busy(_)
            | store::Error::NotMigrated { .. }
            | store::Error::Sealed(_) => (None, None),
        };
        let evidence = FailedWrite { sqlstate, constraint, message, count: 1, sample_key: None };
        run.note(Finding::blueprint_persistence_failed(target, &choice.tool.name, &evidence));
    }
}
