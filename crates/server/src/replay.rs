//! A stored sample, run through the mapping that stands and through another one. Nothing is saved:
//! it answers what a switch would do, for every door in the same way.

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, NaiveDate, Utc};
use domain::TargetModel;
use domain::governance::Governance;
use domain::id::ConnectorMappingId;
use mapping::draw::{Lead, Pin};
use mapping::expression::ExpressionError;
use mapping::native::Program;
use mapping::plan::Plan;
use mapping::records::Records;
pub use mapping::replay::Outcomes;
use mapping::replay::{self, Replay};
use mapping::seats::{self, Case, Sat};
use sandbox::Sandbox;
use serde::Serialize;
use serde_json::Value;
use store::mappings::{self, Mapping, SlotPin};
use store::{Store, Tenant, workspace_connectors};

/// What is tried instead of a mapping.
#[derive(Debug, Clone)]
pub enum Change {
    /// Another version of it.
    Version(u32),
    /// Its plan, with a slot as a pin says.
    Pin(SlotPin),
    /// What the seats draw from the sample today.
    Redraw,
    /// JSONata of a person.
    Expression(String),
}

/// What came of it.
#[derive(Debug, Serialize)]
pub struct Replayed {
    pub target_model: TargetModel,
    pub tool_name: String,
    /// What stood before, and what was tried: in words.
    pub from: String,
    pub to: String,
    /// The version whose records these are.
    pub sample_version: u32,
    /// What to know before believing the rest.
    pub notes: Vec<String>,
    #[serde(flatten)]
    pub replay: Replay,
}

/// Why nothing could be tried.
#[derive(Debug)]
pub enum Failed {
    Store(store::Error),
    NoVersion {
        wanted: u32,
        known: Vec<u32>,
    },
    /// No version keeps any records.
    NoSample,
    /// There is no such mapping to be had; the sentence is fit to be shown.
    NoMapping(String),
    Expression(ExpressionError),
    Unavailable(sandbox::Error),
}

/// One side: an expression, and the plan that it may have been compiled from.
struct Side {
    words: String,
    expression: String,
    plan: Value,
    notes: Vec<String>,
}

/// The stored records, and what a drawing from them is told.
struct Sample {
    version: u32,
    records: Records,
    rows: Vec<Value>,
}

/// Tries a change of a mapping on the records that were stored last.
///
/// # Errors
/// There is no such mapping or version, nothing is stored to try it on, or what is to be tried does
/// not stand.
pub async fn replay(
    (store, tenant): (&Store, &Tenant),
    sandbox: &Sandbox,
    id: ConnectorMappingId,
    change: Change,
    now: DateTime<Utc>,
) -> Result<Replayed, Failed> {
    let it = mappings::find(store, tenant, id).await?;
    let versions = mappings::versions(store, tenant, it.connector, it.model, &it.tool).await?;
    let sample = versions.iter().find_map(Sample::of).ok_or(Failed::NoSample)?;
    let today = now.date_naive();
    let from = Side::of(&it);
    let to = match change {
        Change::Version(wanted) => version(&versions, wanted)?,
        Change::Pin(pin) => pinned(&it, &sample, pin, today)?,
        Change::Redraw => {
            let pins = pins(store, tenant, &it).await?;
            redrawn(sample.case(&it, pins, today)).await?
        }
        Change::Expression(expression) => Side {
            words: "an expression".to_owned(),
            expression,
            plan: Value::Null,
            notes: Vec::new(),
        },
    };
    let before = outcomes(sandbox, &from, &sample.rows).await?;
    let after = outcomes(sandbox, &to, &sample.rows).await?;
    let notes = notes(&sample, &from, &to);
    Ok(Replayed {
        replay: replay::compare((it.model, &it.tool), before, after, today),
        target_model: it.model,
        tool_name: it.tool,
        from: from.words,
        to: to.words,
        sample_version: sample.version,
        notes,
    })
}

