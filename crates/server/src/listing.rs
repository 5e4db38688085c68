//! The lists of the API, for another door: the same names, operators, sorts and cursors, read by
//! the same code, so that a link of the one means the same at the other.

use axum::http::Uri;
use domain::TargetModel;
use store::{Query, Slice, Tenant};

use crate::App;
use crate::api::{
    connector_mappings, diagnostics, records, sync_issues, sync_logs, webhook_deliveries,
    workspace_connectors,
};
use crate::jsonapi::cursor::Scope;
use crate::jsonapi::link;
use crate::jsonapi::params::{self, Listing, Params};
use crate::problem::Problem;

/// A list of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum List {
    Diagnostics,
    /// Filters alone, without pages.
    LiveDiagnostics,
    Runs,
    Mappings,
    Issues,
    Installations,
    Deliveries,
    Records(TargetModel),
}

/// What the query of a request asks of a list.
#[derive(Debug)]
pub struct Asked {
    pub query: Query,
    order: String,
}

/// Where the pages beside this one are; none: there is no such page.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Beside {
    pub first: String,
    pub previous: Option<String>,
    pub next: Option<String>,
}

/// Reads the query of a request.
///
/// # Errors
/// What is unknown or wrong, with the nearest right word.
pub fn read(app: &App, tenant: &Tenant, uri: &Uri, list: List) -> Result<Asked, Problem> {
    let params = params::read(uri, listing(list), app.cursors(), Some(tenant.workspace()))?;
    let Params { query, order, .. } = params;
    Ok(Asked { query, order })
}

impl Asked {
    /// Links to the pages around one, at the address of the request.
    pub fn beside<T>(&self, app: &App, tenant: &Tenant, uri: &Uri, slice: &Slice<T>) -> Beside {
        let scope = Scope { workspace: Some(tenant.workspace()), order: &self.order };
        let at = |name, mark| link::at(uri, Some((name, &app.cursors().seal(mark, scope))));
        let (first, last) = (slice.items.first(), slice.items.last());
        Beside {
            first: link::at(uri, None),
            previous: first.filter(|_| slice.has_before).map(|it| at("page[before]", &it.1)),
            next: last.filter(|_| slice.has_after).map(|it| at("page[after]", &it.1)),
        }
    }
}

fn listing(list: List) -> &'static Listing {
    match list {
        List::Diagnostics => &diagnostics::LISTING,
        List::LiveDiagnostics => &diagnostics::STREAMING,
        List::Runs => &sync_logs::LISTING,
        List::Issues => &sync_issues::LISTING,
        List::Mappings => &connector_mappings::LISTING,
        List::Installations => &workspace_connectors::LISTING,
        List::Deliveries => &webhook_deliveries::LISTING,
        List::Records(model) => records::listing(model),
    }
}
