//! Tests of regression.

use expect_test::{Expect, expect};
use proptest::prelude::*;
use serde_json::json;

use super::*;

fn measure(entities: &Value) -> Measure {
    let today = NaiveDate::from_ymd_opt(2026, 6, 1).unwrap();
    Measure::of(TargetModel::Company, entities.as_array().unwrap(), today)
}

#[expect(clippy::needless_pass_by_value, reason = "literals at every call")]
fn check(before: Value, after: Value, expected: Expect) {
    let told = worse(&measure(&before), &measure(&after)).map_or("no worse".to_owned(), |it| {
        format!("{} {:.2} -> {:.2}", it.metric, it.before, it.after)
    });
    expected.assert_eq(&told);
}

fn company(id: u32, name: Option<&str>) -> Value {
    json!({ "company_external_id": id.to_string(), "name": name })
}

#[test]
fn fewer_valid_rows_are_worse() {
    check(
        json!([company(1, Some("A")), company(2, Some("B"))]),
        json!([company(1, Some("A")), company(2, None)]),
        expect!["valid_rows 2.00 -> 1.00"],
    );
}

#[test]
fn fewer_distinct_keys_are_worse() {
    check(
        json!([company(1, Some("A")), company(2, Some("B"))]),
        json!([company(1, Some("A")), company(1, Some("B"))]),
        expect!["distinct_keys 2.00 -> 1.00"],
    );
}

#[test]
fn a_required_slot_that_is_filled_less_often_is_worse_although_rows_stay_valid() {
    let before = Measure { fill: [("name".to_owned(), 0.9)].into(), ..measure(&json!([])) };
    let after = |fill: f64| Measure { fill: [("name".to_owned(), fill)].into(), ..before.clone() };
    assert_eq!(worse(&before, &after(0.8)), None);
    let found = worse(&before, &after(0.79)).unwrap();
    assert_eq!(found.metric, "fill_rate of name");
}

proptest! {
    #[test]
    fn nothing_is_worse_than_itself_and_of_two_at_most_one_by_rows(
        left in 0..20_usize, right in 0..20_usize, fill in 0.0..1.0_f64,
    ) {
        let of = |rows| Measure {
            valid_rows: rows,
            distinct_keys: rows,
            fill: [("name".to_owned(), fill)].into(),
        };
        prop_assert_eq!(worse(&of(left), &of(left)), None);
        prop_assert!(worse(&of(left), &of(right)).is_none() || worse(&of(right), &of(left)).is_none());
    }
}
