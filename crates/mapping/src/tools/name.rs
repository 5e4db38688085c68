//! A tool's name and first sentence, read as a verb and its object.

use super::languages::english;
use super::words::{
    ACTS, CHANGES, ENDS, FILLERS, LEADS, LISTS, MEASURES, READS, STOPS, SUMS, THINGS, among,
};
use crate::draw::words;

/// What a tool does, as its name says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    Lists,
    /// `get`, `read`: one or many.
    Reads,
    Changes,
    None,
}

#[derive(Debug, Clone)]
pub(super) struct Name {
    pub(super) verb: Verb,
    /// The words of the thing, singular.
    pub(super) object: Vec<String>,
    pub(super) is_plural: bool,
    pub(super) exports: bool,
    /// It searches, rather than lists.
    pub(super) searches: bool,
    /// `.._by_x`, `.._for_x`
    pub(super) narrowed: bool,
    /// It counts, analyses or reports.
    pub(super) sums_up: bool,
    /// It only changes something if its last word is meant as a verb.
    is_unsure: bool,
}

/// The first sentence of a description.
#[derive(Debug, Clone)]
pub(super) struct Described {
    pub(super) lists: bool,
    pub(super) changes: bool,
    pub(super) object: Vec<String>,
    pub(super) is_plural: bool,
}

/// Reads a name; `prefix` is what all tools of the server begin with.
pub(super) fn read(name: &str, prefix: &[String]) -> Name {
    let all = raw(name);
    let own = english(all.strip_prefix(prefix).unwrap_or(&all));
    let (verb, is_unsure) = verb(&own);
    // `crm_list_contacts`: before a verb that has an object of its own stands a domain.
    let at = own.iter().position(|it| among(LISTS, it) || among(READS, it)).unwrap_or(0);
    let of_verb = own.get(at + 1).is_some_and(|it| !among(ENDS, it));
    let from = if of_verb { own.get(at..).unwrap_or(&own) } else { &own };
    let (mut object, mut is_plural) = object(from, false);
    if object.is_empty() {
        (object, is_plural) = self::object(&own, false);
    }
    if object.is_empty() {
        (object, is_plural) = self::object(&english(&all), false);
    }
    let says = |list: &str| own.iter().any(|it| among(list, it));
    let lists_all = says("list") || says("all");
    let narrows = |it: &String| among("by for of in from with matching under within", it);
    Name {
        verb,
        object,
        is_plural,
        exports: says("export"),
        searches: says("search find lookup query") && !lists_all,
        sums_up: says(SUMS),
        narrowed: own.iter().skip(1).any(narrows),
        is_unsure,
    }
}

/// Reads a name, and lets the description decide where the name leaves open whether the tool
/// changes something.
pub(super) fn read_with(name: &str, prefix: &[String], told: Option<&Described>) -> Name {
    let mut read = read(name, prefix);
    let Some(told) = told else { return read };
    if read.verb == Verb::None && told.changes {
        read.verb = Verb::Changes;
    }
    if read.is_unsure && !told.changes {
        read.verb = Verb::None;
    }
    read
}

/// What the words do. Any of them that changes something decides, unless a verb that reads governs
/// it: `list_created`, `get_update` read; `get_or_create` does not.
fn verb(own: &[String]) -> (Verb, bool) {
    let governs = |it: &String| among(LISTS, it) || among(READS, it);
    let reads_at = own.iter().position(governs);
    let last = own.len().saturating_sub(1);
    let changes = |(at, word): (usize, &String)| {
        let governed = reads_at.is_some_and(|it| it < at);
        let joined = at > 0 && own.get(at - 1).is_some_and(|it| among("and or then", it));
        let acts = (at == 0 || at == last || reads_at.is_none()) && among(ACTS, word);
        if governed && !joined {
            return among("create update delete send upsert remove replace", word);
        }
        // `draft_list` lists drafts.
        let named = among(THINGS, word) && own.last().is_some_and(&governs);
        among(CHANGES, word) || (acts && !named)
    };
    let lists = own.iter().any(|it| among(LISTS, it));
    match own.iter().enumerate().find(|it| changes(*it)) {
        Some((at, word)) => (Verb::Changes, at == last && among(THINGS, word)),
        None if lists => (Verb::Lists, false),
        None if reads_at.is_some() => (Verb::Reads, false),
        None => (Verb::None, false),
    }
}

