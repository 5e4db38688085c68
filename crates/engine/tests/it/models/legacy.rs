//! The legacy path with a model: a free-form expression is run apart, and judged.

use domain::TargetModel::Transaction;
use engine::Lead;
use serde_json::{Value, json};
use store::mappings::Generator;

use super::Scene;
use crate::scripted::{Reply, Scripted};

/// One expression for the transactions that no plan of ours can be compiled for.
const WHOLE: &str = r#"{ "transaction_external_id": transaction_external_id,
    "booking_date": booking_date, "instructed_amount": instructed_amount }"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_the_legacy_path_a_model_writes_an_expression_that_runs_in_the_sandbox() {
    let replies = vec![Reply::Refuses, Reply::Says(json!({ "expression": WHOLE }).to_string())];
    let scripted = Scripted::of(replies.clone()).await;
    let faults = ["wordy:list_transactions"];
    let scene = Scene::of(Transaction, &faults, scripted.beside(Lead::ALL)).await;
    let told = scene.run(&scripted).await;
    assert!(
        told.contains("fetched 240 inserted 240") && told.contains("fallback: legacy"),
        "{told}"
    );
    let live = scene.live().await;
    assert_eq!((live.generator, &live.plan), (Generator::Legacy, &Value::Null));
    assert_eq!((live.expression.as_str(), live.sample.as_array().map(Vec::len)), (WHOLE, Some(5)));
    assert_eq!(scene.kept().await.as_array().map(Vec::len), Some(2));

    // Without a process to run it in, it is not run at all: the exact names are left.
    let scripted = Scripted::of(replies).await;
    let mut scene = Scene::of(Transaction, &faults, scripted.beside(Lead::ALL)).await;
    scene.world.engine.settings.sandbox = sandbox::Sandbox::none();
    let told = scene.run(&scripted).await;
    assert!(told.contains("fetched 240 inserted 240"), "{told}");
    assert_ne!(scene.live().await.expression, WHOLE);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_expression_that_makes_up_texts_or_calls_what_is_not_allowed_is_not_used() {
    let made_up = WHOLE
        .replace("\"booking_date\"", "\"counterparty_name\": \"Mallory Ltd\", \"booking_date\"");
    for (expression, why) in [
        (made_up.as_str(), "has texts that are not of its row"),
        ("$eval(\"{}\")", "W0003"),
        ("{ \"transaction_external_id\": ", "S0"),
    ] {
        let answer = json!({ "expression": expression }).to_string();
        let scripted = Scripted::of(vec![Reply::Babbles, Reply::Says(answer)]).await;
        let seats = scripted.beside(Lead::ALL);
        let scene = Scene::of(Transaction, &["wordy:list_transactions"], seats).await;
        let told = scene.run(&scripted).await;
        assert!(told.contains("inserted 240"), "{told}");
        assert_ne!(scene.live().await.expression, expression);
        let kept = scene.kept().await;
        assert!(
            kept[1]["error"].as_str().is_some_and(|it| it.contains(why)),
            "{why}: {}",
            kept[1]["error"]
        );
    }
}
