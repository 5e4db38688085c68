//! Secrets planted in every input are nowhere in what is stored, logged, shown or exported.
//!
//! The binary itself is run, at the most talkative log level, against servers that tell whatever
//! they were told. Then everything that is left is searched for every canary in every encoding.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::connector::Role;
use serde_json::{Value, json};
use store::Place;
use testkit::{Db, make};

use crate::binary::{Serving, run, wireline};
use needles::{canary, found, needles};

mod needles;
mod oauth;
mod servers;

testkit::each_database! { a_planted_secret_is_nowhere }

async fn a_planted_secret_is_nowhere(db: Db) {
    let folder = tempfile::TempDir::with_prefix("wireline-").expect("a folder");
    let data = db.directory().unwrap_or_else(|| folder.path().join("data"));
    std::fs::create_dir_all(&data).expect("a folder");
    let scene = Scene { command: Box::new(command(&db, &data)), logs: folder.path().join("logs") };
    std::fs::create_dir_all(&scene.logs).expect("a folder");
    let tenant = make::workspace(&db, "acme").await;
    let key = make::key(&db, &tenant, Role::Admin).await.expose().to_owned();
    let workspace = tenant.workspace().to_string();
    let mut leaks = Vec::new();
    let needles = needles();

    let address = servers::http().await;
    let mut serving = scene.serve();
    let api = Api { address: serving.address.clone(), key };
    for installed in plant(&api, &address) {
        scene
            .cli("sync", &["--json", "sync", "--workspace", &workspace, "--connector", &installed]);
    }
    let url = format!("http://me:{}@{address}/mcp?key={}", percent("userinfo"), percent("query"));
    scene.cli("url", &["--json", "sync", "--workspace", &workspace, "--url", &url]);
    let (guard, guarded) = oauth::server().await;
    let authorized = oauth::authorized(&api, &guarded);
    oauth::endings(&guard, || {
        let arguments =
            ["--workspace", &workspace, "--connector", &authorized, "--target", "account"];
        scene.cli("oauth", &[&["--json", "sync"], arguments.as_slice()].concat());
    });
    let diagnostics = ["--json", "diagnostics", "--workspace", &workspace, "--since", "1d"];
    scene.cli("rows", &diagnostics);
    scene.cli("doctor", &["doctor"]);
    write_rows(&api);

    let rows = api.get("/v1/connector-sync-diagnostics?page[size]=500", "*/*");
    let told = String::from_utf8_lossy(&rows);
    for reason in ["tool_execution_failed", "auth_scope_insufficient", "mapped_entities_dropped"] {
        assert!(told.contains(reason), "the test has taught nothing without {reason}: {told}");
    }
    assert!(told.matches("[redacted]").count() > 20, "{told}");
    for (path, accept) in READ {
        leaks.extend(found(path, &api.get(path, accept), &needles));
    }
    serving.kill();
    leaks.extend(in_files(&scene.logs, &needles));
    leaks.extend(in_files(&data, &needles));
    leaks.extend(in_tables(&db, &needles).await);
    assert!(leaks.is_empty(), "{} leaks\n{}", leaks.len(), leaks.join("\n"));
}

/// What a reader can ask for.
const READ: &[(&str, &str)] = &[
    ("/v1/connector-sync-diagnostics?page[size]=500", "application/vnd.api+json"),
    ("/v1/connector-sync-diagnostics", "text/csv"),
    ("/v1/connector-sync-diagnostics", "application/x-ndjson"),
    ("/v1/connector-sync-diagnostics/stream", "text/event-stream"),
    ("/v1/connector-sync-diagnostics/facets?by=reason,target_model", "application/vnd.api+json"),
    ("/v1/connectors", "application/vnd.api+json"),
    ("/v1/workspace-connectors", "application/vnd.api+json"),
    ("/v1/workspace-connector-sync-logs", "application/vnd.api+json"),
    ("/v1/workspaces", "application/vnd.api+json"),
    ("/v1/api-keys", "application/vnd.api+json"),
];

