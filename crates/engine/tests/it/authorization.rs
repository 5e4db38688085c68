//! OAuth from end to end: a sample behind an authorization server, a person's consent, runs, renewal.

use std::sync::Arc;

use domain::TargetModel::{Account, Company};
use domain::connector::{InstallationStatus, Secret};
use domain::grant::{Answer, Begun};
use domain::id::WorkspaceConnectorId;
use domain::run::{Refusal, TriggerType};
use engine::{Engine, Failed};
use sample::{Guard, Lapse};
use store::grants::{self, Held};
use store::{sync_logs, workspace_connectors};
use testkit::Db;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::world::{World, ledger, now};

testkit::each_database! {
    a_person_consents_and_the_first_run_ingests,
    an_expired_token_is_renewed_once_and_the_run_goes_on,
    a_token_renewed_by_another_process_is_taken_over,
    a_refused_renewal_needs_a_person_and_consent_heals_it,
    an_authorization_server_that_is_down_costs_one_run_only,
    a_scope_that_was_not_granted_is_named,
    an_answer_counts_once_in_time_and_from_who_was_asked,
    a_server_that_cannot_be_authorized_says_why,
    what_is_granted_is_for_the_server_that_granted_it,
}

const REDIRECT: &str = "http://127.0.0.1:9/oauth/callback";

struct Scene {
    world: World,
    guard: Guard,
    connector: WorkspaceConnectorId,
}

impl Scene {
    async fn on(db: Db) -> Self {
        let world = World::on(db).await;
        let guard = Guard::new("s3cr3t-t0ken");
        let transport = world.guarded("ledger", &guard).await;
        let connector = world.oauth_connector("guarded", transport).await;
        Self { world, guard, connector }
    }

    async fn authorized(db: Db) -> Self {
        let scene = Self::on(db).await;
        scene.consent().await.expect("authorized");
        scene
    }

    async fn begin(&self) -> Result<Begun, Failed> {
        let (engine, tenant) = (&self.world.engine, &self.world.tenant);
        engine.begin_authorization(tenant, self.connector, REDIRECT).await
    }

    async fn consent(&self) -> Result<WorkspaceConnectorId, Failed> {
        let answer = visit(&self.begin().await?.url).await;
        self.world.engine.finish_authorization(&answer).await
    }

    async fn status(&self) -> InstallationStatus {
        let (store, tenant) = (&self.world.db.store, &self.world.tenant);
        workspace_connectors::find(store, tenant, self.connector).await.expect("found").status
    }

    async fn held(&self) -> Held {
        let (store, tenant) = (&self.world.db.store, &self.world.tenant);
        grants::find(store, tenant, self.connector).await.expect("found").expect("a grant")
    }

    /// A run of one target: its end and its findings.
    async fn sync(&self) -> String {
        let report = self.world.sync(self.connector, &[Account]).await;
        format!("{}{}", ledger(&report), self.world.findings(report.log.sync_log_id).await)
    }
}

