//! Webhooks to a real receiver on loopback: each event once by its id, in order per connector.

use std::time::Duration;

use chrono::DateTime;
use domain::connector::Secret;
use domain::run::TriggerType;
use domain::webhook::{DeliveryStatus, EndpointStatus, Event, signatures};
use domain::{NewDiagnostic, Reason};
use store::webhooks::{self, Patch, Replay};
use store::{Query, diagnostics, sync_logs, workspace_connectors};
use testkit::{Db, make};
use worker::{Courier, Settings, Workers};

use world::{Mood, OPEN, World, at};

mod world;

testkit::each_database! {
    a_receiver_that_fails_sleeps_and_comes_back_gets_every_event_once_in_order,
    two_processes_deliver_each_event_once,
    an_event_is_given_up_after_the_last_pause_and_the_next_goes_out,
    a_receiver_that_is_gone_or_dead_is_disabled_until_somebody_enables_it,
    secrets_rotate_and_deliveries_are_replayed,
    an_address_that_is_not_allowed_is_not_called,
    a_run_that_never_began_is_told_too,
    what_is_put_into_the_outbox_goes_out_without_waiting_for_the_next_look,
    a_look_says_when_the_next_is_due,
}

async fn a_receiver_that_fails_sleeps_and_comes_back_gets_every_event_once_in_order(db: Db) {
    let world = World::new(&db, &[Event::DiagnosticFailure, Event::IssueOpened]).await;
    for n in 0..5 {
        world.fail(0, &format!("a{n}")).await;
        world.fail(1, &format!("b{n}")).await;
    }
    let rows: Vec<_> = (5..9)
        .map(|n| NewDiagnostic { detail: format!("a{n}"), ..make::diagnostic(world.connectors[0]) })
        .collect();
    diagnostics::insert_many(&world.store, &world.tenant, rows, at(0)).await.expect("written");
    // What only informs is no failure.
    let row = NewDiagnostic { reason: Reason::JuryRun, ..make::diagnostic(world.connectors[0]) };
    diagnostics::insert(&world.store, &world.tenant, row, at(0)).await.expect("written");
    assert_eq!(world.statuses().await.len(), 16);
    world.receiver.is(Mood::Answers(500));
    // The first of each lane alone, once.
    assert_eq!(world.deliver(1).await, 2);
    assert_eq!(world.deliver(5).await, 0);
    world.receiver.is(Mood::Sleeps);
    assert_eq!(world.deliver(7).await, 2);
    assert_eq!(world.deliver(200).await, 0);
    let told = world.endpoint().await;
    assert_eq!((told.status, told.failing_since), (EndpointStatus::Enabled, Some(at(1))));
    world.receiver.is(Mood::Well);
    world.deliver(400).await;
    let of =
        |from: &str, to: usize| -> Vec<String> { (0..to).map(|n| format!("{from}{n}")).collect() };
    assert_eq!(world.receiver.details("a"), of("a", 9));
    assert_eq!(world.receiver.details("b"), of("b", 5));
    let taken = world.receiver.taken.lock().expect("taken").clone();
    let mut ids: Vec<_> = taken.iter().map(|it| it.0.clone()).collect();
    assert_eq!(taken.iter().filter(|it| it.1 == "issue.opened").count(), 2);
    ids.sort();
    ids.dedup();
    assert_eq!((taken.len(), ids.len()), (16, 16));
    assert_eq!(world.endpoint().await.failing_since, None);
    let statuses = world.statuses().await;
    assert!(statuses.iter().all(|it| it.0 == DeliveryStatus::Delivered && it.2 == Some(204)));
    assert_eq!(statuses.iter().filter(|it| it.1 == 3).count(), 2);
}

async fn two_processes_deliver_each_event_once(db: Db) {
    let world = World::new(&db, &[Event::DiagnosticFailure]).await;
    for n in 0..6 {
        world.fail(n % 2, &format!("a{n}")).await;
    }
    let settings = store::Settings { seal_key: Some([7; 32]), ..testkit::settings() };
    let other = Courier { store: db.reopen(settings).await, ..world.courier() };
    let one = world.courier();
    for second in 0..12 {
        let (a, b) = tokio::join!(one.round(at(second)), other.round(at(second)));
        a.expect("the store answers");
        b.expect("the store answers");
    }
    let mut details = world.receiver.details("a");
    assert_eq!(details.len(), 6);
    details.sort();
    details.dedup();
    assert_eq!(details.len(), 6);
}

