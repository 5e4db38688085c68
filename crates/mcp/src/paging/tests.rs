//! Paging against tools by hand: each is a schema and a function from arguments to an answer.

mod empty;
mod names;

use proptest::prelude::{any, proptest};
use serde_json::{Value, json};

use super::{Args, Paging, Style, plan};
use crate::{Answer, Tool, answer};

fn tool(properties: Value) -> Tool {
    let schema = json!({"type": "object", "properties": properties});
    Tool::from_wire(&json!({"name": "list", "inputSchema": schema})).expect("a tool")
}

/// Reads to the end; rows, calls and whether it was cut.
fn read(tool: &Tool, server: impl Fn(&Args) -> Value) -> (Vec<Value>, usize, bool) {
    let mut paging = plan(tool);
    let mut args = paging.first(Args::new());
    let (mut all, mut calls) = (Vec::new(), 0);
    loop {
        calls += 1;
        assert!(calls < 200, "does not end: {args:?}");
        let mut page = answer::rows(&Answer::of(server(&args))).expect("rows");
        let next = paging.next(&args, &mut page, all.len());
        all.extend(page.rows);
        match next {
            Some(next) => args = next,
            None => return (all, calls, paging.truncated()),
        }
    }
}

fn items(from: usize, to: usize) -> Vec<Value> {
    (from..to).map(|it| json!({"id": it})).collect()
}

fn number(args: &Args, name: &str, default: usize) -> usize {
    let number =
        args.get(name).and_then(super::as_count).map(|it| usize::try_from(it).expect("fits"));
    number.unwrap_or(default)
}

const ALL: usize = 237;

#[test]
fn a_cursor_is_followed_to_its_end() {
    let tool =
        tool(json!({"cursor": {"type": "string"}, "limit": {"type": "integer", "maximum": 50}}));
    assert_eq!(plan(&tool).style(), Style::Cursor);
    let (rows, calls, cut) = read(&tool, |args| {
        let from = args
            .get("cursor")
            .map_or(0, |it| it.as_str().expect("text").parse().expect("a number"));
        let to = (from + number(args, "limit", 10)).min(ALL);
        let next = (to < ALL).then(|| to.to_string());
        json!({"data": items(from, to), "meta": {"next_cursor": next}})
    });
    assert_eq!((rows, calls, cut), (items(0, ALL), 5, false));
}

#[test]
fn a_cursor_is_taken_from_the_next_link() {
    let tool = tool(json!({"page_token": {"type": "string"}}));
    let (rows, _, cut) = read(&tool, |args| {
        let from = number(args, "page_token", 0);
        let to = (from + 40).min(ALL);
        let link = (to < ALL).then(|| format!("https://example.com/x?pageToken={to}&a=b"));
        json!({"items": items(from, to), "links": {"next": link}})
    });
    assert_eq!((rows.len(), cut), (ALL, false));
}

#[test]
fn the_id_of_the_last_row_is_a_cursor_too() {
    let tool = tool(json!({"starting_after": {"type": "string"}, "limit": {"type": "integer"}}));
    let (rows, _, cut) = read(&tool, |args| {
        let from = args.get("starting_after").map_or(0, |_| number(args, "starting_after", 0) + 1);
        let to = (from + number(args, "limit", 10)).min(ALL);
        json!({"data": items(from, to), "has_more": to < ALL})
    });
    assert_eq!((rows.len(), cut), (ALL, false));
}

#[test]
fn pages_are_numbered_on_until_one_is_short() {
    let tool =
        tool(json!({"page": {"type": "integer"}, "per_page": {"type": "integer", "maximum": 50}}));
    let (rows, calls, cut) = read(&tool, |args| {
        let size = number(args, "per_page", 10);
        let from = (number(args, "page", 1) - 1) * size;
        json!(items(from.min(ALL), (from + size).min(ALL)))
    });
    assert_eq!((rows, calls, cut), (items(0, ALL), 5, false));
}

