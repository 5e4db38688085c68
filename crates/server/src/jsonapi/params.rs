//! The query of a request: read once, whole, against what its list offers. Nothing is ignored.

use std::borrow::Cow;

use axum::extract::FromRequestParts;
use axum::http::Uri;
use axum::http::request::Parts;
use domain::id::WorkspaceId;
use domain::nearest::nearest;
use store::{Edge, Field, Page, Query, Sort};

use super::cursor::{Cursors, Scope};
use super::document::{Fields, Kind};
use super::filter;
use super::media::TakesJsonApi;
use crate::code::Code;
use crate::problem::{Fault, Problem};
use crate::{App, api};

/// What a list offers.
#[derive(Debug)]
pub(crate) struct Listing {
    pub(crate) kind: &'static Kind,
    pub(crate) fields: &'static [Field],
    pub(crate) sorts: &'static [&'static str],
    /// Newest first by this member unless asked otherwise.
    pub(crate) newest_by: &'static str,
    /// `q` searches.
    pub(crate) is_searchable: bool,
    pub(crate) includes: &'static [&'static str],
    pub(crate) does: Does,
}

/// Which families of parameters an operation takes beyond filters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Does {
    /// Sort, page, fields, include.
    Pages,
    /// Fields and include of one resource; no filters.
    Shows,
    /// Filters and fields.
    Streams,
    /// Filters and `by`.
    Counts,
}

/// A query that holds.
#[derive(Debug, Default)]
pub(crate) struct Params {
    pub(crate) query: Query,
    pub(crate) fields: Vec<(&'static str, Fields)>,
    pub(crate) include: Vec<&'static str>,
    /// A size was asked for.
    pub(crate) is_sized: bool,
    pub(crate) by: Option<String>,
    /// What a cursor of this list is bound to.
    pub(crate) order: String,
}

impl Params {
    pub(crate) fn fields(&self, kind: &Kind) -> &Fields {
        self.fields.iter().find(|it| it.0 == kind.name).map_or(&Fields::All, |it| &it.1)
    }

    pub(crate) fn includes(&self, name: &str) -> bool {
        self.include.contains(&name)
    }
}

/// Reads the query of a list. `workspace` and the sort are what its cursors are bound to.
pub(crate) fn read(
    uri: &Uri,
    listing: &'static Listing,
    cursors: &Cursors,
    workspace: Option<WorkspaceId>,
) -> Result<Params, Problem> {
    let mut reading =
        Reading { listing, params: Params::default(), edges: Vec::new(), seen: Vec::new() };
    for (name, value) in form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
        reading.take(name, value)?;
    }
    let Reading { mut params, edges, .. } = reading;
    let (sort, descending) = match params.query.sort {
        Some(sort) => (sort.field.name, sort.descending),
        None => (listing.newest_by, true),
    };
    let sign = if descending { "-" } else { "" };
    params.order = format!("{} {sign}{sort}", listing.kind.name);
    params.query.page.at = edge(&edges, cursors, Scope { workspace, order: &params.order })?;
    Ok(params)
}

/// Reads the query of an operation on one resource.
pub(crate) fn read_one(uri: &Uri, listing: &'static Listing) -> Result<Params, Problem> {
    let mut reading =
        Reading { listing, params: Params::default(), edges: Vec::new(), seen: Vec::new() };
    for (name, value) in form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
        reading.take(name, value)?;
    }
    Ok(reading.params)
}

/// The client takes JSON:API for an answer, and gives no query, which would mean nothing here.
#[derive(Debug)]
pub(crate) struct Plain;

impl FromRequestParts<App> for Plain {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        TakesJsonApi::from_request_parts(parts, app).await?;
        match form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()).next() {
            None => Ok(Self),
            Some((name, _)) => {
                let detail = "this operation takes no query parameters";
                Err(Problem::parameter(Code::UnknownParameter, name, detail))
            }
        }
    }
}

struct Reading<'a> {
    listing: &'static Listing,
    params: Params,
    /// `page[after]` and its like, with their cursors.
    edges: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    seen: Vec<Cow<'a, str>>,
}

