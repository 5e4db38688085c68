//! The executable contracts of the 23 reasons: a fault goes in, a run must write exactly the row
//! that the reason promises, and after the repair a run must not write it any more.
//!
//! Servers are the samples of [`sample`] over real transports, the database is a real one, and
//! nothing of ours is replaced: where the database has to refuse, it is made to
//! ([`store::Fault`]). [`reasons`] holds what each contract says, [`rules`] what holds for every
//! row of every run.

mod answers;
mod expect;
mod reasons;
pub mod rules;
mod scenario;
mod scratch;

pub use scenario::Wire;
pub use scratch::{Program, Scratch};

use domain::{Diagnostic, Reason};

use scenario::Scenario;

/// A contract, carried out.
#[derive(Debug, Clone)]
pub struct Checked {
    pub reason: Reason,
    pub played: Vec<Played>,
}

/// One way to provoke the reason, and what came of it.
#[derive(Debug, Clone)]
pub struct Played {
    /// What was wrong, in a few words.
    pub says: &'static str,
    pub wire: Wire,
    /// Every row of the run with the fault, in its order.
    pub rows: Vec<Diagnostic>,
    /// Every row of the last run after the repair.
    pub after_repair: Vec<Diagnostic>,
    /// Records that "why is it missing?" was asked of after the fault, and how many were.
    pub asked: usize,
    pub missing: usize,
    /// What is not as the contract says; empty when it holds.
    pub broken: Vec<String>,
}

impl Checked {
    pub fn holds(&self) -> bool {
        !self.played.is_empty() && self.played.iter().all(|it| it.broken.is_empty())
    }
}

/// Why a contract could not be carried out at all.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the database failed while {doing}")]
    Store {
        doing: &'static str,
        #[source]
        source: store::Error,
    },
    #[error("a run could not be carried out")]
    Engine(#[from] engine::Error),
    #[error("a run was refused: {0}")]
    Refused(domain::run::Refusal),
    #[error("no port of this machine could be listened on")]
    Listen(#[from] std::io::Error),
    #[error("a contract names what is not there: {0}")]
    Script(String),
}

/// Carries out the contract of a reason, each way of it in a workspace of its own, which is erased
/// afterwards.
pub async fn check(scratch: &Scratch, reason: Reason) -> Result<Checked, Error> {
    let mut played = Vec::new();
    for scenario in reasons::of(reason) {
        played.push(play(scratch, reason, &scenario).await?);
    }
    Ok(Checked { reason, played })
}

async fn play(scratch: &Scratch, reason: Reason, scenario: &Scenario) -> Result<Played, Error> {
    let place = scratch.workspace().await?;
    let played = async {
        for scene in &scenario.before {
            place.run(scene).await?;
        }
        let rows = place.run(&scenario.inject).await?;
        let meant = (reason, scenario.rows.as_slice());
        let answers = answers::after(&place, &scenario.inject, meant, &rows).await?;
        let mut after_repair = Vec::new();
        for scene in &scenario.repair {
            after_repair = place.run(scene).await?;
        }
        Ok::<_, Error>((rows, answers, after_repair))
    }
    .await;
    place.erase().await?;
    let (rows, answers, after_repair) = played?;
    let mut broken = expect::broken(reason, &scenario.rows, &rows);
    broken.extend(rules::broken(&rows));
    broken.extend(rules::broken(&after_repair).into_iter().map(|it| format!("repaired: {it}")));
    if let Some(row) = after_repair.iter().find(|it| it.reason == reason) {
        broken.push(format!("after the repair it is still written: {}", row.detail));
    }
    broken.extend(answers.broken);
    let (says, wire) = (scenario.says, scenario.inject.wire);
    let (asked, missing) = (answers.asked, answers.missing);
    Ok(Played { says, wire, rows, after_repair, asked, missing, broken })
}
