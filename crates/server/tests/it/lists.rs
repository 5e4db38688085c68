//! Pages, filters, sorts, fieldsets, includes, facets.

use expect_test::expect;
use serde_json::{Value, json};
use testkit::Db;

use crate::world::{PATH, World, with};

testkit::each_database! {
    pages_show_every_row_once_forwards_and_backwards,
    a_cursor_of_elsewhere_is_refused,
    filters_select,
    a_wrong_parameter_is_named_with_the_nearest_right_one,
    a_sort_orders,
}

fn details(document: &Value) -> Vec<String> {
    let rows = document["data"].as_array().expect("data");
    rows.iter().map(|it| it["attributes"]["detail"].as_str().unwrap().to_owned()).collect()
}

async fn pages_show_every_row_once_forwards_and_backwards(db: Db) {
    let world = World::new(db).await;
    world.rows(23).await;
    let key = &world.acme.read;
    let newest_first: Vec<String> = (0..23).rev().map(|i| format!("row {i}")).collect();
    let default = world.get(key, PATH).await.expect(200).json();
    assert_eq!(details(&default), newest_first[..20]);
    let mut uri =
        format!("{PATH}?filter[reason]=mapped_entities_dropped&page[size]=5&page[total]=true");
    let mut seen = Vec::new();
    let mut last = loop {
        let page = world.get(key, &uri).await.expect(200).json();
        assert_eq!(page["links"]["self"], uri);
        assert_eq!(page["meta"]["page"]["total"], 23);
        assert_eq!(page["links"]["prev"].is_null(), seen.is_empty());
        seen.extend(details(&page));
        let Some(next) = page["links"]["next"].as_str().map(str::to_owned) else {
            break page;
        };
        uri = next;
    };
    assert_eq!(seen, newest_first);
    let mut back = details(&last);
    while let Some(prev) = last["links"]["prev"].as_str().map(str::to_owned) {
        last = world.get(key, &prev).await.expect(200).json();
        let mut page = details(&last);
        page.extend(back);
        back = page;
    }
    assert_eq!(back, newest_first);
    // The other names of the same things.
    let page = world.get(key, &format!("{PATH}?limit=2")).await.json();
    let next = page["links"]["next"].as_str().unwrap();
    let cursor = next.split("page[after]=").nth(1).unwrap();
    let page = world.get(key, &format!("{PATH}?limit=2&cursor={cursor}")).await.expect(200).json();
    assert_eq!(details(&page), newest_first[2..4]);
}

async fn a_cursor_of_elsewhere_is_refused(db: Db) {
    let world = World::new(db).await;
    world.rows(5).await;
    let page = world.get(&world.acme.read, &format!("{PATH}?page[size]=2")).await.json();
    let next = page["links"]["next"].as_str().unwrap().to_owned();
    let cursor = next.split("page[after]=").nth(1).unwrap();
    let expected = ["400 invalid_cursor parameter page[after]"];
    let tampered = format!("{PATH}?page[after]={}A", &cursor[..cursor.len() - 1]);
    for (key, uri) in [
        (&world.acme.read, tampered),
        (&world.acme.read, format!("{next}&sort=created_at")),
        (&world.acme.read, format!("/v1/workspace-connectors?page[after]={cursor}")),
        (&world.rival.read, next.clone()),
    ] {
        assert_eq!(world.get(key, &uri).await.expect(400).errors(), expected, "{uri}");
    }
}

async fn filters_select(db: Db) {
    let world = World::new(db).await;
    let of = |name: &str, value: Value| {
        with(world.example(), &format!("/data/attributes/{name}"), value)
    };
    for body in [
        of("detail", json!("100% café")),
        with(of("detail", json!("b")), "/data/attributes/reason", json!("empty_result")),
        with(of("detail", json!("c")), "/data/attributes/http_status", json!(null)),
        with(of("detail", json!("d")), "/data/attributes/reason", json!("jury_run")),
        with(
            of("detail", json!("e")),
            "/data/attributes/occurred_at",
            json!("2026-05-20T00:00:00Z"),
        ),
    ] {
        world.post(&world.acme.write, PATH, &body).await.expect(201);
    }
    let connector = world.acme.connector;
    for (query, expected) in [
        ("filter[reason]=empty_result,jury_run".to_owned(), "bd"),
        ("filter[reason][neq]=mapped_entities_dropped".to_owned(), "bd"),
        ("filter[class]=informational".to_owned(), "d"),
        ("filter[impact]=no_data".to_owned(), "b"),
        ("filter[http_status][is_null]=true".to_owned(), "c"),
        ("filter[http_status][gte]=200&filter[reason]=jury_run".to_owned(), "d"),
        ("filter[occurred_at][lt]=2026-05-21".to_owned(), "e"),
        ("filter[occurred_at][lt]=2026-05-20T03:00:00+02:00".to_owned(), "e"),
        ("filter[detail][starts_with]=100%25".to_owned(), "1"),
        ("filter[detail][contains]=%25".to_owned(), "1"),
        ("q=caf%C3%A9".to_owned(), "1"),
        ("filter[tool_name]=nobody".to_owned(), ""),
        (format!("filter[workspace_connector]={connector}&filter[detail]=b"), "b"),
        (format!("filter%5Bworkspace_connector%5D={}", world.rival.connector), ""),
        (format!("filter[sync_log]={}", world.acme.run), ""),
    ] {
        let page = world.get(&world.acme.read, &format!("{PATH}?{query}")).await.expect(200).json();
        let mut found: Vec<_> =
            details(&page).iter().map(|it| it.chars().next().unwrap()).collect();
        found.sort_unstable();
        assert_eq!(String::from_iter(found), expected, "{query}");
    }
}

