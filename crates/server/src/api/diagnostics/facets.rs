//! `GET …/facets?by=…`: how many rows of a query have each value, for charts.

use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use domain::nearest::nearest;
use store::diagnostics::{self, Facet, FacetCounts};

use super::COUNTING;
use crate::App;
use crate::auth::Reader;
use crate::code::Code;
use crate::jsonapi::json::Json;
use crate::jsonapi::media::{self, TakesJsonApi};
use crate::jsonapi::{document, filter, link, params};
use crate::problem::Problem;

pub(crate) async fn facets(
    State(app): State<App>,
    Reader(tenant): Reader,
    _: TakesJsonApi,
    uri: Uri,
) -> Result<Response, Problem> {
    let params = params::read(&uri, &COUNTING, app.cursors(), Some(tenant.workspace()))?;
    let by = by(params.by.as_deref().unwrap_or_default())?;
    let counts = diagnostics::facets(app.store(), &tenant, &by, &params.query, app.now()).await?;
    Ok(document::answer(StatusCode::OK, write(&counts, &uri)))
}

fn by(given: &str) -> Result<Vec<Facet>, Problem> {
    let words = || Facet::ALL.iter().map(|it| it.as_str());
    let wrong = |detail: String| Problem::parameter(Code::InvalidParameter, "by", detail);
    let mut by = Vec::new();
    for word in given.split(',').map(str::trim).filter(|it| !it.is_empty()) {
        let facet = word.parse::<Facet>().map_err(|_unknown| match nearest(word, words()) {
            Some(near) => wrong(format!("there is no such facet; did you mean `{near}`?")),
            None => wrong(format!("there is no such facet; there are {}", filter::list(words()))),
        })?;
        if !by.contains(&facet) {
            by.push(facet);
        }
    }
    if by.is_empty() {
        return Err(wrong(format!("say by what to count: {}", filter::list(words()))));
    }
    Ok(by)
}

fn write(counts: &[FacetCounts], uri: &Uri) -> Vec<u8> {
    let mut json = Json::with_capacity(4096);
    json.open().key("jsonapi").raw(media::JSONAPI_OBJECT).key("data").open_list();
    for facet in counts {
        let name = facet.facet.as_str();
        json.open().key("type").word("facet").key("id").word(name).key("attributes").open();
        json.key("name").word(name).key("values").open_list();
        for it in &facet.values {
            json.open().key("value").text_or_null(it.value.as_deref());
            json.key("count").number(it.count).close();
        }
        json.close_list().close().close();
    }
    json.close_list().key("links").open().key("self").text(&link::own(uri)).close().close();
    json.into_bytes()
}