#[test]
fn a_page_cut_below_the_size_asked_for_is_not_the_last() {
    let tool = tool(json!({"page": {"type": "integer"}, "per_page": {"type": "integer"}}));
    let (rows, ..) = read(&tool, |args| {
        let size = number(args, "per_page", 10).min(25);
        let from = (number(args, "page", 1) - 1) * size;
        json!(items(from.min(ALL), (from + size).min(ALL)))
    });
    assert_eq!(rows.len(), ALL);
}

#[test]
fn pages_may_be_counted_from_zero_and_within_a_group() {
    let schema = json!({
        "type": "object",
        "properties": {"params": {"$ref": "#/$defs/Params"}},
        "$defs": {"Params": {"properties": {
            "page": {"type": "integer", "description": "0-based page"},
            "pageSize": {"type": "integer", "maximum": 100},
        }}},
    });
    let tool = Tool::from_wire(&json!({"name": "list", "inputSchema": schema})).expect("a tool");
    let (rows, ..) = read(&tool, |args| {
        let args = args["params"].as_object().expect("grouped");
        let size = number(args, "pageSize", 10);
        let from = number(args, "page", 0) * size;
        json!({"rows": items(from.min(ALL), (from + size).min(ALL)), "total": ALL})
    });
    assert_eq!(rows.len(), ALL);
}

#[test]
fn an_offset_moves_by_the_rows_that_came() {
    let tool = tool(json!({"skip": {"type": "integer"}, "top": {"type": "integer"}}));
    let (rows, _, cut) = read(&tool, |args| {
        let from = number(args, "skip", 0);
        let to = (from + number(args, "top", 10).min(30)).min(ALL);
        json!({"value": items(from, to), "total": ALL})
    });
    assert_eq!((rows, cut), (items(0, ALL), false));
}

#[test]
fn an_argument_that_the_server_ignores_ends_the_reading() {
    let tool =
        tool(json!({"page": {"type": "integer"}, "limit": {"type": "integer", "maximum": 10}}));
    let (rows, calls, cut) = read(&tool, |_| json!(items(0, 10)));
    assert_eq!((rows.len(), calls, cut), (10, 2, true));
}

#[test]
fn a_limit_without_a_way_on_is_cut_when_it_is_met() {
    let tool = tool(json!({"limit": {"type": "integer", "description": "max 200"}}));
    assert_eq!(plan(&tool).style(), Style::LimitOnly);
    let serve = |all: usize| move |args: &Args| json!({"rows": items(0, number(args, "limit", 10).min(all))});
    let (rows, _, cut) = read(&tool, serve(ALL));
    assert_eq!((rows.len(), cut), (200, true));
    let (rows, _, cut) = read(&tool, serve(199));
    assert_eq!((rows.len(), cut), (199, false));
    let (_, _, cut) = read(&tool, |_| json!({"rows": items(0, 7), "truncated": true}));
    assert!(cut);
}

#[test]
fn a_refused_size_is_halved_and_then_left_out() {
    let tool = tool(json!({"limit": {"type": "integer"}, "page": {"type": "integer"}}));
    let mut paging = plan(&tool);
    let mut args = paging.first(Args::new());
    let mut sizes = Vec::new();
    while let Some(lower) = paging.step_down(&args) {
        sizes.push(lower.get("limit").and_then(Value::as_u64));
        args = lower;
    }
    assert_eq!(sizes, [Some(50), Some(25), Some(12), Some(6), None]);
}

#[test]
fn a_size_that_the_refusal_names_is_taken() {
    let tool = tool(json!({"limit": {"type": "integer"}}));
    let mut paging = plan(&tool);
    let args = paging.first(Args::new());
    let lower = paging.step_down_to(&args, "limit must be between 1 and 200").expect("lower");
    assert_eq!(lower["limit"], 200);
    let lower = paging.step_down_to(&lower, "no").expect("lower");
    assert_eq!(lower["limit"], 100);
}

/// Transactions, three a day, newest first; the same one twice on some days.
fn dated(all: usize) -> Vec<Value> {
    let days = (0..all).map(|it| all / 3 - it / 3);
    let row = |(at, day): (usize, usize)| {
        let date = format!("2026-{:02}-{:02}", 1 + day / 28, 1 + day % 28);
        json!({"due": "n/a", "posted_date": date, "amount": if at % 3 == 0 { 5 } else { 7 }})
    };
    days.enumerate().map(row).collect()
}

