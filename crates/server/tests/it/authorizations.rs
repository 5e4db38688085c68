//! Consent over HTTP: who may begin it, and what the page says that people come back to.

use std::sync::{Arc, Mutex};

use axum::http::Method;
use domain::grant::Begun;
use serde_json::json;
use server::authorizations::{Authorizations, Failed};
use server::{App, Settings, Syncs};
use testkit::{Db, make};

use crate::world::{World, request};

testkit::each_database! { consent_is_begun_with_a_key_and_ended_without_one }

async fn consent_is_begun_with_a_key_and_ended_without_one(db: Db) {
    let mut world = World::new(db).await;
    let uri = format!("/v1/workspace-connectors/{}/authorize", world.acme.connector);
    let post = |key: &str| request(Method::POST, key, &uri, None);
    assert_eq!(world.ask(post(&world.acme.write)).await.errors(), ["409 authorization_refused"]);

    let states = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&states);
    let authorizations = Authorizations::new(
        |_, _, redirect| {
            let url = format!("https://a.test/?redirect_uri={redirect}");
            Box::pin(async { Ok(Begun { url, expires_at: make::now() }) })
        },
        move |answer| {
            seen.lock().unwrap().push((answer.state.clone(), answer.code.clone()));
            let state = answer.state;
            Box::pin(async move {
                match state.as_str() {
                    "good" => Ok(()),
                    "old" => Err(Failed::NotFound("authorization")),
                    _ => Err(Failed::Refused(format!("<script>{state}</script>"))),
                }
            })
        },
    );
    let settings = Settings {
        clock: make::now,
        public_url: Some("https://wireline.test/".to_owned()),
        authorizations,
        ..Settings::default()
    };
    world.router = server::router(App::new(world.db.store.clone(), Syncs::none(), settings));

    assert_eq!(world.ask(post(&world.acme.read)).await.errors(), ["403 forbidden"]);
    assert_eq!(world.ask(post(&world.rival.admin)).await.errors(), ["404 not_found"]);
    let begun = world.ask(post(&world.acme.write)).await.expect(200).json();
    assert_eq!(
        begun["meta"],
        json!({
            "authorization_url": "https://a.test/?redirect_uri=https://wireline.test/oauth/callback",
            "expires_at": "2026-06-01T14:32:07.000Z",
        })
    );

    for (query, says) in [
        ("state=good&code=c%2B1", "You can close this page"),
        ("state=old&code=x", "Begin again"),
        ("state=%3Cb%3E&error=access_denied", "&lt;script&gt;&lt;b&gt;&lt;/script&gt;"),
        ("", "&lt;script&gt;"),
    ] {
        let page = world.get("", &format!("/oauth/callback?{query}")).await.expect(200);
        assert!(page.text.contains(says), "{query}: {}", page.text);
        assert!(!page.text.contains("<script") && !page.text.contains("c+1"), "{}", page.text);
        assert_eq!(page.header("referrer-policy"), "no-referrer");
        assert_eq!(page.header("cache-control"), "no-store");
        assert!(page.header("location").is_empty());
    }
    let first = states.lock().unwrap().first().cloned();
    assert_eq!(first, Some(("good".to_owned(), Some("c+1".to_owned()))));
}
