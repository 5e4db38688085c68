//! Webhooks in the settings: added, changed, switched, sent again and deleted by an admin.

use domain::webhook::{DeliveryStatus, EndpointStatus, Event};
use store::webhooks::{self, Delivery, Endpoint};
use store::{Page, Query};
use testkit::Db;

use crate::acts::act;
use crate::world::{World, between};

testkit::each_database! {
    a_webhook_is_added_and_its_secret_is_shown_once,
    what_no_receiver_can_be_is_refused_in_words,
    a_webhook_is_changed_switched_tested_and_deleted,
    a_delivery_is_told_and_sent_again,
    a_workspace_without_webhooks_says_what_one_is_for,
}

async fn endpoints(world: &World) -> Vec<Endpoint> {
    let all = webhooks::list(&world.db.store, &world.acme.tenant, &Query::default()).await.unwrap();
    all.items.into_iter().map(|it| it.0).collect()
}

async fn deliveries(world: &World) -> Vec<Delivery> {
    let query = Query { page: Page::first(100), ..Query::default() };
    let all = webhooks::deliveries(&world.db.store, &world.acme.tenant, &query).await.unwrap();
    all.items.into_iter().map(|it| it.0).collect()
}

async fn a_webhook_is_added_and_its_secret_is_shown_once(db: Db) {
    let world = World::new(db).await;
    let session = world.sign_in(&world.acme.admin).await;
    let token = world.token(&session).await;
    let connector = world.acme.connector.to_string();
    let fields = [
        ("token", token.as_str()),
        ("url", " https://hooks.example/new "),
        ("event", "run.completed"),
        ("event", "issue.opened"),
        ("workspace_connector", &connector),
        ("description", "for <b>us</b>"),
    ];
    let page = world.post(&session, "/settings/webhooks", &fields).await.expect(200).text;
    let secret = between(&page, "<code class=\"secret\">", "</code>").to_owned();
    assert!(secret.starts_with("whsec_") && page.contains("for &lt;b&gt;us"));
    let made = endpoints(&world).await.remove(0);
    assert_eq!(made.url, "https://hooks.example/new");
    assert_eq!(made.events, [Event::RunCompleted, Event::IssueOpened]);
    assert_eq!(made.connector, Some(world.acme.connector));
    for path in ["/settings/webhooks".to_owned(), format!("/settings/webhooks/{}", made.id)] {
        let page = world.get(&session, &path).await.expect(200).text;
        assert!(page.contains("hooks.example/new") && !page.contains("whsec_"));
    }
    let rotate = format!("/settings/webhooks/{}/rotate", made.id);
    let page = world.post(&session, &rotate, &[("token", &token)]).await.expect(200).text;
    assert_ne!(between(&page, "<code class=\"secret\">", "</code>"), secret);
    assert!(page.contains("The secret before signs too until"));
}

async fn what_no_receiver_can_be_is_refused_in_words(db: Db) {
    let world = World::new(db).await;
    let session = world.sign_in(&world.acme.admin).await;
    let token = world.token(&session).await;
    let foreign = world.rival.connector.to_string();
    let change = format!("/settings/webhooks/{}", world.acme.hook);
    let long = "x".repeat(501);
    for (path, url, event, connector, description, says) in [
        ("/settings/webhooks", "ftp://x", "run.completed", "", "", "https://"),
        ("/settings/webhooks", "https://x.example", "", "", "", "one event type at least"),
        ("/settings/webhooks", "https://x.example", "webhook.test", "", "", "webhook.test"),
        ("/settings/webhooks", "https://x.example", "nothing", "", "", "nothing"),
        ("/settings/webhooks", "https://x.example", "run.completed", &foreign, "", "connector"),
        (&change, "nowhere", "run.completed", "", "", "https://"),
        (&change, "https://x.example", "run.completed", "", &long, "500 characters"),
    ] {
        let mut fields =
            vec![("token", token.as_str()), ("url", url), ("description", description)];
        fields.extend(Some(("event", event)).filter(|it| !it.1.is_empty()));
        fields.push(("workspace_connector", connector));
        let page = world.post(&session, path, &fields).await.expect(422).text;
        assert!(page.contains(says), "{says}: {page}");
    }
    assert_eq!(endpoints(&world).await.len(), 1);
    let replay = format!("/settings/webhooks/{}/replay", world.acme.hook);
    world.post(&session, &replay, &[("token", &token)]).await.expect(422);
    let foreign = [("token", token.as_str()), ("delivery", &foreign)];
    world.post(&session, &replay, &foreign).await.expect(404);
}

