//! Tools that list several kinds of records, one by an argument: `list_records(resource=…)`.

use domain::TargetModel;
use serde_json::{Map, Value, json};

use super::languages::english;
use super::name::{self, Verb, raw};
use super::words::among;
use super::{ToolSpec, apposition, arguments, nouns, vocabulary};

/// The arguments with which a dispatcher lists a target.
#[derive(Debug)]
pub(super) struct Selected {
    pub(super) word: String,
    /// The noun of ours that the word was taken for.
    pub(super) noun: &'static str,
    pub(super) score: f64,
    pub(super) arguments: Map<String, Value>,
}

/// An argument says of what kind the records are if it ends with one of these words.
const KINDS: &str = "entity resource object module model collection service doctype table kind type category sobject";

/// Or is one of these.
const NAMES: &str = "entity_name object_name entity_set model_name table_name resource_name";

/// Arguments that say what to do.
const ACTIONS: &[&str] = &["action", "operation", "method", "command"];

/// Below this a word is no reason to trust a dispatcher with it.
const CLOSE: f64 = 0.5;

/// Whether the tool lists nothing by itself: it has to be told of which kind.
pub(super) fn is_dispatcher(tool: &ToolSpec<'_>) -> bool {
    (kind_argument(tool).is_some() && !is_named(tool)) || action_argument(tool).is_some()
}

/// How a dispatcher is told to list a target; `None` if it cannot, or is none.
pub(super) fn selected(target: TargetModel, tool: &ToolSpec<'_>) -> Option<Selected> {
    let told =
        "type info schema field metadata catalog help documentation count describe aggregate";
    if raw(tool.name).iter().any(|it| among(told, it.trim_end_matches('s'))) {
        return None;
    }
    match (kind_argument(tool), action_argument(tool)) {
        (Some(kind), action) => {
            let mut selected = by_kind(target, tool, kind)?;
            // A word that half means the target does not weigh against the name of the tool.
            if selected.score < 0.75 && is_named(tool) {
                return None;
            }
            if let Some(action) = action {
                let word = listing(&choices(tool, action)).unwrap_or_else(|| "list".to_owned());
                selected.arguments.insert(action.to_owned(), json!(word));
            }
            Some(selected)
        }
        (None, Some(action)) => by_action(target, tool, action),
        (None, None) => by_query(target, tool),
    }
}

/// Whether a tool that might change something is told what keeps it from doing so: both of which
/// kind and to list, or an action that only lists, or a query in a language that only reads.
pub fn is_bound(tool: &ToolSpec<'_>) -> bool {
    let action = action_argument(tool);
    let lists = |it: &str| listing(&choices(tool, it)).is_some();
    (kind_argument(tool).is_some() && action.is_some())
        || action.is_some_and(lists)
        || (query_argument(tool).is_some() && vocabulary::is_ledger_query(&text(tool)))
}

/// The argument that takes the kind of record. A tool that is named after its records has none:
/// `list_transactions(entity)` lists transactions of an entity.
fn kind_argument<'a>(tool: &ToolSpec<'a>) -> Option<&'a str> {
    let argument = required_like(tool, |name, words| {
        among(NAMES, name) || words.last().is_some_and(|it| among(KINDS, it))
    })?;
    let property = arguments::property(tool, argument);
    let told = property.get("description").and_then(Value::as_str).unwrap_or_default();
    // Which one of several is no kind; and with the id of a record it is about that record.
    let keys = |it: &String| among("id key identifier uuid", it);
    let of_one = required(tool).any(|it| it != argument && raw(it).last().is_some_and(keys));
    if of_one || raw(told).iter().any(keys) {
        return None;
    }
    let closed = !arguments::words(property).is_empty();
    (closed || !is_named(tool)).then_some(argument)
}

/// Whether the tool's name says what it lists.
fn is_named(tool: &ToolSpec<'_>) -> bool {
    let object = name::read(tool.name, &[]).object;
    nouns::is_known(&object) && !apposition::is_open(&object)
}

fn action_argument<'a>(tool: &ToolSpec<'a>) -> Option<&'a str> {
    required_like(tool, |name, _| ACTIONS.contains(&name))
}

