//! A server whose answers a test makes up: for what no sample does.

use std::collections::BTreeMap;

use axum::Router;
use axum::body::Bytes;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use domain::connector::Transport;
use serde_json::{Map, Value, json};
use tokio_util::sync::CancellationToken;

pub(crate) type Args = Map<String, Value>;

/// A tool that takes these arguments, all of them texts.
pub(crate) fn tool(name: &str, arguments: &[&str], required: &[&str]) -> Value {
    let of_text = |it: &&str| ((*it).to_owned(), json!({"type": "string"}));
    let properties: Map<String, Value> = arguments.iter().map(of_text).collect();
    let schema = json!({"type": "object", "properties": properties, "required": required});
    json!({"name": name, "description": name.replace('_', " "), "inputSchema": schema})
}

/// Serves until `stop`. `answer`: the document that a call answers, or the status of an error.
pub(crate) async fn serve<F, A>(tools: &[Value], answer: F, stop: CancellationToken) -> Transport
where
    F: Fn(String, Args) -> A + Clone + Send + Sync + 'static,
    A: Future<Output = Result<Value, StatusCode>> + Send,
{
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/mcp", listener.local_addr().expect("an address"));
    let tools = Value::from(tools);
    let respond = move |body: Bytes| {
        let (tools, answer) = (tools.clone(), answer.clone());
        async move { respond(&body, &tools, answer).await }
    };
    let router = Router::new().route("/mcp", post(respond));
    tokio::spawn(async move {
        let serving = axum::serve(listener, router).into_future();
        tokio::select! { _ = serving => {}, () = stop.cancelled() => {} }
    });
    Transport::Http { url, headers: BTreeMap::new() }
}

async fn respond<F, A>(body: &Bytes, tools: &Value, answer: F) -> Response
where
    F: Fn(String, Args) -> A,
    A: Future<Output = Result<Value, StatusCode>>,
{
    let message: Value = serde_json::from_slice(body).expect("a message");
    let params = &message["params"];
    let result = match message["method"].as_str().unwrap_or_default() {
        "initialize" => json!({
            "protocolVersion": "2025-06-18", "capabilities": {"tools": {}},
            "serverInfo": {"name": "made up", "version": "1"},
        }),
        "tools/list" => json!({"tools": tools}),
        "tools/call" => {
            let name = params["name"].as_str().expect("a name").to_owned();
            let args = params["arguments"].as_object().cloned().unwrap_or_default();
            match answer(name, args).await {
                Ok(document) => {
                    json!({"content": [{"type": "text", "text": document.to_string()}]})
                }
                Err(status) => return status.into_response(),
            }
        }
        _ => return StatusCode::ACCEPTED.into_response(),
    };
    axum::Json(json!({"jsonrpc": "2.0", "id": message["id"], "result": result})).into_response()
}