async fn an_event_is_given_up_after_the_last_pause_and_the_next_goes_out(db: Db) {
    let world = World::new(&db, &[Event::DiagnosticFailure]).await;
    world.fail(0, "a0").await;
    world.fail(0, "a1").await;
    world.receiver.is(Mood::Answers(503));
    let mut now = 0;
    for pause in domain::webhook::BACK_OFF_S {
        assert_eq!(world.deliver(now).await, 1);
        now += i64::try_from(pause).expect("a pause") + 1;
    }
    world.receiver.is(Mood::Answers(500));
    let courier = world.courier();
    assert_eq!(courier.round(at(now)).await.expect("a round").made, 1);
    assert_eq!(world.statuses().await[0], (DeliveryStatus::GivenUp, 10, Some(500)));
    world.receiver.is(Mood::Well);
    assert_eq!(world.deliver(now).await, 1);
    assert_eq!(world.receiver.details("a"), ["a1"]);
}

async fn a_receiver_that_is_gone_or_dead_is_disabled_until_somebody_enables_it(db: Db) {
    let world = World::new(&db, &[Event::DiagnosticFailure]).await;
    world.fail(0, "a0").await;
    world.fail(0, "a1").await;
    world.receiver.is(Mood::Answers(410));
    assert_eq!(world.deliver(0).await, 1);
    let told = world.endpoint().await;
    assert_eq!(told.status, EndpointStatus::Disabled);
    assert_eq!(told.disabled_reason.as_deref(), Some("it answered 410: it wants no more"));
    world.receiver.is(Mood::Well);
    assert_eq!(world.deliver(60).await, 0);
    let enable = || Patch { status: Some(EndpointStatus::Enabled), ..Patch::default() };
    let id = world.endpoint.id;
    webhooks::update(&world.store, &world.tenant, id, enable(), at(61)).await.expect("enabled");
    assert_eq!(world.deliver(62).await, 1);
    assert_eq!(world.receiver.details("a"), ["a1"]);
    // Nothing arrives for days.
    world.fail(0, "a2").await;
    world.receiver.is(Mood::Answers(500));
    let day = 24 * 3_600;
    for n in 0..6 {
        world.deliver(70 + n * day).await;
    }
    let told = world.endpoint().await;
    assert_eq!(told.disabled_reason.as_deref(), Some("nothing has arrived for 5 days"));
    assert_eq!((told.status, told.failing_since), (EndpointStatus::Disabled, Some(at(70))));
}

async fn secrets_rotate_and_deliveries_are_replayed(db: Db) {
    let world = World::new(&db, &[Event::DiagnosticFailure]).await;
    world.fail(0, "a0").await;
    world.deliver(0).await;
    let patch = Patch { rotate: true, ..Patch::default() };
    let id = world.endpoint.id;
    let rotated = webhooks::update(&world.store, &world.tenant, id, patch, at(1)).await;
    let fresh = rotated.expect("rotated").1.expect("a secret");
    let since = Replay::Since(at(-5));
    let replayed = webhooks::replay(&world.store, &world.tenant, id, since, at(2)).await;
    assert_eq!(replayed.expect("replayed"), 1);
    world.deliver(2).await;
    // A day later the old one is over.
    let day = 24 * 3_600;
    webhooks::test(&world.store, &world.tenant, id, at(day + 5)).await.expect("a test");
    world.deliver(day + 5).await;
    let told = world.receiver.headers.lock().expect("headers").clone();
    let own = |n: usize, secrets: &[&Secret]| {
        let (headers, body) = &told[n];
        let text = |name: &str| headers[name].to_str().expect("text").to_owned();
        let at = DateTime::from_timestamp(text("webhook-timestamp").parse().expect("a time"), 0);
        let wanted =
            signatures(secrets.iter().copied(), &text("webhook-id"), at.expect("a time"), body);
        assert_eq!(text("webhook-signature"), wanted, "{n}");
        text("webhook-id")
    };
    let first = own(0, &[&world.secret]);
    assert_eq!(own(1, &[&fresh, &world.secret]), first);
    own(2, &[&fresh]);
    assert_eq!(told[0].1, told[1].1);
    assert!(told[2].1.contains("webhook.test"));
    assert!(!format!("{:?}", world.endpoint().await).contains("whsec"));
}

