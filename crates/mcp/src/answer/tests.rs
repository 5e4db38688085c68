//! Answers by hand, in the shapes that servers use, and answers by chance.

use expect_test::{Expect, expect};
use proptest::prelude::{Just, Strategy, any, prop_oneof, proptest};
use serde_json::{Value, json};

use super::*;

fn shape(answer: &Answer) -> String {
    match rows(answer) {
        Ok(it) => {
            let rows = Value::Array(it.rows);
            let envelope = it.envelope.map(|it| format!(" beside {it}")).unwrap_or_default();
            format!("{} at `{}`: {rows}{envelope}", it.kind, it.root)
        }
        Err(Unusable::ErrorShape { message, status }) => format!("error {status:?}: {message}"),
        Err(Unusable::Unparseable { text }) => format!("unparseable: {text}"),
    }
}

fn check_text(text: &str, expected: &Expect) {
    expected.assert_eq(&shape(&Answer::text(text)));
}

fn check(structured: Value, expected: &Expect) {
    expected.assert_eq(&shape(&Answer::of(structured)));
}

#[test]
fn a_list_in_an_envelope_is_found_and_the_envelope_kept() {
    check(
        json!({"bills": [{"id": 1}, {"id": 2}], "has_more": true, "warnings": [{"a": 1}]}),
        &expect![[
            r#"structured at `bills`: [{"id":1},{"id":2}] beside {"has_more":true,"warnings":[{"a":1}]}"#
        ]],
    );
    check(
        json!({"data": {"bills": {"edges": [{"node": {"id": 1}, "cursor": "x"}], "pageInfo": {"hasNextPage": false}}}}),
        &expect![[
            r#"structured at `data.bills.edges`: [{"id":1}] beside {"data":{"bills":{"pageInfo":{"hasNextPage":false}}}}"#
        ]],
    );
}

#[test]
fn included_records_are_not_the_rows() {
    check(
        json!({"data": [{"id": "1"}], "included": [{"id": "7"}, {"id": "8"}, {"id": "9"}]}),
        &expect![[
            r#"structured at `data`: [{"id":"1"}] beside {"included":[{"id":"7"},{"id":"8"},{"id":"9"}]}"#
        ]],
    );
}

#[test]
fn an_empty_list_stays_the_root_of_later_pages() {
    let last = Answer::of(json!({"moves": [], "accounts": [{"id": 1}]}));
    let found = rows_at(&last, "moves").expect("rows");
    assert_eq!((found.rows.len(), found.root.as_str()), (0, "moves"));
}

