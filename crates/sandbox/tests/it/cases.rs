//! Expressions to try: a few of our own, or the official suite where it is at hand.

use std::path::{Path, PathBuf};

use mapping::expression::Limits;
use sandbox::{Program, Sandbox, Settings};
use serde_json::{Value, json};

/// The folder of the official suite, unpacked: it holds `groups` and `datasets`.
const SUITE: &str = "WIRELINE_TEST_JSONATA";
/// A file of hostile expressions, a JSON object a line: `name`, `expr`, `data`.
const HOSTILE: &str = "WIRELINE_TEST_HOSTILE";

/// One expression, what it is given, and what it should give.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) group: String,
    pub(crate) name: String,
    pub(crate) expression: String,
    pub(crate) row: Value,
    pub(crate) expected: Expected,
}

#[derive(Debug, Clone)]
pub(crate) enum Expected {
    Value(Value),
    Code(String),
    /// It needs what our expressions do not have.
    Unsuited,
}

/// Time for one row, in milliseconds. The kill comes after twice that.
pub(crate) const ROW_MS: u64 = 500;

pub(crate) fn limits() -> Limits {
    Limits { timeout_ms: ROW_MS, ..Limits::default() }
}

pub(crate) fn settings() -> Settings {
    let command = PathBuf::from(env!("CARGO_BIN_EXE_evaluator"));
    Settings { limits: limits(), ..Settings::of(Program { command, words: Vec::new() }) }
}

pub(crate) fn sandbox() -> Sandbox {
    Sandbox::new(settings())
}

#[expect(clippy::disallowed_methods, reason = "tests have no settings file")]
fn variable(name: &str) -> Option<PathBuf> {
    std::env::var(name).ok().filter(|it| !it.is_empty()).map(PathBuf::from)
}

/// None: the suite is not at hand.
pub(crate) fn suite() -> Option<Vec<Case>> {
    let folder = variable(SUITE)?;
    let groups = entries(&folder.join("groups"));
    assert!(!groups.is_empty(), "no group in {}", folder.display());
    let files = groups.iter().flat_map(|group| entries(group));
    let files = files.filter(|it| it.extension().is_some_and(|it| it == "json"));
    Some(files.flat_map(|it| of_file(&folder, &it)).collect())
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let read = std::fs::read_dir(folder).unwrap_or_else(|it| panic!("{}: {it}", folder.display()));
    let mut entries: Vec<PathBuf> = read.map(|it| it.unwrap().path()).collect();
    entries.sort();
    entries
}

fn of_file(suite: &Path, file: &Path) -> Vec<Case> {
    let word = |it: Option<&std::ffi::OsStr>| it.unwrap().to_string_lossy().into_owned();
    let (group, name) = (word(file.parent().unwrap().file_name()), word(file.file_stem()));
    // Two hold half a character, which no text of ours can.
    let Ok(document) = serde_json::from_str::<Value>(&std::fs::read_to_string(file).unwrap())
    else {
        let (expression, row, expected) = (String::new(), Value::Null, Expected::Unsuited);
        return vec![Case { group, name, expression, row, expected }];
    };
    let cases = document.as_array().cloned().unwrap_or_else(|| vec![document]);
    let case = |(index, it): (usize, &Value)| {
        let text = |name: &str| it[name].as_str().map(str::to_owned);
        let from = |name: String| std::fs::read_to_string(file.with_file_name(name)).unwrap();
        let expression = text("expr").or_else(|| text("expr-file").map(from)).unwrap();
        let row = match it.get("data") {
            Some(data) => data.clone(),
            None => text("dataset").map_or(Value::Null, |it| {
                let file = suite.join("datasets").join(format!("{it}.json"));
                serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
            }),
        };
        let name = format!("{name}[{index}]");
        Case { group: group.clone(), name, expression, row, expected: expected(it) }
    };
    cases.iter().enumerate().map(case).collect()
}

fn expected(case: &Value) -> Expected {
    let has_bindings = case["bindings"].as_object().is_some_and(|it| !it.is_empty());
    let code = case["code"].as_str().or(case["error"]["code"].as_str());
    match code {
        _ if has_bindings => Expected::Unsuited,
        Some(code) => Expected::Code(code.to_owned()),
        None => Expected::Value(case.get("result").cloned().unwrap_or_default()),
    }
}

