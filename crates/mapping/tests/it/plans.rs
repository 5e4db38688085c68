//! Plans and rows by chance. Names and values are few, so that paths lead somewhere and texts are
//! what transforms look for.

use std::collections::BTreeMap;

use domain::TargetModel;
use mapping::path::{Path, Pick, Step};
use mapping::plan::{DateFormat, EpochUnit, Otherwise, Plan, Slot, Source, Transform};
use mapping::records::Records;
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

const NAMES: &[&str] = &["a", "b", "c", "undefined", "odd`name"];

const TEXTS: &[&str] = &[
    "",
    " ",
    "a",
    "Past_Due",
    "PAST-DUE",
    "debit",
    "Credit",
    "EUR",
    "jpy",
    "kwd",
    "-5",
    "-",
    "--5",
    "1,234.50",
    "1.234,50 €",
    "(12.00)",
    "()",
    "(5)(6)",
    "-$5.25",
    "1 000",
    "007",
    ".5",
    "5.",
    "1e5",
    "0.1",
    "1999",
    "12345678901234567",
    "-123456789012345",
    "12345678901234.56",
    "true",
    "2025-12-03T23:00:00Z",
    "2025-1-3",
    "20251203",
    "20251203T10",
    "3.12.2025",
    "31/12/2025 10:00",
    "12/3/2025",
    "2025/12/03",
    "1/2/25",
    "Wed, 3 Dec 2025 10:00:00 +0000",
    "31 Foo 2025",
    "December 3rd, 2025",
    "Dec. 3 2025",
    "soon",
    "Ada King  Lovelace",
    " Ada\t King\n",
    "Ada/King",
    "Ada <ada@example.org>",
    "@b",
    "a@",
    "x, ada@b@c; y",
    "HTTPS://www.Example.org/about?x",
    "ada@Example.org",
    "www.example.org:80",
    "http://u@h/p",
    "a://b",
    "//x",
    "x\ny@z",
    "ÄÖ ß",
    "İstanbul ΣΑΣ",
    "😀/😀",
    "Grüße, Welt! 2025",
];

pub(crate) fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![9 => select(TEXTS).prop_map(str::to_owned), 1 => "[ -~äß\n]{0,12}"]
}

fn any_number() -> impl Strategy<Value = Value> {
    prop_oneof![
        (-3_i64..4).prop_map(Value::from),
        (-99_999_i64..99_999).prop_map(|it| json!(it as f64 / 100.0)),
        select(vec![
            json!(20_251_203),
            json!(1_764_720_000),
            json!(1_764_720_000_500_i64),
            json!(12_345_678_901_234_567_i64),
            json!(u64::MAX),
            json!(-999_999_999_999_999_i64),
            json!(1e21),
            json!(1.5e-7),
            json!(-0.0),
            json!(1e300),
            json!(0.1),
            json!(1e15),
            json!(62_135_596_800_i64),
            json!(-62_135_596_799.5),
            json!(123_456_789.123_456_8),
        ]),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_filter_map("finite", |it| it.is_finite().then(|| json!(it))),
    ]
}

fn any_scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        1 => Just(Value::Null),
        1 => any::<bool>().prop_map(Value::from),
        3 => any_number(),
        6 => any_text().prop_map(Value::from),
    ]
}

pub(crate) fn any_value() -> impl Strategy<Value = Value> {
    any_scalar().prop_recursive(4, 24, 4, |inner| {
        prop_oneof![vec(inner.clone(), 0..4).prop_map(Value::Array), any_object(inner),]
    })
}

fn any_object(inner: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    let members = btree_map(select(NAMES), inner, 0..5);
    members.prop_map(|it| {
        Value::Object(it.into_iter().map(|(name, it)| (name.to_owned(), it)).collect::<Map<_, _>>())
    })
}

/// Mostly an object, as rows are.
pub(crate) fn any_row() -> impl Strategy<Value = Value> {
    prop_oneof![19 => any_object(any_value()), 1 => any_scalar()]
}

fn any_path() -> impl Strategy<Value = Path> {
    let pick = prop_oneof![
        6 => Just(Pick::All),
        1 => (0_usize..3).prop_map(Pick::At),
        1 => (select(NAMES), any_text())
            .prop_map(|(key, value)| Pick::Where { key: key.to_owned(), value }),
    ];
    let step = (select(NAMES), pick).prop_map(|(name, pick)| Step { name: name.to_owned(), pick });
    vec(step, 0..4).prop_map(Path)
}