fn query_argument<'a>(tool: &ToolSpec<'a>) -> Option<&'a str> {
    required_like(tool, |name, _| ["query", "sql", "bql"].contains(&name))
}

fn required_like<'a>(tool: &ToolSpec<'a>, is: impl Fn(&str, &[String]) -> bool) -> Option<&'a str> {
    required(tool).find(|it| {
        let words = raw(it);
        let is_text = arguments::kind(arguments::property(tool, it)) == "string";
        is_text && is(&words.join("_"), &words)
    })
}

/// Name and descriptions, in lower case.
fn text(tool: &ToolSpec<'_>) -> String {
    format!("{} {}", tool.name, tool.description.unwrap_or_default()).to_lowercase()
}

fn by_kind(target: TargetModel, tool: &ToolSpec<'_>, kind: &str) -> Option<Selected> {
    let closed = !arguments::words(arguments::property(tool, kind)).is_empty();
    let dialect = if closed { None } else { vocabulary::kind(target, &raw(kind), &text(tool)) };
    if let Some((word, score)) = dialect {
        if !reads(tool) {
            return None;
        }
        let mut arguments = Map::from_iter([(kind.to_owned(), json!(word))]);
        arguments.extend(columns(tool));
        let score = score * plainness(tool);
        return Some(Selected { word: word.to_owned(), noun: "", score, arguments });
    }
    let each = choices(tool, kind).into_iter().filter_map(|word| {
        let found = nouns::matching(target, &meant(&word))?;
        Some((found.score * 0.93, word))
    });
    let (score, word) = each.max_by(|left, right| left.0.total_cmp(&right.0))?;
    let arguments = Map::from_iter([(kind.to_owned(), json!(word))]);
    let score = if name::read(tool.name, &[]).narrowed { score * 0.6 } else { score };
    let noun = noun(target, &word);
    (score >= CLOSE).then_some(Selected { word, noun, score, arguments })
}

/// Whether a tool that takes any kind of record reads them: by its verb, or by an action that it
/// is told.
fn reads(tool: &ToolSpec<'_>) -> bool {
    let verb = name::read(tool.name, &[]).verb;
    matches!(verb, Verb::Lists | Verb::Reads) || action_argument(tool).is_some()
}

/// The tool that does nothing but search and read is the one to use: a bare search gives ids, and
/// others count, export or compare.
fn plainness(tool: &ToolSpec<'_>) -> f64 {
    let plain = "search records record read list query get documents document entities entity \
                 objects object find fetch data doc docs doctype";
    let name = raw(tool.name);
    // The first word may be a domain.
    let own = name.iter().skip(1).filter(|it| !among(plain, it)).count();
    let rows = "read records record list documents entities objects query fetch get";
    let reads = name.iter().any(|it| among(rows, it));
    let one = name.last().is_some_and(|it| among("record document doc object entity", it));
    match () {
        () if one && !name.iter().any(|it| among("list search query find", it)) => 0.4,
        () if own == 0 && reads => 1.0,
        () => 0.78,
    }
}

/// Columns that must be named: those that every kind of record has.
fn columns(tool: &ToolSpec<'_>) -> Map<String, Value> {
    let fields = required_array(tool, &["fields", "columns", "select"]);
    fields.map(|it| (it.to_owned(), json!(["Id", "Name"]))).into_iter().collect()
}

fn required_array<'a>(tool: &ToolSpec<'a>, names: &[&str]) -> Option<&'a str> {
    required(tool)
        .find(|it| names.contains(it) && arguments::kind(arguments::property(tool, it)) == "array")
}

fn required<'a>(tool: &ToolSpec<'a>) -> impl Iterator<Item = &'a str> {
    let required = tool.input_schema.get("required").and_then(Value::as_array);
    required.into_iter().flatten().filter_map(Value::as_str)
}

