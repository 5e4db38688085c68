//! Addresses within the console: every value encoded.

use axum::http::Uri;
use domain::TargetModel;
use domain::id::{ConnectorMappingId, SyncLogId, WorkspaceConnectorId};
use form_urlencoded::Serializer;
use uuid::Uuid;

/// A path with a query.
pub(crate) fn to(path: &str, query: &[(&str, &str)]) -> String {
    if query.is_empty() {
        return path.to_owned();
    }
    let query = Serializer::new(String::new()).extend_pairs(query).finish();
    format!("{path}?{query}")
}

pub(crate) fn connector(id: WorkspaceConnectorId) -> String {
    format!("/connectors/{id}")
}

pub(crate) fn run(id: SyncLogId) -> String {
    format!("/runs/{id}")
}

pub(crate) fn mapping(id: ConnectorMappingId) -> String {
    format!("/mappings/{id}")
}

pub(crate) fn record(model: TargetModel, id: Uuid) -> String {
    format!("/records/{model}/{id}")
}

pub(crate) fn missing(model: TargetModel, external_id: &str) -> String {
    to("/missing", &[("target_model", model.as_str()), ("external_id", external_id)])
}

/// The address of a request with one parameter changed, and from its first page again. None: the
/// parameter goes.
pub(crate) fn with(uri: &Uri, name: &str, value: Option<&str>) -> String {
    with_all(uri, &[(name, value)])
}

pub(crate) fn with_all(uri: &Uri, changes: &[(&str, Option<&str>)]) -> String {
    let first = [("page[after]", None), ("page[before]", None), ("cursor", None)];
    with_page(uri, &[changes, &first].concat())
}

/// The same, and still on its page.
pub(crate) fn with_page(uri: &Uri, changes: &[(&str, Option<&str>)]) -> String {
    let mut query = Serializer::new(String::new());
    let is_gone = |it: &str| changes.iter().any(|change| change.0 == it);
    for (known, value) in form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
        if !is_gone(&known) {
            query.append_pair(&known, &value);
        }
    }
    for (name, value) in changes {
        if let Some(value) = value {
            query.append_pair(name, value);
        }
    }
    let query = query.finish();
    if query.is_empty() { uri.path().to_owned() } else { format!("{}?{query}", uri.path()) }
}

/// The value of a parameter of a request.
pub(crate) fn parameter(uri: &Uri, name: &str) -> Option<String> {
    let mut pairs = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    pairs.find(|it| it.0 == name).map(|it| it.1.into_owned())
}
