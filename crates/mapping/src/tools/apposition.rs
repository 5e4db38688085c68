//! What a description puts beside a noun to say what it means: `parties (customers or suppliers)`,
//! `documents such as invoices and bills`.

use domain::TargetModel;

use super::languages::english;
use super::name::raw;
use super::nouns::{self, Found};
use super::words::among;
use crate::draw::words;

/// Nouns that mean whatever stands beside them.
const OPEN: &str = "document record entry order party contact item entity object resource receipt voucher \
    transaction correspondent partner operation";

/// What stands beside a noun are its fields if one of these is among them.
const FIELDS: &str = "id name code date amount phone status title number type currency total price";

/// How far into a description it still speaks of the tool as a whole.
const HEAD: usize = 240;

/// The things beside the noun, each as words.
#[derive(Debug, Default, Clone)]
pub(super) struct Apposition(Vec<Vec<String>>);

impl Apposition {
    pub(super) fn of(description: &str) -> Self {
        let head: String = description.trim().chars().take(HEAD).collect();
        let sentence = first_sentence(&head);
        let beside = ["such as ", "including ", "i.e. "].iter().find_map(|it| after(sentence, it));
        let Some(text) = beside.or_else(|| parenthesis(sentence)) else { return Self::default() };
        let things = text.replace(" and ", ",").replace(" or ", ",").replace('/', ",");
        let things = things.split(',').map(|it| english(&raw(it)));
        // Longer than that it is a clause, not a name.
        let things = things.filter(|it| !it.is_empty() && it.len() <= 3);
        let things: Vec<Vec<String>> =
            things.map(|it| it.iter().flat_map(|it| words(it)).collect()).collect();
        let is_field = |it: &Vec<String>| it.last().is_some_and(|it| among(FIELDS, it));
        if things.iter().any(is_field) { Self::default() } else { Self(things) }
    }

    /// The noun of a target among them.
    pub(super) fn names(&self, target: TargetModel) -> Option<Found> {
        let found = self.0.iter().filter_map(|it| nouns::matching(target, it));
        found.filter(|it| it.score >= 0.7).max_by(|left, right| left.score.total_cmp(&right.score))
    }

    /// Whether they clearly are something else than a target.
    pub(super) fn excludes(&self, target: TargetModel) -> bool {
        let strict = |it: &Vec<String>| {
            let known = nouns::matching(target, it).is_some_and(|it| it.score >= 0.6);
            (nouns::is_known(it), known)
        };
        let told: Vec<(bool, bool)> = self.0.iter().map(strict).collect();
        told.iter().any(|it| it.0) && !told.iter().any(|it| it.1)
    }
}

/// Whether an object means what stands beside it.
pub(super) fn is_open(object: &[String]) -> bool {
    object.last().is_some_and(|it| among(OPEN, it))
}

fn first_sentence(text: &str) -> &str {
    let end = text.find(". ").or_else(|| text.find(".\n")).or_else(|| text.find("\n\n"));
    // `i.e. ` ends no sentence.
    match end
        .filter(|it| !text.get(..*it).is_some_and(|it| it.ends_with("i.e") || it.ends_with("e.g")))
    {
        Some(end) => text.get(..end).unwrap_or(text),
        None => text,
    }
}

fn after<'a>(text: &'a str, words: &str) -> Option<&'a str> {
    let start = text.find(words)? + words.len();
    let rest = text.get(start..)?;
    let end = rest.find([';', ':', ')', '\n', '—']).unwrap_or(rest.len());
    rest.get(..end)
}

fn parenthesis(text: &str) -> Option<&str> {
    let start = text.find('(')? + 1;
    let rest = text.get(start..)?;
    rest.get(..rest.find(')')?)
}
