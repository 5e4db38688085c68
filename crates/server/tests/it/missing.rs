//! "Why is it missing?" over the API: one question for each place where a record can be.

use domain::connector::InstallationStatus;
use domain::evidence::{Call, Dropped, FailedCall};
use domain::id::{DiagnosticId, SyncLogId};
use domain::redact::Redactor;
use domain::run::{LedgerLine, Tally, TriggerType};
use domain::{Finding, Reason, TargetModel};
use serde_json::{Value, json};
use store::pending::{self, Parent, Pending};
use store::rejected::{self, Rejected};
use store::sync_logs::{self, Outcome};
use store::{diagnostics, records};
use testkit::{Db, make};

use crate::world::World;

testkit::each_database! {
    a_record_is_found_by_its_id_and_by_what_people_call_it,
    a_record_that_waits_names_its_parent,
    a_refused_record_names_its_field_and_the_row_that_says_so,
    what_ended_the_target_answers_for_what_nobody_saw,
    before_a_run_nobody_has_looked,
    a_period_lists_what_arrived_and_is_not_stored,
    questions_that_make_no_sense_are_refused,
    a_foreign_connector_is_none,
}

const PATH: &str = "/v1/missing";
const INVOICE: TargetModel = TargetModel::Invoice;

async fn ask(world: &World, query: &str) -> Value {
    let answer = world.get(&world.acme.read, &format!("{PATH}?{query}")).await.expect(200).json();
    assert_eq!(answer["data"]["type"], "missing");
    answer["data"]["attributes"].clone()
}

/// A run of acme's connector that has started.
async fn begin(world: &World) -> SyncLogId {
    let (store, acme) = (&world.db.store, &world.acme);
    let now = make::now();
    let gap = std::time::Duration::ZERO;
    let log =
        sync_logs::schedule(store, &acme.tenant, acme.connector, TriggerType::Manual, gap, now);
    let id = log.await.unwrap().unwrap().sync_log_id;
    sync_logs::start(store, &acme.tenant, id, now).await.unwrap();
    id
}

async fn note(world: &World, run: SyncLogId, finding: Finding) -> DiagnosticId {
    let row = finding.into_row(world.acme.connector, run, &Redactor::default());
    let (store, tenant) = (&world.db.store, &world.acme.tenant);
    diagnostics::insert(store, tenant, row, make::now()).await.unwrap().diagnostic_id
}

/// It ends with this tally of invoices.
async fn settle(world: &World, run: SyncLogId, tally: Tally) {
    let outcome = Outcome {
        error: None,
        ledger: vec![LedgerLine { target_model: INVOICE, tally }],
        metadata: None,
        resting: InstallationStatus::Enabled,
        evidence: None,
    };
    let (store, tenant) = (&world.db.store, &world.acme.tenant);
    sync_logs::settle(store, tenant, run, outcome, make::now()).await.unwrap();
}

fn rejected(id: &str, number: &str) -> Rejected {
    Rejected {
        model: INVOICE,
        tool: "list_invoices".to_owned(),
        external_id: Some(id.to_owned()),
        known_as: Some(number.to_owned()),
        reason: Reason::MappedEntitiesPartialDrop,
        field: "issue_date".to_owned(),
        cause: "required field 'issue_date' null".to_owned(),
        row_hash: [7; 32],
        entity: None,
    }
}

fn dropped() -> Finding {
    let evidence = Dropped { rejected: 1, total: 2, causes: Vec::new() };
    let call = Call::of("list_invoices");
    Finding::mapped_entities_dropped(INVOICE, &call, &evidence)
}

fn tally(fetched: u64, lost: &[(Reason, u64)]) -> Tally {
    let mut tally = Tally { fetched, ..Tally::default() };
    lost.iter().for_each(|(reason, rows)| tally.drop_rows(*reason, *rows));
    tally.inserted = fetched - tally.dropped_total();
    tally
}

