//! Pages for people: the API's documentation, made from the OpenAPI document's own tables, and the
//! reasons. Self-contained: nothing is fetched from elsewhere.

use std::fmt::Write as _;

use axum::http::{HeaderValue, header};
use axum::response::Response;
use utoipa::openapi::path::ParameterIn;

use crate::api::reasons;
use crate::code::Code;
use crate::openapi;
use crate::routes::{self, Route, Shape};

mod markdown;

pub use markdown::markdown;

const STYLE: &str = include_str!("docs/style.css");

pub(crate) async fn show() -> Response {
    html("Wireline API", &body())
}

/// A page. No script runs on it, whatever a text says.
pub(crate) fn html(title: &str, body: &str) -> Response {
    let title = escape(title);
    let page = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <style>{STYLE}</style></head>\n<body><nav><a href=\"/docs\">API</a> \
         <a href=\"/reasons\">Reasons</a> <a href=\"/v1/openapi.json\">OpenAPI</a></nav>\n\
         <main>\n{body}</main></body></html>\n"
    );
    let mut response = reasons::text("text/html; charset=utf-8", page);
    let policy =
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";
    response
        .headers_mut()
        .insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    response
}

pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn body() -> String {
    let mut out = markdown(include_str!("docs/intro.md"));
    let mut tag = "";
    for route in routes::ALL {
        if openapi::tag(route) != tag {
            tag = openapi::tag(route);
            push(&mut out, format_args!("<h2 id=\"{tag}\">{tag}</h2>\n"));
        }
        operation(&mut out, route);
    }
    out.push_str("<h2 id=\"errors\">Errors</h2>\n<table><tr><th>Code</th><th>Status</th><th>Means</th><th>What to do</th></tr>\n");
    for code in Code::ALL {
        let (title, advice) = (escape(code.title()), markdown::inline(code.advice()));
        push(
            &mut out,
            format_args!(
                "<tr id=\"{code}\"><td><code>{code}</code></td><td>{}</td><td>{title}</td><td>{advice}</td></tr>\n",
                code.status().as_u16()
            ),
        );
    }
    out.push_str("</table>\n");
    out
}

fn operation(out: &mut String, route: &Route) {
    let (method, path) = (route.method.as_str(), route.path);
    push(
        out,
        format_args!(
            "<section><h3><b class=\"{}\">{method}</b> <code>{path}</code></h3>\n<p>{}. <span>{}</span></p>\n",
            method.to_ascii_lowercase(),
            markdown::inline(route.summary),
            openapi::needs(route.auth)
        ),
    );
    let parameters = openapi::parameters(route).0;
    if !parameters.is_empty() {
        push(
            out,
            format_args!("<details><summary>{} parameters</summary>\n<table>\n", parameters.len()),
        );
        for it in &parameters {
            let place = match it.parameter_in {
                ParameterIn::Path => "path",
                ParameterIn::Header => "header",
                ParameterIn::Query | ParameterIn::Cookie | ParameterIn::QueryString => "query",
            };
            let what = it.description.as_deref().unwrap_or_default();
            push(
                out,
                format_args!(
                    "<tr><td><code>{}</code></td><td>{place}</td><td>{}</td></tr>\n",
                    escape(&it.name),
                    markdown::inline(what)
                ),
            );
        }
        out.push_str("</table></details>\n");
    }
    if let Some(example) = example(route) {
        push(out, format_args!("<pre><code>{}</code></pre>\n", escape(&example)));
    }
    out.push_str("</section>\n");
}

/// A request to copy.
fn example(route: &Route) -> Option<String> {
    let path = route.path.replace("{id}", "$ID").replace("{reason}", "empty_result");
    let key = match route.auth {
        routes::Auth::Public => "",
        routes::Auth::Read
        | routes::Auth::Write
        | routes::Auth::Admin
        | routes::Auth::Any
        | routes::Auth::AdminOrOperator
        | routes::Auth::Operator => " -H \"Authorization: Bearer $KEY\"",
    };
    let url = format!("\"$WIRELINE{path}\"");
    let method = route.method.as_str();
    Some(match route.shape {
        Shape::List(_)
        | Shape::Find(_)
        | Shape::Records(_)
        | Shape::Record(_)
        | Shape::Reasons(_) => format!("curl{key} {url}"),
        Shape::Asks(_, asks) => {
            let asks: Vec<String> = asks.iter().map(|it| format!("{}=…", it.name)).collect();
            format!("curl{key} \"$WIRELINE{path}?{}\"", asks.join("&"))
        }
        Shape::Facets(_) => format!("curl{key} \"$WIRELINE{path}?by=reason,day\""),
        Shape::Stream(_) => format!("curl -N{key} {url}"),
        Shape::Create(_) | Shape::Batch(_) | Shape::Update(_) => format!(
            "curl -X {method}{key} -H \"Content-Type: application/vnd.api+json\" --data @body.json {url}"
        ),
        Shape::Probe { takes_body: true } | Shape::Replay => format!(
            "curl -X {method}{key} -H \"Content-Type: application/vnd.api+json\" --data @body.json {url}"
        ),
        Shape::Delete | Shape::Run | Shape::Probe { takes_body: false } => {
            format!("curl -X {method}{key} {url}")
        }
        Shape::Other(_) => return None,
    })
}

fn push(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing into a String cannot fail.
    out.write_fmt(text).unwrap_or_default();
}