async fn an_address_that_is_not_allowed_is_not_called(db: Db) {
    let world = World::new(&db, &[Event::DiagnosticFailure]).await;
    world.fail(0, "a0").await;
    let strict = reach::Client::new(reach::Reach::default()).expect("a client");
    let courier = Courier { client: strict, ..world.courier() };
    assert_eq!(courier.round(at(0)).await.expect("a round").made, 1);
    assert!(world.receiver.taken.lock().expect("taken").is_empty());
    let query = Query::default();
    let all = webhooks::deliveries(&world.store, &world.tenant, &query).await.expect("listed");
    let note = all.items[0].0.answer_note.clone();
    assert_eq!(note.as_deref(), Some("refused: plain http is not allowed"));
}

async fn a_run_that_never_began_is_told_too(db: Db) {
    let world = World::new(&db, &[Event::RunCompleted]).await;
    let (store, tenant) = (&world.store, &world.tenant);
    let mut runs = Vec::new();
    for connector in world.connectors {
        let asked =
            sync_logs::schedule(store, tenant, connector, TriggerType::Api, Duration::ZERO, at(0));
        runs.push(asked.await.expect("the store answers").expect("no refusal").sync_log_id);
    }
    sync_logs::cancel(store, tenant, runs[0], at(1)).await.expect("cancelled");
    workspace_connectors::delete(store, tenant, world.connectors[1], at(1)).await.expect("removed");
    assert_eq!(world.deliver(2).await, 2);
    let told: Vec<serde_json::Value> = {
        let told = world.receiver.headers.lock().expect("headers");
        told.iter().map(|it| serde_json::from_str(&it.1).expect("JSON")).collect()
    };
    for (run, why) in runs.iter().zip(["cancelled", "the connector was removed"]) {
        let of = |it: &&serde_json::Value| it["data"]["sync_log_id"] == run.to_string();
        let told = told.iter().find(of).expect("told");
        assert_eq!(told["type"], "run.completed");
        assert_eq!(
            (&told["data"]["status"], &told["data"]["error"]),
            (&"error".into(), &why.into())
        );
    }
}

async fn what_is_put_into_the_outbox_goes_out_without_waiting_for_the_next_look(db: Db) {
    let world = World::new(&db, &[Event::DiagnosticFailure, Event::IssueOpened]).await;
    let mut told = world.receiver.told.subscribe();
    let (store, tenant) = (world.store.clone(), &world.tenant);
    let settings = engine::Settings { reach: OPEN, ..engine::Settings::default() };
    let recorder = engine::Recorder::start(store.clone(), 1_000, make::now);
    let engine = engine::Engine { store, recorder, settings, clock: || at(0) };
    let never = Duration::from_secs(3_600);
    let workers = Workers::start(engine, Settings { look: never, ..Settings::default() });
    let mut hears = async |count: usize| {
        let heard = told.wait_for(|it| *it >= count);
        tokio::time::timeout(Duration::from_secs(60), heard).await.expect("in time").expect("told");
    };
    webhooks::test(&world.store, tenant, world.endpoint.id, at(-1)).await.expect("a test");
    hears(1).await;
    world.fail(0, "a0").await;
    // The row, and that its issue was opened.
    hears(3).await;
    let replay = Replay::Since(at(-60));
    let id = world.endpoint.id;
    webhooks::replay(&world.store, tenant, id, replay, at(0)).await.expect("replayed");
    hears(6).await;
    workers.stop().await;
}

async fn a_look_says_when_the_next_is_due(db: Db) {
    let world = World::new(&db, &[Event::DiagnosticFailure]).await;
    let look = async |seconds| {
        let round = world.courier().round(at(seconds)).await.expect("a round");
        (round.made, round.next_due)
    };
    assert_eq!(look(0).await, (0, None));
    world.fail(0, "a0").await;
    world.receiver.is(Mood::Answers(500));
    assert_eq!(look(1).await, (1, None));
    let (made, next_due) = look(1).await;
    assert!(made == 0 && next_due.is_some_and(|it| it > at(5) && it <= at(6)), "{next_due:?}");
    world.receiver.is(Mood::Well);
    assert_eq!(look(6).await, (1, None));
    assert_eq!(look(6).await, (0, None));
}
