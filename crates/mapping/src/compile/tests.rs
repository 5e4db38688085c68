//! Tests of the compiler: what a plan is written as, and what each transform does.

use domain::TargetModel;
use expect_test::{Expect, expect};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::expression::{Expression, Limits, apply};
use crate::path::tests::any_path;
use crate::records::Records;

fn slot(slot: &str, path: &str, transforms: &[Transform]) -> Slot {
    let source = Source::Path(path.parse().unwrap());
    Slot { slot: slot.to_owned(), source, transforms: transforms.to_vec() }
}

fn plan(slots: Vec<Slot>) -> Plan {
    Plan { target: TargetModel::Transaction, records: Records::default(), slots }
}

fn evaluated(slots: Vec<Slot>, row: &Value) -> Value {
    let expression = Expression::parse(&compile(&plan(slots)), &Limits::default()).unwrap();
    expression.evaluate(row).unwrap()
}

/// What a chain of transforms makes of the member `v`, for each of some rows.
fn check(transforms: &[Transform], rows: &[Value], expected: &[Value]) {
    let source = compile(&plan(vec![slot("it", "v", transforms)]));
    let outcomes = apply(&source, rows, &Limits::default()).unwrap();
    let values: Vec<Value> =
        outcomes.into_iter().map(|it| it.unwrap().get("it").cloned().unwrap_or_default()).collect();
    assert_eq!(values, expected, "{source}");
}

/// As [`check`], for rows that hold nothing but `v`.
fn check_values(transforms: &[Transform], values: &[Value], expected: &[Value]) {
    let rows: Vec<Value> = values.iter().map(|it| json!({ "v": it })).collect();
    check(transforms, &rows, expected);
}

