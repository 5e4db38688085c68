//! What changes the state of an issue, each time once, on both databases.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use domain::issue::{Cause, Evidence, Noted, Ran, State, Wish};
use domain::{NewDiagnostic, Reason, TargetModel};
use store::diagnostics;
use store::issues::{self, Actor, Patch};
use testkit::{Db, make};

use crate::issues::{World, evidence, later};

testkit::each_database! {
    a_later_run_with_rows_resolves_and_nothing_less_does,
    a_late_event_of_an_older_mapping_does_not_reopen,
    an_issue_that_comes_back_regresses_once,
    a_mute_ends_by_time,
    a_mute_ends_by_count,
    a_mute_ends_by_escalation,
    people_and_runs_at_once_make_one_transition,
    history_is_never_changed,
}

async fn a_later_run_with_rows_resolves_and_nothing_less_does(db: Db) {
    let world = World::new(db).await;
    let run = world.start(0).await;
    world.write(NewDiagnostic { sync_log: Some(run), ..world.row(3) }, 0).await;
    let noted = Noted {
        target: TargetModel::Invoice,
        tool: Some("pennylane_get_invoices".to_owned()),
        reason: Reason::MappedEntitiesDropped,
    };
    // The run in which it occurred.
    world.settle(run, None, evidence(0), 1).await;
    let other = |change: fn(&mut Ran)| move |it: &mut Evidence| change(&mut it.ran[0]);
    world.ran(2, other(|it| (it.arrived, it.written) = (0, 0))).await;
    world.ran(3, other(|it| it.target = TargetModel::Company)).await;
    world.ran(4, other(|it| it.tool = "another".to_owned())).await;
    world.ran(5, other(|it| it.mapping_version = Some(2))).await;
    world.ran(6, |it| it.noted.push(noted)).await;
    world.ran(7, |it| it.ran.clear()).await;
    // One that ends as an error.
    let failed = world.start(8).await;
    world.settle(failed, Some("stopped"), evidence(8), 8).await;
    assert_eq!(world.issue().await.state, State::Open);
    let good = world.ran(9, |_| ()).await;
    let issue = world.issue().await;
    assert_eq!((issue.state, issue.resolved_run), (State::Resolved, Some(good)));
    assert_eq!((issue.resolved_at, issue.resolved_version), (Some(later(9)), Some(3)));
    let story = world.story(&issue).await;
    assert_eq!(story[1..], [(Some(State::Open), State::Resolved, Cause::Evidence)]);
    // A second time there is nothing to resolve.
    world.ran(10, |_| ()).await;
    assert_eq!(world.story(&issue).await.len(), 2);
}

async fn a_late_event_of_an_older_mapping_does_not_reopen(db: Db) {
    let world = World::new(db).await;
    world.write(world.row(2), 0).await;
    world.ran(5, |_| ()).await;
    // Written after the fix: under an older mapping, and by one that occurred before it.
    world.write(world.row(2), 10).await;
    world.write(NewDiagnostic { occurred_at: Some(later(4)), ..world.row(3) }, 11).await;
    let issue = world.issue().await;
    assert_eq!((issue.state, issue.count), (State::Resolved, 3));
    assert_eq!(world.story(&issue).await.len(), 2);
    world.write(world.row(3), 12).await;
    assert_eq!(world.issue().await.state, State::Regressed);
}

async fn an_issue_that_comes_back_regresses_once(db: Db) {
    let world = World::new(db).await;
    world.write(world.row(3), 0).await;
    let id = world.issue().await.id;
    world.ask(id, Wish::Resolve, 1).await;
    let writes: Vec<_> = (0..12)
        .map(|_| {
            let (store, tenant, row) = (world.store.clone(), world.tenant.clone(), world.row(4));
            tokio::spawn(async move {
                diagnostics::insert_many(&store, &tenant, vec![row; 3], later(2)).await.unwrap();
            })
        })
        .collect();
    for write in writes {
        write.await.unwrap();
    }
    let issue = world.issue().await;
    assert_eq!((issue.state, issue.count), (State::Regressed, 37));
    let story = world.story(&issue).await;
    assert_eq!(story[2..], [(Some(State::Resolved), State::Regressed, Cause::SeenAgain)]);
}

async fn a_mute_ends_by_time(db: Db) {
    let world = World::new(db).await;
    world.write(world.row(3), 0).await;
    let id = world.issue().await.id;
    let until = Some(later(30));
    let muted = world.ask(id, Wish::Mute { until, until_count: None }, 1).await;
    assert_eq!((muted.state, muted.muted_until), (State::Muted, until));
    world.write(world.row(3), 29).await;
    let operator = world.store.operator();
    let end =
        async |minute| issues::end_mutes(&world.store, &operator, 10, later(minute)).await.unwrap();
    assert_eq!((end(29).await, world.issue().await.state), (0, State::Muted));
    assert_eq!((end(30).await, world.issue().await.state), (1, State::Open));
    assert_eq!(end(31).await, 0);
    // A row that comes after the end ends it as well.
    world.ask(id, Wish::Mute { until: Some(later(40)), until_count: None }, 32).await;
    world.write(world.row(3), 45).await;
    let issue = world.issue().await;
    let story = world.story(&issue).await;
    let over = (Some(State::Muted), State::Open, Cause::MuteTimeOver);
    assert_eq!((story[2], story[4], story.len()), (over, over, 5));
}

