//! Viewer links: what they open, and what they never say.

use domain::connector::Role;
use serde_json::json;
use store::api_keys;
use testkit::{Db, make};

use crate::acts::act;
use crate::world::{World, between};

testkit::each_database! {
    a_link_says_how_it_goes_and_nothing_of_how_it_works,
    a_link_of_one_connector_opens_no_other,
    what_is_no_link_opens_nothing,
    a_link_is_made_in_the_settings_and_over_the_api,
    a_link_ends_with_its_key,
    a_link_is_ended_alone_in_the_settings,
}

async fn a_link_says_how_it_goes_and_nothing_of_how_it_works(db: Db) {
    let world = World::new(db).await;
    let acme = &world.acme;
    let connector = acme.connector;
    for path in [
        format!("/view/{}", acme.all),
        format!("/view/{}", acme.one),
        format!("/view/{}/connectors/{connector}", acme.all),
        format!("/view/{}/connectors/{connector}", acme.one),
        format!("/view/{}/missing?target_model=company&external_id=c-1", acme.one),
        format!("/view/{}/missing?target_model=invoice&external_id=i-1", acme.all),
    ] {
        let page = world.get("", &path).await.expect(200).text;
        for secret in [
            "Validator rejected",
            "acme: ",
            "pennylane",
            "alert(",
            &acme.run.to_string(),
            &acme.diagnostic.to_string(),
            &acme.mapping.to_string(),
            &acme.record.to_string(),
            &world.rival.connector.to_string(),
            "/connectors/\"",
            "Sign out",
        ] {
            assert!(!page.contains(secret), "{path} says {secret}: {page}");
        }
    }
    let stored = format!("/view/{}/missing?target_model=company&external_id=c-1", acme.one);
    assert!(world.get("", &stored).await.text.contains("The record is stored."));
}

async fn a_link_of_one_connector_opens_no_other(db: Db) {
    let world = World::new(db).await;
    let other = make::connector(&world.db, &world.acme.tenant).await;
    let rival = world.rival.connector;
    let unknown = uuid::Uuid::new_v4();
    let mut told = Vec::new();
    for id in [other.to_string(), rival.to_string(), unknown.to_string(), "x".to_owned()] {
        let page = world.get("", &format!("/view/{}/connectors/{id}", world.acme.one)).await;
        let page = page.expect(404);
        told.push(page.text.replace(page.header("x-request-id"), ""));
    }
    let page = world.get("", &format!("/view/{}/connectors/{rival}", world.acme.all)).await;
    let page = page.expect(404);
    told.push(page.text.replace(page.header("x-request-id"), ""));
    assert!(told.iter().all(|it| *it == told[0]));
    world.get("", &format!("/view/{}/connectors/{other}", world.acme.all)).await.expect(200);
    // Asked of another connector, it answers of its own.
    let asked = format!("target_model=company&external_id=c-1&workspace_connector={rival}");
    world.get("", &format!("/view/{}/missing?{asked}", world.acme.one)).await.expect(200);
    world.get("", &format!("/view/{}/missing?{asked}", world.acme.all)).await.expect(404);
}

async fn what_is_no_link_opens_nothing(db: Db) {
    let world = World::new(db).await;
    let token = world.acme.one.clone();
    let session = world.sign_in(&world.acme.read).await;
    let mut wrong: Vec<String> = (0..token.len())
        .step_by(9)
        .map(|at| {
            let mut bytes = token.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            String::from_utf8(bytes).unwrap()
        })
        .collect();
    wrong.push("x".to_owned());
    wrong.push(between(&format!("{session};"), "=", ";").to_owned());
    let first = world.get("", &format!("/view/{}", wrong[0])).await.expect(404);
    let first = first.text.replace(first.header("x-request-id"), "");
    for it in wrong {
        let page = world.get("", &format!("/view/{it}")).await.expect(404);
        assert_eq!(page.text.replace(page.header("x-request-id"), ""), first);
    }
    // A link is no session.
    let cookie = format!("wireline_session={token}");
    world.get(&cookie, "/").await.expect(303);
}

async fn a_link_is_made_in_the_settings_and_over_the_api(db: Db) {
    let world = World::new(db).await;
    let session = world.sign_in(&world.acme.write).await;
    let token = world.token(&session).await;
    let connector = world.acme.connector.to_string();
    let fields = [("token", token.as_str()), ("hours", "24"), ("workspace_connector", &connector)];
    let page = world.post(&session, "/settings/viewer-links", &fields).await.expect(200).text;
    let link = between(&page, "class=\"secret\" href=\"", "\"");
    world.get("", link).await.expect(200);
    let fields = [("token", token.as_str()), ("hours", "9000"), ("workspace_connector", "")];
    world.post(&session, "/settings/viewer-links", &fields).await.expect(422);

    let body = json!({"data": {"type": "viewer_link", "attributes": {"expires_in_hours": 1},
        "relationships": {"workspace_connector":
            {"data": {"type": "workspace_connector", "id": connector}}}}});
    let made = world.api(&world.acme.write, "/v1/viewer-links", &body).await.expect(201).text;
    let made: serde_json::Value = serde_json::from_str(&made).unwrap();
    assert_eq!(made["data"]["attributes"]["expires_at"], "2026-06-01T15:32:07.000Z");
    let url = made["data"]["attributes"]["url"].as_str().unwrap();
    world.get("", url).await.expect(200);
    world.api(&world.acme.read, "/v1/viewer-links", &body).await.expect(403);
    world.api(&world.rival.write, "/v1/viewer-links", &body).await.expect(404);
}

async fn a_link_ends_with_its_key(db: Db) {
    let world = World::new(db).await;
    let tenant = &world.acme.tenant;
    world.get("", &format!("/view/{}", world.acme.all)).await.expect(200);
    let keys = api_keys::list(&world.db.store, tenant, &store::Query::default()).await.unwrap();
    let writing = keys.items.iter().find(|it| it.0.role == Role::Write).unwrap().0.api_key_id;
    api_keys::delete(&world.db.store, tenant, writing, make::now()).await.unwrap();
    world.get("", &format!("/view/{}", world.acme.all)).await.expect(404);
}

async fn a_link_is_ended_alone_in_the_settings(db: Db) {
    let world = World::new(db).await;
    let session = world.sign_in(&world.acme.write).await;
    let page = world.get(&session, "/settings").await.expect(200).text;
    let end = format!("/settings/viewer-links/{}/end", world.acme.link);
    assert!(page.contains(&end) && page.contains("write key"));
    let to = act(&world, &session, &end, &[]).await;
    let page = world.get(&session, &to).await.expect(200).text;
    assert!(page.contains("The link is ended") && !page.contains(&end));
    let open = format!("/view/{}/connectors/{}", world.acme.all, world.acme.connector);
    world.get("", &open).await.expect(404);
    world.get("", &format!("/view/{}", world.acme.one)).await.expect(200);
}