/// `accounts_operations(action = list_account)`, `manage_invoices(action = list)`
fn by_action(target: TargetModel, tool: &ToolSpec<'_>, action: &str) -> Option<Selected> {
    let own = name::read(tool.name, &[]).object;
    let own: Vec<String> =
        own.into_iter().filter(|it| !among("operation manage action tool", it)).collect();
    let each = choices(tool, action).into_iter().filter_map(|word| {
        let name = name::read(&word, &[]);
        if name.verb != Verb::Lists {
            return None;
        }
        let object =
            if name.object.is_empty() || name.object == raw(&word) { &own } else { &name.object };
        let found = nouns::matching(target, object)?;
        let narrowed = match () {
            () if name.narrowed => 0.5,
            () if name.exports => 0.75,
            () if name.searches => 0.9,
            () => 0.95,
        };
        Some((found.score * narrowed, found.word, word))
    });
    // Where no action is named, most are told to `list`.
    let unnamed = || {
        let property = arguments::property(tool, action);
        let found = nouns::matching(target, &own)?;
        arguments::words(property)
            .is_empty()
            .then(|| (found.score * 0.8, found.word, "list".to_owned()))
    };
    let best = each.max_by(|left, right| left.0.total_cmp(&right.0)).or_else(unnamed)?;
    let (score, noun, word) = best;
    let arguments = Map::from_iter([(action.to_owned(), json!(word))]);
    (score >= CLOSE).then_some(Selected { word, noun, score, arguments })
}

/// `query("SELECT * FROM Invoice")`, where the tool, or its language, names what can be selected.
fn by_query(target: TargetModel, tool: &ToolSpec<'_>) -> Option<Selected> {
    let query = query_argument(tool)?;
    let text = text(tool);
    if let Some((statement, score)) = vocabulary::query(target, &text) {
        let arguments = Map::from_iter([(query.to_owned(), json!(statement))]);
        return Some(Selected { word: statement.to_owned(), noun: "", score, arguments });
    }
    if !text.contains("select * from") {
        return None;
    }
    let each = choices(tool, query).into_iter().filter_map(|word| {
        let is_name = word.starts_with(|it: char| it.is_ascii_uppercase());
        let found = nouns::matching(target, &crate::draw::words(&word)).filter(|_| is_name)?;
        Some((found.score * 0.9, word))
    });
    let (score, word) = each.max_by(|left, right| left.0.total_cmp(&right.0))?;
    let text = format!("SELECT * FROM {word}");
    let arguments = Map::from_iter([(query.to_owned(), json!(text))]);
    let noun = noun(target, &word);
    (score >= 0.75).then_some(Selected { word, noun, score, arguments })
}

fn noun(target: TargetModel, word: &str) -> &'static str {
    nouns::matching(target, &meant(word)).map_or("", |it| it.word)
}

/// The words of a kind, in English and singular.
fn meant(word: &str) -> Vec<String> {
    english(&raw(word)).iter().flat_map(|it| crate::draw::words(it)).collect()
}

/// The words that an argument may be: its enumeration, else those that its description, or the
/// tool's, names one after another.
fn choices(tool: &ToolSpec<'_>, name: &str) -> Vec<String> {
    let property = arguments::property(tool, name);
    let allowed = arguments::words(property);
    if !allowed.is_empty() {
        return allowed.into_iter().map(str::to_owned).collect();
    }
    let told = property.get("description").and_then(Value::as_str).unwrap_or_default();
    // Where the argument says nothing, the tool may, if it is named after no record of its own.
    let general = told.is_empty() || !is_named(tool);
    let texts = [told, tool.description.filter(|_| general).unwrap_or_default()];
    let plain: Vec<String> =
        texts.iter().map(|it| it.replace(" or ", ",").replace(" and ", ",")).collect();
    let listed = plain.iter().flat_map(|it| it.split([',', ':', '.', ';', '(', ')', '\n']));
    let quoted = texts.iter().flat_map(|it| quoted(it));
    let clean =
        |it: &str| it.trim().trim_matches(|letter: char| "'\"`*".contains(letter)).to_owned();
    let words = listed.chain(quoted).map(clean);
    words.filter(|it| !it.is_empty() && !it.contains(' ')).collect()
}

/// What stands between marks: `'Customer' or 'Supplier'`.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    ['\'', '"', '`'].into_iter().flat_map(|mark| text.split(mark).skip(1).step_by(2))
}

fn listing(choices: &[String]) -> Option<String> {
    let lists = |it: &&String| name::read(it, &[]).verb == Verb::Lists;
    choices.iter().find(lists).cloned()
}
