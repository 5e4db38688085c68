//! Every page, light and dark, wide and on a phone: nothing stands in anybody's way, nothing runs
//! over, nothing is loaded from elsewhere. The pictures are in `target/console-screens`, each of a whole
//! page.

use axum::Router;
use axum::http::StatusCode;
use axum::routing::post;
use domain::id::WebhookEndpointId;
use domain::webhook::{EndpointStatus, Event};
use domain::{NewDiagnostic, Reason, TargetModel};
use serde_json::json;
use store::{
    Query, diagnostics, issues, mappings, records, sessions, sync_logs, viewers, webhooks,
};
use testkit::{Db, make};

use crate::browser::{Browser, Screen};
use crate::serving::{Serving, install};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_can_be_read_by_everybody() {
    let serving = Serving::start(Db::sqlite().await).await;
    let wide = Browser::open(&serving.base, Screen::Wide).await;
    wide.sign_in(&serving.key).await;
    let pages = pages(&serving, &wide).await;
    // What asks first, asking.
    let asks = ["settings", "webhook", "issue", "mapping", "connector"];
    let asking = pages.iter().filter(|it| asks.contains(&it.0));
    let asking: Vec<_> = asking.map(|it| (format!("{}-asking", it.0), it.1.clone())).collect();
    let phone = Browser::open(&serving.base, Screen::Phone).await;
    phone.sign_in(&serving.key).await;
    for (browser, screen) in [(&wide, "wide"), (&phone, "phone")] {
        for theme in ["light", "dark"] {
            browser.run(&format!("document.cookie = 'wireline_theme={theme};path=/'")).await;
            for (name, path) in &pages {
                browser.go(path).await;
                browser.find("main").await;
                let page = format!("{name}-{theme}-{screen}");
                browser.picture(&page).await;
                browser.is_accessible(&page).await;
                browser.stays_at_home().await;
                let over = "return document.documentElement.scrollWidth - innerWidth";
                let over = browser.run(over).await.as_i64().unwrap_or_default();
                assert!(over <= 0, "{page} runs over by {over} px");
            }
            for (name, path) in &asking {
                browser.go(path).await;
                browser.find("main").await;
                browser.asked().await;
                browser.picture(&format!("{name}-{theme}-{screen}")).await;
            }
        }
    }
}

/// One of each page, with something on it.
async fn pages(serving: &Serving, browser: &Browser) -> Vec<(&'static str, String)> {
    let (store, tenant) = (&serving.db.store, &serving.tenant);
    let odd = install(&serving.db, tenant, "Odd", "brittle").await;
    let hooks = hooks(serving).await;
    let mut runs = Vec::new();
    for connector in [serving.connector, odd] {
        browser.go(&format!("/connectors/{connector}")).await;
        browser.press("Sync now").await;
        browser.find(".seal").await;
        runs.push(browser.address().await);
    }
    many_findings(serving).await;
    let mapping = mappings::list(store, tenant, &Query::default()).await.unwrap();
    let invoice = mapping.items.iter().find(|it| it.0.model == TargetModel::Invoice).unwrap();
    let record = records::list(store, tenant, TargetModel::Invoice, &Query::default()).await;
    let record = record.unwrap().items.remove(0).0;
    let row = diagnostics::list(store, tenant, &Query::default(), now()).await.unwrap();
    let row = row.items[0].0.diagnostic_id;
    assert!(!sync_logs::list(store, tenant, &Query::default()).await.unwrap().items.is_empty());
    let issue = issues::list(store, tenant, &Query::default()).await.unwrap().items.remove(0).0;
    let link = viewer_link(serving).await;
    vec![
        ("overview", "/".to_owned()),
        ("connectors", "/connectors".to_owned()),
        ("connector", format!("/connectors/{odd}")),
        ("run", runs[0].clone()),
        ("run-odd", runs[1].clone()),
        ("diagnostics", "/diagnostics?filter[class]=failure".to_owned()),
        ("diagnostic", format!("/diagnostics/{row}")),
        ("nothing", "/diagnostics?filter[reason]=sync_fk_dag_cycle".to_owned()),
        ("issues", "/issues".to_owned()),
        ("issue", format!("/issues/{}", issue.id)),
        ("mapping", format!("/mappings/{}", invoice.0.id)),
        ("records", "/records".to_owned()),
        ("invoices", "/records/invoice".to_owned()),
        ("record", format!("/records/invoice/{}", record.record_id)),
        ("missing", "/missing?target_model=invoice&external_id=INV-0".to_owned()),
        ("search", "/search?q=nobody".to_owned()),
        ("reasons", "/reasons".to_owned()),
        ("reason", "/reasons/mapped_entities_dropped".to_owned()),
        ("settings", "/settings".to_owned()),
        ("webhooks", "/settings/webhooks".to_owned()),
        ("webhook", format!("/settings/webhooks/{}", hooks[0])),
        ("webhook-failing", format!("/settings/webhooks/{}", hooks[1])),
        ("webhook-disabled", format!("/settings/webhooks/{}", hooks[2])),
        ("viewer", link.clone()),
        ("viewer-connector", format!("{link}/connectors/{odd}")),
        ("sign-in", "/sign-in".to_owned()),
        ("not-found", "/nowhere".to_owned()),
        ("wrong", "/diagnostics?filter[x]=1".to_owned()),
    ]
}