impl<'a> Reading<'a> {
    fn take(&mut self, name: Cow<'a, str>, value: Cow<'a, str>) -> Result<(), Problem> {
        let is_text = |it: &str| !it.contains(['\u{fffd}', '\0']);
        if !is_text(&name) || !is_text(&value) {
            let name = name.replace(['\u{fffd}', '\0'], "?");
            return Err(Problem::parameter(Code::InvalidParameter, name, "is not UTF-8 text"));
        }
        if self.seen.contains(&name) {
            let detail = "is given twice; a list of values is separated by commas";
            return Err(Problem::parameter(Code::InvalidParameter, name, detail));
        }
        self.seen.push(name.clone());
        let Some((family, path)) = split(&name) else { return Err(self.unknown(&name)) };
        let does = self.listing.does;
        match (family, path.as_slice()) {
            ("filter", path) if does != Does::Shows => {
                let condition = filter::condition(&name, path, &value, self.listing.fields)?;
                self.params.query.conditions.push(condition);
            }
            ("q", []) if self.listing.is_searchable && does != Does::Shows => {
                self.params.query.search = Some(value.into_owned());
            }
            ("fields", [kind]) if does != Does::Counts => {
                let fields = fieldset(&name, kind, &value)?;
                self.params.fields.push(fields);
            }
            ("include", []) if matches!(does, Does::Pages | Does::Shows) => {
                self.params.include = include(&value, self.listing)?;
            }
            ("by", []) if does == Does::Counts => self.params.by = Some(value.into_owned()),
            ("sort", []) if does == Does::Pages => {
                self.params.query.sort = Some(sort(&value, self.listing)?);
            }
            ("page", ["size"]) | ("limit", []) if does == Does::Pages => {
                if std::mem::replace(&mut self.params.is_sized, true) {
                    let detail = "`limit` and `page[size]` mean the same; give one";
                    return Err(Problem::parameter(Code::InvalidParameter, name, detail));
                }
                self.params.query.page.size = size(&name, &value)?;
            }
            ("page", ["total"]) if does == Does::Pages => {
                self.params.query.page.total = flag(&name, &value)?;
            }
            ("page", ["after" | "before"]) | ("cursor", []) if does == Does::Pages => {
                self.edges.push((name, value));
            }
            _ => return Err(self.unknown(&name)),
        }
        Ok(())
    }

    fn unknown(&self, name: &str) -> Problem {
        let detail = match nearest(name, names(self.listing).iter().map(String::as_str)) {
            Some(near) => format!("this has no meaning here; did you mean `{near}`?"),
            None => "this has no meaning here".to_owned(),
        };
        Problem::parameter(Code::UnknownParameter, name, detail)
    }
}

/// Every parameter of an operation, for suggestions and for the documentation.
pub(crate) fn names(listing: &Listing) -> Vec<String> {
    let does = listing.does;
    let mut names = Vec::new();
    if does != Does::Shows {
        names.extend(listing.fields.iter().map(|it| format!("filter[{}]", it.name)));
        names.extend(listing.is_searchable.then(|| "q".to_owned()));
    }
    if does != Does::Counts {
        names.push(format!("fields[{}]", listing.kind.name));
    }
    if matches!(does, Does::Pages | Does::Shows) && !listing.includes.is_empty() {
        names.push("include".to_owned());
    }
    match does {
        Does::Counts => names.push("by".to_owned()),
        Does::Pages => {
            let paging = [
                "sort",
                "page[size]",
                "page[after]",
                "page[before]",
                "page[total]",
                "limit",
                "cursor",
            ];
            names.extend(paging.map(str::to_owned));
        }
        Does::Shows | Does::Streams => {}
    }
    names
}

/// `filter[a][b]` → `filter`, [`a`, `b`].
fn split(name: &str) -> Option<(&str, Vec<&str>)> {
    let Some((family, rest)) = name.split_once('[') else { return Some((name, Vec::new())) };
    let path: Vec<&str> = rest.strip_suffix(']')?.split("][").collect();
    path.iter().all(|it| !it.is_empty() && !it.contains(['[', ']'])).then_some((family, path))
}