async fn a_webhook_is_changed_switched_tested_and_deleted(db: Db) {
    let world = World::new(db).await;
    let session = world.sign_in(&world.acme.admin).await;
    let path = format!("/settings/webhooks/{}", world.acme.hook);
    let fields = [("url", "https://other.example/hook"), ("event", "issue.regressed")];
    let to = act(&world, &session, &path, &fields).await;
    assert!(world.get(&session, &to).await.expect(200).text.contains("role=\"status\""));
    let it = endpoints(&world).await.remove(0);
    assert_eq!((it.url.as_str(), it.description), ("https://other.example/hook", None));
    assert_eq!(it.events, [Event::IssueRegressed]);
    for (word, status, offers) in [
        ("disabled", EndpointStatus::Disabled, ">Enable</button>"),
        ("enabled", EndpointStatus::Enabled, ">Disable</button>"),
    ] {
        let to = act(&world, &session, &format!("{path}/switch"), &[("status", word)]).await;
        assert!(world.get(&session, &to).await.expect(200).text.contains(offers));
        assert_eq!(endpoints(&world).await[0].status, status);
    }
    act(&world, &session, &format!("{path}/test"), &[]).await;
    assert_eq!(deliveries(&world).await[0].event, Event::Test);
    let to = act(&world, &session, &format!("{path}/delete"), &[]).await;
    assert!(world.get(&session, &to).await.expect(200).text.contains("Nobody is told yet"));
    assert!(endpoints(&world).await.is_empty());
    world.get(&session, &path).await.expect(404);
}

async fn a_delivery_is_told_and_sent_again(db: Db) {
    let world = World::new(db).await;
    let session = world.sign_in(&world.acme.admin).await;
    let path = format!("/settings/webhooks/{}", world.acme.hook);
    let store = &world.db.store;
    let operator = &store.operator();
    let limits = (1, std::time::Duration::from_secs(60));
    let claimed = webhooks::claim(store, operator, limits, testkit::make::now()).await.unwrap();
    let claimed = claimed.parcels;
    let answer = webhooks::Answer {
        status: Some(500),
        note: Some("answered 500".to_owned()),
        verdict: domain::webhook::Verdict::GiveUp,
    };
    webhooks::settle(store, operator, &claimed[0], &answer, testkit::make::now()).await.unwrap();
    let given_up = format!("{path}?filter[status]=given_up");
    let page = world.get(&session, &given_up).await.expect(200).text;
    assert!(page.contains("answered 500") && page.contains("Given up"));
    assert_eq!(page.matches("<tr data-row").count(), 1);
    let one = [("delivery", claimed[0].id.to_string())];
    let one = [(one[0].0, one[0].1.as_str())];
    act(&world, &session, &format!("{path}/replay"), &one).await;
    let again = deliveries(&world).await.into_iter().find(|it| it.id == claimed[0].id).unwrap();
    assert_eq!((again.status, again.attempts), (DeliveryStatus::Pending, 0));
    let to = act(&world, &session, &format!("{path}/replay"), &[("hours", "24")]).await;
    let page = world.get(&session, &to).await.expect(200).text;
    assert!(page.contains("On its way again"));
    assert_eq!(page.matches("<tr data-row").count(), 20);
    assert!(page.contains("rel=\"next\""));
}

async fn a_workspace_without_webhooks_says_what_one_is_for(db: Db) {
    let world = World::new(db).await;
    webhooks::delete(&world.db.store, &world.rival.tenant, world.rival.hook).await.unwrap();
    let session = world.sign_in(&world.rival.admin).await;
    let page = world.get(&session, "/settings/webhooks").await.expect(200).text;
    assert!(page.contains("Nobody is told yet") && page.contains("Add a webhook"));
}
