//! What holds for every plan that is drawn.

use chrono::NaiveDate;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::draw::*;
use crate::expression::{Limits, apply};

#[test]
fn the_key_is_unique_but_for_records_that_come_twice_or_there_is_none() {
    let key = |rows: Value| {
        let drawn = plan(TargetModel::Company, rows.as_array().unwrap(), &Hints::default());
        let report = drawn.report.into_iter().find(|it| it.slot == "company_external_id").unwrap();
        report.path
    };
    assert_eq!(
        key(json!([{ "id": 1, "name": "A" }, { "id": 2, "name": "A" }])).as_deref(),
        Some("id")
    );
    assert_eq!(
        key(json!([{ "type_id": 1, "company_id": 1 }, { "type_id": 1, "company_id": 2 }]))
            .as_deref(),
        Some("company_id")
    );
    assert_eq!(
        key(json!([{ "name": "A", "city": "X" }, { "name": "B", "city": "X" }])).as_deref(),
        None
    );
    assert_eq!(key(json!([{ "name": "A", "x": 1 }, { "name": "A", "x": 2 }])), None);
    let twice = json!([{ "id": 1, "name": "A" }, { "id": 1, "name": "A" }]);
    assert_eq!(key(twice).as_deref(), Some("id"));
    // A record that changed while it was read comes twice: by its name it is still the key, and
    // one that never repeats is taken before it.
    let changed = |id: &str| {
        let row =
            |it: i64, city: &str| json!({ id: it, "key": format!("k{it}{city}"), "city": city });
        json!([row(1, "X"), row(1, "Y"), row(2, "X"), row(3, "X")])
    };
    assert_eq!(key(changed("id")).as_deref(), Some("key"));
    let keyless = |id: &str| json!([{ id: 1, "x": 1 }, { id: 1, "x": 2 }, { id: 2, "x": 3 }]);
    assert_eq!(key(keyless("company_id")).as_deref(), Some("company_id"));
    assert_eq!(key(keyless("category_id")), None);
}

#[test]
fn a_currency_is_never_invented() {
    let rows = [json!({ "id": "1", "amount": 5, "date": "2026-05-01" })];
    let drawn = plan(TargetModel::Transaction, &rows, &Hints::default());
    assert_eq!(drawn.missing_required, ["instructed_amount.currency"]);
    let outcomes = apply(&crate::compile(&drawn.plan), &rows, &Limits::default()).unwrap();
    let entity = outcomes.first().unwrap().as_ref().unwrap();
    let today = NaiveDate::from_ymd_opt(2026, 6, 1).unwrap();
    let causes = domain::entity::check(TargetModel::Transaction, entity, today).unwrap_err();
    assert_eq!(causes.first().unwrap().rule, domain::entity::Rule::MissingCurrency);
}

#[test]
fn a_tool_says_what_its_amounts_mean() {
    let rows = [
        json!({ "id": "1", "amount": 1050, "currency": "EUR", "date": "2026-05-01" }),
        json!({ "id": "2", "amount": 2000, "currency": "EUR", "date": "2026-05-02" }),
    ];
    let transforms = |description: &'static str| {
        let hints = Hints { tool_name: "list", tool_description: description, output_schema: None };
        plan(TargetModel::Transaction, &rows, &hints)
            .plan
            .slot("instructed_amount.amount")
            .unwrap()
            .transforms
            .clone()
    };
    assert_eq!(transforms("Lists transactions"), []);
    let minor = Transform::MinorUnits { currency: Some("currency".parse().unwrap()) };
    assert_eq!(transforms("Amounts are exact integer\n cents."), [minor]);
    assert_eq!(transforms("Positive means money out."), [Transform::Negate]);
}

#[test]
fn no_rows_give_a_plan_that_compiles() {
    for target in TargetModel::ALL {
        let drawn = plan(*target, &[], &Hints::default());
        assert!(!drawn.missing_required.is_empty());
        assert_eq!(apply(&crate::compile(&drawn.plan), &[], &Limits::default()), Ok(Vec::new()));
    }
}

/// Rows with names that mean something to us, and any values.
fn any_rows() -> impl Strategy<Value = Vec<Value>> {
    let names = [
        "id", "name", "amount", "currency", "date", "status", "type", "lines", "email", "total",
        "customer", "value", "debit", "credit", "phone", "account", "odd name", "from", "paid",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1.0e6..1.0e6_f64).prop_map(Value::from),
        "[a-zA-Z0-9@.,:/<> -]{0,12}".prop_map(Value::from),
        Just(json!("2026-05-01T00:00:00Z")),
        Just(json!("eur")),
        Just(json!("paid")),
    ];
    let tree = leaf.prop_recursive(3, 48, 6, move |inner| {
        let member = (proptest::sample::select(names.to_vec()), inner.clone());
        prop_oneof![
            proptest::collection::vec(inner, 0..3).prop_map(Value::from),
            proptest::collection::vec(member, 0..8)
                .prop_map(|it| it.into_iter().map(|(name, it)| (name.to_owned(), it)).collect()),
        ]
    });
    proptest::collection::vec(tree, 0..5)
}

proptest! {
    #[test]
    fn a_drawn_plan_compiles_and_runs_on_its_own_rows(rows in any_rows(), target in 0..TargetModel::ALL.len()) {
        let target = TargetModel::ALL[target];
        let drawn = plan(target, &rows, &Hints::default());
        let outcomes = apply(&crate::compile(&drawn.plan), &rows, &Limits::default()).unwrap();
        prop_assert_eq!(outcomes.len(), rows.len());
        for outcome in outcomes {
            prop_assert!(outcome.is_ok(), "{:?}", outcome);
        }
    }
}