fn fieldset(name: &str, kind: &str, value: &str) -> Result<(&'static str, Fields), Problem> {
    let Some(kind) = api::kinds().find(|it| it.name == kind) else {
        let detail = match nearest(kind, api::kinds().map(|it| it.name)) {
            Some(near) => format!("there is no such type; did you mean `fields[{near}]`?"),
            None => "there is no such type".to_owned(),
        };
        return Err(Problem::parameter(Code::InvalidParameter, name, detail));
    };
    let members =
        || kind.attributes.iter().chain(kind.relationships.iter().map(|it| &it.0)).copied();
    let mut wanted = Vec::new();
    for word in value.split(',').map(str::trim).filter(|it| !it.is_empty()) {
        wanted.push(members().find(|it| *it == word).ok_or_else(|| {
            let detail = match nearest(word, members()) {
                Some(near) => format!("`{}` has no such field; did you mean `{near}`?", kind.name),
                None => format!("`{}` has the fields {}", kind.name, filter::list(members())),
            };
            Problem::parameter(Code::InvalidParameter, name, detail)
        })?);
    }
    Ok((kind.name, Fields::Only(wanted)))
}

fn include(value: &str, listing: &Listing) -> Result<Vec<&'static str>, Problem> {
    let mut paths = Vec::new();
    for path in value.split(',').map(str::trim).filter(|it| !it.is_empty()) {
        let known = listing.includes.iter().copied();
        let found = known.clone().find(|it| *it == path).ok_or_else(|| {
            let detail = match (nearest(path, known.clone()), listing.includes) {
                (_, []) => "nothing can be included here".to_owned(),
                (Some(near), _) => format!("there is no such path; did you mean `{near}`?"),
                (None, _) => format!("there is no such path; there are {}", filter::list(known)),
            };
            Problem::parameter(Code::InvalidParameter, "include", detail)
        })?;
        paths.push(found);
    }
    Ok(paths)
}

fn sort(value: &str, listing: &Listing) -> Result<Sort, Problem> {
    let (name, descending) = value.strip_prefix('-').map_or((value, false), |it| (it, true));
    let known = || listing.sorts.iter().copied();
    let found = known().find(|it| *it == name);
    let field = found.and_then(|it| listing.fields.iter().find(|field| field.name == it));
    field.map(|field| Sort { field, descending }).ok_or_else(|| {
        let detail = match nearest(name, known()) {
            Some(near) => format!("cannot sort by this; did you mean `{near}`?"),
            None => format!(
                "sort by one of {}, with `-` before it for descending",
                filter::list(known())
            ),
        };
        profile_problem("sort", detail, "unsupported-sort")
    })
}

fn size(name: &str, value: &str) -> Result<u16, Problem> {
    let max = Page::SIZE_MAX;
    match value.parse::<u64>() {
        Ok(size) if size > u64::from(max) => Err(profile_problem(
            name,
            format!("a page has at most {max} items"),
            "max-size-exceeded",
        )),
        Ok(size @ 1..) => Ok(u16::try_from(size).unwrap_or(max)),
        Ok(0) | Err(_) => {
            let detail = format!("write a whole number from 1 to {max}");
            Err(Problem::parameter(Code::InvalidParameter, name, detail))
        }
    }
}

fn flag(name: &str, value: &str) -> Result<bool, Problem> {
    match value {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(Problem::parameter(Code::InvalidParameter, name, "write `true` or `false`")),
    }
}

fn edge(
    edges: &[(Cow<'_, str>, Cow<'_, str>)],
    cursors: &Cursors,
    scope: Scope<'_>,
) -> Result<Option<Edge>, Problem> {
    let (name, cursor) = match edges {
        [] => return Ok(None),
        [one] => one,
        [_, (name, _), ..] => {
            let detail = "a page begins after one cursor or ends before one, not both";
            return Err(profile_problem(name, detail.to_owned(), "range-pagination-not-supported"));
        }
    };
    let mark = cursors.open(cursor, scope).ok_or_else(|| {
        let detail = "is not a cursor of this list with this sort; start again at the first page";
        Problem::parameter(Code::InvalidCursor, name.clone(), detail)
    })?;
    Ok(Some(if name == "page[before]" { Edge::Before(mark) } else { Edge::After(mark) }))
}

fn profile_problem(name: &str, detail: String, word: &'static str) -> Problem {
    let fault = Fault::new(Code::InvalidParameter, detail).of_profile(word);
    Problem::of(vec![fault.of_parameter(name)])
}