fn by_dates(all: &[Value], cap: usize, inclusive: bool) -> impl Fn(&Args) -> Value + '_ {
    move |args| {
        let end = args.get("end_date").and_then(Value::as_str).unwrap_or("9999");
        let start = args.get("start_date").and_then(Value::as_str).unwrap_or_default();
        let within = |it: &&Value| {
            let day = it["posted_date"].as_str().expect("a date");
            day >= start && if inclusive { day <= end } else { day < end }
        };
        let found: Vec<&Value> = all.iter().filter(within).collect();
        let size = number(args, "limit", 100).min(cap);
        json!({"rows": found.iter().take(size).collect::<Vec<_>>(), "truncated": found.len() > size})
    }
}

fn window_tool() -> Tool {
    tool(json!({
        "start_date": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        "end_date": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        "limit": {"type": "integer", "default": 100},
    }))
}

#[test]
fn a_span_of_dates_is_narrowed_until_all_is_read() {
    let tool = window_tool();
    assert_eq!(plan(&tool).style(), Style::Window);
    let all = dated(300);
    for inclusive in [true, false] {
        for cap in [20, 50, 100] {
            let (rows, _, cut) = read(&tool, by_dates(&all, cap, inclusive));
            assert_eq!((rows.len(), cut), (all.len(), false), "cap {cap}, inclusive {inclusive}");
        }
    }
}

#[test]
fn a_span_is_narrowed_from_its_start_when_the_oldest_come_first() {
    let tool = window_tool();
    let all: Vec<Value> = dated(300).into_iter().rev().collect();
    let (rows, _, cut) = read(&tool, by_dates(&all, 50, true));
    assert_eq!((rows.len(), cut), (all.len(), false));
}

#[test]
fn a_day_that_fills_a_page_is_passed_and_told() {
    let tool = window_tool();
    let row = |day: &str, at: usize| json!({"posted_date": day, "at": at});
    let mut all: Vec<Value> = (0..30).map(|it| row("2026-05-02", it)).collect();
    all.extend((0..5).map(|it| row("2026-05-01", it)));
    let (rows, _, cut) = read(&tool, by_dates(&all, 20, true));
    assert_eq!((rows.len(), cut), (25, true));
}

#[test]
fn an_argument_in_the_base_is_left_alone() {
    let tool = tool(json!({"limit": {"type": "integer"}}));
    let base: Args = [("limit".to_owned(), json!(3))].into_iter().collect();
    assert_eq!(plan(&tool).first(base.clone()), base);
}

#[test]
fn a_date_named_after_is_no_cursor() {
    let tool =
        tool(json!({"after": {"type": "string", "format": "date"}, "limit": {"type": "integer"}}));
    assert_eq!(plan(&tool).style(), Style::LimitOnly);
}

proptest! {
    #[test]
    fn reading_ends_and_loses_nothing_whatever_the_cap(all in 0_usize..400, cap in 1_usize..120) {
        let tool = tool(json!({"offset": {"type": "integer"}, "limit": {"type": "integer"}}));
        let mut paging: Paging = plan(&tool);
        let mut args = paging.first(Args::new());
        let mut rows = Vec::new();
        loop {
            let from = number(&args, "offset", 0).min(all);
            let to = (from + number(&args, "limit", 10).min(cap)).min(all);
            let page = json!({"items": items(from, to), "has_more": to < all});
            let mut page = answer::rows(&Answer::of(page)).expect("rows");
            let next = paging.next(&args, &mut page, rows.len());
            rows.extend(page.rows);
            match next {
                Some(next) => args = next,
                None => break,
            }
        }
        assert_eq!(rows.len(), all);
    }

    #[test]
    fn any_schema_gives_a_plan(text in "[a-z_]{0,12}", number in any::<f64>()) {
        let tool = tool(json!({
            text.as_str(): {"type": "integer", "maximum": number, "description": text.as_str()},
            "limit": {"maximum": number, "anyOf": text.as_str()},
        }));
        drop(plan(&tool).first(Args::new()));
    }
}
