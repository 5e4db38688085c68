//! The OpenAPI document, made from the same tables as the routes, the filters and the resources.

use std::sync::LazyLock;

use axum::extract::State;
use axum::http::Method;
use axum::response::Response;
use domain::run::Refusal;
use utoipa::openapi::path::{
    HttpMethod, OperationBuilder, Parameter, ParameterBuilder, ParameterIn,
};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    ComponentsBuilder, Content, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, PathsBuilder,
    Ref, Required, ResponseBuilder, ResponsesBuilder, request_body::RequestBodyBuilder,
};

use crate::App;
use crate::api::{self, probes, reasons, records, replays};
use crate::code::Code;
use crate::jsonapi::document::Kind;
use crate::jsonapi::media;
use crate::jsonapi::params::{Does, Listing};
use crate::routes::{self, Auth, Route, Shape};

mod attribute;
pub(crate) mod schema;

/// One operation's parameter, as the documentation shows it.
pub(crate) struct Parameters(pub(crate) Vec<Parameter>);

pub(crate) async fn show(State(_): State<App>) -> Response {
    static TEXT: LazyLock<String> = LazyLock::new(|| document().to_json().unwrap_or_default());
    reasons::text("application/json", TEXT.clone())
}

pub(crate) fn document() -> OpenApi {
    let info = InfoBuilder::new()
        .title("Wireline")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "The flight recorder of MCP connector syncs: for every record that is missing, there \
             is a row that says why. JSON:API 1.1.",
        ))
        .license(Some(
            LicenseBuilder::new().name("Apache-2.0").identifier(Some("Apache-2.0")).build(),
        ));
    let mut components = ComponentsBuilder::new()
        .security_scheme(
            "key",
            SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build()),
        )
        .schema("errors", schema::errors());
    for kind in api::kinds() {
        components = components
            .schema(kind.name, schema::resource(kind))
            .schema(format!("{}_document", kind.name), schema::document(kind))
            .schema(format!("{}_list", kind.name), schema::list(kind));
        if attribute::writable(kind).is_some() {
            components = components
                .schema(format!("new_{}", kind.name), schema::new(kind))
                .schema(format!("changed_{}", kind.name), schema::changed(kind));
        }
    }
    let mut paths = PathsBuilder::new();
    for route in routes::ALL {
        let item = utoipa::openapi::PathItem::new(method(&route.method), operation(route));
        paths = paths.path(route.path, item);
    }
    OpenApiBuilder::new()
        .info(info.build())
        .paths(paths)
        .components(Some(components.build()))
        .build()
}

fn method(method: &Method) -> HttpMethod {
    match method.as_str() {
        "POST" => HttpMethod::Post,
        "PATCH" => HttpMethod::Patch,
        "DELETE" => HttpMethod::Delete,
        _ => HttpMethod::Get,
    }
}

fn operation(route: &Route) -> OperationBuilder {
    let mut operation = OperationBuilder::new()
        .operation_id(Some(id(route)))
        .tag(tag(route))
        .summary(Some(route.summary))
        .description(Some(needs(route.auth)));
    for parameter in parameters(route).0 {
        operation = operation.parameter(parameter);
    }
    operation = match route.auth {
        Auth::Public => operation.securities(Some([SecurityRequirement::default()])),
        Auth::Read
        | Auth::Write
        | Auth::Admin
        | Auth::Any
        | Auth::AdminOrOperator
        | Auth::Operator => {
            operation.security(SecurityRequirement::new::<_, [&str; 0], &str>("key", []))
        }
    };
    operation.request_body(body(route)).responses(responses(route))
}

/// `GET /v1/api-keys/{id}` → `get_api_keys_id`.
fn id(route: &Route) -> String {
    let path = route.path.trim_start_matches("/v1/").trim_matches('/');
    let words: String = path
        .chars()
        .filter(|it| !"{}".contains(*it))
        .map(|it| if it.is_alphanumeric() { it } else { '_' })
        .collect();
    format!("{}_{words}", route.method.as_str().to_ascii_lowercase())
}

pub(crate) fn tag(route: &Route) -> &'static str {
    let path = route.path.trim_start_matches("/v1").trim_start_matches('/');
    match path.split('/').next().unwrap_or_default() {
        "openapi.json" | "docs" | "healthz" | "readyz" | "metrics" => "service",
        first => first,
    }
}

