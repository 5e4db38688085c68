//! The table of all routes, on one screen. The router and the OpenAPI document are built from it,
//! and a test walks it as a stranger.

use axum::Router;
use axum::http::Method;
use axum::middleware;
use axum::routing::{MethodRouter, delete, get, patch, post};
use domain::TargetModel;

use crate::api::{
    self, api_keys, connector_mappings, connectors, diagnostics, missing, probes, reasons, records,
    replays, sync_issues, sync_logs, viewer_links, webhook_deliveries, webhook_endpoints,
    workspace_connectors, workspaces,
};
use crate::code::Code;
use crate::jsonapi::document::Kind;
use crate::jsonapi::named::Parameter;
use crate::jsonapi::params::Listing;
use crate::problem::Problem;
use crate::{App, authorizations, docs, edge, health, mcp, openapi};

/// Which key a route needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Auth {
    /// None.
    Public,
    /// A key of the workspace, with this role or a greater one.
    Read,
    Write,
    Admin,
    /// Any valid key; what it shows depends on the key.
    Any,
    /// An admin key, or the operator's.
    AdminOrOperator,
    /// The operator's key.
    Operator,
}

/// One operation.
#[derive(Debug)]
pub struct Route {
    pub method: Method,
    pub path: &'static str,
    pub auth: Auth,
    /// What it does, in a line.
    pub summary: &'static str,
    pub(crate) shape: Shape,
    handler: fn() -> MethodRouter<App>,
}