async fn a_record_is_found_by_its_id_and_by_what_people_call_it(db: Db) {
    let world = World::new(db).await;
    let value = json!({
        "invoice_external_id": "in_1", "invoice_number": "R-2026-1", "issue_date": "2026-05-01",
        "grand_total": 12.0, "local_currency": "EUR", "status": "paid"
    });
    let entity = domain::entity::check(INVOICE, &value, make::now().date_naive()).unwrap();
    let run = begin(&world).await;
    let batch = records::Upsert {
        run,
        connector: world.acme.connector,
        tool: "list_invoices",
        model: INVOICE,
        entities: &[entity],
    };
    records::upsert(&world.db.store, &world.acme.tenant, &batch, make::now()).await.unwrap();
    settle(&world, run, tally(1, &[])).await;
    for query in ["external_id=in_1", "external_id=R-2026-1", "number=R-2026-1"] {
        let it = ask(&world, &format!("target_model=invoice&{query}")).await;
        assert_eq!(it["verdict"], "stored", "{query}: {it}");
        assert_eq!(it["accounts"][0]["external_id"], "in_1");
        let record = it["accounts"][0]["record"].as_str().unwrap();
        world.get(&world.acme.read, &format!("/v1/invoices/{record}")).await.expect(200);
        assert_eq!(it["accounts"][0]["run"]["sync_log"], json!(run));
    }
    let it = ask(&world, "target_model=invoice&number=in_1").await;
    assert_eq!(it["verdict"], "not_sent", "{it}");
}

async fn a_record_that_waits_names_its_parent(db: Db) {
    let world = World::new(db).await;
    let run = begin(&world).await;
    let row = Pending {
        model: INVOICE,
        tool: "list_invoices".to_owned(),
        external_id: "in_2".to_owned(),
        entity: json!({"invoice_number": "R-2"}),
        parents: vec![Parent {
            attribute: "issuer_external_id".to_owned(),
            model: TargetModel::Company,
            external_id: "c7".to_owned(),
        }],
    };
    let (store, acme) = (&world.db.store, &world.acme);
    pending::put(store, &acme.tenant, run, acme.connector, &[row], make::now()).await.unwrap();
    settle(&world, run, Tally { fetched: 1, waiting: 1, ..Tally::default() }).await;
    for query in ["external_id=in_2", "number=R-2"] {
        let it = ask(&world, &format!("target_model=invoice&{query}")).await;
        let account = &it["accounts"][0];
        assert_eq!((&it["verdict"], &account["stage"]), (&json!("waiting"), &json!("resolve")));
        assert_eq!(account["waits_for"][0]["external_id"], "c7");
        assert!(it["says"].as_str().unwrap().contains("company c7"), "{it}");
    }
}

async fn a_refused_record_names_its_field_and_the_row_that_says_so(db: Db) {
    let world = World::new(db).await;
    let run = begin(&world).await;
    let row = note(&world, run, dropped()).await;
    let (store, acme) = (&world.db.store, &world.acme);
    let rows = vec![rejected("in_3", "R-3")];
    rejected::insert_many(store, &acme.tenant, run, acme.connector, rows, make::now())
        .await
        .unwrap();
    settle(&world, run, tally(2, &[(Reason::MappedEntitiesPartialDrop, 1)])).await;
    for query in ["external_id=in_3", "number=R-3"] {
        let it = ask(&world, &format!("target_model=invoice&{query}")).await;
        let account = &it["accounts"][0];
        assert_eq!((&it["verdict"], &account["field"]), (&json!("rejected"), &json!("issue_date")));
        assert_eq!(account["reason"], "mapped_entities_partial_drop");
        assert_eq!(account["diagnostic"], json!(row));
    }
    let it = ask(&world, "target_model=invoice&external_id=in_4").await;
    assert_eq!(it["verdict"], "not_sent", "every refused row has its identifier: {it}");
}

async fn what_ended_the_target_answers_for_what_nobody_saw(db: Db) {
    let world = World::new(db).await;
    let before = begin(&world).await;
    settle(&world, before, tally(3, &[])).await;
    let run = begin(&world).await;
    let evidence =
        FailedCall { kind: "http", attempts: 3, said: "unavailable".to_owned(), rows_before: 0 };
    let call = Call::of("list_invoices").answered(Some(503));
    let row = note(&world, run, Finding::tool_execution_failed(INVOICE, &call, &evidence)).await;
    settle(&world, run, tally(0, &[])).await;
    let it = ask(&world, "target_model=invoice&external_id=in_5").await;
    let account = &it["accounts"][0];
    assert_eq!(
        (&it["verdict"], &account["reason"]),
        (&json!("not_read"), &json!("tool_execution_failed"))
    );
    assert_eq!((&account["diagnostic"], &account["complete_run"]), (&json!(row), &json!(before)));
    let run = begin(&world).await;
    settle(&world, run, tally(3, &[])).await;
    let it = ask(&world, "target_model=invoice&external_id=in_5").await;
    assert_eq!(it["verdict"], "not_sent", "the newest run read everything: {it}");
}