/// What a browser does: opens the address, and is sent back with an answer.
async fn visit(url: &str) -> Answer {
    let rest = url.strip_prefix("http://").expect("a local address");
    let (host, path) = rest.split_once('/').expect("a path");
    let mut stream = TcpStream::connect(host).await.expect("connects");
    let request = format!("GET /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("answered");
    let place = answer.lines().find_map(|it| it.strip_prefix("location: ")).expect(&answer);
    let query = place.strip_prefix(REDIRECT).and_then(|it| it.strip_prefix('?')).expect(place);
    let pairs: Vec<_> = query
        .split('&')
        .filter_map(|it| it.split_once('='))
        .map(|(name, value)| (name, value.replace("%3A", ":").replace("%2F", "/")))
        .collect();
    Answer::of(pairs.iter().map(|(name, value)| (*name, value.as_str())))
}

async fn a_person_consents_and_the_first_run_ingests(db: Db) {
    let scene = Scene::on(db).await;
    assert_eq!(scene.status().await, InstallationStatus::ToConfigure);
    let (store, tenant) = (&scene.world.db.store, &scene.world.tenant);
    let gap = std::time::Duration::ZERO;
    let trigger = TriggerType::Manual;
    let early = sync_logs::schedule(store, tenant, scene.connector, trigger, gap, now()).await;
    assert!(matches!(early, Ok(Err(Refusal::NotStartable))), "{early:?}");

    assert_eq!(scene.consent().await.expect("authorized"), scene.connector);
    assert_eq!(scene.status().await, InstallationStatus::Enabled);
    assert!(scene.sync().await.starts_with("success\naccount: fetched 3 inserted 3"));
    let found = workspace_connectors::find(store, tenant, scene.connector).await.expect("found");
    let capabilities = found.installed_capabilities.expect("remembered");
    assert_eq!(capabilities["granted_scopes"], serde_json::json!(["records:read"]));
}

async fn an_expired_token_is_renewed_once_and_the_run_goes_on(db: Db) {
    let scene = Scene::authorized(db).await;
    scene.guard.expire();
    let told = scene.sync().await;
    assert_eq!(told.lines().count(), 2, "{told}");
    assert!(told.starts_with("success\naccount: fetched 3"), "{told}");
    assert_eq!(scene.guard.renewed(), 1);

    // Known to expire: renewed before anything is refused.
    let mut held = scene.held().await;
    held.grant.expires_at = Some(now());
    let (store, tenant) = (&scene.world.db.store, &scene.world.tenant);
    assert!(grants::update(store, tenant, scene.connector, &held, now()).await.expect("kept"));
    assert!(scene.sync().await.starts_with("success"));
    assert_eq!(scene.guard.renewed(), 2);
    assert!(scene.held().await.grant.expires_at.expect("a time") > now());
}

async fn a_token_renewed_by_another_process_is_taken_over(db: Db) {
    let scene = Arc::new(Scene::authorized(db).await);
    scene.guard.expire();
    let (store, tenant) = (&scene.world.db.store, &scene.world.tenant);
    let held = scene.held().await;
    let lease = || grants::lease(store, tenant, scene.connector, held.generation, now());
    assert!(lease().await.expect("leased"));
    assert!(!lease().await.expect("asked"), "a lease is for one");
    let waiting = tokio::spawn({
        let scene = Arc::clone(&scene);
        async move { scene.sync().await }
    });
    // Meanwhile the holder of the lease does what it is for.
    let party: mcp::auth::Party = serde_json::from_str(held.grant.party.expose()).expect("a party");
    let refresh = held.grant.refresh_token.as_ref().expect("a token");
    let refresh = mcp::auth::Hidden::new(refresh.expose());
    let reach = scene.world.engine.settings.reach;
    let tokens = party.refresh(&refresh, reach).await.expect("renewed");
    let grant = domain::grant::Grant {
        access_token: Secret::new(tokens.access.expose()),
        refresh_token: tokens.refresh.map(|it| Secret::new(it.expose())),
        ..held.grant
    };
    let next = Held { generation: held.generation, grant };
    assert!(grants::update(store, tenant, scene.connector, &next, now()).await.expect("kept"));
    assert!(!grants::update(store, tenant, scene.connector, &next, now()).await.expect("asked"));

    let told = waiting.await.expect("ran");
    assert!(told.starts_with("success\naccount: fetched 3"), "{told}");
    assert_eq!(scene.guard.renewed(), 1);
}

async fn a_refused_renewal_needs_a_person_and_consent_heals_it(db: Db) {
    let scene = Scene::authorized(db).await;
    scene.guard.begin(Lapse::RefreshRefused);
    scene.guard.expire();
    let report = scene.world.sync(scene.connector, &[Account, Company]).await;
    let told = scene.world.findings(report.log.sync_log_id).await;
    assert_eq!(report.log.status, domain::run::SyncStatus::Error);
    assert_eq!(told.lines().count(), 2, "{told}");
    for line in told.lines() {
        assert!(line.contains("| auth_scope_insufficient | - | 401 |"), "{line}");
        assert!(!line.contains("s3cr3t"), "{line}");
    }
    let tried = "select count(*) from connector_sync_diagnostics
        where replace(cast(context as text), ' ', '') like '%\"refresh_tried\":true%'";
    assert_eq!(scene.world.db.number(tried).await, 2);
    assert_eq!(scene.status().await, InstallationStatus::NeedReconnect);
    assert!(scene.held().await.grant.refresh_token.is_none(), "it is not tried again");

    scene.guard.end(Lapse::RefreshRefused);
    scene.consent().await.expect("authorized");
    assert_eq!(scene.status().await, InstallationStatus::Enabled);
    let healed = scene.world.sync(scene.connector, &[Account, Company]).await;
    assert_eq!(healed.log.status, domain::run::SyncStatus::Success);
    assert_eq!(scene.status().await, InstallationStatus::Enabled);
}

async fn an_authorization_server_that_is_down_costs_one_run_only(db: Db) {
    let scene = Scene::authorized(db).await;
    scene.guard.begin(Lapse::TokenDown);
    scene.guard.expire();
    assert!(scene.sync().await.starts_with("error\naccount | auth_scope_insufficient"));
    scene.guard.end(Lapse::TokenDown);
    assert!(scene.sync().await.starts_with("success\naccount: fetched 3"));
    assert_eq!(scene.status().await, InstallationStatus::Enabled);
}

async fn a_scope_that_was_not_granted_is_named(db: Db) {
    let scene = Scene::authorized(db).await;
    scene.guard.begin(Lapse::InsufficientScope);
    let told = scene.sync().await;
    assert!(told.contains("auth_scope_insufficient") && told.contains("records:all"), "{told}");
    assert!(told.contains("| 403 |"), "{told}");
    assert_eq!(scene.guard.renewed(), 1, "a wider grant could have come with a new token");
}

async fn an_answer_counts_once_in_time_and_from_who_was_asked(db: Db) {
    let scene = Scene::on(db).await;
    let engine = &scene.world.engine;
    let answer = visit(&scene.begin().await.expect("begun").url).await;
    engine.finish_authorization(&answer).await.expect("authorized");
    let again = engine.finish_authorization(&answer).await;
    assert!(matches!(again, Err(Failed::NotFound(_))), "{again:?}");

    // Of two flows of one connector only the second stands.
    let first = visit(&scene.begin().await.expect("begun").url).await;
    let second = visit(&scene.begin().await.expect("begun").url).await;
    let old = engine.finish_authorization(&first).await;
    assert!(matches!(old, Err(Failed::NotFound(_))), "{old:?}");
    let later = Engine { clock: || now() + chrono::Duration::hours(1), ..engine.clone() };
    let late = later.finish_authorization(&second).await;
    assert!(matches!(late, Err(Failed::NotFound(_))), "{late:?}");

    for (lapse, is_right) in [
        (Lapse::WrongState, (|it| matches!(it, Failed::NotFound(_))) as fn(&Failed) -> bool),
        (Lapse::WrongIssuer, |it| matches!(it, Failed::Denied(_))),
    ] {
        scene.guard.begin(lapse);
        let failed = scene.consent().await.expect_err("not from who was asked");
        assert!(is_right(&failed), "{lapse}: {failed:?}");
        scene.guard.end(lapse);
    }
    for state in ["", "another", &"A".repeat(400), &answer.state.to_uppercase()] {
        let forged = Answer { state: state.to_owned(), ..answer.clone() };
        let refused = engine.finish_authorization(&forged).await;
        assert!(matches!(refused, Err(Failed::NotFound(_))), "{state}: {refused:?}");
    }
}

async fn a_server_that_cannot_be_authorized_says_why(db: Db) {
    let scene = Scene::on(db).await;
    for (lapse, why) in
        [(Lapse::RegistrationRefused, "clients are not taken here"), (Lapse::NoPkce, "PKCE")]
    {
        scene.guard.begin(lapse);
        let failed = scene.begin().await.expect_err("no way in").to_string();
        assert!(failed.contains(why), "{failed}");
        scene.guard.end(lapse);
    }
    let strict = Engine {
        settings: engine::Settings {
            reach: mcp::Reach { private_addresses: false, plain_http: true },
            ..scene.world.engine.settings.clone()
        },
        ..scene.world.engine.clone()
    };
    let refused = strict.begin_authorization(&scene.world.tenant, scene.connector, REDIRECT).await;
    assert!(matches!(refused, Err(Failed::Unsuited(_))), "{refused:?}");
    let command = scene.world.connector("command", World::stdio("ledger", &[])).await;
    let engine = &scene.world.engine;
    let refused = engine.begin_authorization(&scene.world.tenant, command, REDIRECT).await;
    assert!(matches!(refused, Err(Failed::Unsuited(_))), "{refused:?}");
}

async fn what_is_granted_is_for_the_server_that_granted_it(db: Db) {
    let scene = Scene::authorized(db).await;
    let other = scene.world.guarded("ledger", &Guard::new("other")).await;
    scene.world.redirect(scene.connector, other).await;
    let (store, tenant) = (&scene.world.db.store, &scene.world.tenant);
    assert_eq!(grants::find(store, tenant, scene.connector).await.expect("found"), None);
}