impl Side {
    fn of(it: &Mapping) -> Self {
        let live = if it.is_live { " (live)" } else { "" };
        Self {
            words: format!("version {}{live}", it.version),
            expression: it.expression.clone(),
            plan: it.plan.clone(),
            notes: Vec::new(),
        }
    }

    fn drawn(words: String, plan: &Plan, notes: Vec<String>) -> Self {
        // A plan is plain data of ours: it always serializes.
        let stored = serde_json::to_value(plan).unwrap_or_default();
        Self { words, expression: mapping::compile(plan), plan: stored, notes }
    }

    /// Where it takes its records from; rows as they come, if it is free-form.
    fn records(&self) -> Records {
        plan(&self.plan).map(|it| it.records).unwrap_or_default()
    }
}

impl Sample {
    fn of(it: &Mapping) -> Option<Self> {
        let rows = it.sample.as_array().filter(|it| !it.is_empty())?.clone();
        let records = plan(&it.plan).map(|it| it.records).unwrap_or_default();
        Some(Self { version: it.version, records, rows })
    }

    fn case(&self, it: &Mapping, pins: Vec<Pin>, today: NaiveDate) -> Case {
        Case {
            target: it.model,
            records: self.records.clone(),
            rows: self.rows.clone(),
            tool_name: it.tool.clone(),
            tool_description: String::new(),
            output_schema: None,
            pins,
            today,
        }
    }
}

fn plan(stored: &Value) -> Option<Plan> {
    serde_json::from_value(stored.clone()).ok()
}

fn version(versions: &[Mapping], wanted: u32) -> Result<Side, Failed> {
    let found = versions.iter().find(|it| it.version == wanted);
    let known = || versions.iter().map(|it| it.version).collect();
    found.map(Side::of).ok_or_else(|| Failed::NoVersion { wanted, known: known() })
}

/// The plan that stands with its slot as the pin says, so that nothing but the pin is seen.
fn pinned(it: &Mapping, sample: &Sample, pin: SlotPin, today: NaiveDate) -> Result<Side, Failed> {
    let standing = plan(&it.plan).ok_or_else(|| {
        Failed::NoMapping("this version was written by hand: it has no slots to pin".to_owned())
    })?;
    let Ok(drawn) = Pin::of(&pin.slot, pin.path.as_deref(), &pin.reason) else {
        return Err(Failed::NoMapping("the path of the pin is no path".to_owned()));
    };
    let words = format!("`{}` pinned to {}", pin.slot, pin.path.as_deref().unwrap_or("nothing"));
    let is_dead =
        |path: &mapping::path::Path| sample.rows.iter().all(|it| path.resolve(it).is_none());
    let notes = drawn
        .path
        .iter()
        .filter(|it| is_dead(it))
        .map(|it| format!("`{it}` leads nowhere in any of these records"));
    let notes = notes.collect();
    let with_pin = sample.case(it, vec![drawn], today).drawn(Lead::Names).plan;
    Ok(Side::drawn(words, &replay::with_slot(&standing, &with_pin, &pin.slot), notes))
}

/// As a run draws, by the heuristic seats.
async fn redrawn(case: Case) -> Result<Side, Failed> {
    let drawn = tokio::task::spawn_blocking(move || {
        let Sat { verdict, mapping, is_legacy } = seats::sit(&case);
        let why = verdict.failed.iter().map(|it| format!("{}: {}", it.seat, it.why));
        let why = why.collect::<Vec<_>>().join("; ");
        let note = format!("too few seats agreed to serve, so fields go by name ({why})");
        match mapping {
            Ok(it) => {
                let notes = is_legacy.then_some(note).into_iter().collect();
                Ok(Side::drawn("a redraw".to_owned(), &it.drawn.plan, notes))
            }
            Err(_) => Err(format!("a redraw from these records gives no mapping ({why})")),
        }
    });
    drawn.await.unwrap_or_else(|error| Err(error.to_string())).map_err(Failed::NoMapping)
}

