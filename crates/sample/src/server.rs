//! The protocol's side of a sample: its tool list, its calls, and the faults in both.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, ErrorData,
    Implementation, JsonObject, ListToolsResult, PaginatedRequestParams, ServerCapabilities,
    ServerConfig, Tool,
};
use rmcp::service::RequestContext;
use rmcp::{RoleServer, ServerHandler};
use serde_json::{Map, Value, json};

use crate::chance::Chance;
use crate::fault::{Fault, Kind};
use crate::listing::{Listing, Other, Reply, object};
use crate::{Sample, Which, books, brittle, disguise, ledger, mutate, nested};

/// Over what the server speaks; some faults show in different ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wire {
    Stdio,
    Http,
}

#[derive(Debug, Clone)]
pub(crate) struct Server {
    sample: Sample,
    faults: Arc<[Fault]>,
    wire: Wire,
    calls: Arc<AtomicU64>,
}

impl Server {
    pub(crate) fn new(sample: Sample, faults: Vec<Fault>, wire: Wire) -> Self {
        Self { sample, faults: faults.into(), wire, calls: Arc::new(AtomicU64::new(0)) }
    }

    /// The fault of a kind that strikes a tool.
    pub(crate) fn fault(&self, kind: Kind, tool: &str) -> Option<&Fault> {
        self.faults.iter().find(|it| it.kind == kind && it.concerns(tool))
    }

    /// Counts a call; whether the server is to die at it.
    pub(crate) fn dies_at_call(&self, tool: &str) -> bool {
        let Some(fault) = self.fault(Kind::DieMidway, tool) else { return false };
        self.calls.fetch_add(1, Ordering::Relaxed) >= fault.number()
    }

    fn others(&self) -> &'static [Other] {
        match self.sample.which {
            Which::Ledger => &ledger::OTHERS,
            Which::Brittle => &brittle::OTHERS,
            Which::Books => &books::OTHERS,
            Which::Nested | Which::Replay(_) => &[],
        }
    }

    fn tools(&self) -> Vec<Tool> {
        if let Which::Replay(catalogue) = &self.sample.which {
            return catalogue.tools.clone();
        }
        let hides = self.faults.iter().any(|it| it.kind == Kind::NoListingTools);
        let others = self.others().iter().filter(|it| !hides || !it.name.starts_with("list_"));
        let listings = self.sample.listings().iter().filter(|_| !hides);
        let nested = match self.sample.which {
            Which::Nested if !hides => nested::tools(),
            Which::Nested | Which::Ledger | Which::Brittle | Which::Books | Which::Replay(_) => {
                Vec::new()
            }
        };
        let listings = listings.map(|it| self.listed(it));
        listings.chain(others.map(Other::tool)).chain(nested).collect()
    }

    /// A listing as the tool list shows it.
    fn listed(&self, listing: &Listing) -> Tool {
        let declares = [Kind::Declares, Kind::TextOnly].map(|it| self.fault(it, listing.name));
        if declares.iter().all(Option::is_none) {
            return listing.tool();
        }
        let schema =
            json!({ "type": "object", "properties": { listing.member: { "type": "array" } } });
        let mut tool = listing.tool();
        tool.output_schema = Some(Arc::new(object(schema)));
        tool
    }

    /// What a tool answers; `None` when there is no such tool.
    fn reply(&self, name: &str, args: &JsonObject) -> Option<Reply> {
        if let Which::Replay(catalogue) = &self.sample.which {
            let reply = catalogue.reply(name, args)?;
            return Some(self.failure(name).unwrap_or(reply));
        }
        if let Some(listing) = self.sample.listings().iter().find(|it| it.name == name) {
            return Some(self.failure(name).unwrap_or_else(|| self.page(listing, args)));
        }
        let own = match &self.sample.which {
            Which::Ledger => self.other(name).map(|_| ledger::other(name, args)),
            Which::Brittle | Which::Books => self.other(name).map(|_| brittle::other(name)),
            Which::Nested => nested::reply(name, args, &self.sample.scale),
            Which::Replay(_) => None,
        }?;
        Some(self.failure(name).unwrap_or(own))
    }

    fn other(&self, name: &str) -> Option<&'static Other> {
        self.others().iter().find(|it| it.name == name)
    }

    /// What a call is answered with when answers are spoilt: the bytes of the whole message.
    pub(crate) fn mutated(&self, id: &Value, name: &str, args: &JsonObject) -> Option<Vec<u8>> {
        let seed = self.fault(Kind::Mutated, name)?.number();
        let call = self.calls.fetch_add(1, Ordering::Relaxed);
        let healthy = match self.reply(name, args)? {
            Reply::Structured(value) | Reply::FailedWith(value) => value,
            Reply::Text(text) | Reply::Failed(text) => {
                serde_json::from_str(&text).unwrap_or(Value::String(text))
            }
        };
        let mut chance = Chance::of(&[name, &seed.to_string(), &call.to_string()]);
        Some(mutate::message(id, &healthy, &mut chance))
    }

    /// The answer of a fault that stands in place of the data.
    fn failure(&self, name: &str) -> Option<Reply> {
        let fault = |kind| self.fault(kind, name);
        let over_stdio = self.wire == Wire::Stdio;
        if over_stdio && (fault(Kind::Unauthorized).or(fault(Kind::Forbidden))).is_some() {
            return Some(brittle::scope_missing(&format!("{name}:read")));
        }
        if over_stdio && fault(Kind::ServerError).is_some() {
            return Some(Reply::Failed("503 Service Unavailable".to_owned()));
        }
        if fault(Kind::IsError).is_some() {
            return Some(Reply::Failed(format!("{name} failed: the upstream system is down")));
        }
        if fault(Kind::ErrorSentence).is_some() {
            return Some(Reply::Text("Error: the upstream system could not be reached".to_owned()));
        }
        if fault(Kind::ErrorObject).is_some() {
            let errors = json!({ "errors": [{ "detail": "the upstream system is down" }] });
            return Some(Reply::Structured(errors));
        }
        if fault(Kind::Prose).is_some() {
            return Some(Reply::Text(
                "Here is an overview of what we have on file, in no particular order.".to_owned(),
            ));
        }
        fault(Kind::Huge).map(|it| {
            let size = usize::try_from(it.number()).unwrap_or(usize::MAX).saturating_mul(1 << 20);
            Reply::Text("x".repeat(size))
        })
    }

    fn page(&self, listing: &Listing, args: &JsonObject) -> Reply {
        let mut span = listing.span(args, &self.sample.scale);
        if self.fault(Kind::Empty, listing.name).is_some() {
            span = crate::listing::Span { from: 0, to: 0, of: 0 };
        }
        let mut rows = listing.rows(span, &self.sample.scale);
        for (index, row) in (span.from..).zip(&mut rows) {
            self.spoil(listing, index, row);
        }
        match listing.reply(rows, span) {
            Reply::Structured(page) if self.fault(Kind::TextOnly, listing.name).is_some() => {
                Reply::Text(page.to_string())
            }
            reply @ (Reply::Structured(_)
            | Reply::Text(_)
            | Reply::Failed(_)
            | Reply::FailedWith(_)) => reply,
        }
    }

    /// The faults that make rows hard to map.
    fn disguise(&self, listing: &Listing, index: usize, fields: &mut Map<String, Value>) {
        let has = |kind| self.fault(kind, listing.name).is_some();
        if has(Kind::Nameless) {
            disguise::nameless(fields, listing.required);
        }
        if has(Kind::Buried) {
            disguise::buried(fields, listing.required);
        }
        if has(Kind::Opaque) {
            disguise::opaque(fields);
        }
        if has(Kind::Wordy) {
            disguise::wordy(fields, index);
        }
        if has(Kind::TwoReadings) {
            disguise::two_readings(fields);
        }
        if has(Kind::NewField) {
            fields.insert("revision".to_owned(), json!(2));
        }
        if let Some(fault) = self.fault(Kind::Decoy, listing.name) {
            let dry = usize::try_from(fault.number()).unwrap_or(usize::MAX);
            disguise::decoy(fields, index < dry);
        }
    }

    /// The faults that are in the rows.
    fn spoil(&self, listing: &Listing, index: usize, row: &mut Value) {
        let Some(fields) = row.as_object_mut() else { return };
        let strikes = |kind| {
            let every = self.fault(kind, listing.name).map(Fault::number);
            every.is_some_and(|it| index.is_multiple_of(usize::try_from(it).unwrap_or(1).max(1)))
        };
        if strikes(Kind::NullRequired) {
            fields.insert(listing.required.to_owned(), Value::Null);
        }
        if strikes(Kind::MissingParent)
            && let Some(parent) = listing.parent
        {
            fields.insert(parent.to_owned(), json!(format!("gone-{index}")));
        }
        if self.fault(Kind::WrongTypes, listing.name).is_some() {
            for value in fields.values_mut() {
                *value = match value.take() {
                    Value::String(text) => json!([text]),
                    Value::Number(_) => json!("many"),
                    other @ (Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_)) => {
                        json!({ "was": other })
                    }
                };
            }
        }
        self.disguise(listing, index, fields);
        if self.fault(Kind::Drift, listing.name).is_some()
            && let Some(value) = fields.shift_remove(listing.required)
        {
            fields.insert(format!("{}_v2", listing.required), value);
            fields.insert("revision".to_owned(), json!(2));
        }
    }
}

impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder().enable_tools().build();
        let name = format!("sample-{}", self.sample.name());
        ServerConfig::new(capabilities)
            .with_server_info(Implementation::new(name, env!("CARGO_PKG_VERSION")))
    }

    async fn list_tools(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(self.tools()))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let name = request.name.as_ref();
        if self.wire == Wire::Stdio && self.dies_at_call(name) {
            crate::serve::die();
        }
        if self.fault(Kind::NoiseOnStdout, name).is_some() && self.wire == Wire::Stdio {
            crate::serve::make_noise();
        }
        if self.fault(Kind::Timeout, name).is_some() {
            // Longer than anybody waits; the runtime drops it with the connection.
            tokio::time::sleep(Duration::from_secs(86_400)).await;
        }
        let args = request.arguments.unwrap_or_default();
        if self.wire == Wire::Stdio
            && let Ok(id) = serde_json::to_value(&context.id)
            && let Some(message) = self.mutated(&id, name, &args)
        {
            crate::serve::say(&message);
            // It was answered: nothing may follow. The runtime drops this with the connection.
            std::future::pending::<()>().await;
        }
        let reply = match self.fault(Kind::UnknownTool, name) {
            Some(_) => None,
            None => self.reply(name, &args),
        };
        let unknown = || ErrorData::invalid_params(format!("Unknown tool: {name}"), None);
        Ok(on_the_wire(reply.ok_or_else(unknown)?).into())
    }
}

fn on_the_wire(reply: Reply) -> CallToolResult {
    match reply {
        Reply::Structured(value) if value.is_array() => {
            // Structured content is an object by the protocol.
            CallToolResult::structured(json!({ "result": value }))
        }
        Reply::Structured(value) => CallToolResult::structured(value),
        Reply::Text(text) => CallToolResult::success(vec![ContentBlock::text(text)]),
        Reply::Failed(text) => CallToolResult::error(vec![ContentBlock::text(text)]),
        Reply::FailedWith(value) => CallToolResult::structured_error(value),
    }
}
