//! A tool's name and first sentence, read as a verb and its object.

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

#[derive(Debug)]
pub(super) struct Name {
    pub(super) verb: Verb,
    /// The words of the thing, singular.
    pub(super) object: Vec<String>,
    pub(super) is_plural: bool,
    pub(super) exports: bool,
}

/// The first sentence of a description.
#[derive(Debug)]
pub(super) struct Described {
    pub(super) lists: bool,
    pub(super) object: Vec<String>,
    pub(super) is_plural: bool,
}

const LISTS: &[&str] = &[
    "list",
    "search",
    "query",
    "find",
    "browse",
    "overview",
    "all",
    "export",
    "index",
    "lister",
    "rechercher",
    "suchen",
    "auflisten",
    "zoeken",
    "buscar",
    "listar",
    "cercare",
    "elenca",
    "searche",
    "enumerate",
    "lookup",
    "recent",
];
const READS: &[&str] = &[
    "extract", "get", "read", "fetch", "retrieve", "show", "view", "load", "return", "obtenir",
    "abrufen",
];
const CHANGES: &[&str] = &[
    "create",
    "update",
    "delete",
    "remove",
    "send",
    "pay",
    "add",
    "set",
    "edit",
    "modify",
    "post",
    "put",
    "patch",
    "write",
    "upload",
    "move",
    "cancel",
    "void",
    "approve",
    "archive",
    "import",
    "mark",
    "assign",
    "merge",
    "convert",
    "execute",
    "run",
    "finalize",
    "validate",
    "link",
    "unlink",
    "reply",
    "forward",
    "rename",
    "copy",
    "share",
    "close",
    "reconcile",
    "sync",
    "refresh",
    "generate",
    "download",
    "insert",
    "upsert",
    "replace",
    "append",
    "clear",
    "reset",
    "attach",
    "detach",
    "enable",
    "disable",
    "invite",
    "revoke",
    "register",
    "submit",
    "trigger",
    "restore",
    "duplicate",
    "charge",
    "issue",
    "record",
    "save",
    "store",
    "draft",
    "schedule",
    "start",
    "stop",
    "begin",
    "commit",
    "make",
    "manage",
    "bulk",
    "batch",
    "build",
    "test",
    "check",
    "analyze",
    "count",
    "compare",
    "describe",
    "summarize",
    "calculate",
    "parse",
    "preview",
    "initialize",
    "suggest",
    "classify",
    "compose",
    "unarchive",
    "trash",
    "format",
    "freeze",
    "apply",
    "confirm",
    "resend",
    "star",
    "label",
    "unlabel",
    "subscribe",
    "watch",
];

/// Words that end the object: what follows narrows it.
const ENDS: &[&str] = &[
    "for", "by", "of", "in", "from", "to", "with", "on", "since", "between", "under", "within",
    "across", "per", "via", "using", "and", "or", "that", "which", "matching", "where", "linked",
    "related", "filtered", "sorted", "pro", "par", "fuer", "mit", "into", "at", "based", "as",
];

/// Words that say nothing of the object.
const FILLERS: &[&str] = &[
    "the",
    "a",
    "an",
    "all",
    "my",
    "your",
    "our",
    "every",
    "available",
    "existing",
    "api",
    "v1",
    "v2",
    "v3",
    "tool",
    "exact",
    "full",
    "complete",
    "paginated",
    "saved",
    "recent",
    "multiple",
    "les",
    "des",
    "die",
    "der",
    "de",
    "los",
    "las",
    "le",
    "la",
    "data",
    "list",
    "records",
    "record",
    "your",
    "their",
    "s",
    "latest",
    "specific",
    "single",
    "curated",
    "new",
    "stored",
    "table",
];

/// Reads a name; `prefix` is what all tools of the server begin with.
pub(super) fn read(name: &str, prefix: &[String]) -> Name {
    let all = raw(name);
    let own = all.strip_prefix(prefix).unwrap_or(&all);
    let is =
        |list: &[&str], word: Option<&String>| word.is_some_and(|it| list.contains(&it.as_str()));
    let (first, last) = (own.first(), own.last());
    let verb = match () {
        () if is(CHANGES, first) || (own.len() > 1 && is(CHANGES, last)) => Verb::Changes,
        () if own.iter().any(|it| LISTS.contains(&it.as_str())) => Verb::Lists,
        () if is(READS, first) || is(READS, last) => Verb::Reads,
        () => Verb::None,
    };
    let (mut object, mut is_plural) = object(own);
    if object.is_empty() {
        (object, is_plural) = self::object(&all);
    }
    let exports = own.iter().any(|it| it == "export");
    Name { verb, object, is_plural, exports }
}

/// Reads the first sentence; `None` if there is none.
pub(super) fn described(description: &str) -> Option<Described> {
    let sentence = description.trim().split(['.', '\n', ';', '(', ':', '—']).next()?;
    let all: Vec<String> = raw(sentence).into_iter().take(12).collect();
    let first = all.first()?;
    let base = first.strip_suffix('s').unwrap_or(first);
    let lists = LISTS.contains(&base) || LISTS.contains(&first.as_str());
    let reads = READS.contains(&base) || READS.contains(&first.as_str());
    if !lists && !reads {
        return None;
    }
    let (object, is_plural) = object(all.get(1..).unwrap_or_default());
    let listing = all.iter().take(4).any(|it| it == "list" || it == "all");
    Some(Described { lists: lists || (reads && (listing || is_plural)), object, is_plural })
}

/// Words as they are written, in lower case.
pub(super) fn raw(text: &str) -> Vec<String> {
    let pieces = text.split(|it: char| !it.is_alphanumeric()).filter(|it| !it.is_empty());
    pieces.flat_map(camel).collect()
}

fn camel(piece: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before_lower = false;
    for letter in piece.chars() {
        if letter.is_uppercase() && before_lower {
            words.push(String::new());
        }
        before_lower = letter.is_lowercase() || letter.is_numeric();
        if let Some(word) = words.last_mut() {
            word.extend(letter.to_lowercase());
        }
    }
    words
}

/// The words between the verb and what narrows it, singular; and whether the last is a plural.
fn object(words_of: &[String]) -> (Vec<String>, bool) {
    let is_verb = |it: &str| LISTS.contains(&it) || READS.contains(&it);
    // `chart of accounts` is one thing.
    let text = words_of.join(" ").replace("chart of account", "chart-of-account");
    let kept: Vec<&str> = text
        .split(' ')
        .skip_while(|it| is_verb(it) || FILLERS.contains(it) || ENDS.contains(it))
        .take_while(|it| !ENDS.contains(it))
        .filter(|it| !it.is_empty() && !is_verb(it) && !FILLERS.contains(it))
        .collect();
    let plural = |it: &&str| {
        let it = it.trim_end_matches("info");
        // What has no plural is many by itself.
        let many = ["people", "balance", "register", "inbox", "ledger", "history", "staff"];
        (it.ends_with('s') && !it.ends_with("ss") && !it.ends_with("us")) || many.contains(&it)
    };
    let is_plural = kept.last().is_some_and(plural) || kept.first().is_some_and(plural);
    (kept.iter().flat_map(|it| words(it)).collect(), is_plural)
}
