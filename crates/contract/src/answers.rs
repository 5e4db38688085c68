//! The promise itself: after a run, of every record that the server has, "why is it missing?" is
//! answered right, by a row that says so.

use domain::missing::{Key, Question, Verdict};
use domain::{Diagnostic, Impact, Reason, TargetModel};
use sample::Sample;

use crate::Error;
use crate::scenario::{Expected, Scene};
use crate::scratch::Workspace;

/// The tool of the ledger that lists each model.
const LISTED: [(TargetModel, &str); 7] = [
    (TargetModel::Company, "list_companies"),
    (TargetModel::People, "list_people"),
    (TargetModel::Account, "list_bank_accounts"),
    (TargetModel::Transaction, "list_transactions"),
    (TargetModel::Invoice, "list_invoices"),
    (TargetModel::InvoiceTransaction, "list_invoice_payments"),
    (TargetModel::LedgerAccount, "list_ledger_accounts"),
];

/// Of each model that many records are asked for, spread over all that there are.
const ASKED: usize = 200;

/// What came of the questions.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    pub(crate) asked: usize,
    pub(crate) missing: usize,
    /// Wrong answers, in words.
    pub(crate) broken: Vec<String>,
}

/// Asks for the records of a scene's targets after its run, whose rows are given.
pub(crate) async fn after(
    place: &Workspace<'_>,
    scene: &Scene,
    (reason, expected): (Reason, &[Expected]),
    rows: &[Diagnostic],
) -> Result<Answers, Error> {
    let sample = Sample::named(scene.sample).ok_or_else(|| Error::Script(scene.sample.into()))?;
    let mut answers = Answers::default();
    for (model, tool) in LISTED.iter().filter(|it| scene.targets.contains(&it.0)) {
        // What the contract is about has to be answered with its reason.
        let meant = expected.iter().any(|it| it.target == *model).then_some(reason);
        let meant = meant.filter(|it| !matches!(it.impact(), Impact::None | Impact::Internal));
        let ids = sample.identifiers(tool);
        let step = ids.len().div_ceil(ASKED).max(1);
        for id in ids.into_iter().step_by(step) {
            answers.asked += 1;
            let wrong = ask(place, (*model, &id), meant, rows, &mut answers.missing).await?;
            answers.broken.extend(wrong.map(|it| format!("{model} {id}: {it}")));
        }
    }
    // The rest would say the same.
    answers.broken.truncate(5);
    Ok(answers)
}

async fn ask(
    place: &Workspace<'_>,
    (model, id): (TargetModel, &str),
    meant: Option<Reason>,
    rows: &[Diagnostic],
    missing: &mut usize,
) -> Result<Option<String>, Error> {
    let question = Question { model, key: Key::Id(id.to_owned()), connector: None };
    let answer = place.missing(&question).await?;
    let is_stored = place.has(model, id).await?;
    if is_stored != (answer.verdict == Verdict::Stored) {
        return Ok(Some(format!("stored: {is_stored}, answered {}", answer.verdict)));
    }
    if is_stored {
        return Ok(None);
    }
    *missing += 1;
    let Some(account) = answer.accounts.first() else { return Ok(Some("no account".into())) };
    let said = account.reason.map_or("none", Reason::as_str);
    let of_target = || rows.iter().filter(|it| it.target_model == model);
    let row = of_target().position(|it| Some(it.diagnostic_id) == account.diagnostic);
    let told = row.and_then(|at| of_target().nth(at));
    if told.is_none_or(|it| Some(it.reason) != account.reason) {
        return Ok(Some(format!("no row of the run says {said}: {}", account.says)));
    }
    // Or with what it led to, which ended the target.
    let begun = meant.and_then(|meant| of_target().position(|it| it.reason == meant));
    let fits = meant.is_none() || (begun.is_some() && row >= begun);
    Ok((!fits).then(|| format!("answered by {said}: {}", account.says)))
}
