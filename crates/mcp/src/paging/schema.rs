//! Which of a tool's arguments are about pages, and how large a page may be.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Map, Value};

use super::window::Bounds;
use crate::Tool;

/// Asked for when nothing says how large a page may be.
const PAGED_SIZE: u64 = 100;
const SINGLE_PAGE_SIZE: u64 = 500;
/// Larger pages make for larger answers, not for a faster end.
const LARGEST_PAGE: u64 = 1_000;
const LARGEST_SINGLE_PAGE: u64 = 100_000;

const SIZES: [&str; 19] = [
    "limit",
    "perpage",
    "pagesize",
    "pagelimit",
    "top",
    "maxresults",
    "maxrecords",
    "maxitems",
    "maxrows",
    "first",
    "take",
    "size",
    "count",
    "itemsperpage",
    "resultsperpage",
    "rowsperpage",
    "numresults",
    "nresults",
    "batchsize",
];
const PAGES: [&str; 7] =
    ["page", "pagenumber", "pagenum", "pageno", "pageindex", "currentpage", "pagenr"];
const OFFSETS: [&str; 8] =
    ["offset", "skip", "startindex", "startposition", "startat", "start", "from", "firstresult"];
const CURSORS: [&str; 20] = [
    "cursor",
    "nextcursor",
    "pagecursor",
    "startcursor",
    "aftercursor",
    "pagetoken",
    "nextpagetoken",
    "nexttoken",
    "continuationtoken",
    "skiptoken",
    "after",
    "pageafter",
    "startingafter",
    "startafter",
    "sinceid",
    "afterid",
    "lastid",
    "marker",
    "bookmark",
    "scrollid",
];
/// Cursors that are the id of the last row.
const ROW_IDS: [&str; 5] = ["startingafter", "startafter", "sinceid", "afterid", "lastid"];
const LINKS: [&str; 6] =
    ["nexturl", "nextlink", "pageurl", "nextpageurl", "nextpagelink", "nextpath"];
/// Pairs of arguments that bound a span of dates.
const SPANS: [(&str, &str); 14] = [
    ("startdate", "enddate"),
    ("datefrom", "dateto"),
    ("fromdate", "todate"),
    ("from", "to"),
    ("since", "until"),
    ("start", "end"),
    ("after", "before"),
    ("datestart", "dateend"),
    ("mindate", "maxdate"),
    ("dateafter", "datebefore"),
    ("createdafter", "createdbefore"),
    ("starttime", "endtime"),
    ("periodstart", "periodend"),
    ("begindate", "enddate"),
];

/// A number or mark that a tool takes.
#[derive(Debug, Clone)]
pub(super) struct Argument {
    pub(super) name: String,
    pub(super) required: bool,
    /// Where counting begins, for a page or an offset.
    pub(super) start: u64,
    pub(super) takes_row_id: bool,
    is_text: bool,
}

/// The page size that a tool takes.
#[derive(Debug, Clone)]
pub(super) struct Size {
    pub(super) name: String,
    pub(super) ask: u64,
    /// Whether schema or description names a maximum, so that a smaller page is the last.
    pub(super) is_certain: bool,
    is_text: bool,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Names {
    /// The one object argument that holds all the others.
    pub(super) group: Option<String>,
    pub(super) size: Option<Size>,
    pub(super) cursor: Option<Argument>,
    pub(super) page: Option<Argument>,
    pub(super) offset: Option<Argument>,
    pub(super) link: Option<Argument>,
    pub(super) window: Option<Bounds>,
}

impl Argument {
    /// A number as the schema wants it written.
    pub(super) fn value(&self, number: u64) -> Value {
        if self.is_text { Value::String(number.to_string()) } else { Value::from(number) }
    }

