//! The tools of the MCP server: over a real transport, each with an answer as its schema says, and
//! nothing of another workspace in any.

use domain::evidence::FailedCall;
use domain::redact::Redactor;
use domain::{Finding, TargetModel};
use mcp::{Client, Endpoint, Limits, Reach};
use serde_json::{Map, Value, json};
use server::mcp::tools::{self, ToolName};
use store::diagnostics;
use testkit::{Db, make};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::mappings;
use crate::world::World;

testkit::each_database! {
    a_client_asks_why_a_record_is_missing_with_tools_alone,
    every_tool_answers_as_its_schema_says,
    no_tool_tells_a_stranger_anything,
    a_key_that_only_reads_asks_for_no_run,
    arguments_that_make_no_sense_are_told,
    pages_follow_one_another,
}

fn object(value: Value) -> Map<String, Value> {
    value.as_object().expect("an object").clone()
}

/// What each tool is asked of acme's workspace.
async fn arguments(world: &World, tool: ToolName) -> Map<String, Value> {
    let connector = world.acme.connector;
    object(match tool {
        ToolName::ListSyncDiagnostics => json!({"workspace_connector": connector}),
        ToolName::GetSyncDiagnostic => json!({"id": world.record("secret of acme").await["id"]}),
        ToolName::ExplainConnectorHealth | ToolName::RequestSync => {
            json!({"workspace_connector": connector})
        }
        ToolName::WhyMissing => json!({"target_model": "invoice", "external_id": "42"}),
        ToolName::ListConnectors | ToolName::ListSyncLogs => json!({}),
        ToolName::ListConnectorMappings => json!({"workspace_connector": connector}),
    })
}

async fn a_client_asks_why_a_record_is_missing_with_tools_alone(db: Db) {
    let world = World::new(db).await;
    let evidence =
        FailedCall { kind: "http", attempts: 3, said: "away".to_owned(), rows_before: 0 };
    let call = domain::evidence::Call::of("list_invoices").answered(Some(503));
    let finding = Finding::tool_execution_failed(TargetModel::Invoice, &call, &evidence);
    let row = finding.into_row(world.acme.connector, world.acme.run, &Redactor::default());
    let (store, tenant) = (&world.db.store, &world.acme.tenant);
    let row = diagnostics::insert(store, tenant, row, make::now()).await.unwrap();

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/mcp", listener.local_addr().unwrap());
    let (stop, stopped) = oneshot::channel::<()>();
    let served = tokio::spawn(server::serve(world.app.clone(), listener, async {
        drop(stopped.await);
    }));
    let headers = vec![("Authorization".to_owned(), format!("Bearer {}", world.acme.read))];
    let endpoint = Endpoint::Http { url: url.clone(), headers };
    let reach = Reach { private_addresses: true, plain_http: true };
    let client = Client::connect(&endpoint, Limits::default(), reach).await.expect("connected");
    let names: Vec<String> = client.tools().await.unwrap().into_iter().map(|it| it.name).collect();
    assert_eq!(names.len(), ToolName::ALL.len(), "{names:?}");

    let asked = object(json!({"target_model": "invoice", "external_id": "42"}));
    let answer = client.call("why_missing", asked).await.unwrap().structured.unwrap();
    assert_eq!(answer["verdict"], "not_read", "{answer}");
    assert_eq!(answer["accounts"][0]["reason"], "tool_execution_failed");
    let id = answer["accounts"][0]["diagnostic"].clone();
    assert_eq!(id, json!(row.diagnostic_id));
    let asked = object(json!({ "id": id }));
    let shown = client.call("get_sync_diagnostic", asked).await.unwrap().structured.unwrap();
    assert!(shown["reason"]["attributes"]["what_to_do"].as_str().is_some_and(|it| !it.is_empty()));
    client.close().await;

    let endpoint = Endpoint::Http { url, headers: Vec::new() };
    let refused = Client::connect(&endpoint, Limits::default(), reach).await;
    assert!(matches!(refused, Err(mcp::Error::Unauthorized { .. })), "{refused:?}");
    stop.send(()).unwrap();
    served.await.unwrap().unwrap();
}

