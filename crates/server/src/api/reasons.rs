//! `/v1/reasons`: the catalogue of reasons, for everyone; and each as a page for people.

use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use domain::Reason;
use domain::catalogue::{self, Page};

use crate::api::Named;
use crate::jsonapi::document::{self, Fields, Id, Kind, Resource};
use crate::jsonapi::json::Json;
use crate::jsonapi::link;
use crate::jsonapi::media::{self, TakesJsonApi};
use crate::jsonapi::params::{self, Does, Listing};
use crate::problem::Problem;

pub(crate) static KIND: Kind = Kind {
    name: "reason",
    path: "/v1/reasons",
    attributes: &[
        "reason",
        "class",
        "impact",
        "stage",
        "title",
        "summary",
        "who_acts",
        "retry",
        "meaning",
        "likely_causes",
        "what_to_do",
        "what_happens_next",
        "example",
    ],
    relationships: &[],
};

/// The whole list is 23 entries: it has no pages.
pub(crate) static SHOWING: Listing = Listing {
    kind: &KIND,
    fields: &[],
    sorts: &[],
    newest_by: "reason",
    is_searchable: false,
    includes: &[],
    does: Does::Shows,
};

impl Resource for Page {
    fn kind(&self) -> &'static Kind {
        &KIND
    }

    fn id(&self) -> Id<'_> {
        Id::Word(self.reason.as_str())
    }

    fn attributes(&self, json: &mut Json, fields: &Fields) {
        let words = [
            ("reason", self.reason.as_str()),
            ("class", self.class.as_str()),
            ("impact", self.impact.as_str()),
            ("stage", self.stage.as_str()),
            ("title", &self.title),
            ("summary", &self.summary),
        ];
        let texts = [
            ("retry", &self.retry),
            ("meaning", &self.meaning),
            ("likely_causes", &self.likely_causes),
            ("what_to_do", &self.what_to_do),
            ("what_happens_next", &self.what_happens_next),
        ];
        for (name, text) in words.into_iter().filter(|it| fields.has(it.0)) {
            json.key(name).text(text);
        }
        if fields.has("who_acts") {
            json.key("who_acts").value(&self.who_acts);
        }
        for (name, text) in texts.into_iter().filter(|it| fields.has(it.0)) {
            json.key(name).text(text);
        }
        if fields.has("example") {
            json.key("example").value(&self.example);
        }
    }

    fn relationships(&self, _: &mut Json, _: &Fields) {}

    fn about(&self) -> Option<String> {
        Some(format!("/reasons/{}", self.reason))
    }
}

pub(crate) async fn list(_: TakesJsonApi, uri: Uri) -> Result<Response, Problem> {
    let params = params::read_one(&uri, &SHOWING)?;
    let mut json = Json::with_capacity(64 * 1024);
    json.open().key("jsonapi").raw(media::JSONAPI_OBJECT).key("data").open_list();
    for page in catalogue::pages() {
        document::resource(&mut json, page, params.fields(&KIND));
    }
    json.close_list().key("links").open().key("self").text(&link::own(&uri)).close().close();
    Ok(document::answer(StatusCode::OK, json.into_bytes()))
}

pub(crate) async fn find(
    _: TakesJsonApi,
    Named(reason): Named,
    uri: Uri,
) -> Result<Response, Problem> {
    let params = params::read_one(&uri, &SHOWING)?;
    let page = catalogue::page(parse(&reason)?);
    Ok(document::answer(StatusCode::OK, document::one(page, &params, None)))
}

fn parse(reason: &str) -> Result<Reason, Problem> {
    reason.parse().map_err(|_unknown| Problem::not_found("reason"))
}

/// A text answer of a fixed type.
pub(crate) fn text(content_type: &'static str, body: String) -> Response {
    let mut response = body.into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}