fn any_mark() -> impl Strategy<Value = String> {
    select(vec!["", " ", "/", "-", "@", ", "]).prop_map(str::to_owned)
}

fn any_words() -> impl Strategy<Value = BTreeMap<String, String>> {
    btree_map(any_text(), select(vec!["x", "y"]).prop_map(str::to_owned), 0..4)
}

fn any_transform() -> impl Strategy<Value = Transform> {
    let unit = || select(vec![EpochUnit::Seconds, EpochUnit::Milliseconds]);
    let formats = select(vec![
        DateFormat::Iso,
        DateFormat::Compact,
        DateFormat::DayFirst,
        DateFormat::MonthFirst,
        DateFormat::YearFirst,
        DateFormat::DayName,
        DateFormat::MonthName,
    ]);
    let other = prop_oneof![
        Just(Otherwise::Keep),
        Just(Otherwise::Null),
        any_text().prop_map(Otherwise::Word)
    ];
    let plain = select(vec![
        Transform::Text,
        Transform::Negate,
        Transform::Above,
        Transform::Below,
        Transform::Upper,
        Transform::Lower,
        Transform::Not,
        Transform::First,
        Transform::Last,
        Transform::FalseIsNull,
        Transform::Address,
        Transform::Domain,
        Transform::Number { comma: false },
        Transform::Number { comma: true },
    ]);
    prop_oneof![
        6 => plain,
        1 => option::of(any_path()).prop_map(|currency| Transform::MinorUnits { currency }),
        1 => (any_path(), vec(any_text(), 0..3))
            .prop_map(|(path, negative)| Transform::SignFrom { path, negative }),
        1 => (any_path(), any_text())
            .prop_map(|(path, equals)| Transform::OnlyWhere { path, equals }),
        1 => vec(any_text(), 0..3).prop_map(|words| Transform::IsOneOf { words }),
        3 => formats.prop_map(|format| Transform::Date { format }),
        1 => unit().prop_map(|unit| Transform::EpochDate { unit }),
        1 => unit().prop_map(|unit| Transform::EpochTime { unit }),
        2 => (any_words(), other).prop_map(|(words, other)| Transform::Enum { words, other }),
        1 => any_mark().prop_map(|mark| Transform::Before { mark }),
        1 => any_mark().prop_map(|mark| Transform::After { mark }),
        1 => any_mark().prop_map(|mark| Transform::AfterLast { mark }),
    ]
}

fn any_source(depth: u32) -> BoxedStrategy<Source> {
    let flat = prop_oneof![
        6 => any_path().prop_map(Source::Path),
        2 => vec(any_path(), 0..4).prop_map(Source::FirstOf),
        2 => (vec(any_path(), 0..4), any_mark())
            .prop_map(|(paths, separator)| Source::Concat { paths, separator }),
        2 => (any_path(), any_path()).prop_map(|(plus, minus)| Source::Difference { plus, minus }),
        1 => any_value().prop_map(|value| Source::Constant { value, reason: String::new() }),
        1 => Just(Source::Null { reason: String::new() }),
    ];
    match depth.checked_sub(1) {
        None => flat.boxed(),
        Some(below) => {
            let each = (any_path(), any_slots(below))
                .prop_map(|(path, slots)| Source::Each { path, slots });
            prop_oneof![8 => flat, 2 => each].boxed()
        }
    }
}

/// A plan fills each slot once.
fn any_slots(depth: u32) -> BoxedStrategy<Vec<Slot>> {
    let names = vec!["one", "two", "three.x", "three.y", "three.z.x", "four.x"];
    let slot = (any_source(depth), vec(any_transform(), 0..4));
    btree_map(select(names), slot, 0..5)
        .prop_map(|slots| {
            let slot = |(name, (source, transforms)): (&str, (Source, Vec<Transform>))| Slot {
                slot: name.to_owned(),
                source,
                transforms,
            };
            slots.into_iter().map(slot).collect()
        })
        .boxed()
}

pub(crate) fn any_plan() -> impl Strategy<Value = Plan> {
    any_slots(1).prop_map(|slots| Plan {
        target: TargetModel::Transaction,
        records: Records::default(),
        slots,
    })
}