#[test]
fn json_may_hide_in_a_text_or_in_a_structured_text() {
    check(json!({"result": "[{\"id\": 1}]"}), &expect![[r#"json_string at ``: [{"id":1}]"#]]);
    check_text("```json\n[{\"id\": 1}]\n```", &expect![[r#"json at ``: [{"id":1}]"#]]);
    check_text("Found 1:\n[{\"id\": 1}]\nThat is all.", &expect![[r#"json at ``: [{"id":1}]"#]]);
    check_text(r#""[{\"id\": 1}]""#, &expect![[r#"json at ``: [{"id":1}]"#]]);
    check(
        json!({"content": [{"type": "text", "text": "[{\"id\": 1}]"}], "isError": false}),
        &expect![[r#"structured at ``: [{"id":1}]"#]],
    );
}

#[test]
fn only_the_first_text_needs_to_be_json() {
    let answer = Answer {
        texts: vec![r#"{"data":[{"id":1}],"count":1}"#.to_owned(), "Found 1 thing".to_owned()],
        ..Answer::text("")
    };
    expect![[r#"json at `data`: [{"id":1}] beside {"count":1}"#]].assert_eq(&shape(&answer));
    let none = Answer {
        texts: vec![r#"{"data":[],"count":0}"#.to_owned(), "Found 0 things".to_owned()],
        ..Answer::text("")
    };
    expect![[r#"json at `data`: [] beside {"count":0}"#]].assert_eq(&shape(&none));
}

#[test]
fn one_record_a_block_is_a_list() {
    let texts = [r#"{"id":1,"name":"a"}"#, r#"{"id":2,"name":"b"}"#];
    let answer = Answer { texts: texts.map(str::to_owned).to_vec(), ..Answer::text("") };
    expect![[r#"json at ``: [{"id":1,"name":"a"},{"id":2,"name":"b"}]"#]]
        .assert_eq(&shape(&answer));
}

#[test]
fn tables_become_objects() {
    check(
        json!({"columns": [{"name": "id"}, {"name": "total"}], "rows": [[1, "2.50"]]}),
        &expect![[
            r#"table at `rows`: [{"id":1,"total":"2.50"}] beside {"columns":[{"name":"id"},{"name":"total"}]}"#
        ]],
    );
    check(json!([["id", "total"], [1, 2]]), &expect![[r#"table at ``: [{"id":1,"total":2}]"#]]);
    check_text(
        "id;name\n1;\"Smith; Co\"\n2;",
        &expect![[r#"csv at ``: [{"id":"1","name":"Smith; Co"},{"id":"2","name":null}]"#]],
    );
    check_text(
        "Two bills:\n\n| id | total |\n|---|--:|\n| 1 | **2.50** |\n| 2 | |\n\nDone.",
        &expect![[r#"markdown at ``: [{"id":"1","total":"2.50"},{"id":"2","total":null}]"#]],
    );
    check_text(
        "<p>x</p><table><tr><th>id</th><th>name</th></tr><tr><td>1</td><td>A &amp; <b>B</b></td></tr></table>",
        &expect![[r#"html at ``: [{"id":"1","name":"A & B"}]"#]],
    );
}

#[test]
fn a_table_may_be_wrapped_and_a_keyed_record_may_hold_lists() {
    check(
        json!({"data": {"types": [{"name": "a"}, {"name": "b"}], "rows": [[1, [2]]]}, "ms": 3}),
        &expect![[
            r#"table at `data.rows`: [{"a":1,"b":[2]}] beside {"data":{"types":[{"name":"a"},{"name":"b"}]},"ms":3}"#
        ]],
    );
    check(
        json!({"inbox": {"name": "inbox", "flags": ["a"]}, "sent": {"name": "sent", "flags": []}}),
        &expect![[
            r#"keyed at ``: [{"_key":"inbox","name":"inbox","flags":["a"]},{"_key":"sent","name":"sent","flags":[]}]"#
        ]],
    );
}

#[test]
fn records_by_key_keep_their_key() {
    check(
        json!({"b-1": {"total": 1, "due": "x"}, "b-2": {"total": 2, "due": "y"}}),
        &expect![[
            r#"keyed at ``: [{"_key":"b-1","total":1,"due":"x"},{"_key":"b-2","total":2,"due":"y"}]"#
        ]],
    );
}

#[test]
fn a_bare_record_is_one_row_and_a_bare_envelope_is_none() {
    check(
        json!({"id": "b1", "number": 3, "due": "x", "lines": [{"a": 1}, {"a": 2}]}),
        &expect![[r#"record at ``: [{"id":"b1","number":3,"due":"x","lines":[{"a":1},{"a":2}]}]"#]],
    );
    check(
        json!({"bill": {"id": "b1", "total": 3}}),
        &expect![[r#"record at `bill`: [{"id":"b1","total":3}]"#]],
    );
    check(
        json!({"count": 0, "has_more": false}),
        &expect![[r#"empty at ``: [] beside {"count":0,"has_more":false}"#]],
    );
    check(json!({"count": 3}), &expect![[r#"unparseable: {"count":3}"#]]);
}

#[test]
fn nothing_in_every_form_is_no_rows() {
    for value in [json!(null), json!([]), json!({}), json!({"data": null}), json!({"items": []})] {
        let found = rows(&Answer::of(value.clone())).expect("rows");
        assert!(found.rows.is_empty(), "{value}");
    }
    for text in ["", "[]", "null", "{}", "No bills found.", "There are no records."] {
        let found = rows(&Answer::text(text)).expect(text);
        assert!(found.rows.is_empty(), "{text}");
    }
}

#[test]
fn other_notations_are_read() {
    check_text(
        "{\"id\":1,\"n\":\"a\"}\n{\"id\":2,\"n\":\"b\"}",
        &expect![[r#"ndjson at ``: [{"id":1,"n":"a"},{"id":2,"n":"b"}]"#]],
    );
    check_text("[{'id': 1, 'paid': None}]", &expect![[r#"python at ``: [{"id":1,"paid":null}]"#]]);
    check_text("['a', 'b']", &expect![[r#"scalars at ``: [{"_value":"a"},{"_value":"b"}]"#]]);
}

#[test]
fn failures_that_look_like_success_are_failures() {
    for value in [
        json!({"errors": [{"detail": "no such host"}]}),
        json!({"result": {"errors": [{"detail": "no such host"}]}}),
        json!({"error": "no such host"}),
        json!({"error": {"code": 404, "message": "no such host"}}),
        json!({"error": true, "message": "no such host"}),
        json!({"success": false, "error": "no such host", "data": []}),
        json!({"ok": false, "message": "no such host"}),
        json!({"status": "error", "message": "no such host"}),
        json!({"statusCode": 503, "message": "no such host"}),
        json!({"result": "Error: no such host"}),
    ] {
        let found = rows(&Answer::of(value.clone()));
        let Err(Unusable::ErrorShape { message, .. }) = found else {
            panic!("{value} gave {found:?}");
        };
        assert!(message.contains("no such host"), "{value} said {message}");
    }
}

#[test]
fn rows_with_a_status_or_an_error_field_are_rows() {
    for value in [
        json!({"data": [{"id": 1, "error": "x"}], "error": null, "errors": []}),
        json!({"data": [{"id": 1}], "errors": [{"message": "partial"}]}),
        json!({"success": true, "items": [{"id": 1}], "message": "ok"}),
        json!([{"id": 1, "status": "error", "message": "declined"}]),
    ] {
        assert_eq!(rows(&Answer::of(value.clone())).expect("rows").rows.len(), 1, "{value}");
    }
}

#[test]
fn an_answer_with_is_error_is_a_failure_whatever_it_holds() {
    let answer = Answer { is_error: true, ..Answer::text("Request failed with status code 502") };
    expect!["error Some(502): Request failed with status code 502"].assert_eq(&shape(&answer));
    let mute = Answer { is_error: true, ..Answer::text("") };
    expect!["error None: the tool failed without saying why"].assert_eq(&shape(&mute));
}

#[test]
fn lines_that_are_all_paths_are_a_list_of_them() {
    let paths = "/srv/lease.pdf\n/srv/read me.md\n";
    let expected =
        expect![[r#"paths at ``: [{"_value":"/srv/lease.pdf"},{"_value":"/srv/read me.md"}]"#]];
    check_text(paths, &expected);
    check_text(&format!("Found files:\n{paths}"), &expected);
    let twice = Answer { structured: Some(json!({ "content": paths })), ..Answer::text(paths) };
    expected.assert_eq(&shape(&twice));
    check_text(
        "/srv/lease.pdf\nand two more",
        &expect![[r#"
        unparseable: /srv/lease.pdf
        and two more"#]],
    );
}

#[test]
fn prose_is_not_guessed_at() {
    check_text(
        "You have two accounts, one in Paris, one in Rome.",
        &expect!["unparseable: You have two accounts, one in Paris, one in Rome."],
    );
    check_text(
        "Dear Sir, hello\nBest, Ann",
        &expect![[r#"
        unparseable: Dear Sir, hello
        Best, Ann"#]],
    );
}

#[test]
fn a_missing_scope_and_an_unknown_tool_are_told_apart() {
    let scope = Answer {
        is_error: true,
        ..Answer::text(r#"{"error":"insufficient_scope","required_scopes":["bills.read"]}"#)
    };
    assert_eq!(missing_scopes(&scope), Some(vec!["bills.read".to_owned()]));
    let unknown = Answer { is_error: true, ..Answer::text("Unknown tool: list_bills") };
    assert!(unknown_tool(&unknown, "list_bills").is_some());
    assert_eq!(missing_scopes(&unknown), None);
    assert!(unknown_tool(&Answer::text("Error: Unknown tool: list_bills"), "list_bills").is_some());
    assert!(
        unknown_tool(&Answer::text("The tool list_bills was not found"), "list_bills").is_none()
    );
}

#[test]
fn blocks_are_read_from_the_wire_leniently() {
    let wire = json!({"content": [
        {"type": "text", "text": "a"},
        {"type": "image", "data": "…"},
        {"type": "resource", "resource": {"uri": "x", "text": "b"}},
        {"type": "text", "text": 7},
        "stray",
    ]});
    assert_eq!(Answer::from_wire(wire, None).texts, ["a", "b"]);
}

#[test]
fn what_nests_too_deep_is_not_read() {
    let deep = (0..100).fold(json!([{"id": 1}]), |inner, _| json!([inner]));
    assert!(matches!(rows(&Answer::of(deep)), Err(Unusable::Unparseable { .. })));
}

/// Any JSON, with names that the code looks for.
fn any_json() -> impl Strategy<Value = Value> {
    let name = prop_oneof![
        Just("data".to_owned()),
        Just("error".to_owned()),
        Just("columns".to_owned()),
        Just("rows".to_owned()),
        Just("result".to_owned()),
        Just("content".to_owned()),
        Just("node".to_owned()),
        Just("id".to_owned()),
        "[a-z0-9_.]{0,6}",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        Just(Value::from("[{\"id\":1}]")),
    ];
    leaf.prop_recursive(6, 64, 6, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::vec((name.clone(), inner), 0..6)
                .prop_map(|it| Value::Object(it.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_json_is_answered_without_a_panic(value in any_json()) {
        let structured = Answer::of(value.clone());
        let found = rows(&structured);
        if let Ok(found) = &found {
            let again = rows_at(&structured, &found.root);
            assert_eq!(again.map(|it| it.rows).ok(), Some(found.rows.clone()));
        }
        drop(rows(&Answer::text(value.to_string())));
        drop(Answer::from_wire(value, None));
    }

    #[test]
    fn any_text_is_answered_without_a_panic(text in "(?s).{0,200}") {
        drop(rows(&Answer::text(text)));
    }

    #[test]
    fn anything_like_a_notation_is_answered_without_a_panic(
        text in "[\\[\\]{}()'\":,|<>tdrhable/\\-\\\\ux0-9NoneTrue\n\r\t ;é€&#.]{0,120}",
    ) {
        drop(rows(&Answer::text(text)));
    }
}