/// Who may, in a sentence.
pub(crate) const fn needs(auth: Auth) -> &'static str {
    match auth {
        Auth::Public => "No key needed.",
        Auth::Read => "Any key of the workspace.",
        Auth::Write => "A key with the role `write` or `admin`.",
        Auth::Admin => "A key with the role `admin`.",
        Auth::Any => "Any key; the operator's sees every workspace.",
        Auth::AdminOrOperator => "A key with the role `admin`, or an operator key.",
        Auth::Operator => "An operator key.",
    }
}

pub(crate) fn parameters(route: &Route) -> Parameters {
    let mut all = Vec::new();
    for name in ["id", "reason"] {
        if route.path.contains(&format!("{{{name}}}")) {
            all.push(parameter(name, ParameterIn::Path, "", schema::path(name)));
        }
    }
    match route.shape {
        Shape::List(listing) | Shape::Facets(listing) => all.extend(query(listing)),
        Shape::Find(listing) | Shape::Reasons(listing) => all.extend(query(listing)),
        Shape::Records(model) => all.extend(query(records::listing(model))),
        Shape::Record(model) => all.extend(query(records::showing(model))),
        Shape::Stream(listing) => {
            all.extend(query(listing));
            let what = "the `id` of the last event that arrived; the stream goes on after it";
            all.push(parameter("Last-Event-ID", ParameterIn::Header, what, schema::text()));
        }
        Shape::Asks(_, asks) => all
            .extend(asks.iter().map(|it| {
                parameter(it.name, ParameterIn::Query, it.says, schema::takes(it.takes))
            })),
        Shape::Create(kind) if kind.name == "connector_sync_diagnostic" => {
            let what = "makes the request one request for 24 hours, however often it is sent";
            all.push(parameter("Idempotency-Key", ParameterIn::Header, what, schema::text()));
        }
        Shape::Batch(_) => {
            let what = "`return=representation`: the rows in the answer, not only their ids";
            all.push(parameter("Prefer", ParameterIn::Header, what, schema::text()));
        }
        Shape::Create(_)
        | Shape::Update(_)
        | Shape::Delete
        | Shape::Run
        | Shape::Probe { .. }
        | Shape::Replay
        | Shape::Other(_) => {}
    }
    Parameters(all)
}

fn parameter(
    name: &str,
    place: ParameterIn,
    what: &str,
    schema: utoipa::openapi::Schema,
) -> Parameter {
    let required = if place == ParameterIn::Path { Required::True } else { Required::False };
    let builder = ParameterBuilder::new().name(name).parameter_in(place).required(required);
    let description = (!what.is_empty()).then_some(what);
    builder.description(description).schema(Some(schema)).build()
}

/// Everything that the query of a list may hold.
fn query(listing: &Listing) -> Vec<Parameter> {
    let of = |name: &str, what: &str, schema| parameter(name, ParameterIn::Query, what, schema);
    let mut all = Vec::new();
    if listing.does != Does::Shows {
        for field in listing.fields {
            let ops: Vec<_> = field.kind.ops().iter().map(|it| it.as_str()).collect();
            let what =
                format!("also `filter[{}][op]` with op one of {}", field.name, ops.join(", "));
            all.push(of(&format!("filter[{}]", field.name), &what, schema::filter(field)));
        }
        if listing.is_searchable {
            all.push(of("q", "searches the text", schema::text()));
        }
    }
    if listing.does != Does::Counts {
        let what = "sparse fieldset: members separated by commas";
        all.push(of(&format!("fields[{}]", listing.kind.name), what, schema::text()));
    }
    if matches!(listing.does, Does::Pages | Does::Shows) && !listing.includes.is_empty() {
        all.push(of(
            "include",
            &format!("any of {}, separated by commas", listing.includes.join(", ")),
            schema::text(),
        ));
    }
    match listing.does {
        Does::Counts => {
            all.push(of("by", "what to count by, separated by commas", schema::facets()))
        }
        Does::Pages => {
            all.push(of("sort", "`-` before it: descending", schema::sorts(listing.sorts)));
            all.push(of(
                "page[size]",
                "default 20 (`limit` means the same)",
                schema::number(1, 500),
            ));
            all.push(of(
                "page[after]",
                "a cursor of `links.next` (`cursor` means the same)",
                schema::text(),
            ));
            all.push(of("page[before]", "a cursor of `links.prev`", schema::text()));
            all.push(of("page[total]", "adds `meta.page.total`", schema::flag()));
        }
        Does::Shows | Does::Streams => {}
    }
    all
}

fn content(name: String) -> Content {
    Content::new(Some(Ref::from_schema_name(name)))
}

