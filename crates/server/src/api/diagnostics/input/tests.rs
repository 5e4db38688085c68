//! The two readers are one reader: what the fast one takes, the thorough one takes alike.

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn right() -> Value {
    let to =
        |kind: &str| json!({"data": {"type": kind, "id": "0c2e4d1b-9b4a-4d1b-9b4a-001122334455"}});
    json!({
        "type": "connector_sync_diagnostic",
        "attributes": {
            "target_model": "invoice", "tool_name": null, "reason": "empty_result",
            "http_status": 200, "detail": "nothing", "occurred_at": "2026-06-01T14:32:07.000Z",
        },
        "relationships": {
            "workspace_connector": to("workspace_connector"),
            "workspace": to("workspace"),
            "sync_log": to("workspace_connector_sync_log"),
        },
        "meta": {"context": {"pages": 1}},
    })
}

fn pointers(value: &Value, at: &str) -> Vec<String> {
    let members = value.as_object().into_iter().flatten();
    let below = members.flat_map(|(name, value)| pointers(value, &format!("{at}/{name}")));
    std::iter::once(at.to_owned()).chain(below).collect()
}

fn anything() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        Just(json!({})),
        Just(json!([])),
        Just(json!({"data": null})),
        Just(json!(404)),
        Just(json!(-1)),
        Just(json!(1.5)),
        Just(json!(true)),
        Just(json!("x")),
        Just(json!("journal")),
        Just(json!("jury_run")),
        Just(json!("2026-06-01T14:32:07+02:00")),
    ]
}

/// One member exchanged, removed or added.
fn damaged() -> impl Strategy<Value = Value> {
    let change = (prop::sample::select(pointers(&right(), "")), anything(), 0..3);
    prop::collection::vec(change, 0..3).prop_map(|changes| {
        let mut document = right();
        for (pointer, value, how) in changes {
            let (parent, name) = pointer.rsplit_once('/').unwrap_or(("", ""));
            let Some(Value::Object(members)) = document.pointer_mut(parent) else { continue };
            match how {
                0 => {
                    members.insert(name.to_owned(), value);
                }
                1 => {
                    members.shift_remove(name);
                }
                _ => {
                    members.insert("extra".to_owned(), value);
                }
            }
        }
        document
    })
}

proptest! {
    #[test]
    fn what_the_fast_reader_takes_the_thorough_one_takes_alike(document in damaged()) {
        let text = document.to_string();
        let fast = serde_json::from_str::<Fast<'_>>(&text).ok().and_then(|it| it.given());
        let mut faults = Faults::default();
        let thorough = thorough(&document, "/data", &mut faults);
        match fast {
            // A status out of its range is refused by both, by the fast one's caller.
            Some(fast) if fast.new.http_status.is_none_or(|it| (100..=599).contains(&it)) => {
                prop_assert_eq!(faults.or(thorough).ok(), Some(fast), "{}", text);
            }
            Some(_) => prop_assert!(faults.len() > 0),
            None => {}
        }
    }
}

#[test]
fn the_fast_reader_takes_what_is_right() {
    let text = right().to_string();
    assert!(serde_json::from_str::<Fast<'_>>(&text).ok().and_then(|it| it.given()).is_some());
}