async fn every_tool_answers_as_its_schema_says(db: Db) {
    let world = World::new(db).await;
    mappings::draw(&world, &world.acme, "drawn").await;
    world.rows(3).await;
    for tool in tools::all() {
        let name: ToolName = tool.name.parse().unwrap();
        let hints = tool.annotations.as_ref().unwrap();
        assert_eq!(hints.read_only_hint, Some(!name.writes()), "{name}");
        let arguments = arguments(&world, name).await;
        let of = |schema: &Map<String, Value>| Value::Object(schema.clone());
        let input = of(&tool.input_schema);
        assert!(jsonschema::is_valid(&input, &Value::Object(arguments.clone())), "{name}");
        let writer = world.acme.tenant.clone();
        let answer = server::mcp::answer(&world.app, &writer, &tool.name, &arguments).await;
        let answer = answer.unwrap_or_else(|why| panic!("{name}: {why}"));
        let output = of(tool.output_schema.as_ref().unwrap());
        let wrong: Vec<String> = jsonschema::validator_for(&output)
            .unwrap()
            .iter_errors(&answer)
            .map(|it| format!("{} at {}", it, it.instance_path()))
            .collect();
        assert!(wrong.is_empty(), "{name}: {wrong:?} in {answer}");
    }
}

async fn no_tool_tells_a_stranger_anything(db: Db) {
    let world = World::new(db).await;
    mappings::draw(&world, &world.acme, "secret of acme").await;
    let own = [
        world.acme.tenant.workspace().to_string(),
        world.acme.connector.to_string(),
        world.acme.run.to_string(),
        "secret of acme".to_owned(),
    ];
    let rival = &world.rival.tenant;
    for tool in ToolName::ALL {
        for arguments in [arguments(&world, *tool).await, Map::new()] {
            let answer = server::mcp::answer(&world.app, rival, tool.as_str(), &arguments).await;
            let text = match &answer {
                Ok(it) => it.to_string(),
                Err(it) => it.clone(),
            };
            // The builder of tests names its public catalogue entry after the installation.
            let text = text.replace(&format!("service-{}", world.acme.connector), "");
            for foreign in &own {
                assert!(!text.contains(foreign), "{tool} tells of {foreign}: {text}");
            }
        }
    }
    assert!(world.started.lock().unwrap().is_empty());
}

async fn a_key_that_only_reads_asks_for_no_run(db: Db) {
    let world = World::new(db).await;
    let tenant = world.acme.tenant.clone().restricted_to(domain::connector::Role::Read);
    let arguments = arguments(&world, ToolName::RequestSync).await;
    let refused = server::mcp::answer(&world.app, &tenant, "request_sync", &arguments).await;
    assert_eq!(refused.unwrap_err(), "this needs the role `write`; the key has `read`");
    let answer = server::mcp::answer(&world.app, &world.acme.tenant, "request_sync", &arguments);
    let run = answer.await.unwrap()["sync_log"]["id"].clone();
    assert_eq!(json!(world.started.lock().unwrap()[0]), run);
}

async fn arguments_that_make_no_sense_are_told(db: Db) {
    let world = World::new(db).await;
    for (tool, arguments, wanted) in [
        (
            "why_missing",
            json!({"target_model": "invoce", "number": "1"}),
            "did you mean `invoice`?",
        ),
        ("why_missing", json!({"target_model": "invoice"}), "give `external_id` or `number`"),
        ("why_missing", json!({"number": "1"}), "`target_model`: is required"),
        ("why_missing", json!({"target_model": "invoice", "nr": "1"}), "`nr`: this has no meaning"),
        ("list_sync_logs", json!({"limit": 51}), "a whole number from 1 to 50"),
        ("list_sync_logs", json!({"limit": [1]}), "`limit`: is no text"),
        ("list_sync_logs", json!({"cursor": "x"}), "is not a cursor of this tool"),
        ("list_sync_diagnostics", json!({"since": "june"}), "is no time"),
        ("get_sync_diagnostic", json!({"id": "7"}), "`id`: is no uuid"),
        ("get_sync_diagnostic", json!({}), "`id`: is required"),
        ("why_misssing", json!({}), "did you mean `why_missing`?"),
    ] {
        let tenant = &world.acme.tenant;
        let refused = server::mcp::answer(&world.app, tenant, tool, &object(arguments)).await;
        let told = refused.unwrap_err();
        assert!(told.contains(wanted), "{tool}: {told}");
    }
}

async fn pages_follow_one_another(db: Db) {
    let world = World::new(db).await;
    world.rows(5).await;
    let mut seen = Vec::new();
    let mut cursor = Value::Null;
    loop {
        let asked = object(json!({"limit": 2, "cursor": cursor}));
        let tenant = &world.acme.tenant;
        let page = server::mcp::answer(&world.app, tenant, "list_sync_diagnostics", &asked).await;
        let page = page.unwrap();
        seen.extend(page["diagnostics"].as_array().unwrap().iter().map(|it| it["id"].to_string()));
        cursor = page["next_cursor"].clone();
        if cursor.is_null() {
            break;
        }
    }
    let count = seen.len();
    seen.sort();
    seen.dedup();
    assert_eq!((seen.len(), count), (5, 5));
}