fn body(route: &Route) -> Option<utoipa::openapi::request_body::RequestBody> {
    let builder = RequestBodyBuilder::new().required(Some(Required::True));
    match route.shape {
        Shape::Create(kind) => {
            Some(builder.content(media::JSON_API, content(format!("new_{}", kind.name))).build())
        }
        Shape::Probe { takes_body: true } => Some(
            builder.content(media::JSON_API, content(format!("new_{}", probes::KIND.name))).build(),
        ),
        Shape::Replay => Some(
            builder
                .content(media::JSON_API, content(format!("new_{}", replays::KIND.name)))
                .build(),
        ),
        Shape::Update(kind) => Some(
            builder.content(media::JSON_API, content(format!("changed_{}", kind.name))).build(),
        ),
        Shape::Batch(kind) => {
            let content = Content::new(Some(schema::batch(kind)));
            let lines = Content::new(Some(schema::text()));
            Some(
                builder
                    .content(media::JSON_API, content)
                    .content("application/x-ndjson", lines)
                    .build(),
            )
        }
        Shape::List(_)
        | Shape::Find(_)
        | Shape::Records(_)
        | Shape::Record(_)
        | Shape::Delete
        | Shape::Facets(_)
        | Shape::Stream(_)
        | Shape::Run
        | Shape::Probe { takes_body: false }
        | Shape::Asks(..)
        | Shape::Reasons(_)
        | Shape::Other(_) => None,
    }
}

fn responses(route: &Route) -> utoipa::openapi::Responses {
    let done = |what: &str| ResponseBuilder::new().description(what);
    let document = |kind: &Kind| content(format!("{}_document", kind.name));
    let list = |kind: &Kind| content(format!("{}_list", kind.name));
    let found = |what: &str, kind: &Kind| done(what).content(media::JSON_API, document(kind));
    let (status, response) = match route.shape {
        Shape::List(it) if it.kind.name == "connector_sync_diagnostic" => {
            let lines = || Content::new(Some(schema::text()));
            let page = done("A page, or an export").content(media::JSON_API, list(it.kind));
            ("200", page.content("text/csv", lines()).content("application/x-ndjson", lines()))
        }
        Shape::List(it) | Shape::Reasons(it) => {
            ("200", done("A page").content(media::JSON_API, list(it.kind)))
        }
        Shape::Find(it) => ("200", found("The resource", it.kind)),
        Shape::Records(model) => {
            let kind = records::listing(model).kind;
            ("200", done("A page").content(media::JSON_API, list(kind)))
        }
        Shape::Record(model) => ("200", found("The resource", records::listing(model).kind)),
        Shape::Create(kind) => ("201", done("Made").content(media::JSON_API, document(kind))),
        Shape::Batch(kind) => {
            ("201", done("All made, in their order").content(media::JSON_API, list(kind)))
        }
        Shape::Update(kind) => ("200", done("Changed").content(media::JSON_API, document(kind))),
        Shape::Delete => ("204", done("Gone")),
        Shape::Facets(_) => (
            "200",
            done("Counts").content(media::JSON_API, Content::new(Some(schema::facet_document()))),
        ),
        Shape::Stream(_) => (
            "200",
            done("Events, each a resource object")
                .content("text/event-stream", Content::new(Some(schema::text()))),
        ),
        Shape::Run => {
            ("202", done("The run").content(media::JSON_API, document(&api::sync_logs::KIND)))
        }
        Shape::Probe { .. } => ("200", found("What was found", &probes::KIND)),
        Shape::Replay => ("200", found("What would differ", &replays::KIND)),
        Shape::Asks(kind, _) => ("200", found("The answer", kind)),
        Shape::Other(media) => {
            ("200", done("As it says").content(media, Content::new(Some(schema::text()))))
        }
    };
    let errors = || content("errors".to_owned());
    let words: Vec<_> = Refusal::ALL.iter().map(|it| it.as_str()).collect();
    let mut all = ResponsesBuilder::new().response(status, response.build());
    if matches!(route.shape, Shape::Run) {
        let what = format!("Refused: {}", words.join(", "));
        all = all.response("409", done(&what).content(media::JSON_API, errors()).build());
    }
    let codes: Vec<_> = Code::ALL.iter().map(|it| it.as_str()).collect();
    let what = format!("An error, with one of the codes {}", codes.join(", "));
    all.response("default", done(&what).content(media::JSON_API, errors()).build()).build()
}