/// What goes in and what comes out, for the documentation.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Shape {
    List(&'static Listing),
    Find(&'static Listing),
    /// A page of a model's records, and one of them.
    Records(TargetModel),
    Record(TargetModel),
    Create(&'static Kind),
    Batch(&'static Kind),
    Update(&'static Kind),
    Delete,
    Facets(&'static Listing),
    Stream(&'static Listing),
    /// A run is asked for or asked to stop: 202.
    Run,
    /// An address is tried, with a body that says which or without one.
    Probe {
        takes_body: bool,
    },
    /// Another mapping is tried on stored records.
    Replay,
    /// A question, by its parameters.
    Asks(&'static Kind, &'static [Parameter]),
    Reasons(&'static Listing),
    /// Not JSON:API: its media type.
    Other(&'static str),
}

const fn route(
    method: Method,
    path: &'static str,
    auth: Auth,
    (summary, shape): (&'static str, Shape),
    handler: fn() -> MethodRouter<App>,
) -> Route {
    Route { method, path, auth, summary, shape, handler }
}

const DIAGNOSTICS: &str = "/v1/connector-sync-diagnostics";
const DIAGNOSTIC: &str = "/v1/connector-sync-diagnostics/{id}";
const LOG: &str = "/v1/workspace-connector-sync-logs/{id}";
const MAPPINGS: &str = "/v1/connector-mappings";
const MAPPING: &str = "/v1/connector-mappings/{id}";
const HOOKS: &str = "/v1/webhook-endpoints";
const HOOK: &str = "/v1/webhook-endpoints/{id}";
const ISSUE: &str = "/v1/sync-issues/{id}";
const INSTALLATIONS: &str = "/v1/workspace-connectors";
const INSTALLATION: &str = "/v1/workspace-connectors/{id}";

/// Every route.
#[rustfmt::skip]
pub static ALL: &[Route] = {
    use Auth::{Admin, AdminOrOperator, Any, Operator, Public, Read, Write};
    use Shape::{Asks, Batch, Create, Delete, Facets, Find, List, Other, Probe, Reasons, Record, Records, Replay, Run, Stream, Update};
    use TargetModel as M;
    const GET: Method = Method::GET;
    const POST: Method = Method::POST;
    const PATCH: Method = Method::PATCH;
    const DELETE: Method = Method::DELETE;
    &[
        route(GET, DIAGNOSTICS, Read, ("List diagnostics, or export them", List(&diagnostics::LISTING)), || get(diagnostics::list)),
        route(POST, DIAGNOSTICS, Write, ("Record a diagnostic", Create(&diagnostics::KIND)), || post(diagnostics::create)),
        route(POST, "/v1/connector-sync-diagnostics/batch", Write, ("Record up to 1,000 diagnostics, all or none", Batch(&diagnostics::KIND)), || post(diagnostics::create_many)),
        route(GET, "/v1/connector-sync-diagnostics/facets", Read, ("Count diagnostics by value", Facets(&diagnostics::COUNTING)), || get(diagnostics::facets)),
        route(GET, "/v1/connector-sync-diagnostics/stream", Read, ("Follow diagnostics as they are written", Stream(&diagnostics::STREAMING)), || get(diagnostics::stream)),
        route(GET, DIAGNOSTIC, Read, ("Show a diagnostic", Find(&diagnostics::SHOWING)), || get(diagnostics::find)),
        route(PATCH, DIAGNOSTIC, Admin, ("Correct a diagnostic", Update(&diagnostics::KIND)), || patch(diagnostics::update)),
        route(DELETE, DIAGNOSTIC, Admin, ("Delete a diagnostic", Delete), || delete(diagnostics::delete)),

        route(GET, "/v1/workspaces", Any, ("List workspaces: the key's own, or all for the operator", List(&workspaces::LISTING)), || get(workspaces::list)),
        route(POST, "/v1/workspaces", Operator, ("Make a workspace", Create(&workspaces::KIND)), || post(workspaces::create)),
        route(GET, "/v1/workspaces/{id}", Any, ("Show a workspace, by id or external id", Find(&workspaces::SHOWING)), || get(workspaces::find)),
        route(PATCH, "/v1/workspaces/{id}", Admin, ("Change the workspace", Update(&workspaces::KIND)), || patch(workspaces::update)),
        route(DELETE, "/v1/workspaces/{id}", Admin, ("Erase the workspace and everything of it", Delete), || delete(workspaces::delete)),

        route(GET, "/v1/api-keys", Admin, ("List keys", List(&api_keys::LISTING)), || get(api_keys::list)),
        route(POST, "/v1/api-keys", AdminOrOperator, ("Make a key; its secret is shown once, in `meta.key`", Create(&api_keys::KIND)), || post(api_keys::create)),
        route(GET, "/v1/api-keys/{id}", Admin, ("Show a key", Find(&api_keys::SHOWING)), || get(api_keys::find)),
        route(PATCH, "/v1/api-keys/{id}", Admin, ("Change or deactivate a key", Update(&api_keys::KIND)), || patch(api_keys::update)),
        route(DELETE, "/v1/api-keys/{id}", Admin, ("Delete a key", Delete), || delete(api_keys::delete)),

        route(GET, "/v1/connectors", Read, ("List the connector catalogue", List(&connectors::LISTING)), || get(connectors::list)),
        route(POST, "/v1/connectors", Write, ("Add a custom connector", Create(&connectors::KIND)), || post(connectors::create)),
        route(POST, "/v1/connectors/probe", Write, ("Try an address: is a server there, and what does it offer?", Probe { takes_body: true }), || post(probes::address)),
        route(GET, "/v1/connectors/{id}", Read, ("Show a connector", Find(&connectors::SHOWING)), || get(connectors::find)),
        route(PATCH, "/v1/connectors/{id}", Admin, ("Change a custom connector", Update(&connectors::KIND)), || patch(connectors::update)),
        route(DELETE, "/v1/connectors/{id}", Admin, ("Delete a custom connector", Delete), || delete(connectors::delete)),

        route(GET, INSTALLATIONS, Read, ("List installations", List(&workspace_connectors::LISTING)), || get(workspace_connectors::list)),
        route(POST, INSTALLATIONS, Write, ("Install a connector", Create(&workspace_connectors::KIND)), || post(workspace_connectors::create)),
        route(GET, INSTALLATION, Read, ("Show an installation", Find(&workspace_connectors::SHOWING)), || get(workspace_connectors::find)),
        route(PATCH, INSTALLATION, Admin, ("Change an installation", Update(&workspace_connectors::KIND)), || patch(workspace_connectors::update)),
        route(DELETE, INSTALLATION, Admin, ("Remove an installation and its credentials", Delete), || delete(workspace_connectors::delete)),
        route(POST, "/v1/workspace-connectors/{id}/sync", Write, ("Start a run", Run), || post(workspace_connectors::sync)),
        route(GET, "/v1/workspace-connectors/{id}/health", Read, ("Show how an installation does, and each of its targets", Find(&api::health::SHOWING)), || get(api::health::find)),
        route(POST, "/v1/workspace-connectors/{id}/probe", Write, ("Try the address of an installation, with its credentials", Probe { takes_body: false }), || post(probes::installation)),

        route(GET, "/v1/sync-issues", Read, ("List issues", List(&sync_issues::LISTING)), || get(sync_issues::list)),
        route(GET, ISSUE, Read, ("Show an issue, its history and how far it reaches", Find(&sync_issues::SHOWING)), || get(sync_issues::find)),
        route(PATCH, ISSUE, Write, ("Mute, resolve, reopen or note an issue", Update(&sync_issues::KIND)), || patch(sync_issues::update)),

        route(GET, HOOKS, Admin, ("List webhook endpoints", List(&webhook_endpoints::LISTING)), || get(webhook_endpoints::list)),
        route(POST, HOOKS, Admin, ("Add a webhook endpoint; its secret is shown once, in `meta.secret`", Create(&webhook_endpoints::KIND)), || post(webhook_endpoints::create)),
        route(GET, HOOK, Admin, ("Show a webhook endpoint", Find(&webhook_endpoints::SHOWING)), || get(webhook_endpoints::find)),
        route(PATCH, HOOK, Admin, ("Change, disable or enable an endpoint; `meta.rotate_secret` makes a new secret", Update(&webhook_endpoints::KIND)), || patch(webhook_endpoints::update)),
        route(DELETE, HOOK, Admin, ("Remove an endpoint and what was to be delivered", Delete), || delete(webhook_endpoints::delete)),
        route(POST, "/v1/webhook-endpoints/{id}/test", Admin, ("Send a test event", Delete), || post(webhook_endpoints::test)),
        route(POST, "/v1/webhook-endpoints/{id}/replay", Admin, ("Send events once more: since a time, or one of them", Create(&webhook_endpoints::REPLAY)), || post(webhook_endpoints::replay)),
        route(GET, "/v1/webhook-deliveries", Admin, ("List deliveries, with their attempts", List(&webhook_deliveries::LISTING)), || get(webhook_deliveries::list)),

        route(GET, MAPPINGS, Read, ("List mappings, every version of them", List(&connector_mappings::LISTING)), || get(connector_mappings::list)),
        route(POST, MAPPINGS, Admin, ("Write a mapping by hand", Create(&connector_mappings::KIND)), || post(connector_mappings::create)),
        route(GET, MAPPING, Read, ("Show a version of a mapping", Find(&connector_mappings::SHOWING)), || get(connector_mappings::find)),
        route(PATCH, MAPPING, Admin, ("Pin slots, ask for another drawing, or roll back to this version", Update(&connector_mappings::KIND)), || patch(connector_mappings::update)),
        route(DELETE, MAPPING, Admin, ("Delete a version; without a live one, the next run draws anew", Delete), || delete(connector_mappings::delete)),
        route(POST, "/v1/connector-mappings/{id}/replay", Write, ("Try another version, a pin, a redraw or an expression on the stored records; nothing is kept", Replay), || post(replays::create)),
        route(POST, "/v1/workspace-connectors/{id}/authorize", Write, ("Begin an authorization; `meta.authorization_url` is where a person gives consent", Other("application/vnd.api+json")), || post(authorizations::begin)),
        route(GET, authorizations::CALLBACK, Public, ("Where authorization servers send people back to", Other("text/html")), || get(authorizations::finish)),

        route(GET, "/v1/workspace-connector-sync-logs", Read, ("List runs", List(&sync_logs::LISTING)), || get(sync_logs::list)),
        route(GET, LOG, Read, ("Show a run", Find(&sync_logs::SHOWING)), || get(sync_logs::find)),
        route(POST, "/v1/workspace-connector-sync-logs/{id}/cancel", Write, ("Ask a run to stop", Run), || post(sync_logs::cancel)),

        route(GET, "/v1/missing", Read, ("Why is a record missing, or where is it?", Asks(&missing::KIND, missing::ASKS)), || get(missing::find)),
        route(GET, "/v1/missing/period", Read, ("What is missing of a model in a period?", Asks(&missing::PERIOD, missing::ASKS_PERIOD)), || get(missing::within)),

        route(GET, "/v1/companies", Read, ("List companies", Records(M::Company)), || records::lists(M::Company)),
        route(GET, "/v1/companies/{id}", Read, ("Show a company", Record(M::Company)), || records::finds(M::Company)),
        route(GET, "/v1/people", Read, ("List people", Records(M::People)), || records::lists(M::People)),
        route(GET, "/v1/people/{id}", Read, ("Show a person", Record(M::People)), || records::finds(M::People)),
        route(GET, "/v1/invoices", Read, ("List invoices", Records(M::Invoice)), || records::lists(M::Invoice)),
        route(GET, "/v1/invoices/{id}", Read, ("Show an invoice", Record(M::Invoice)), || records::finds(M::Invoice)),
        route(GET, "/v1/transactions", Read, ("List transactions", Records(M::Transaction)), || records::lists(M::Transaction)),
        route(GET, "/v1/transactions/{id}", Read, ("Show a transaction", Record(M::Transaction)), || records::finds(M::Transaction)),
        route(GET, "/v1/accounts", Read, ("List accounts", Records(M::Account)), || records::lists(M::Account)),
        route(GET, "/v1/accounts/{id}", Read, ("Show an account", Record(M::Account)), || records::finds(M::Account)),
        route(GET, "/v1/ledger-accounts", Read, ("List ledger accounts", Records(M::LedgerAccount)), || records::lists(M::LedgerAccount)),
        route(GET, "/v1/ledger-accounts/{id}", Read, ("Show a ledger account", Record(M::LedgerAccount)), || records::finds(M::LedgerAccount)),
        route(GET, "/v1/journals", Read, ("List journals", Records(M::Journal)), || records::lists(M::Journal)),
        route(GET, "/v1/journals/{id}", Read, ("Show a journal", Record(M::Journal)), || records::finds(M::Journal)),
        route(GET, "/v1/journal-entries", Read, ("List journal entries", Records(M::JournalEntry)), || records::lists(M::JournalEntry)),
        route(GET, "/v1/journal-entries/{id}", Read, ("Show a journal entry", Record(M::JournalEntry)), || records::finds(M::JournalEntry)),
        route(GET, "/v1/emails", Read, ("List e-mail addresses", Records(M::Email)), || records::lists(M::Email)),
        route(GET, "/v1/emails/{id}", Read, ("Show an e-mail address", Record(M::Email)), || records::finds(M::Email)),
        route(GET, "/v1/payment-means", Read, ("List means of payment", Records(M::PaymentMeans)), || records::lists(M::PaymentMeans)),
        route(GET, "/v1/payment-means/{id}", Read, ("Show a means of payment", Record(M::PaymentMeans)), || records::finds(M::PaymentMeans)),
        route(GET, "/v1/invoice-transactions", Read, ("List payments of invoices", Records(M::InvoiceTransaction)), || records::lists(M::InvoiceTransaction)),
        route(GET, "/v1/invoice-transactions/{id}", Read, ("Show a payment of an invoice", Record(M::InvoiceTransaction)), || records::finds(M::InvoiceTransaction)),
        route(GET, "/v1/documents", Read, ("List documents", Records(M::Document)), || records::lists(M::Document)),
        route(GET, "/v1/documents/{id}", Read, ("Show a document", Record(M::Document)), || records::finds(M::Document)),

        route(GET, "/v1/viewer-links", Write, ("List viewer links that have not ended", List(&viewer_links::LISTING)), || get(viewer_links::list)),
        route(POST, "/v1/viewer-links", Write, ("Make a link for somebody without a key, who may read how connectors do", Create(&viewer_links::KIND)), || post(viewer_links::create)),
        route(GET, "/v1/viewer-links/{id}", Write, ("Show a viewer link", Find(&viewer_links::SHOWING)), || get(viewer_links::find)),
        route(DELETE, "/v1/viewer-links/{id}", Write, ("End a viewer link; whoever has it open reads nothing more", Delete), || delete(viewer_links::delete)),

        route(GET, "/v1/reasons", Public, ("List the reasons", Reasons(&reasons::SHOWING)), || get(reasons::list)),
        route(GET, "/v1/reasons/{reason}", Public, ("Show a reason", Find(&reasons::SHOWING)), || get(reasons::find)),

        route(POST, "/mcp", Read, ("The MCP server: the log and its answers as tools for agents", Other("application/json")), || post(mcp::serve)),

        route(GET, "/v1/openapi.json", Public, ("This document", Other("application/json")), || get(openapi::show)),
        route(GET, "/docs", Public, ("This document, for people", Other("text/html")), || get(docs::show)),
        route(GET, "/healthz", Public, ("Is the process alive?", Other("text/plain")), || get(health::live)),
        route(GET, "/readyz", Public, ("Can it answer?", Other("text/plain")), || get(health::ready)),
        route(GET, "/metrics", Operator, ("Prometheus metrics; without a key on loopback", Other("text/plain")), || get(health::metrics)),
    ]
};

pub(crate) fn router(app: App) -> Router {
    let mut router = Router::new();
    for route in ALL {
        router = router.route(route.path, (route.handler)());
    }
    router
        .merge((app.settings().pages.router)())
        .fallback(no_such_path)
        .method_not_allowed_fallback(no_such_method)
        .layer(middleware::from_fn_with_state(app.clone(), edge::edge))
        .with_state(app)
}

async fn no_such_path() -> Problem {
    Problem::new(Code::NotFound, "there is no such path; /docs lists those that are")
}

async fn no_such_method() -> Problem {
    Problem::new(Code::MethodNotAllowed, "`Allow` lists the methods of this path")
}
