//! Content negotiation: RFC 9110 `Accept`, and the rules of JSON:API about media type parameters.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use mime::Mime;

use crate::App;
use crate::code::Code;
use crate::problem::Problem;

pub(crate) const JSON_API: &str = "application/vnd.api+json";
pub(crate) const JSON_API_VALUE: HeaderValue = HeaderValue::from_static(JSON_API);
pub(crate) const VARY_ACCEPT: HeaderValue = HeaderValue::from_static("Accept");
/// The version we speak, and the profile that lists follow.
pub(crate) const JSONAPI_OBJECT: &str = r#"{"version":"1.1"}"#;
pub(crate) const CURSOR_PROFILE: &str =
    "https://jsonapi.org/profiles/ethanresnick/cursor-pagination/";

/// A form in which something can be said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Media {
    JsonApi,
    Csv,
    Ndjson,
    Events,
}

impl Media {
    pub(crate) const fn essence(self) -> &'static str {
        match self {
            Self::JsonApi => JSON_API,
            Self::Csv => "text/csv",
            Self::Ndjson => "application/x-ndjson",
            Self::Events => "text/event-stream",
        }
    }
}

/// The client takes JSON:API for an answer.
#[derive(Debug)]
pub(crate) struct TakesJsonApi;

impl FromRequestParts<App> for TakesJsonApi {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        accepted(&parts.headers, &[Media::JsonApi]).map(|_| Self)
    }
}

/// Which of the offered forms the client likes best; the first offered when it does not mind.
pub(crate) fn accepted(headers: &HeaderMap, offered: &[Media]) -> Result<Media, Problem> {
    let first = offered.first().copied().unwrap_or(Media::JsonApi);
    let mut given = headers.get_all(header::ACCEPT).iter().peekable();
    match given.peek() {
        None => return Ok(first),
        // What most clients send costs nothing.
        Some(it) if *it == "*/*" || *it == first.essence() => return Ok(first),
        Some(_) => {}
    }
    let ranges: Vec<(Mime, u16)> = given
        .filter_map(|it| it.to_str().ok())
        .flat_map(split_outside_quotes)
        .filter_map(range)
        .collect();
    let mut best: Option<(u16, Media)> = None;
    for media in offered {
        let quality = quality(&ranges, *media);
        if quality > 0 && best.is_none_or(|(than, _)| quality > than) {
            best = Some((quality, *media));
        }
    }
    best.map(|(_, media)| media).ok_or_else(|| not_acceptable(offered))
}

fn not_acceptable(offered: &[Media]) -> Problem {
    let list: Vec<_> = offered.iter().map(|it| it.essence()).collect();
    let detail = format!(
        "this answer comes as {}; `ext` is not supported, and of other media type parameters \
         only `profile` is",
        list.join(" or ")
    );
    Problem::header(Code::NotAcceptable, "Accept", detail)
}

/// The most specific range that matches decides.
fn quality(ranges: &[(Mime, u16)], media: Media) -> u16 {
    let essence = media.essence();
    let family = essence.split('/').next().unwrap_or_default();
    let mut specific = ranges.iter().filter(|(it, _)| it.essence_str() == essence).peekable();
    if specific.peek().is_some() {
        // JSON:API: when every instance is altered, a wildcard beside them does not help.
        return specific.filter(|it| !is_altered(&it.0, media)).map(|it| it.1).max().unwrap_or(0);
    }
    let group = ranges.iter().filter(|(it, _)| it.type_() == family && it.subtype() == mime::STAR);
    if let Some(best) = group.map(|it| it.1).max() {
        return best;
    }
    ranges.iter().filter(|(it, _)| it.type_() == mime::STAR).map(|it| it.1).max().unwrap_or(0)
}

/// JSON:API: instances with a parameter other than `ext` and `profile` do not count, and no
/// extension is supported here. Other types may say their charset.
fn is_altered(given: &Mime, media: Media) -> bool {
    given.params().any(|(name, value)| match name.as_str() {
        "q" | "profile" => false,
        "charset" => media == Media::JsonApi || value != "utf-8",
        _ => true,
    })
}

