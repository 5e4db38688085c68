//! Tests of paths.

use proptest::prelude::*;
use serde_json::json;

use super::*;

#[test]
fn a_path_leads_to_a_value() {
    let row = json!({
        "a": { "b": 1 }, "list": [{ "t": "x", "n": 1 }, { "t": "y", "n": 2 }], "pair": [7, "Z"],
        "odd.name": 3,
    });
    let at = |path: &str| path.parse::<Path>().unwrap().resolve(&row).map(ToString::to_string);
    assert_eq!(at("a.b").as_deref(), Some("1"));
    assert_eq!(at("list[1].n").as_deref(), Some("2"));
    assert_eq!(at("list[t=y].n").as_deref(), Some("2"));
    assert_eq!(at("pair[1]").as_deref(), Some("\"Z\""));
    assert_eq!(at("odd\\.name").as_deref(), Some("3"));
    assert_eq!(at("list[t=z].n"), None);
    assert_eq!(at("a.c"), None);
    assert_eq!(at(""), Some(row.to_string()));
}

#[test]
fn brackets_that_do_not_close_are_no_path() {
    for text in ["a[", "a]", "a[x", "a[1]b", "a[x=1", "a[-1]", "a[]"] {
        assert!(text.parse::<Path>().is_err(), "{text}");
    }
}

pub(crate) fn any_path() -> impl Strategy<Value = Path> {
    let name = "[a-zA-Z_ .=`$'\"\\\\\\[\\]0-9é-]{1,8}";
    let pick = prop_oneof![
        3 => Just(Pick::All),
        1 => (0_usize..9).prop_map(Pick::At),
        1 => (name, name).prop_map(|(key, value)| Pick::Where { key, value }),
    ];
    let step = (name, pick).prop_map(|(name, pick)| Step { name, pick });
    proptest::collection::vec(step, 0..4).prop_map(Path)
}

proptest! {
    #[test]
    fn a_path_is_what_it_is_written_as(path in any_path()) {
        prop_assert_eq!(path.to_string().parse::<Path>(), Ok(path));
    }
}
