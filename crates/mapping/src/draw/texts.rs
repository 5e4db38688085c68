//! A list of bare texts, one for each record: `["Assets:Bank", "Assets:Cash"]`, or paths of files.
//! Such a text is the name of its record, and all that tells it from its like.

use domain::TargetModel;

use super::column::Column;
use super::{Draft, Sketch, enums};
use crate::plan::{Slot, Source, Transform};

/// What lies between the levels of a name such as `Assets:Bank:Checking`.
const LEVELS: &str = ":";
const FOLDERS: &str = "/";
/// The name that unwrapping gives to a value without one.
const BARE: &str = "_value";

/// Fills the slots that a bare text can fill; rows of any other form are left alone.
pub(super) fn draw(sketch: &Sketch<'_, '_>, drafts: &mut [Draft]) {
    let Some(text) = lone(sketch) else { return };
    let mut set = |slot: &str, transforms: Vec<Transform>| {
        let source = Source::Path(text.path.clone());
        if let Some(draft) = drafts.iter_mut().find(|it| it.slot.slot == slot) {
            *draft = Draft::sure(Slot { slot: slot.to_owned(), source, transforms });
        }
    };
    let name = match sketch.target {
        TargetModel::Company | TargetModel::LedgerAccount => "name",
        TargetModel::People => "full_name",
        TargetModel::Account => "account_name",
        TargetModel::Journal => "code",
        TargetModel::Document => "path",
        // A text alone says too little of these.
        TargetModel::Invoice
        | TargetModel::Transaction
        | TargetModel::JournalEntry
        | TargetModel::Email
        | TargetModel::PaymentMeans
        | TargetModel::InvoiceTransaction => return,
    };
    set(name, Vec::new());
    set(sketch.target.external_id(), Vec::new());
    match sketch.target {
        TargetModel::Document => {
            set("filename", vec![Transform::AfterLast { mark: FOLDERS.to_owned() }]);
        }
        TargetModel::LedgerAccount => {
            if let Some(map) = top_levels(text) {
                let top = Transform::Before { mark: LEVELS.to_owned() };
                set("account_type", vec![top, map]);
            }
        }
        TargetModel::Company
        | TargetModel::People
        | TargetModel::Account
        | TargetModel::Journal
        | TargetModel::Invoice
        | TargetModel::Transaction
        | TargetModel::JournalEntry
        | TargetModel::Email
        | TargetModel::PaymentMeans
        | TargetModel::InvoiceTransaction => {}
    }
}

/// The column of the bare texts, a different one in each row. What stands beside it is only what the
/// call was made with, such as the folder that was searched.
fn lone<'s, 'a>(sketch: &'s Sketch<'_, 'a>) -> Option<&'s Column<'a>> {
    let text = sketch.columns.columns.iter().find(|it| it.path.names().eq([BARE]))?;
    let is_whole = text.values.len() == sketch.columns.rows.len();
    let is_name = text.profile.only_texts() && text.profile.is_unique();
    (is_whole && is_name && text.profile.longest <= 255).then_some(text)
}

/// The words for the kinds of account at the top of a chart whose names have levels.
fn top_levels(text: &Column<'_>) -> Option<Transform> {
    let tops: Vec<serde_json::Value> = text
        .values
        .iter()
        .filter_map(|it| it.as_str()?.split_once(LEVELS))
        .map(|(top, _)| top.into())
        .collect();
    let tops: Vec<&serde_json::Value> = tops.iter().collect();
    Some(enums::table(TargetModel::LedgerAccount, "account_type")?.map(&tops)?.0)
}