#[test]
fn a_plan_is_written_so_that_a_person_can_read_it() {
    let slots = vec![
        slot("transaction_external_id", "id", &[Transform::Text]),
        slot(
            "instructed_amount.amount",
            "amount_cents",
            &[Transform::MinorUnits { currency: None }],
        ),
        Slot::null("value_date", "no field of this name and kind"),
        slot("booking_date", "dates.booked", &[]),
        slot("instructed_amount.currency", "currency", &[Transform::Upper]),
        Slot {
            slot: "status".to_owned(),
            source: Source::Constant { value: json!("booked"), reason: "said so".to_owned() },
            transforms: Vec::new(),
        },
    ];
    let expected: Expect = expect![[r#"
        (
          $text := function($v) { $type($v) in ["number", "boolean"] ? $string($v) : $v };
          $shifted := function($v, $e) { $type($v) = "number" ? $v / $power(10, $e) : $type($v) = "string" ? ($contains($v, /^-?[0-9]+$/) ? ($length($v) <= 15 ? $number($v) / $power(10, $e) : $e > 0 ? $substring($v, 0, $length($v) - $e) & "." & $substring($v, -$e) : $v) : $v) : $v };
          $cents := function($v) { $shifted($v, 2) };
          $upper := function($v) { $type($v) = "string" ? $uppercase($v) : $v };
          {
            "transaction_external_id": $text(id),
            "instructed_amount": {
              "amount": $cents(amount_cents),
              "currency": $upper(currency)
            },
            "booking_date": dates.booked,
            "status": "booked"
          }
        )"#]];
    expected.assert_eq(&compile(&plan(slots)));
}

#[test]
fn a_plan_without_slots_is_an_empty_object() {
    assert_eq!(evaluated(Vec::new(), &json!({ "a": 1 })), json!({}));
}

#[test]
fn what_is_absent_stays_absent() {
    let every = [
        Transform::Text,
        Transform::Number { comma: false },
        Transform::MinorUnits { currency: None },
        Transform::Negate,
        Transform::Date { format: DateFormat::Iso },
        Transform::EpochDate { unit: EpochUnit::Seconds },
        Transform::Upper,
        Transform::Not,
        Transform::First,
        Transform::Address,
        Transform::Domain,
    ];
    for transform in every {
        check(&[transform], &[json!({}), json!({ "v": null })], &[Value::Null, Value::Null]);
    }
}

#[test]
fn what_a_transform_is_not_made_for_goes_through_it() {
    check_values(&[Transform::Number { comma: false }], &[json!("n/a")], &[json!("n/a")]);
    check_values(&[Transform::Upper, Transform::Not], &[json!(1)], &[json!(1)]);
    check_values(
        &[Transform::Date { format: DateFormat::DayFirst }],
        &[json!("soon"), json!({})],
        &[json!("soon"), json!({})],
    );
}

#[test]
fn texts_become_numbers_as_they_are_written() {
    check_values(
        &[Transform::Number { comma: false }],
        &[json!("1,234.50"), json!("-$5.25"), json!("(12.00)"), json!("1 000"), json!(7)],
        &[json!(1234.5), json!(-5.25), json!(-12), json!(1000), json!(7)],
    );
    check_values(
        &[Transform::Number { comma: true }],
        &[json!("1.234,50 €"), json!("-5,25")],
        &[json!(1234.5), json!(-5.25)],
    );
    // Sixteen digits are more than a double keeps.
    check_values(
        &[Transform::Number { comma: false }],
        &[json!("12345678901234.56")],
        &[json!("12345678901234.56")],
    );
}

#[test]
fn minor_units_are_hundredths_or_what_the_currency_says() {
    let cents = Transform::MinorUnits { currency: None };
    check_values(
        &[cents],
        &[json!(-525), json!(0), json!("1999"), json!(12_345_678_901_234_567_i64), json!("x")],
        &[json!(-5.25), json!(0), json!(19.99), json!("123456789012345.67"), json!("x")],
    );
    let minor = Transform::MinorUnits { currency: Some("c".parse().unwrap()) };
    let row = |currency: &str| json!({ "v": 1500, "c": currency });
    check(
        &[minor],
        &[row("eur"), row("JPY"), row("KWD"), json!({ "v": 1500 })],
        &[json!(15), json!(1500), json!(1.5), json!(15)],
    );
}

#[test]
fn a_sign_comes_from_a_sibling() {
    let transform =
        Transform::SignFrom { path: "d".parse().unwrap(), negative: vec!["Debit".to_owned()] };
    let row = |direction: &str| json!({ "v": 5, "d": direction });
    check(
        &[transform],
        &[row("DEBIT"), row("credit"), json!({ "v": 5 })],
        &[json!(-5), json!(5), json!(5)],
    );
}

#[test]
fn one_amount_is_put_on_its_side() {
    let only = Transform::OnlyWhere { path: "d".parse().unwrap(), equals: "debit".to_owned() };
    check(
        &[only],
        &[json!({ "v": 5, "d": "Debit" }), json!({ "v": 5, "d": "Credit" })],
        &[json!(5), json!(0)],
    );
    check_values(&[Transform::Above], &[json!(5), json!(-5)], &[json!(5), json!(0)]);
    check_values(&[Transform::Below], &[json!(5), json!(-5)], &[json!(0), json!(5)]);
    check_values(
        &[Transform::Negate],
        &[json!(5), json!(-5), json!("7")],
        &[json!(-5), json!(5), json!("-7")],
    );
}

#[test]
fn days_are_read_in_each_format() {
    for (format, written) in [
        (DateFormat::Iso, "2025-12-03T23:00:00Z"),
        (DateFormat::Compact, "20251203"),
        (DateFormat::DayFirst, "3.12.2025"),
        (DateFormat::MonthFirst, "12/3/2025 10:00"),
        (DateFormat::YearFirst, "2025/12/03"),
        (DateFormat::DayName, "Wed, 3 Dec 2025 10:00:00 +0000"),
        (DateFormat::MonthName, "December 3rd, 2025"),
    ] {
        check_values(&[Transform::Date { format }], &[json!(written)], &[json!("2025-12-03")]);
    }
}

#[test]
fn counts_since_1970_become_days_and_times() {
    let seconds = EpochUnit::Seconds;
    check_values(
        &[Transform::EpochDate { unit: seconds }],
        &[json!(1_764_720_000)],
        &[json!("2025-12-03")],
    );
    check_values(
        &[Transform::EpochTime { unit: EpochUnit::Milliseconds }],
        &[json!(1_764_720_000_500_i64)],
        &[json!("2025-12-03T00:00:00.500Z")],
    );
}

#[test]
fn words_are_compared_by_their_spelling() {
    let table = |other| Transform::Enum {
        words: [("Past Due", "issued"), ("paid", "paid")]
            .map(|(from, to)| (from.to_owned(), to.to_owned()))
            .into(),
        other,
    };
    let values = [json!("PAST_DUE"), json!("Paid"), json!("odd"), Value::Null];
    let known = [json!("issued"), json!("paid")];
    let with = |rest: [Value; 2]| [known.to_vec(), rest.to_vec()].concat();
    check_values(&[table(Otherwise::Keep)], &values, &with([json!("odd"), Value::Null]));
    check_values(&[table(Otherwise::Null)], &values, &with([Value::Null, Value::Null]));
    let other = Otherwise::Word("other".to_owned());
    check_values(&[table(other)], &values, &with([json!("other"), json!("other")]));
}

#[test]
fn texts_are_cut_where_they_say_so() {
    let mark = " ".to_owned();
    let names = [json!("Ada King Lovelace"), json!("Plato")];
    check_values(
        &[Transform::Before { mark: mark.clone() }],
        &names,
        &[json!("Ada"), json!("Plato")],
    );
    check_values(
        &[Transform::After { mark: mark.clone() }],
        &names,
        &[json!("King Lovelace"), Value::Null],
    );
    check_values(&[Transform::AfterLast { mark }], &names, &[json!("Lovelace"), json!("Plato")]);
    check_values(
        &[Transform::Address],
        &[json!("Ada <ada@example.org>"), json!("nobody")],
        &[json!("ada@example.org"), json!("nobody")],
    );
    check_values(
        &[Transform::Domain],
        &[
            json!("https://www.Example.org/about?x"),
            json!("ada@example.org"),
            json!("example.org:80"),
        ],
        &[json!("example.org"), json!("example.org"), json!("example.org")],
    );
    check_values(&[Transform::First], &[json!([1, 2]), json!(3)], &[json!(1), json!(3)]);
    check_values(&[Transform::Last], &[json!([1, 2])], &[json!(2)]);
    check_values(
        &[Transform::FalseIsNull],
        &[json!(false), json!("x")],
        &[Value::Null, json!("x")],
    );
}

#[test]
fn several_paths_make_one_value() {
    let paths = |texts: &[&str]| texts.iter().map(|it| it.parse().unwrap()).collect::<Vec<_>>();
    let of = |source: Source, row: Value| {
        let slots = vec![Slot { slot: "it".to_owned(), source, transforms: Vec::new() }];
        evaluated(slots, &row).get("it").cloned().unwrap_or_default()
    };
    let first = || Source::FirstOf(paths(&["a.b", "c"]));
    assert_eq!(of(first(), json!({ "a": { "b": "x" }, "c": "y" })), json!("x"));
    assert_eq!(of(first(), json!({ "a": { "b": "" }, "c": "y" })), json!("y"));
    assert_eq!(of(first(), json!({ "a": null, "c": 0 })), json!(0));
    assert_eq!(of(first(), json!({})), Value::Null);
    let joined = || Source::Concat { paths: paths(&["a", "b"]), separator: " ".to_owned() };
    assert_eq!(of(joined(), json!({ "a": "Ada", "b": "King" })), json!("Ada King"));
    assert_eq!(of(joined(), json!({ "a": null, "b": 7 })), json!("7"));
    let difference =
        || Source::Difference { plus: "a".parse().unwrap(), minus: "b".parse().unwrap() };
    assert_eq!(of(difference(), json!({ "a": null, "b": "5.50" })), json!(-5.5));
    assert_eq!(of(difference(), json!({ "a": 5, "b": "" })), json!(5));
}

#[test]
fn lines_are_objects_of_their_own() {
    let lines = vec![Slot {
        slot: "items".to_owned(),
        source: Source::Each {
            path: "x.data".parse().unwrap(),
            slots: vec![slot("quantity", "qty", &[])],
        },
        transforms: Vec::new(),
    }];
    let of = |row: Value| evaluated(lines.clone(), &row);
    assert_eq!(
        of(json!({ "x": { "data": [{ "qty": 1 }] } })),
        json!({ "items": [{ "quantity": 1 }] })
    );
    assert_eq!(
        of(json!({ "x": { "data": [{ "qty": 1 }, null, { "qty": 2 }] } })),
        json!({ "items": [{ "quantity": 1 }, { "quantity": 2 }] })
    );
    assert_eq!(of(json!({ "x": { "data": null } })), json!({ "items": [] }));
    assert_eq!(of(json!({})), json!({ "items": [] }));
}

fn any_transform() -> impl Strategy<Value = Transform> {
    prop_oneof![
        Just(Transform::Text),
        any::<bool>().prop_map(|comma| Transform::Number { comma }),
        proptest::option::of(any_path()).prop_map(|currency| Transform::MinorUnits { currency }),
        (any_path(), proptest::collection::vec(".{0,4}", 0..3))
            .prop_map(|(path, negative)| Transform::SignFrom { path, negative }),
        (any_path(), ".{0,4}").prop_map(|(path, equals)| Transform::OnlyWhere { path, equals }),
        ".{0,4}".prop_map(|mark| Transform::Before { mark }),
        ".{0,4}".prop_map(|mark| Transform::AfterLast { mark }),
        (proptest::collection::btree_map(".{0,4}", ".{0,4}", 0..3), ".{0,4}")
            .prop_map(|(words, other)| Transform::Enum { words, other: Otherwise::Word(other) }),
        Just(Transform::Domain),
    ]
}

fn any_slot() -> impl Strategy<Value = Slot> {
    let source = prop_oneof![
        4 => any_path().prop_map(Source::Path),
        1 => proptest::collection::vec(any_path(), 0..3).prop_map(Source::FirstOf),
        1 => (proptest::collection::vec(any_path(), 0..3), ".{0,4}")
            .prop_map(|(paths, separator)| Source::Concat { paths, separator }),
        1 => (any_path(), any_path()).prop_map(|(plus, minus)| Source::Difference { plus, minus }),
        1 => ".{0,8}".prop_map(|it| Source::Constant { value: json!(it), reason: String::new() }),
        1 => any_path().prop_map(|path| Source::Each { path: path.clone(), slots: vec![Slot::copy("x", path)] }),
    ];
    ("[a-z]{1,4}(\\.[a-z]{1,4})?", source, proptest::collection::vec(any_transform(), 0..3))
        .prop_map(|(slot, source, transforms)| Slot { slot, source, transforms })
}

proptest! {
    #[test]
    fn a_plan_can_always_be_parsed(slots in proptest::collection::vec(any_slot(), 0..6)) {
        let source = compile(&plan(slots));
        let parsed = Expression::parse(&source, &Limits::default());
        prop_assert!(parsed.is_ok(), "{:?}\n{}", parsed, source);
    }

    #[test]
    fn a_plan_survives_its_storage(slots in proptest::collection::vec(any_slot(), 0..4)) {
        let plan = plan(slots);
        let stored = serde_json::to_string(&plan).unwrap();
        prop_assert_eq!(serde_json::from_str::<Plan>(&stored).unwrap(), plan);
    }

    #[test]
    fn a_member_is_found_whatever_its_name(name in "\\PC{1,12}", value in 1..1000) {
        let row = json!({ (name.as_str()): { (name.as_str()): value } });
        let slots = vec![Slot::copy("it", Path::of(&[&name, &name]))];
        prop_assert_eq!(evaluated(slots, &row), json!({ "it": value }));
    }

    #[test]
    fn cents_are_exact(cents in any::<i64>()) {
        let row = json!({ "v": cents });
        let slots = vec![slot("it", "v", &[Transform::MinorUnits { currency: None }])];
        let outcome = evaluated(slots, &row);
        let text = outcome["it"].as_str().map_or_else(|| outcome["it"].to_string(), str::to_owned);
        let expected = rust_decimal::Decimal::new(cents, 2);
        prop_assert_eq!(text.parse::<rust_decimal::Decimal>().unwrap(), expected);
    }
}