async fn a_mute_ends_by_count(db: Db) {
    let world = World::new(db).await;
    world.write(world.row(3), 0).await;
    let id = world.issue().await.id;
    world.ask(id, Wish::Mute { until: None, until_count: Some(4) }, 1).await;
    world.write(world.row(3), 2).await;
    world.write(world.row(3), 3).await;
    assert_eq!(world.issue().await.state, State::Muted);
    world.write(world.row(3), 4).await;
    let issue = world.issue().await;
    assert_eq!((issue.state, issue.count, issue.muted_until_count), (State::Open, 4, None));
}

async fn a_mute_ends_by_escalation(db: Db) {
    let world = World::new(db).await;
    let many = async |count: usize, minute: i64| {
        let rows = vec![world.row(3); count];
        diagnostics::insert_many(&world.store, &world.tenant, rows, later(minute)).await.unwrap();
    };
    many(30, 0).await;
    let id = world.issue().await.id;
    world.ask(id, Wish::Mute { until: None, until_count: None }, 1).await;
    // Thirty in an hour were seen and put up with.
    many(59, 2).await;
    assert_eq!(world.issue().await.state, State::Muted);
    many(1, 3).await;
    let issue = world.issue().await;
    let story = world.story(&issue).await;
    assert_eq!(story[2..], [(Some(State::Muted), State::Escalating, Cause::RateRose)]);
    // Seen to by a person, as many are usual.
    world.ask(id, Wish::Open, 4).await;
    many(30, 5).await;
    assert_eq!(world.issue().await.state, State::Open);
}

async fn people_and_runs_at_once_make_one_transition(db: Db) {
    let world = World::new(db).await;
    world.write(world.row(3), 0).await;
    let id = world.issue().await.id;
    let run = world.start(5).await;
    let patch = Patch { wish: Some(Wish::Resolve), note: None };
    let update = || issues::update(&world.store, &world.tenant, id, &patch, later(6));
    let (one, other, ()) =
        tokio::join!(update(), update(), world.settle(run, None, evidence(5), 6));
    assert_eq!((one.unwrap().state, other.unwrap().state), (State::Resolved, State::Resolved));
    assert_eq!(world.story(&world.issue().await).await.len(), 2);
}

async fn history_is_never_changed(db: Db) {
    let world = World::new(db).await;
    world.write(world.row(3), 0).await;
    let issue = world.issue().await;
    let key = make::key(&world.db, &world.tenant, domain::connector::Role::Write).await;
    let found = world.store.authenticate(key.expose(), make::now()).await.unwrap();
    let store::Access::Tenant(person) = found else { panic!("{found:?}") };
    let patch = Patch { wish: None, note: Some(Some("ask the provider".to_owned())) };
    issues::update(&world.store, &person, issue.id, &patch, later(1)).await.unwrap();
    // The same again says nothing new.
    issues::update(&world.store, &person, issue.id, &patch, later(2)).await.unwrap();
    let all = issues::transitions(&world.store, &world.tenant, &issue).await.unwrap();
    assert_eq!((all.len(), all[1].actor.clone()), (2, Actor::Engine));
    let name = Some("write key".to_owned());
    assert_eq!(all[0].actor, Actor::Key(person.key().unwrap(), name));
    assert_eq!(all[0].note.as_deref(), Some("ask the provider"));
    let change = sqlx_refuses(&world.db).await;
    assert!(change.contains("not changed"), "{change}");
}

async fn sqlx_refuses(db: &Db) -> String {
    let task = tokio::task::spawn(tried(db.place.clone()));
    task.await.unwrap()
}

/// The owner of the tables cannot either.
async fn tried(place: store::Place) -> String {
    use sqlx::Connection as _;
    let sql = "update sync_issue_transitions set note = 'x'";
    let refused = match place {
        store::Place::Postgres { url } => {
            let mut it = sqlx::PgConnection::connect(url.expose()).await.unwrap();
            sqlx::query("set search_path to core_api").execute(&mut it).await.unwrap();
            sqlx::query("select core_api.enter_operator('on')").execute(&mut it).await.unwrap();
            sqlx::query(sql).execute(&mut it).await.map(drop)
        }
        store::Place::Sqlite { data } => {
            let file = format!("sqlite://{}", data.join("wireline.db").display());
            let mut it = sqlx::SqliteConnection::connect(&file).await.unwrap();
            sqlx::query(sql).execute(&mut it).await.map(drop)
        }
    };
    refused.unwrap_err().to_string()
}
