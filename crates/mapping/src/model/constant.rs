//! What may stand in a slot of every row without standing in the rows: a currency, or a word of a
//! closed list, that the tool itself names, and no other beside it. Anything more would be made up,
//! perhaps by whoever wrote into a row what the model ought to say.

use domain::entity::is_currency;
use domain::redact::Redactor;

use crate::draw::Likely;
use crate::plan::spelling;
use crate::seats::Case;

/// What is known beside the rows.
pub(super) fn known(case: &Case, redactor: &Redactor) -> String {
    let declared = case.output_schema.as_ref().map(ToString::to_string).unwrap_or_default();
    let said = format!("{}\n{}\n{declared}", case.tool_name, case.tool_description);
    redactor.text(&said).into_owned()
}

pub(super) fn of(slot: &Likely, known: &str) -> Option<String> {
    let name = slot.slot.rsplit('.').next().unwrap_or_default();
    let mut found: Vec<String> = if name.ends_with("currency") {
        let codes = known.split(|it: char| !it.is_ascii_alphanumeric());
        codes.filter(|it| it.len() == 3 && is_currency(it)).map(str::to_owned).collect()
    } else {
        let apart = |it: &str| it.replace(|letter: char| !letter.is_alphanumeric(), " ");
        let known = format!(" {} ", apart(&spelling(known)));
        let stands = |it: &&String| known.contains(&format!(" {} ", apart(&spelling(it))));
        slot.attribute.allowed.iter().filter(stands).cloned().collect()
    };
    found.sort();
    found.dedup();
    found.pop().filter(|_| found.is_empty())
}
