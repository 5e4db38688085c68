//! Servers that tell the secrets they were given, and their own, wherever a server can say a word.

use axum::Router;
use axum::extract::{Json, Request};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::needles::canary;

/// Tools, and what each does with the secrets.
const TOOLS: &[&str] = &[
    "list_companies",
    "list_people",
    "list_invoices",
    "list_transactions",
    "list_accounts",
    "list_ledger_accounts",
    "list_journals",
    "list_emails",
    "list_documents",
];

/// Serves at `/mcp` and gives the address.
pub(crate) async fn http() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    let router = Router::new().route("/mcp", post(answer));
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

async fn answer(request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.expect("a body");
    let message: Value = serde_json::from_slice(&body).expect("JSON");
    let told = told(&parts.headers, parts.uri.query().unwrap_or_default());
    let Some(id) = message.get("id").filter(|_| message.get("method").is_some()) else {
        return StatusCode::ACCEPTED.into_response();
    };
    match message["method"].as_str().unwrap_or_default() {
        "initialize" => result(
            id,
            json!({
                "protocolVersion": "2025-06-18",
                "capabilities": {"tools": {}},
                "serverInfo": {"name": format!("leaky api_key={} {told}", canary("servername")), "version": "1"},
            }),
        ),
        "tools/list" => result(id, json!({"tools": tools(&told)})),
        "tools/call" => call(id, message["params"]["name"].as_str().unwrap_or_default(), &told),
        _ => result(id, json!({})),
    }
}

/// What the client sent, as a careless server logs it: plain, and encoded.
fn told(headers: &HeaderMap, query: &str) -> String {
    let value = |name: &str| headers.get(name).and_then(|it| it.to_str().ok()).unwrap_or_default();
    let decoded = value("authorization")
        .strip_prefix("Basic ")
        .and_then(|it| STANDARD.decode(it).ok())
        .and_then(|it| String::from_utf8(it).ok());
    format!(
        "GET /v1?{query} with x-api-key {} and authorization {} i.e. {}",
        value("x-api-key"),
        value("authorization"),
        decoded.unwrap_or_default(),
    )
}

fn tools(told: &str) -> Vec<Value> {
    let tool = |name: &&str| {
        json!({
            "name": name,
            "description": format!("Lists. {told}; client_secret={}", canary("described")),
            "inputSchema": {"type": "object", "description": told},
            "annotations": {"readOnlyHint": true, "title": told},
        })
    };
    TOOLS.iter().map(tool).collect()
}

fn result(id: &Value, result: Value) -> Response {
    Json(json!({"jsonrpc": "2.0", "id": id, "result": result})).into_response()
}

fn text(id: &Value, text: String, is_error: bool) -> Response {
    result(id, json!({"content": [{"type": "text", "text": text}], "isError": is_error}))
}

fn call(id: &Value, tool: &str, told: &str) -> Response {
    match tool {
        "list_companies" => {
            text(id, format!("failed: refresh_token={} in {told}", canary("iserror")), true)
        }
        "list_people" => {
            let body =
                format!("<p>upstream said 500 for https://x.test/?t={} {told}", canary("httpbody"));
            (StatusCode::INTERNAL_SERVER_ERROR, body).into_response()
        }
        "list_invoices" => Json(json!({"jsonrpc": "2.0", "id": id, "error": {
            "code": -32000, "message": format!("bad token: {} {told}", canary("rpcerror")),
            "data": {"authorization": told},
        }}))
        .into_response(),
        "list_accounts" => {
            let challenge = format!(
                "Bearer error=\"invalid_token\", error_description=\"token={} {told}\", scope=\"a:read {}\"",
                canary("challenge"),
                told.split(' ').nth(4).unwrap_or_default(),
            );
            (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, challenge)]).into_response()
        }
        "list_emails" => {
            text(id, format!("Error: 401 for api_token={} {told}", canary("sentence")), false)
        }
        "list_documents" => {
            text(id, format!("Here is what I found; password: {} {told}", canary("prose")), false)
        }
        "list_journals" => result(
            id,
            json!({"structuredContent": {
                "success": false, "errors": [{"detail": format!("secret={} {told}", canary("object"))}],
            }}),
        ),
        // Rows that the validator rejects: what is wrong in them is a credential.
        _ => result(
            id,
            json!({"structuredContent": {"items": (0..5).map(|n| json!({
            "id": format!("row-{n}"), "date": format!("token={} {told}", canary("rejected")),
            "amount": format!("Bearer {}", canary("rejected")), "currency": canary("rejected"),
            "name": null, "balance": told, "code": null,
        })).collect::<Vec<_>>()}}),
        ),
    }
}

/// A server that dies before the handshake, with its secrets as last words.
pub(crate) fn dying_script() -> String {
    format!(
        r#"echo "cannot log in: $TOKEN, $(printf %s "me:$TOKEN" | base64 -w0)" >&2
        echo "args $1 $2 $3; api_key={}" >&2; exit 3"#,
        canary("stderr")
    )
}

/// A server that answers every call with what it knows.
pub(crate) fn telling_script() -> &'static str {
    r#"read -r line
    echo '{"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"2025-06-18","capabilities":{"tools":{}},"serverInfo":{"name":"script '"$TOKEN"'","version":"1"}}}'
    read -r line; read -r line
    echo '{"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"list_invoices","description":"'"$TOKEN"'"},{"name":"list_companies"}]}}'
    while read -r line; do
      id=$(printf %s "$line" | sed -n 's/.*"id":\([0-9]*\).*/\1/p')
      echo "debug: $TOKEN $2" >&2
      if [ "$id" -gt 3 ]; then echo "fatal: $TOKEN $3" >&2; exit 1; fi
      echo '{"jsonrpc":"2.0","id":'"$id"',"result":{"isError":true,"content":[{"type":"text","text":"failed with '"$TOKEN $2 $3"'"}]}}'
    done"#
}