fn command(db: &Db, data: &Path) -> impl Fn() -> Command + use<> {
    let url = match &db.place {
        Place::Postgres { url } => Some(url.expose().to_owned()),
        Place::Sqlite { .. } => None,
    };
    let data = data.to_path_buf();
    move || {
        let mut command = wireline(&data);
        command.env("WIRELINE_LOG_LEVEL", "trace");
        // Runs are started by the test, one after the other.
        command.env("WIRELINE_RUN_INITIAL_AFTER_S", "0");
        if let Some(url) = &url {
            command.env("WIRELINE_DATABASE_URL", url);
        }
        command
    }
}

/// The binary, and where what it says is kept.
struct Scene {
    command: Box<dyn Fn() -> Command>,
    logs: PathBuf,
}

impl Scene {
    fn serve(&self) -> Serving {
        let log = File::create(self.logs.join("serve.log")).expect("a file");
        Serving::start_logging((self.command)(), log.into())
    }

    fn cli(&self, name: &str, arguments: &[&str]) {
        let output = run((self.command)().args(arguments));
        let path = self.logs.join(name);
        let mut log = File::options().append(true).create(true).open(path).expect("a file");
        log.write_all(&[output.stdout, output.stderr].concat()).expect("written");
    }
}

struct Api {
    address: String,
    key: String,
}

impl Api {
    fn get(&self, path: &str, accept: &str) -> Vec<u8> {
        self.ask("GET", path, &format!("Accept: {accept}\r\n"), "")
    }

    fn post(&self, path: &str, headers: &str, body: &Value) -> Vec<u8> {
        let headers = format!("Content-Type: application/vnd.api+json\r\n{headers}");
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.ask("POST", path, &headers, &body)
    }

    /// HTTP/1.0, so that a body comes as it is; a stream is read until it falls silent.
    fn ask(&self, method: &str, path: &str, headers: &str, body: &str) -> Vec<u8> {
        let mut stream = TcpStream::connect(&self.address).expect("connects");
        let patience = if path.ends_with("/stream") { 2 } else { 30 };
        stream.set_read_timeout(Some(Duration::from_secs(patience))).expect("a time-out");
        let (path, key, length) =
            (path.replace('[', "%5B").replace(']', "%5D"), &self.key, body.len());
        write!(
            stream,
            "{method} {path} HTTP/1.0\r\nHost: x\r\nAuthorization: Bearer {key}\r\n\
             {headers}Content-Length: {length}\r\n\r\n{body}"
        )
        .expect("sent");
        let mut answer = Vec::new();
        // A time-out is the end of a stream.
        stream.read_to_end(&mut answer).ok();
        answer
    }

    /// The id of what was made.
    fn make(&self, path: &str, body: &Value) -> String {
        let answer = self.post(path, "", body);
        let text = String::from_utf8_lossy(&answer);
        let json = text.split_once("\r\n\r\n").map_or("", |it| it.1);
        let document: Value = serde_json::from_str(json).unwrap_or_default();
        document["data"]["id"].as_str().unwrap_or_else(|| panic!("{path}: {text}")).to_owned()
    }
}

fn percent(name: &str) -> String {
    canary(name).replace('+', "%2B").replace('/', "%2F").replace('=', "%3D").replace('&', "%26")
}

/// Connectors over the API, with a canary in everything that can be said of one.
fn plant(api: &Api, address: &str) -> Vec<String> {
    let connector = api.make(
        "/v1/connectors",
        &json!({"data": {"type": "connector", "attributes": {
            "service_id": "leaky", "name": format!("Leaky api_key={}", canary("connname")),
            "provider": format!("token: {}", canary("connname")),
        }}}),
    );
    let install =
        |name: String, config: Value| {
            api.make("/v1/workspace-connectors", &json!({"data": {
            "type": "workspace_connector",
            "attributes": {"name": name, "config": config},
            "relationships": {"connector": {"data": {"type": "connector", "id": connector}}},
        }}))
        };
    let basic = STANDARD.encode(format!("me:{}", canary("basic")));
    let script = |text: &str| {
        json!({
            "transport": "stdio", "command": "/bin/sh", "env": {"TOKEN": canary("env")},
            "args": ["-c", text, "sh", "--token", canary("arg"), format!("--key={}", canary("argeq"))],
        })
    };
    let refused = api.post("/v1/workspace-connectors", "", &json!({"data": {
        "type": "workspace_connector",
        "attributes": {"name": "x", "config": {
            "transport": "http", "url": format!("http://me:{}@{address}/mcp", percent("userinfo")),
        }},
        "relationships": {"connector": {"data": {"type": "connector", "id": connector}}},
    }}));
    assert_eq!(found("a refusal", &refused, &needles()), [""; 0]);
    vec![
        install(
            format!("Leaky {}", canary("header")),
            json!({
                "transport": "http", "url": format!("http://{address}/mcp?key={}", percent("query")),
                "headers": {"x-api-key": canary("header"), "authorization": format!("Basic {basic}")},
            }),
        ),
        install(format!("Dying password={}", canary("instname")), script(&servers::dying_script())),
        install("Telling".to_owned(), script(servers::telling_script())),
    ]
}