    /// A mark as the schema wants it written.
    pub(super) fn same_type(&self, mark: Value) -> Value {
        if self.is_text && mark.is_number() { Value::String(mark.to_string()) } else { mark }
    }
}

impl Size {
    pub(super) fn value(&self, number: u64) -> Value {
        if self.is_text { Value::String(number.to_string()) } else { Value::from(number) }
    }
}

pub(super) fn names(tool: &Tool) -> Names {
    let schema = &tool.input_schema;
    let found = in_object(schema, schema, tool);
    if found.is_paged() {
        return found;
    }
    // `{"params": {…}}`, as some frameworks wrap what a tool takes.
    let mut objects = properties(schema, schema).into_iter().flatten().filter_map(|(name, it)| {
        let inner = in_object(schema, it, tool);
        inner.is_paged().then_some((name, inner))
    });
    match objects.next() {
        Some((name, inner)) => Names { group: Some(name.clone()), ..inner },
        None => found,
    }
}

impl Names {
    fn is_paged(&self) -> bool {
        self.size.is_some() || self.cursor.is_some() || self.page.is_some() || self.offset.is_some()
    }
}

fn in_object(root: &Value, object: &Value, tool: &Tool) -> Names {
    let Some(fields) = properties(root, object) else { return Names::default() };
    let required = |name: &str| {
        let object = resolve(root, object);
        let list = object.get("required").and_then(Value::as_array);
        list.is_some_and(|it| it.iter().any(|it| it == name))
    };
    let find = |wanted: &[&str], suits: &dyn Fn(&Value) -> bool| {
        wanted.iter().find_map(|want| {
            let (name, it) = fields.iter().find(|(name, it)| plain(name) == *want && suits(it))?;
            Some(Argument {
                name: name.clone(),
                required: required(name),
                start: it.get("default").and_then(Value::as_u64).unwrap_or_default(),
                takes_row_id: ROW_IDS.contains(want),
                is_text: is_text(it),
            })
        })
    };
    let is_number = |it: &Value| !is_only(it, &["string", "boolean", "array", "object"]);
    let is_count = |it: &Value| !is_only(it, &["boolean", "array", "object"]) && !is_date(it);
    let is_mark = |it: &Value| !is_only(it, &["boolean", "array", "object"]) && !is_date(it);
    let page =
        find(&PAGES, &is_count).map(|it| Argument { start: first_page(fields, &it.name), ..it });
    let offset = find(&OFFSETS, &is_number).map(|it| Argument { start: first_offset(&it), ..it });
    let cursor = find(&CURSORS, &is_mark);
    let link = find(&LINKS, &is_mark);
    let is_paged = cursor.is_some() || page.is_some() || offset.is_some();
    let size = find(&SIZES, &is_count)
        .and_then(|it| size(it.name.clone(), fields.get(&it.name)?, tool, is_paged));
    Names { group: None, size, cursor, page, offset, link, window: span(fields) }
}

/// The properties of a schema's object, through one reference and an optional's alternatives.
fn properties<'a>(root: &'a Value, schema: &'a Value) -> Option<&'a Map<String, Value>> {
    resolve(root, schema).get("properties")?.as_object()
}

fn resolve<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    let pointed = |it: &Value| {
        let path = it.get("$ref")?.as_str()?.strip_prefix('#')?.to_owned();
        root.pointer(&path)
    };
    if let Some(found) = pointed(schema) {
        return found;
    }
    let options = ["anyOf", "allOf", "oneOf"].iter().find_map(|it| schema.get(*it)?.as_array());
    let mut options = options.into_iter().flatten().map(|it| pointed(it).unwrap_or(it));
    options.find(|it| it.get("properties").is_some()).unwrap_or(schema)
}

fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|it| it.to_ascii_lowercase()).collect()
}

/// The types that a schema allows, through its alternatives; none when it does not say.
fn types(schema: &Value) -> Vec<&str> {
    let mut all = Vec::new();
    match schema.get("type") {
        Some(Value::String(one)) => all.push(one.as_str()),
        Some(Value::Array(several)) => all.extend(several.iter().filter_map(Value::as_str)),
        Some(_) | None => {}
    }
    for key in ["anyOf", "oneOf"] {
        let options = schema.get(key).and_then(Value::as_array).into_iter().flatten();
        all.extend(options.filter_map(|it| it.get("type")?.as_str()));
    }
    all.retain(|it| *it != "null");
    all
}

fn is_only(schema: &Value, unwanted: &[&str]) -> bool {
    let types = types(schema);
    !types.is_empty() && types.iter().all(|it| unwanted.contains(it))
}

fn is_text(schema: &Value) -> bool {
    is_only(schema, &["string"])
}

fn is_date(schema: &Value) -> bool {
    let text =
        |key: &str| schema.get(key).and_then(Value::as_str).unwrap_or_default().to_lowercase();
    let says = text("description");
    text("format").starts_with("date")
        || ["yyyy", "iso 8601", "iso-8601", "date"].iter().any(|it| says.contains(it))
}

fn first_page(fields: &Map<String, Value>, name: &str) -> u64 {
    let Some(schema) = fields.get(name) else { return 1 };
    let says = schema.get("description").and_then(Value::as_str).unwrap_or_default().to_lowercase();
    let from_zero =
        ["0-based", "zero-based", "starts at 0", "starting at 0", "0-indexed", "from 0"];
    let declared = schema.get("default").and_then(Value::as_u64).filter(|it| *it <= 1);
    let zero = from_zero.iter().any(|it| says.contains(it));
    declared.unwrap_or(if zero { 0 } else { 1 })
}

