//! What every page keeps: its policy, its size, its number of statements, and that no text of
//! anybody becomes markup.

use axum::http::Method;
use console::{ALL, Needs};
use testkit::Db;

use crate::routes::{goes_on, path};
use crate::world::{HOSTILE, World, between};

testkit::each_database! {
    every_page_is_small_strict_and_made_of_few_statements,
    a_filter_of_the_api_means_the_same_here,
    what_is_wrong_with_an_address_is_said,
    what_is_filtered_is_exported,
}

/// Bytes of a page with its stylesheet and script.
const LARGEST: usize = 60_000;
const STATEMENTS: u64 = 10;

async fn every_page_is_small_strict_and_made_of_few_statements(db: Db) {
    let world = World::new(db).await;
    let session = world.sign_in(&world.acme.admin).await;
    let first = world.get(&session, "/connectors").await.expect(200).text;
    let style = between(&first, "rel=\"stylesheet\" href=\"", "\"");
    let script = between(&first, "<script src=\"", "\"");
    let mut beside = 0;
    for asset in [style, script] {
        let asset = world.get("", asset).await.expect(200);
        assert!(asset.header("cache-control").contains("immutable"));
        beside += asset.text.len();
    }
    for route in ALL.iter().filter(|it| it.method == Method::GET && !goes_on(it)) {
        if route.path.starts_with("/assets/") || route.path.ends_with("/export") {
            continue;
        }
        let path = path(route, &world.acme);
        let before = world.db.store.statements();
        let page = world.get(&session, &path).await.expect(200);
        let statements = world.db.store.statements() - before;
        assert!(statements <= STATEMENTS, "{path}: {statements} statements");
        let size = page.text.len() + beside;
        assert!(size < LARGEST, "{path}: {size} bytes");
        strict(&path, &page);
        if route.needs != Needs::Nothing {
            assert_eq!(page.header("cache-control"), "no-store", "{path}");
        }
    }
}

fn strict(path: &str, page: &crate::world::Answer) {
    let policy = page.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{path}");
    assert_eq!(page.header("x-content-type-options"), "nosniff");
    assert_eq!(page.header("referrer-policy"), "same-origin");
    let text = &page.text;
    assert!(!text.contains(HOSTILE) && !text.contains("<script>"), "{path}: unescaped");
    assert!(!text.contains("<img"), "{path}: unescaped");
    for inline in [" style=", "<style", " onclick=", " onload=", "javascript:"] {
        assert!(!text.contains(inline), "{path} holds {inline}");
    }
    assert_eq!(text.matches("<script").count(), 1, "{path}");
    assert_eq!(text.matches("<h1").count(), 1, "{path}");
    assert_eq!(text.matches("<main").count(), 1, "{path}");
    assert!(text.starts_with("<!DOCTYPE html><html lang=\"en\""), "{path}");
    for part in text.split(" id=\"").skip(1) {
        let id = part.split('"').next().unwrap();
        assert_eq!(text.matches(&format!(" id=\"{id}\"")).count(), 1, "{path}: two of id {id}");
    }
}

async fn a_filter_of_the_api_means_the_same_here(db: Db) {
    let world = World::new(db).await;
    let session = world.sign_in(&world.acme.read).await;
    let all = world.get(&session, "/diagnostics?page[size]=5").await.expect(200).text;
    assert_eq!(all.matches("data-row id").count(), 5);
    let next = between(&all, "rel=\"next\" href=\"", "\"").replace("&amp;", "&");
    let next = world.get(&session, &next).await.expect(200).text;
    assert_eq!(next.matches("data-row id").count(), 5);
    for (query, rows) in [
        ("filter[reason]=mapped_entities_dropped", 20),
        ("filter[reason]=empty_result", 0),
        ("filter[class]=informational", 0),
        ("q=acme", 20),
    ] {
        let page = world.get(&session, &format!("/diagnostics?{query}")).await.expect(200).text;
        assert_eq!(page.matches("data-row id").count(), rows, "{query}");
    }
    let counted = world.get(&session, "/diagnostics").await.expect(200).text;
    assert!(counted.contains("30 rows"));
}

async fn what_is_wrong_with_an_address_is_said(db: Db) {
    let world = World::new(db).await;
    let session = world.sign_in(&world.acme.read).await;
    for (query, says) in [
        ("filter[reson]=x", "did you mean <code>filter[reason]</code>?"),
        ("filter[reason]=empty", "<code>empty</code> is no reason"),
        ("page[after]=x", "is not a cursor of this list"),
        ("nonsense=1", "this has no meaning here"),
    ] {
        let page = world.get(&session, &format!("/diagnostics?{query}")).await.expect(400);
        let text = page.text.replace("&#39;", "'");
        assert!(text.contains(says), "{query}: {text}");
        assert!(text.contains(page.header("x-request-id")));
    }
    let page = world.get(&session, "/nothing").await.expect(404);
    assert!(page.text.contains("There is no such page"));
    let json = world.get(&session, "/v1/nothing").await.expect(404);
    assert!(json.header("content-type").starts_with("application/vnd.api+json"));
}

async fn what_is_filtered_is_exported(db: Db) {
    let world = World::new(db).await;
    let session = world.sign_in(&world.acme.read).await;
    let csv = world.get(&session, "/diagnostics/export?as=csv").await.expect(200);
    assert_eq!(csv.text.lines().filter(|it| it.contains("mapped_entities_dropped")).count(), 30);
    assert!(csv.header("content-disposition").contains("diagnostics.csv"));
    let lines = world.get(&session, "/diagnostics/export?as=ndjson&q=acme").await.expect(200);
    assert_eq!(lines.text.lines().count(), 30);
    let none = "/diagnostics/export?as=ndjson&filter[reason]=empty_result";
    assert_eq!(world.get(&session, none).await.expect(200).text, "");
}