async fn before_a_run_nobody_has_looked(db: Db) {
    let world = World::new(db).await;
    let it = ask(&world, "target_model=invoice&external_id=in_6").await;
    assert_eq!(it["verdict"], "not_synced", "{it}");
    let run = begin(&world).await;
    let it = ask(&world, "target_model=invoice&external_id=in_6").await;
    assert_eq!(it["accounts"][0]["notes"].as_array().unwrap().len(), 1, "{it}");
    settle(&world, run, Tally { truncated: true, ..tally(5, &[]) }).await;
    let it = ask(&world, "target_model=invoice&external_id=in_6").await;
    assert_eq!(it["verdict"], "not_reached", "{it}");
}

async fn a_period_lists_what_arrived_and_is_not_stored(db: Db) {
    let world = World::new(db).await;
    let run = begin(&world).await;
    note(&world, run, dropped()).await;
    let (store, acme) = (&world.db.store, &world.acme);
    let rows = vec![rejected("in_7", "R-7")];
    rejected::insert_many(store, &acme.tenant, run, acme.connector, rows, make::now())
        .await
        .unwrap();
    settle(&world, run, tally(2, &[(Reason::MappedEntitiesPartialDrop, 1)])).await;
    let get = async |query: &str| {
        let uri = format!("{PATH}/period?target_model=invoice&{query}");
        let answer = world.get(&world.acme.read, &uri).await.expect(200).json();
        answer["data"]["attributes"].clone()
    };
    let it = get("since=2026-06-01&until=2026-06-02").await;
    assert_eq!(it["records"][0]["known_as"], "R-7", "{it}");
    assert_eq!((&it["runs"][0]["sync_log"], &it["runs"][0]["fetched"]), (&json!(run), &json!(2)));
    assert_eq!(it["runs"][0]["reasons"], json!(["mapped_entities_partial_drop"]));
    for other in ["since=2026-06-02&until=2026-06-03", "since=2026-05-01&until=2026-05-31"] {
        let it = get(other).await;
        assert_eq!((&it["runs"], &it["records"]), (&json!([]), &json!([])), "{other}");
    }
}

async fn questions_that_make_no_sense_are_refused(db: Db) {
    let world = World::new(db).await;
    for (query, wanted) in [
        ("external_id=1", "400 invalid_parameter parameter target_model"),
        ("target_model=invoce&external_id=1", "400 invalid_parameter parameter target_model"),
        ("target_model=invoice", "400 invalid_parameter parameter external_id"),
        ("target_model=invoice&external_id=1&number=2", "400 invalid_parameter parameter number"),
        ("target_model=invoice&external_id=", "400 invalid_parameter parameter external_id"),
        ("target_model=invoice&externalid=1", "400 unknown_parameter parameter externalid"),
        (
            "target_model=invoice&external_id=1&workspace_connector=x",
            "400 invalid_parameter parameter workspace_connector",
        ),
    ] {
        let answer = world.get(&world.acme.read, &format!("{PATH}?{query}")).await;
        assert_eq!(answer.errors(), [wanted], "{query}");
    }
    for query in [
        "target_model=invoice",
        "target_model=invoice&since=june",
        "target_model=invoice&since=2026-06-02&until=2026-06-01",
    ] {
        world.get(&world.acme.read, &format!("{PATH}/period?{query}")).await.expect(400);
    }
}

async fn a_foreign_connector_is_none(db: Db) {
    let world = World::new(db).await;
    let nobody = uuid::Uuid::new_v4();
    let mut told = Vec::new();
    for id in [world.rival.connector.0, nobody] {
        for tail in ["?external_id=1&", "/period?since=2026-01-01&"] {
            let uri = format!("{PATH}{tail}target_model=invoice&workspace_connector={id}");
            let answer = world.get(&world.acme.read, &uri).await.expect(404).json();
            told.push(answer["errors"][0]["detail"].clone());
        }
    }
    assert!(told.iter().all(|it| *it == told[0]), "{told:?}");
}
