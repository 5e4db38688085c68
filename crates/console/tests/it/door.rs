//! Who is let in, for how long, and from where.

use axum::http::Method;
use store::api_keys;
use testkit::{Db, make};

use crate::world::{World, request};

testkit::each_database! {
    a_key_opens_a_session_and_ends_it,
    what_is_no_key_opens_nothing,
    an_operator_key_opens_nothing_inside,
    one_comes_back_to_where_one_wanted_to_go,
    a_form_of_another_site_is_refused,
    a_changed_cookie_is_none,
}

async fn a_key_opens_a_session_and_ends_it(db: Db) {
    let world = World::new(db).await;
    let door = world.post("", "/sign-in", &[("key", &world.acme.read)]).await.expect(303);
    let cookie = door.header("set-cookie");
    for part in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=43200"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(!cookie.contains(&world.acme.read));
    let session = door.session();
    let page = world.get(&session, "/").await.expect(200).text;
    assert!(page.contains("acme") && page.contains("read key"));

    let id = world.db.words("select cast(count(*) as text) from api_keys").await;
    assert!(!id.is_empty());
    let keys = api_keys::list(&world.db.store, &world.acme.tenant, &store::Query::default()).await;
    for (key, _) in keys.unwrap().items {
        let patch = api_keys::Patch { is_active: Some(false), ..Default::default() };
        let store = &world.db.store;
        api_keys::update(store, &world.acme.tenant, key.api_key_id, patch, make::now())
            .await
            .unwrap();
    }
    let refused = world.get(&session, "/").await.expect(303);
    assert_eq!(refused.header("location"), "/sign-in?back=%2F");
}

async fn what_is_no_key_opens_nothing(db: Db) {
    let world = World::new(db).await;
    for wrong in ["", "wl_live_", "' or 1=1", "wl_live_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"]
    {
        let answer = world.post("", "/sign-in", &[("key", wrong)]).await.expect(401);
        assert!(answer.text.contains("This key opens nothing"), "{wrong}");
        assert_eq!(answer.header("set-cookie"), "");
    }
}

async fn an_operator_key_opens_nothing_inside(db: Db) {
    let world = World::new(db).await;
    let answer = world.post("", "/sign-in", &[("key", &world.operator)]).await.expect(401);
    assert!(answer.text.contains("operator key"));
    assert_eq!(answer.header("set-cookie"), "");
}

async fn one_comes_back_to_where_one_wanted_to_go(db: Db) {
    let world = World::new(db).await;
    let to = "/diagnostics?filter[reason]=empty_result";
    let sent = world.get("", to).await.expect(303).header("location").to_owned();
    assert_eq!(sent, "/sign-in?back=%2Fdiagnostics%3Ffilter%5Breason%5D%3Dempty_result");
    let page = world.get("", &sent).await.expect(200).text;
    assert!(page.contains("name=\"back\" value=\"/diagnostics?filter[reason]=empty_result\""));
    for (back, lands) in [
        (to, to),
        ("//evil.example/x", "/"),
        ("https://evil.example", "/"),
        ("/\\evil.example", "/"),
        ("/sign-out", "/"),
    ] {
        let fields = [("key", world.acme.read.as_str()), ("back", back)];
        let answer = world.post("", "/sign-in", &fields).await.expect(303);
        assert_eq!(answer.header("location"), lands, "{back}");
    }
}

async fn a_form_of_another_site_is_refused(db: Db) {
    let world = World::new(db).await;
    let session = world.sign_in(&world.acme.admin).await;
    let token = world.token(&session).await;
    let uri = format!("/connectors/{}/pause", world.acme.connector);
    let body = format!("token={token}&paused=true");
    let send = async |name: &'static str, value: &'static str| {
        let mut request = request(Method::POST, &session, &uri, body.clone());
        request.headers_mut().insert("host", "wireline.example".parse().unwrap());
        request.headers_mut().insert(name, value.parse().unwrap());
        world.ask(request).await.status.as_u16()
    };
    assert_eq!(send("sec-fetch-site", "cross-site").await, 403);
    assert_eq!(send("sec-fetch-site", "same-site").await, 403);
    assert_eq!(send("origin", "https://evil.example").await, 403);
    assert_eq!(send("origin", "null").await, 403);
    assert_eq!(send("origin", "http://wireline.example").await, 303);
    assert_eq!(send("sec-fetch-site", "same-origin").await, 303);

    // Signed in, from here, but without the token of this session.
    let other = world.sign_in(&world.acme.admin).await;
    let others = world.token(&other).await;
    for wrong in ["", "0", &others] {
        let fields = [("token", wrong), ("paused", "true")];
        world.post(&session, &uri, &fields).await.expect(403);
    }
}

async fn a_changed_cookie_is_none(db: Db) {
    let world = World::new(db).await;
    let session = world.sign_in(&world.acme.read).await;
    let at = session.find('=').unwrap() + 1;
    for place in (at..session.len()).step_by(7) {
        let mut changed = session.clone().into_bytes();
        changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).unwrap();
        world.get(&changed, "/").await.expect(303);
    }
    world.get("wireline_session=", "/").await.expect(303);
    world.get(&session, "/").await.expect(200);
}

#[tokio::test]
async fn keys_are_tried_slowly() {
    let mut world = World::new(Db::sqlite().await).await;
    let settings = server::Settings {
        clock: make::now,
        pages: console::pages(),
        sign_ins_per_min: 3,
        ..server::Settings::default()
    };
    let app = server::App::new(world.db.store.clone(), server::Syncs::none(), settings);
    world.router = server::router(app);
    for _ in 0..3 {
        world.post("", "/sign-in", &[("key", "wrong")]).await.expect(401);
    }
    let slow = world.post("", "/sign-in", &[("key", &world.acme.read)]).await.expect(429);
    assert!(slow.header("retry-after").parse::<u64>().unwrap() > 0);
    assert!(slow.text.contains("Too fast"));
}