/// A media range and its quality in thousandths.
fn range(text: &str) -> Option<(Mime, u16)> {
    let text = text.trim();
    // The crate takes no bare star, and a client that sends one means everything.
    let given: Mime = if text == "*" { mime::STAR_STAR } else { text.parse().ok()? };
    let quality = match given.get_param("q") {
        None => 1000,
        Some(q) => thousandths(q.as_str())?,
    };
    Some((given, quality))
}

fn thousandths(text: &str) -> Option<u16> {
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    if rest.len() > 3 || !rest.bytes().all(|it| it.is_ascii_digit()) {
        return None;
    }
    let part: u16 = format!("{rest:0<3}").parse().ok()?;
    match whole {
        "0" => Some(part),
        "1" if part == 0 => Some(1000),
        _ => None,
    }
}

/// Commas inside quotes belong to a parameter, e.g. of `profile`.
fn split_outside_quotes(text: &str) -> Vec<&str> {
    let mut quoted = false;
    text.split(|it| {
        quoted ^= it == '"';
        it == ',' && !quoted
    })
    .collect()
}

/// The form of the body, which must be one of those taken.
pub(crate) fn content_type(headers: &HeaderMap, taken: &[Media]) -> Result<Media, Problem> {
    if headers.get(header::CONTENT_ENCODING).is_some_and(|it| it != "identity") {
        let detail = "compressed bodies are not taken";
        return Err(Problem::header(Code::UnsupportedMediaType, "Content-Encoding", detail));
    }
    let given = headers.get(header::CONTENT_TYPE);
    if given.is_some_and(|it| it == JSON_API) && taken.contains(&Media::JsonApi) {
        return Ok(Media::JsonApi);
    }
    let given: Option<Mime> = given.and_then(|it| it.to_str().ok()).and_then(|it| it.parse().ok());
    let found = given.and_then(|given| {
        taken.iter().copied().find(|it| {
            given.essence_str() == it.essence()
                && given.get_param("q").is_none()
                && !is_altered(&given, *it)
        })
    });
    found.ok_or_else(|| {
        let list: Vec<_> = taken.iter().map(|it| it.essence()).collect();
        let detail = format!(
            "send {}; `ext` is not supported, and of other media type parameters only `profile` is",
            list.join(" or ")
        );
        Problem::header(Code::UnsupportedMediaType, "Content-Type", detail)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &[Media] = &[Media::JsonApi, Media::Csv, Media::Ndjson];

    fn check(accept: &str, expected: Option<Media>) {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, accept.parse().unwrap());
        assert_eq!(accepted(&headers, LIST).ok(), expected, "{accept}");
    }

    #[test]
    fn the_best_liked_of_what_is_offered_is_chosen() {
        check("*/*", Some(Media::JsonApi));
        check("text/csv", Some(Media::Csv));
        check("text/*;q=0.5, application/x-ndjson;q=0.9", Some(Media::Ndjson));
        check("text/csv;q=0.1, */*;q=0.2", Some(Media::JsonApi));
        check("application/vnd.api+json;q=0, */*", Some(Media::Csv));
        check("text/csv; charset=utf-8", Some(Media::Csv));
        check("text/html", None);
        check("application/json", None);
        check("", None);
    }

    #[test]
    fn a_json_api_range_with_parameters_does_not_count_but_profile_does() {
        check("application/vnd.api+json; charset=utf-8", None);
        check(r#"application/vnd.api+json; ext="https://jsonapi.org/ext/atomic""#, None);
        check(r#"application/vnd.api+json; profile="http://a.test/x,y""#, Some(Media::JsonApi));
        check(
            "application/vnd.api+json; charset=utf-8, application/vnd.api+json",
            Some(Media::JsonApi),
        );
        check("application/vnd.api+json; charset=utf-8, text/csv;q=0.1", Some(Media::Csv));
    }

    #[test]
    fn a_body_must_say_what_it_is() {
        for (given, ok) in [
            ("application/vnd.api+json", true),
            (r#"application/vnd.api+json; profile="http://a.test""#, true),
            ("Application/Vnd.Api+Json", true),
            ("application/vnd.api+json; charset=utf-8", false),
            (r#"application/vnd.api+json; ext="http://a.test""#, false),
            ("application/json", false),
            ("nonsense", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, given.parse().unwrap());
            assert_eq!(content_type(&headers, &[Media::JsonApi]).is_ok(), ok, "{given}");
        }
        assert!(content_type(&HeaderMap::new(), &[Media::JsonApi]).is_err());
    }
}