/// One vendor counts positions from one; a default says so elsewhere.
fn first_offset(argument: &Argument) -> u64 {
    let from_one = matches!(plain(&argument.name).as_str(), "startposition");
    argument.start.max(u64::from(from_one)).min(1)
}

fn size(name: String, schema: &Value, tool: &Tool, is_paged: bool) -> Option<Size> {
    let declared = bound(schema);
    let says = |it: Option<&str>| it.and_then(named_maximum);
    let named = says(schema.get("description").and_then(Value::as_str))
        .or_else(|| says(tool.description.as_deref()));
    let ceiling = if is_paged { LARGEST_PAGE } else { LARGEST_SINGLE_PAGE };
    let guess = if is_paged { PAGED_SIZE } else { SINGLE_PAGE_SIZE };
    let default = schema.get("default").and_then(Value::as_u64).unwrap_or_default();
    let known = declared.or(named);
    let ask = known.unwrap_or_else(|| guess.max(default)).min(ceiling);
    (ask > 0).then(|| Size { name, ask, is_certain: known.is_some(), is_text: is_text(schema) })
}

/// The largest value that a schema allows.
fn bound(schema: &Value) -> Option<u64> {
    let own = schema
        .get("maximum")
        .and_then(whole)
        .or_else(|| schema.get("exclusiveMaximum").and_then(whole).map(|it| it.saturating_sub(1)));
    let choices = schema.get("enum").and_then(Value::as_array);
    let largest = choices.and_then(|it| it.iter().filter_map(super::as_count).max());
    let options = || {
        let all = ["anyOf", "oneOf", "allOf"].iter().find_map(|it| schema.get(*it)?.as_array());
        all.into_iter().flatten().find_map(bound)
    };
    // A bound at the end of a machine's integers bounds nothing.
    own.or(largest).or_else(options).filter(|it| *it < 1_000_000)
}

fn whole(value: &Value) -> Option<u64> {
    // `100.0` is how some generators write it.
    value
        .as_u64()
        .or_else(|| value.as_f64().filter(|it| it.fract() == 0.0)?.to_string().parse().ok())
}

static MAXIMUM: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?i)(?:\bmax(?:imum)?\b[^\d.;\n]{0,24}?|\bup to\s+|\bat most\s+|[≤<]=?\s*|\b[01]\s*(?:-|–|to|\.\.)\s*|\bbetween [01] and )",
        r"(\d{1,3}(?:,\d{3})+|\d{1,6})\b",
    ))
    .ok()
});

/// The largest size that a description names: `max 200`, `up to 1,000`, `1-500`.
pub(super) fn named_maximum(text: &str) -> Option<u64> {
    let found = MAXIMUM.as_ref()?.captures_iter(text).filter_map(|it| {
        // `max results (default 20)` names a default.
        if it.get(0).is_some_and(|it| it.as_str().to_lowercase().contains("default")) {
            return None;
        }
        let after = it.get(0).and_then(|it| text.get(it.end()..)).unwrap_or_default();
        // `up to 90 days` bounds something else.
        let unit = after.split_whitespace().next().unwrap_or_default().to_lowercase();
        let other =
            ["day", "char", "week", "month", "year", "hour", "minute", "second", "byte", "mb"];
        let is_size = !other.iter().any(|it| unit.starts_with(it));
        it.get(1)?.as_str().replace(',', "").parse::<u64>().ok().filter(|_| is_size)
    });
    found.filter(|it| *it >= SMALLEST_NAMED).max()
}

/// A smaller number in a description is an example or a default.
const SMALLEST_NAMED: u64 = 5;

fn span(fields: &Map<String, Value>) -> Option<Bounds> {
    let takes_text = |it: &Value| {
        let types = types(it);
        types.is_empty() || types.contains(&"string")
    };
    let find = |want: &str| {
        let found = fields.iter().find(|(name, it)| plain(name) == want && takes_text(it));
        found.map(|(name, _)| name.clone())
    };
    SPANS.iter().find_map(|(from, to)| Some(Bounds { from: find(from)?, to: find(to)? }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_maximum_is_read_from_a_description() {
        for (text, expected) in [
            ("Number of results (max 200)", Some(200)),
            ("Maximum number of results to return, up to 1,000", Some(1_000)),
            ("Page size, 1-500", Some(500)),
            ("between 1 and 250", Some(250)),
            ("Up to 90 days back", None),
            ("How many", None),
            ("Max results (default 20)", None),
            ("max: 50, default 20", Some(50)),
        ] {
            assert_eq!(named_maximum(text), expected, "{text}");
        }
    }
}
