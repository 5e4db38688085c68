//! Tests of when a plan is carried out natively.

use domain::TargetModel;
use serde_json::json;

use super::*;
use crate::records::Records;

#[test]
fn only_the_expression_of_its_plan_needs_no_interpreter() {
    let slots = vec![Slot::copy("email", Path::of(&["mail"]))];
    let plan = Plan { target: TargetModel::People, records: Records::default(), slots };
    let stored = serde_json::to_value(&plan).unwrap();
    let program = Program::of_compiled(&crate::compile(&plan), &stored).unwrap();
    let row = json!({ "mail": "a@example.org" });
    assert_eq!(program.evaluate(&row), json!({ "email": "a@example.org" }));
    let by_hand = r#"{ "email": $lowercase(mail) }"#;
    assert_eq!(Program::of_compiled(by_hand, &stored), None);
    assert_eq!(Program::of_compiled(by_hand, &Value::Null), None);
}
