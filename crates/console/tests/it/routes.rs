//! The table of pages, walked: signed out, as a stranger, and with each role.

use axum::http::Method;
use console::{ALL, Needs, Route};
use testkit::Db;

use crate::world::{Party, World};

testkit::each_database! {
    nobody_sees_a_page_without_signing_in,
    a_stranger_finds_nothing,
    a_role_that_may_not_is_refused,
}

/// The path with what it names in this workspace; a route with a name in it and without a case here
/// fails the test.
pub(crate) fn path(route: &Route, of: &Party) -> String {
    let id: &dyn ToString = match route.path {
        it if it.starts_with("/connectors/{id}") => &of.connector,
        it if it.starts_with("/runs/{id}") => &of.run,
        it if it.starts_with("/diagnostics/{id}") => &of.diagnostic,
        it if it.starts_with("/mappings/{id}") => &of.mapping,
        it if it.starts_with("/issues/{id}") => &of.issue,
        it if it.starts_with("/settings/keys/{id}") => &of.key,
        it if it.starts_with("/settings/viewer-links/{id}") => &of.link,
        it if it.starts_with("/settings/webhooks/{id}") => &of.hook,
        "/search" => return "/search?q=nothing".to_owned(),
        "/missing" => return "/missing?target_model=company&external_id=c-9".to_owned(),
        "/view/{token}/missing" => {
            return format!("/view/{}/missing?target_model=company&external_id=c-1", of.one);
        }
        it if it.starts_with("/view/{token}") => {
            return it.replace("{token}", &of.all).replace("{id}", &of.connector.to_string());
        }
        "/reasons/{reason}" => return "/reasons/empty_result".to_owned(),
        "/records/{model}" => return "/records/company".to_owned(),
        "/records/{model}/{id}" => return format!("/records/company/{}", of.record),
        "/assets/{hash}/{name}" => return asset(),
        it => {
            assert!(!it.contains('{'), "{it} has no case");
            return it.to_owned();
        }
    };
    route.path.replace("{id}", &id.to_string())
}

fn asset() -> String {
    "/assets/0/none.css".to_owned()
}

fn is_of_somebody(route: &Route) -> bool {
    route.path.contains("{id}") && route.needs != Needs::Nothing
}

/// Streams go on: they are read elsewhere.
pub(crate) fn goes_on(route: &Route) -> bool {
    route.path.ends_with("/live")
}

async fn nobody_sees_a_page_without_signing_in(db: Db) {
    let world = World::new(db).await;
    for route in ALL.iter().filter(|it| it.needs != Needs::Nothing) {
        let path = path(route, &world.acme);
        let answer = match route.method {
            Method::POST => world.post("", &path, &[("token", "x")]).await,
            _ => world.get("", &path).await,
        };
        assert_eq!(answer.status, 303, "{} {path}", route.method);
        assert!(answer.header("location").starts_with("/sign-in"), "{path}");
        assert_eq!(answer.text, "");
    }
}

async fn a_stranger_finds_nothing(db: Db) {
    let world = World::new(db).await;
    let session = world.sign_in(&world.rival.admin).await;
    let token = world.token(&session).await;
    let mut tried = 0;
    for route in ALL.iter().filter(|it| is_of_somebody(it)) {
        let foreign = path(route, &world.acme);
        let unknown = foreign_id(&foreign);
        let mut answers = Vec::new();
        for path in [&foreign, &unknown] {
            answers.push(match route.method {
                Method::POST => world.post(&session, path, &[("token", &token)]).await,
                _ => world.get(&session, path).await,
            });
        }
        let told = answers.iter().map(|it| {
            assert_eq!(it.status, 404, "{} {foreign}: {}", route.method, it.text);
            it.text.replace(it.header("x-request-id"), "")
        });
        let told: Vec<String> = told.collect();
        assert_eq!(told[0], told[1], "{foreign}");
        tried += 1;
    }
    assert!(tried > 5);
    let log = world.get(&session, "/diagnostics").await.expect(200).text;
    assert!(log.contains("rival: ") && !log.contains("acme: "));
}

/// The same path with an id that nobody has.
fn foreign_id(path: &str) -> String {
    let parts = path.split('/').map(|it| match it.parse::<uuid::Uuid>() {
        Ok(_) => uuid::Uuid::new_v4().to_string(),
        Err(_) => it.to_owned(),
    });
    parts.collect::<Vec<_>>().join("/")
}

async fn a_role_that_may_not_is_refused(db: Db) {
    let world = World::new(db).await;
    for (key, may_write) in [(&world.acme.read, false), (&world.acme.write, true)] {
        let session = world.sign_in(key).await;
        let token = world.token(&session).await;
        for route in ALL.iter().filter(|it| matches!(it.needs, Needs::Writer | Needs::Admin)) {
            if may_write && route.needs == Needs::Writer {
                continue;
            }
            let path = path(route, &world.acme);
            let answer = match route.method {
                Method::POST => world.post(&session, &path, &[("token", &token)]).await,
                _ => world.get(&session, &path).await,
            };
            assert_eq!(answer.status, 403, "{}", route.path);
            assert!(answer.text.contains("This is not allowed"));
        }
        let page = format!("/connectors/{}", world.acme.connector);
        let page = world.get(&session, &page).await.expect(200).text;
        assert_eq!(page.contains("Sync now</button>"), may_write);
        assert!(!page.contains("Pause</button>"));
    }
}