/// Rows that others write, with what slipped into them.
fn write_rows(api: &Api) {
    let listed = api.get("/v1/workspace-connectors", "*/*");
    let text = String::from_utf8_lossy(&listed);
    let id = text.split(r#""id":""#).nth(1).and_then(|it| it.get(..36)).expect("an id").to_owned();
    let row = |detail: String| {
        json!({
            "type": "connector_sync_diagnostic",
            "attributes": {"target_model": "invoice", "reason": "empty_result", "detail": detail},
            "meta": {"context": {"url": format!("https://x.test/?k={}", percent("context")),
                "password": canary("context"), "headers": {"cookie": canary("context")}}},
            "relationships": {"workspace_connector": {"data": {"type": "workspace_connector", "id": id}}},
        })
    };
    let one = json!({"data": row(format!("401: Authorization: Bearer {}", canary("detail")))});
    for _ in 0..2 {
        let path = "/v1/connector-sync-diagnostics";
        let answer = api.post(path, "Idempotency-Key: k-1\r\n", &one);
        let text = String::from_utf8_lossy(&answer).into_owned();
        assert!(text.contains("201") || text.contains("200"), "{text}");
        assert_eq!(found("an answer", &answer, &needles()), [""; 0]);
    }
    let batch = json!({"data": [row(format!("api_key={}", canary("batched")))]});
    let answer = api.post(
        "/v1/connector-sync-diagnostics/batch",
        "Prefer: return=representation\r\n",
        &batch,
    );
    assert!(
        String::from_utf8_lossy(&answer).contains("201"),
        "{}",
        String::from_utf8_lossy(&answer)
    );
    assert_eq!(found("an answer", &answer, &needles()), [""; 0]);
}

/// Every byte of every file.
fn in_files(folder: &Path, needles: &[(String, String)]) -> Vec<String> {
    let files = std::fs::read_dir(folder).expect("a folder").map(|it| it.expect("an entry").path());
    files
        .filter(|it| it.is_file())
        .flat_map(|path| {
            let bytes = std::fs::read(&path).expect("a file");
            found(&path.display().to_string(), &bytes, needles)
        })
        .collect()
}

/// Every column of every row of every table.
async fn in_tables(db: &Db, needles: &[(String, String)]) -> Vec<String> {
    let tables = if db.is_postgres() {
        "select quote_ident(table_schema) || '.' || quote_ident(table_name)
           from information_schema.tables
          where table_schema not in ('pg_catalog', 'information_schema') and table_type = 'BASE TABLE'"
    } else {
        "select name from sqlite_schema where type = 'table' and name not like 'sqlite_%'"
    };
    let mut leaks = Vec::new();
    for table in db.words(tables).await {
        let rows = if db.is_postgres() {
            db.words(&format!("select coalesce(t::text, '') from {table} t")).await
        } else {
            let columns = db.words(&format!("select name from pragma_table_info('{table}')")).await;
            let each: Vec<String> =
                columns.iter().map(|it| format!("coalesce(quote(\"{it}\"), '')")).collect();
            db.words(&format!("select {} from {table}", each.join(" || ' ' || "))).await
        };
        leaks.extend(found(&format!("table {table}"), rows.join("\n").as_bytes(), needles));
    }
    leaks
}
