//! Every name that listing tools were seen to give their pages, each read to the end.

use serde_json::{Value, json};

use super::{ALL, Args, items, number, plan, read, tool};
use crate::paging::Style;

/// Largest page of the servers below.
const MOST: usize = 50;

/// How a server below is asked for more.
#[derive(Debug, Clone, Copy)]
enum Way {
    /// The answer names the next mark in this member.
    Mark(&'static str),
    /// The id of the last row, and `has_more` beside the rows.
    RowId,
    /// Pages counted from this number; nothing beside the rows.
    Page(usize),
    /// Rows to skip, counted from this number; a total beside the rows.
    Skip(usize),
}

fn answer(args: &Args, (size, by, way): (&str, &str, Way)) -> Value {
    let asked = if size.is_empty() { MOST } else { number(args, size, 10).min(MOST) };
    let from = match way {
        Way::Mark(_) => number(args, by, 0),
        Way::RowId => args.get(by).map_or(0, |_| number(args, by, 0) + 1),
        Way::Page(first) => (number(args, by, first) - first) * asked,
        Way::Skip(first) => number(args, by, first) - first,
    };
    let to = (from + asked).min(ALL);
    let (rows, more) = (items(from.min(ALL), to), to < ALL);
    match way {
        Way::Mark(member) => json!({ "items": rows, member: more.then(|| to.to_string()) }),
        Way::RowId => json!({ "items": rows, "has_more": more }),
        Way::Page(_) => json!({ "items": rows }),
        Way::Skip(_) => json!({ "items": rows, "total": ALL }),
    }
}

#[test]
fn each_name_of_a_page_is_known_and_followed_to_the_end() {
    let text = json!({ "type": "string" });
    let count = json!({ "type": "integer" });
    let size = json!({ "type": "integer", "maximum": MOST });
    for (sized, by, way, style) in [
        ("limit", "cursor", Way::Mark("next_cursor"), Style::Cursor),
        ("limit", "after", Way::Mark("after"), Style::Cursor),
        ("top", "skiptoken", Way::Mark("skiptoken"), Style::Cursor),
        ("pageSize", "pageToken", Way::Mark("nextPageToken"), Style::Cursor),
        ("page_size", "start_cursor", Way::Mark("next_cursor"), Style::Cursor),
        ("limit", "since_id", Way::RowId, Style::Cursor),
        ("per_page", "page", Way::Page(1), Style::Page),
        ("page_size", "page", Way::Page(1), Style::Page),
        ("pageSize", "page", Way::Page(1), Style::Page),
        ("limit", "page", Way::Page(1), Style::Page),
        ("limit", "offset", Way::Skip(0), Style::Offset),
        ("top", "skip", Way::Skip(0), Style::Offset),
        ("count", "startIndex", Way::Skip(0), Style::Offset),
        ("max_results", "start_position", Way::Skip(1), Style::Offset),
        ("", "cursor", Way::Mark("next_cursor"), Style::Cursor),
        ("", "page", Way::Page(1), Style::Page),
        ("", "offset", Way::Skip(0), Style::Offset),
    ] {
        let mut properties = json!({});
        if !sized.is_empty() {
            properties[sized] = size.clone();
        }
        let is_mark = matches!(way, Way::Mark(_) | Way::RowId);
        properties[by] = if is_mark { text.clone() } else { count.clone() };
        let tool = tool(properties);
        assert_eq!(plan(&tool).style(), style, "{sized} {by}");
        let (rows, calls, cut) = read(&tool, |args| answer(args, (sized, by, way)));
        assert_eq!((rows, cut), (items(0, ALL), false), "{sized} {by}");
        // Neither one by one nor beyond the end for long.
        assert!(calls <= ALL.div_ceil(MOST) + 1, "{sized} {by}: {calls} calls");
    }
}

#[test]
fn each_size_without_a_way_on_is_cut_when_a_page_is_as_large_as_asked() {
    for sized in ["limit", "per_page", "page_size", "pageSize", "top"] {
        let tool = tool(json!({ sized: { "type": "integer", "maximum": MOST } }));
        assert_eq!(plan(&tool).style(), Style::LimitOnly, "{sized}");
        let server = |all: usize| move |args: &Args| json!({ "items": items(0, number(args, sized, 10).min(all)) });
        let (rows, _, cut) = read(&tool, server(ALL));
        assert_eq!((rows.len(), cut), (MOST, true), "{sized}");
        let (rows, _, cut) = read(&tool, server(MOST));
        assert_eq!((rows.len(), cut), (MOST, true), "{sized}: exactly on the cap");
        let (rows, _, cut) = read(&tool, server(MOST - 1));
        assert_eq!((rows.len(), cut), (MOST - 1, false), "{sized}");
    }
}