/// What the official suite has in common with mappings, in our words.
pub(crate) fn own() -> Vec<Case> {
    let row = json!({
        "id": 7, "name": "Ada Lovelace", "when": "2026-06-01T14:32:07.000Z", "cents": 1999,
        "lines": [{ "sku": "a", "n": 2, "price": 1.5 }, { "sku": "b", "n": 1, "price": 4 }],
        "tags": ["x", "y", "x"], "party": { "vat": null, "city": "Zürich" },
    });
    let case = |(expression, value): (&str, Value)| Case {
        group: "own".to_owned(),
        name: expression.to_owned(),
        expression: expression.to_owned(),
        row: row.clone(),
        expected: Expected::Value(value),
    };
    let cases = [
        (r#"{ "id": $string(id), "amount": cents / 100 }"#, json!({ "id": "7", "amount": 19.99 })),
        ("lines.(n * price)", json!([3, 4])),
        ("$sum(lines.(n * price))", json!(7)),
        ("lines[price > 2].sku", json!("b")),
        ("lines^(>price).sku", json!(["b", "a"])),
        ("lines{ sku: n }", json!({ "a": 2, "b": 1 })),
        ("$distinct(tags) ~> $count()", json!(2)),
        ("$join($map(tags, $uppercase), '-')", json!("X-Y-X")),
        ("$substringBefore(name, ' ') & '!'", json!("Ada!")),
        ("$replace(name, /(\\w+) (\\w+)/, '$2, $1')", json!("Lovelace, Ada")),
        ("$match(name, /[aeiou]/).match", json!(["a", "o", "e", "a", "e"])),
        ("$fromMillis($toMillis(when), '[Y]-[M01]-[D01]')", json!("2026-06-01")),
        ("$toMillis('01/06/2026', '[D01]/[M01]/[Y0001]')", json!(1_780_272_000_000_i64)),
        ("$reduce(lines.n, function($a, $b) { $a + $b })", json!(3)),
        ("$filter(tags, function($v, $i) { $i > 0 })", json!(["y", "x"])),
        ("($f := function($n) { $n < 2 ? 1 : $n * $f($n - 1) }; $f(5))", json!(120)),
        ("party.vat = null ? 'none' : party.vat", json!("none")),
        ("$merge(lines.{ sku: price })", json!({ "a": 1.5, "b": 4 })),
        ("$sift(party, function($v, $k) { $k = 'city' })", json!({ "city": "Zürich" })),
        ("[1..5][$ % 2 = 0]", json!([2, 4])),
        ("$formatNumber(cents, '#,##0.00')", json!("1,999.00")),
        ("**.sku", json!(["a", "b"])),
        ("lines.%.name", json!(["Ada Lovelace", "Ada Lovelace"])),
        ("$pad($formatBase(id, 2), -8, '0')", json!("00000111")),
        (
            "$ ~> |party|{ 'vat': 'DE1' }| ~> $lookup('party')",
            json!({"vat": "DE1", "city": "Zürich"}),
        ),
        ("$each(party, function($v, $k) { $k })", json!(["vat", "city"])),
    ];
    cases.into_iter().map(case).collect()
}

/// A name, an expression, and a row, that are to hang, blow up or overflow an engine.
pub(crate) fn hostile() -> Vec<(String, String, Value)> {
    let mut all = own_hostile();
    if let Some(file) = variable(HOSTILE) {
        let text = std::fs::read_to_string(&file).expect("the file of hostile expressions");
        all.extend(text.lines().map(|line| {
            let mut it: Value = serde_json::from_str(line).expect("a line of JSON");
            let text = |name: &str| it[name].as_str().expect("a text").to_owned();
            (text("name"), text("expr"), it["data"].take())
        }));
    }
    all
}

fn own_hostile() -> Vec<(String, String, Value)> {
    let tower = "$t := function($s, $n) { $n = 0 ? $s : $t([[$s], [$s]], $n - 1) }";
    let double = "$d := function($s, $n) { $n = 0 ? $s : $d($s & $s, $n - 1) }";
    let cases = [
        ("an endless loop", "($f := function($n) { $f($n + 1) }; $f(0))".to_owned()),
        ("an endless descent", "($f := function($n) { 1 + $f($n + 1) }; $f(0))".to_owned()),
        ("a text that doubles", format!("({double}; $length($d('{}', 40)))", "x".repeat(64))),
        ("many texts that double", format!("({double}; $map([1..99], function($i) {{ $d($string($i) & '________________', 22) }}))")),
        ("a list that doubles", "($a := function($s, $n) { $n = 0 ? $s : $a($append($s, $s), $n - 1) }; $a([1..9], 40))".to_owned()),
        ("a tower", format!("({tower}; $t(1, 60))")),
        ("a tower as text", format!("({tower}; $string($t(1, 60)))")),
        ("a tower joined to a text", format!("({tower}; 'x' & $t(1, 60))")),
        ("two equal towers", format!("({tower}; $t(1, 60) = $t(1, 60))")),
        ("a tower in a tower", format!("({tower}; $t(1, 60) in [$t(1, 60)])")),
        ("distinct towers", format!("({tower}; $distinct([$t(1, 40), $t(1, 40)]))")),
        ("all that is in a tower", format!("({tower}; $count($t(1, 40).**))")),
        ("a tower in order", format!("({tower}; $t(1, 40)^($))")),
        ("distinct objects", "$count($distinct([1..99999].{ 'a': { 'b': $ } }))".to_owned()),
        ("a long range", "[1..9999999999]".to_owned()),
        ("ranges in ranges", "[1..9999].([1..9999].([1..9999]))".to_owned()),
        ("long padding", "$pad('x', -4000000000)".to_owned()),
        ("long padding in a map", "$map([1..9], function($i) { ('x' ~> $pad(999999999)) })".to_owned()),
        ("patterns of patterns", "$contains('aaaa', /(((a{99}){99}){99}){99}/)".to_owned()),
        ("a split to letters", "$count($split($pad('', 250000, 'ab'), ''))".to_owned()),
        ("powers", "$power(10, 999999)".to_owned()),
        ("a date far away", "$fromMillis(8640000000000001, '[Y9999999]')".to_owned()),
        ("a picture of digits", "$toMillis('١٢', '[Y٠٠٠١]-[M٩٩]')".to_owned()),
        ("a picture without end", format!("$fromMillis(0, '{}')", "[Y,9-99]".repeat(1_500))),
        ("a number's picture", format!("$formatNumber(1e300, '{}')", "#,##0.0".repeat(2_000))),
        ("open brackets", "[".repeat(16_000)),
        ("many minus signs", format!("{}1", "-".repeat(16_000))),
        ("a long path", format!("a{}", ".a".repeat(8_000))),
        ("a long sum", format!("1{}", "+1".repeat(8_000))),
        ("a long choice", format!("{}1{}", "1?".repeat(4_000), ":0".repeat(4_000))),
    ];
    cases.map(|(name, expression)| (name.to_owned(), expression, Value::Null)).to_vec()
}