/// A month of them, so that charts have something to show.
async fn many_findings(serving: &Serving) {
    let reasons = [Reason::EmptyResult, Reason::MappedEntitiesDropped, Reason::SchemaDriftDetected];
    let rows = (0..120_i32).map(|n| NewDiagnostic {
        reason: reasons[usize::try_from(n).unwrap() % 3],
        occurred_at: Some(now() - chrono::Duration::hours(i64::from(n * n % 700))),
        context: Some(json!({"pages": n, "rejected": n % 7})),
        ..make::diagnostic(serving.connector)
    });
    let rows: Vec<_> = rows.collect();
    let (store, tenant) = (&serving.db.store, &serving.tenant);
    diagnostics::insert_many(store, tenant, rows, now()).await.unwrap();
}

/// A receiver that answers, one that does not, and one that is put aside.
async fn hooks(serving: &Serving) -> Vec<WebhookEndpointId> {
    let (store, tenant) = (&serving.db.store, &serving.tenant);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let broken = || async { (StatusCode::INTERNAL_SERVER_ERROR, "not now") };
    let router = Router::new()
        .route("/hooks/wireline", post(|| async { StatusCode::NO_CONTENT }))
        .route("/hooks/broken", post(broken));
    tokio::spawn(axum::serve(listener, router).into_future());
    let mut made = Vec::new();
    for (path, description) in [
        ("/hooks/wireline", Some("Opens a ticket with whoever is on duty")),
        ("/hooks/broken", None),
        ("/hooks/wireline?of=the-old-help-desk", Some("The old help desk")),
    ] {
        let new = webhooks::New {
            url: format!("{base}{path}"),
            description: description.map(str::to_owned),
            events: Event::usual().collect(),
            connector: None,
        };
        let it = webhooks::insert(store, tenant, new, now()).await.unwrap().0;
        webhooks::test(store, tenant, it.id, now()).await.unwrap();
        made.push(it.id);
    }
    let aside = webhooks::Patch { status: Some(EndpointStatus::Disabled), ..Default::default() };
    webhooks::update(store, tenant, made[2], aside, now()).await.unwrap();
    made
}

async fn viewer_link(serving: &Serving) -> String {
    let store = &serving.db.store;
    let opened = sessions::open(store, &serving.key, now()).await.unwrap();
    let sessions::Opened::Session(cookie) = opened else { panic!("a key of a workspace") };
    let own = sessions::resume(store, &cookie, now()).await.unwrap().tenant;
    let until = now() + chrono::Duration::days(7);
    format!("/view/{}", viewers::insert(store, &own, None, until, now()).await.unwrap().1)
}

/// The server's clock is the machine's.
fn now() -> chrono::DateTime<chrono::Utc> {
    std::time::SystemTime::now().into()
}