/// Reads the first sentence that says what is done to what; `None` if there is none.
pub(super) fn described(description: &str) -> Option<Described> {
    let ends = ['.', '\n', ';', '(', ':', '—', '–', '!'];
    let sentences = description.split(ends).map(str::trim).filter(|it| !it.is_empty());
    sentences.take(3).find_map(sentence)
}

fn sentence(text: &str) -> Option<Described> {
    let first_clause = text.split(", ").next().unwrap_or(text);
    let all: Vec<String> = english(&raw(first_clause)).into_iter().take(14).collect();
    let all: Vec<String> = all.into_iter().skip_while(|it| among(LEADS, it)).collect();
    let first = all.first()?;
    let is = |list: &str| {
        let stem = first.strip_suffix('s').unwrap_or(first);
        let stems = [first.as_str(), stem, first.strip_suffix("es").unwrap_or(first)];
        stems.iter().any(|it| among(list, it))
    };
    let (lists, reads) = (is(LISTS), is(READS));
    // What is run, managed or checked may be a listing.
    let neutral = "run execute manage check test open help preview describe summarize count";
    let changes = (is(CHANGES) || is(ACTS)) && !is(neutral);
    if !lists && !reads && !changes {
        return None;
    }
    let (object, is_plural) = object(all.get(1..).unwrap_or_default(), true);
    let listing = all.iter().take(4).any(|it| it == "list" || it == "all");
    let lists = lists || (reads && (listing || is_plural));
    (!object.is_empty() || changes).then_some(Described { lists, changes, object, is_plural })
}

/// Words as they are written, in lower case.
pub(super) fn raw(text: &str) -> Vec<String> {
    let pieces = text.split(|it: char| !it.is_alphanumeric()).filter(|it| !it.is_empty());
    pieces.flat_map(camel).collect()
}

/// `listGLAccounts` is three words, `listPDFs` two.
fn camel(piece: &str) -> Vec<String> {
    let letters: Vec<char> = piece.chars().collect();
    let mut words = vec![String::new()];
    for (at, letter) in letters.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|it| letters.get(it));
        let is_lower = |it: usize| letters.get(it).is_some_and(|it| it.is_lowercase());
        let starts = letter.is_uppercase()
            && before.is_some_and(|it| {
                it.is_lowercase() || it.is_numeric() || (is_lower(at + 1) && is_lower(at + 2))
            });
        if starts {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.extend(letter.to_lowercase());
        }
    }
    words
}

/// The words between the verb and what narrows it, singular; and whether there are many of it.
fn object(words_of: &[String], in_sentence: bool) -> (Vec<String>, bool) {
    let is_verb = |it: &str| among(LISTS, it) || among(READS, it);
    let leads = |it: &str| {
        is_verb(it) || among(FILLERS, it) || among(ENDS, it) || (in_sentence && among(MEASURES, it))
    };
    let ends = |it: &str| among(ENDS, it) || (in_sentence && among(STOPS, it));
    let kept: Vec<&str> = words_of
        .iter()
        .map(String::as_str)
        .skip_while(|it| leads(it))
        .take_while(|it| !ends(it))
        .filter(|it| !is_verb(it) && !among(FILLERS, it))
        .collect();
    let is_plural = kept.last().is_some_and(|it| plural(it))
        || (kept.len() < 4 && kept.first().is_some_and(|it| plural(it)));
    (kept.iter().flat_map(|it| words(it)).collect(), is_plural)
}

fn plural(word: &str) -> bool {
    // What has no plural is many by itself.
    let many = "people balance register inbox ledger history staff chart-of-account";
    let word = word.trim_end_matches("info");
    (word.ends_with('s') && !word.ends_with("ss") && !word.ends_with("us") && word.len() > 2)
        || among(many, word)
}