async fn a_wrong_parameter_is_named_with_the_nearest_right_one(db: Db) {
    let world = World::new(db).await;
    let mut told = String::new();
    for query in [
        "filter[resaon]=x",
        "filter[reason][gte]=x",
        "filter[reason]=empty_resul",
        "filter[http_status]=abc",
        "filter[occurred_at][gte]=then",
        "filter[workspace_connector]=wsc_xyz789",
        "filter[detail][contain]=x",
        "filter[detail][is_null]=perhaps",
        "filter=x",
        "filter[]=x",
        "filter[a][b][c]=x",
        "page[size]=0",
        "page[size]=501",
        "page[sise]=1",
        "page[after]=abc",
        "page[after]=abc&page[before]=abc",
        "sort=detail",
        "sort=-occured_at",
        "include=workspace.owner",
        "include=sync_logs",
        "fields[connector_sync_diagnostic]=resaon",
        "fields[diagnostic]=reason",
        "limit=5&page[size]=5",
        "q=a&q=b",
        "nonsense=1",
        "q=%FF",
        "q=a%00b",
        "by=reason",
    ] {
        let answer = world.get(&world.acme.read, &format!("{PATH}?{query}")).await.expect(400);
        let errors = answer.errors();
        let detail = answer.json()["errors"][0]["detail"].as_str().unwrap().to_owned();
        told.push_str(&format!("{query}\n  {}: {}\n", errors[0], detail));
    }
    expect![[r#"
        filter[resaon]=x
          400 unknown_parameter parameter filter[resaon]: there is no such filter; did you mean `filter[reason]`?
        filter[reason][gte]=x
          400 invalid_parameter parameter filter[reason][gte]: `reason` takes the operators `eq`, `neq`, `in`
        filter[reason]=empty_resul
          400 invalid_parameter parameter filter[reason]: `empty_resul` is no reason; did you mean `empty_result`?
        filter[http_status]=abc
          400 invalid_parameter parameter filter[http_status]: `abc` is no whole number
        filter[occurred_at][gte]=then
          400 invalid_parameter parameter filter[occurred_at][gte]: `then` is no time: write `2026-06-01T14:32:07Z` or `2026-06-01`
        filter[workspace_connector]=wsc_xyz789
          400 invalid_parameter parameter filter[workspace_connector]: `wsc_xyz789` is no uuid
        filter[detail][contain]=x
          400 invalid_parameter parameter filter[detail][contain]: `detail` has no such operator; did you mean `contains`?
        filter[detail][is_null]=perhaps
          400 invalid_parameter parameter filter[detail][is_null]: `perhaps` is no truth value: write `true` or `false`
        filter=x
          400 invalid_parameter parameter filter: write `filter[field]` or `filter[field][operator]`
        filter[]=x
          400 unknown_parameter parameter filter[]: this has no meaning here; did you mean `filter[issue]`?
        filter[a][b][c]=x
          400 invalid_parameter parameter filter[a][b][c]: write `filter[field]` or `filter[field][operator]`
        page[size]=0
          400 invalid_parameter parameter page[size]: write a whole number from 1 to 500
        page[size]=501
          400 invalid_parameter parameter page[size]: a page has at most 500 items
        page[sise]=1
          400 unknown_parameter parameter page[sise]: this has no meaning here; did you mean `page[size]`?
        page[after]=abc
          400 invalid_cursor parameter page[after]: is not a cursor of this list with this sort; start again at the first page
        page[after]=abc&page[before]=abc
          400 invalid_parameter parameter page[before]: a page begins after one cursor or ends before one, not both
        sort=detail
          400 invalid_parameter parameter sort: sort by one of `occurred_at`, `created_at`, `reason`, with `-` before it for descending
        sort=-occured_at
          400 invalid_parameter parameter sort: cannot sort by this; did you mean `occurred_at`?
        include=workspace.owner
          400 invalid_parameter parameter include: there is no such path; did you mean `workspace`?
        include=sync_logs
          400 invalid_parameter parameter include: there is no such path; did you mean `sync_log`?
        fields[connector_sync_diagnostic]=resaon
          400 invalid_parameter parameter fields[connector_sync_diagnostic]: `connector_sync_diagnostic` has no such field; did you mean `reason`?
        fields[diagnostic]=reason
          400 invalid_parameter parameter fields[diagnostic]: there is no such type
        limit=5&page[size]=5
          400 invalid_parameter parameter page[size]: `limit` and `page[size]` mean the same; give one
        q=a&q=b
          400 invalid_parameter parameter q: is given twice; a list of values is separated by commas
        nonsense=1
          400 unknown_parameter parameter nonsense: this has no meaning here
        q=%FF
          400 invalid_parameter parameter q: is not UTF-8 text
        q=a%00b
          400 invalid_parameter parameter q: is not UTF-8 text
        by=reason
          400 unknown_parameter parameter by: this has no meaning here
    "#]].assert_eq(&told);
}

async fn a_sort_orders(db: Db) {
    let world = World::new(db).await;
    world.rows(3).await;
    let oldest =
        world.get(&world.acme.read, &format!("{PATH}?sort=occurred_at&page[size]=2")).await.json();
    assert_eq!(details(&oldest), ["row 0", "row 1"]);
    let next = oldest["links"]["next"].as_str().unwrap();
    assert_eq!(details(&world.get(&world.acme.read, next).await.json()), ["row 2"]);
    for sort in ["created_at", "-created_at", "reason", "-reason"] {
        let uri = format!("{PATH}?sort={sort}&page[size]=2");
        let first = world.get(&world.acme.read, &uri).await.expect(200).json();
        let second =
            world.get(&world.acme.read, first["links"]["next"].as_str().unwrap()).await.json();
        assert_eq!(details(&first).len() + details(&second).len(), 3, "{sort}");
    }
}
