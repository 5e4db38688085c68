//! Tests of the seats: what each makes of the same rows.

use expect_test::{Expect, expect};
use serde_json::json;

use super::*;

fn case(target: TargetModel, rows: &Value) -> Case {
    Case {
        target,
        records: Records::default(),
        rows: rows.as_array().unwrap().clone(),
        tool_name: "list".to_owned(),
        tool_description: String::new(),
        output_schema: None,
        pins: Vec::new(),
        today: NaiveDate::from_ymd_opt(2026, 6, 1).unwrap(),
    }
}

fn held(case: &Case) -> Held {
    let seats = Lead::ALL.iter();
    hold(seats.map(|it| (it.as_str().to_owned(), answer(case, *it))).collect())
}

#[expect(clippy::needless_pass_by_value, reason = "literals at every call")]
fn check(target: TargetModel, rows: Value, expected: Expect) {
    let it = held(&case(target, &rows));
    let winner = it.winner.map_or("no mapping".to_owned(), |it| {
        let filled = it.drawn.report.iter();
        let lines = filled.filter_map(|it| Some(format!("{} <- {}", it.slot, it.path.as_ref()?)));
        lines.collect::<Vec<String>>().join(", ")
    });
    let failed: Vec<String> =
        it.verdict.failed.iter().map(|it| format!("{}: {}\n", it.seat, it.why)).collect();
    let said = format!(
        "{}/{} by {:?}: {:?} disputes {:?}\n{}{winner}",
        it.verdict.valid,
        it.verdict.seats,
        it.verdict.winner,
        it.verdict.decided_by,
        it.verdict.disputed,
        failed.join("")
    );
    expected.assert_eq(&said);
}

#[test]
fn plain_rows_are_read_alike_by_all() {
    check(
        TargetModel::Invoice,
        json!([
            { "id": "1", "number": "A1", "status": "paid", "issue_date": "2026-05-01", "total": 10.5, "currency": "EUR" },
            { "id": "2", "number": "A2", "status": "open", "issue_date": "2026-05-02", "total": 11.5, "currency": "EUR" },
        ]),
        expect![[r#"
            3/3 by Some("names"): Some(Unanimity) disputes []
            invoice_external_id <- id, invoice_number <- number, status <- status, issue_date <- issue_date, local_currency <- currency, grand_total <- total"#]],
    );
}

#[test]
fn a_date_under_a_name_that_says_nothing_is_found_by_its_values() {
    check(
        TargetModel::Invoice,
        json!([
            { "id": "1", "status": "paid", "x1": "2026-05-01", "total": 10.5 },
            { "id": "2", "status": "open", "x1": "2026-05-02", "total": 11.5 },
        ]),
        expect![[r#"
            2/3 by Some("structure"): Some(Unanimity) disputes []
            names: required slot `issue_date` is null in every row, though the rows have something for it
            invoice_external_id <- id, status <- status, issue_date <- x1, grand_total <- total"#]],
    );
}

#[test]
fn a_field_that_is_null_stays_null_however_much_another_looks_like_it() {
    check(
        TargetModel::Invoice,
        json!([
            { "id": "1", "status": "paid", "issue_date": null, "due_date": "2026-05-01", "total": 10.5 },
            { "id": "2", "status": "open", "issue_date": null, "due_date": "2026-05-02", "total": 11.5 },
        ]),
        expect![[r#"
            3/3 by Some("names"): Some(Unanimity) disputes []
            invoice_external_id <- id, status <- status, issue_date <- issue_date, due_date <- due_date, grand_total <- total"#]],
    );
}

#[test]
fn a_record_that_comes_twice_does_not_cost_the_key() {
    let row = |id: usize, city: &str| json!({ "id": format!("c{id}"), "name": format!("Comp {id}"), "city": city });
    let mut rows: Vec<Value> = (0..20).map(|it| row(it, "Paris")).collect();
    rows.push(row(3, "Lyon"));
    let winner = held(&case(TargetModel::Company, &rows.into())).winner.unwrap();
    let keys = winner.entities.iter().filter_map(|it| it["company_external_id"].as_str());
    assert_eq!(keys.count(), 21);
}

#[test]
fn what_only_one_seat_finds_leaves_the_jury_without_a_quorum() {
    check(
        TargetModel::Invoice,
        json!([
            { "id": "1", "status": "paid", "meta": { "x1": "2026-05-01" }, "total": 10.5 },
            { "id": "2", "status": "open", "meta": { "x1": "2026-05-02" }, "total": 11.5 },
        ]),
        expect![[r#"
            1/3 by Some("values"): Some(Unanimity) disputes []
            names: required slot `issue_date` is null in every row, though the rows have something for it
            structure: required slot `issue_date` is null in every row, though the rows have something for it
            no mapping"#]],
    );
}

#[test]
fn rows_that_hold_nothing_of_the_target_give_no_candidate() {
    check(
        TargetModel::Invoice,
        json!([{ "a": "x" }, { "a": "y" }]),
        expect![[r#"
            0/3 by None: None disputes []
            names: no path of the rows fits a required attribute (`invoice_external_id`, `status`, `issue_date`, `grand_total`)
            structure: no path of the rows fits a required attribute (`invoice_external_id`, `status`, `issue_date`, `grand_total`)
            values: no path of the rows fits a required attribute (`invoice_external_id`, `status`, `issue_date`, `grand_total`)
            no mapping"#]],
    );
}

#[test]
fn a_pin_wins_and_is_read_as_its_values_ask_for() {
    let rows = json!([
        { "id": "1", "status": "paid", "issue_date": "2026-05-01", "booked": "31/12/2025", "total": 10.5 },
        { "id": "2", "status": "open", "issue_date": "2026-05-02", "booked": "30/12/2025", "total": 11.5 },
    ]);
    let pin = |slot: &str, path: Option<&str>| Pin {
        slot: slot.to_owned(),
        path: path.map(|it| it.parse().unwrap()),
        reason: "the provider says so".to_owned(),
    };
    let pins = vec![pin("issue_date", Some("booked")), pin("invoice_number", None)];
    let held = held(&Case { pins, ..case(TargetModel::Invoice, &rows) });
    let winner = held.winner.unwrap();
    assert_eq!(winner.entities[0]["issue_date"], "2025-12-31");
    let pinned: Vec<&str> =
        winner.drawn.report.iter().filter(|it| it.pinned).map(|it| it.slot.as_str()).collect();
    assert_eq!(pinned, ["invoice_number", "issue_date"]);
}

#[test]
fn a_pin_holds_on_the_legacy_path_as_well() {
    let rows = json!([{ "invoice_external_id": "1", "status": "paid", "booked": "2026-05-01", "grand_total": 1 }]);
    let path = Some("booked".parse().unwrap());
    let pins = vec![Pin { slot: "issue_date".to_owned(), path, reason: "so it is".to_owned() }];
    let it = legacy(&Case { pins, ..case(TargetModel::Invoice, &rows) }).unwrap();
    assert_eq!(it.entities[0]["issue_date"], "2026-05-01");
}
