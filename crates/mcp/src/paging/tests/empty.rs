//! Pages without rows: in the middle, at the end, and for ever.

use serde_json::{Value, json};

use super::{items, number, read, tool};
use crate::paging::Args;

/// Three pages of 40, the second of them filtered away.
fn bounds(page: usize) -> (usize, usize) {
    match page {
        0 => (0, 40),
        1 => (40, 40),
        _ => (40, 80),
    }
}

fn cursor(args: &Args) -> usize {
    args.get("cursor").map_or(0, |it| it.as_str().expect("text").parse().expect("a number"))
}

#[test]
fn an_empty_page_with_a_new_cursor_is_not_the_end() {
    let tool = tool(json!({"cursor": {"type": "string"}}));
    let (rows, calls, cut) = read(&tool, |args| {
        let page = cursor(args);
        let (from, to) = bounds(page);
        let next = (page < 2).then(|| (page + 1).to_string());
        json!({"data": items(from, to), "next_cursor": next})
    });
    assert_eq!((rows, calls, cut), (items(0, 80), 3, false));
}

#[test]
fn an_empty_page_with_a_next_link_is_not_the_end() {
    let tool = tool(json!({"next_link": {"type": "string"}}));
    let (rows, _, cut) = read(&tool, |args| {
        let link = args.get("next_link").and_then(Value::as_str).unwrap_or("https://x.test/?p=0");
        let page: usize = link.rsplit('=').next().expect("a page").parse().expect("a number");
        let (from, to) = bounds(page);
        let next = (page < 2).then(|| format!("https://x.test/?p={}", page + 1));
        json!({"items": items(from, to), "next_link": next})
    });
    assert_eq!((rows, cut), (items(0, 80), false));
}

#[test]
fn an_empty_page_that_says_there_is_more_is_passed_by_number_and_by_offset() {
    let by_page = tool(json!({"page": {"type": "integer"}, "per_page": {"type": "integer"}}));
    let (rows, _, cut) = read(&by_page, |args| {
        let page = number(args, "page", 1) - 1;
        let (from, to) = bounds(page);
        json!({"data": items(from, to), "has_more": page < 2})
    });
    assert_eq!((rows, cut), (items(0, 80), false));
    let by_offset = tool(json!({"offset": {"type": "integer"}, "limit": {"type": "integer"}}));
    let (rows, _, cut) = read(&by_offset, |args| {
        let (from, size) = (number(args, "offset", 0), number(args, "limit", 10));
        let hidden = (size..2 * size).contains(&from);
        let to = if hidden { from } else { from + size };
        json!({"data": items(from, to), "has_more": from < 2 * size})
    });
    assert!(!cut && rows.len().is_multiple_of(2), "{}", rows.len());
}

#[test]
fn empty_pages_without_end_are_left_and_told() {
    let tool = tool(json!({"cursor": {"type": "string"}}));
    let (rows, calls, cut) = read(&tool, |args| {
        let page = cursor(args);
        let to = if page == 0 { 5 } else { 0 };
        json!({"data": items(0, to), "next_cursor": (page + 1).to_string(), "has_more": true})
    });
    assert_eq!((rows.len(), cut), (5, true));
    assert!(calls <= 25, "{calls}");
}

#[test]
fn an_empty_page_that_promises_more_and_shows_no_way_is_told() {
    let tool = tool(json!({"cursor": {"type": "string"}}));
    let read = |last: Value| {
        let (rows, calls, cut) = read(&tool, move |args| match cursor(args) {
            0 => json!({"data": items(0, 5), "next_cursor": "1"}),
            _ => last.clone(),
        });
        (rows.len(), calls, cut)
    };
    assert_eq!(read(json!({"data": [], "has_more": true})), (5, 2, true));
    assert_eq!(read(json!({"data": [], "total": 9})), (5, 2, true));
    assert_eq!(read(json!({"data": []})), (5, 2, false));
    assert_eq!(read(json!({"data": [], "next_cursor": "1"})), (5, 2, false));
    assert_eq!(read(json!({"data": [], "next_cursor": "2", "has_more": false})), (5, 2, false));
    assert_eq!(read(json!({"data": [], "next_cursor": "2", "total": 5})), (5, 2, false));
}