/// What is fixed for the connector, and for this installation, which wins.
async fn pins(store: &Store, tenant: &Tenant, it: &Mapping) -> Result<Vec<Pin>, Failed> {
    let document = workspace_connectors::governance(store, tenant, it.connector).await?;
    let governance = document.as_ref().map(Governance::parse).transpose().map_err(|fault| {
        Failed::NoMapping(format!("the connector's governance cannot be read: {fault}"))
    })?;
    let decided = governance.and_then(|mut all| all.targets.remove(&it.model));
    let decided = decided.into_iter().flat_map(|it| it.slots);
    let mut all: BTreeMap<String, Pin> = decided
        .filter_map(|(slot, pin)| Pin::of(&slot, pin.path.as_deref(), &pin.reason).ok())
        .map(|pin| (pin.slot.clone(), pin))
        .collect();
    let own = mappings::slot_pins(store, tenant, it.connector, it.model, &it.tool).await?;
    // A path that does not parse was refused where it was made; none is guessed at here.
    let own =
        own.iter().filter_map(|pin| Pin::of(&pin.slot, pin.path.as_deref(), &pin.reason).ok());
    all.extend(own.map(|pin| (pin.slot.clone(), pin)));
    Ok(all.into_values().collect())
}

/// What a stored mapping makes of the records that are kept with it.
///
/// # Errors
/// A free-form one does not stand, or there is nothing to judge it with.
pub async fn made(sandbox: &Sandbox, it: &Mapping) -> Result<Outcomes, Failed> {
    let rows = it.sample.as_array().map(Vec::as_slice).unwrap_or_default();
    outcomes(sandbox, &Side::of(it), rows).await
}

/// What we compiled is carried out here, anything else in a process that may die of it.
async fn outcomes(sandbox: &Sandbox, side: &Side, rows: &[Value]) -> Result<Outcomes, Failed> {
    if let Some(program) = Program::of_compiled(&side.expression, &side.plan) {
        return Ok(rows.iter().map(|it| Ok(program.evaluate(it))).collect());
    }
    match sandbox.apply(&side.expression, rows).await {
        Ok(outcomes) => Ok(outcomes),
        Err(sandbox::Error::Expression(why)) => Err(Failed::Expression(why)),
        Err(error @ sandbox::Error::Unavailable { .. }) => Err(Failed::Unavailable(error)),
    }
}

fn notes(sample: &Sample, from: &Side, to: &Side) -> Vec<String> {
    let mut notes: Vec<String> = from.notes.iter().chain(&to.notes).cloned().collect();
    if from.expression == to.expression {
        notes.push("both have the same expression".to_owned());
    }
    for side in [from, to].into_iter().filter(|it| it.records() != sample.records) {
        notes.push(format!(
            "{} takes its records from another part of a row than version {}, whose records these are; it would see others",
            side.words, sample.version
        ));
    }
    notes
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store(error) => error.fmt(f),
            Self::NoVersion { wanted, known } => {
                let known: Vec<String> = known.iter().map(ToString::to_string).collect();
                write!(f, "there is no version {wanted}; there are {}", known.join(", "))
            }
            Self::NoSample => f.write_str(
                "no version of this mapping has stored records to try it on; a run that draws it keeps a few",
            ),
            Self::NoMapping(why) => f.write_str(why),
            Self::Expression(error) => write!(f, "the expression does not stand: {error}"),
            Self::Unavailable(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Failed {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Store(error) => error.source(),
            Self::Unavailable(error) => error.source(),
            Self::NoVersion { .. } | Self::NoSample | Self::NoMapping(_) | Self::Expression(_) => {
                None
            }
        }
    }
}

impl From<store::Error> for Failed {
    fn from(error: store::Error) -> Self {
        Self::Store(error)
    }
}
