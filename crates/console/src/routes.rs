//! The table of all pages, on one screen. The router is built from it, and a test walks it as a
//! stranger, signed out, and with each role.

use axum::Router;
use axum::http::Method;
use axum::routing::{MethodRouter, get, post};
use server::App;

use crate::assets;
use crate::page::{
    connector, connectors, diagnostics, issue, issues, mapping, missing, overview, reasons,
    records, run, search, settings, sign_in, theme, viewer, webhook, webhooks,
};

/// Who may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Anybody.
    Nothing,
    /// Somebody who is signed in.
    Session,
    /// Whose key may write; what they post is of this session.
    Writer,
    /// The same for an admin's key.
    Admin,
}

/// One page, or one act.
#[derive(Debug)]
pub struct Route {
    pub method: Method,
    pub path: &'static str,
    pub needs: Needs,
    handler: fn() -> MethodRouter<App>,
}

const fn route(
    method: Method,
    path: &'static str,
    needs: Needs,
    handler: fn() -> MethodRouter<App>,
) -> Route {
    Route { method, path, needs, handler }
}

/// Every page.
#[rustfmt::skip]
pub static ALL: &[Route] = {
    use Needs::{Admin, Nothing, Session, Writer};
    const GET: Method = Method::GET;
    const POST: Method = Method::POST;
    &[
        route(GET, "/", Session, || get(overview::show)),
        route(GET, "/sign-in", Nothing, || get(sign_in::show)),
        route(POST, "/sign-in", Nothing, || post(sign_in::enter)),
        route(POST, "/sign-out", Session, || post(sign_in::leave)),
        route(POST, "/theme", Nothing, || post(theme::set)),

        route(GET, "/connectors", Session, || get(connectors::show)),
        route(GET, "/connectors/{id}", Session, || get(connector::show)),
        route(POST, "/connectors/{id}/sync", Writer, || post(connector::sync)),
        route(POST, "/connectors/{id}/pause", Admin, || post(connector::pause)),

        route(GET, "/runs/{id}", Session, || get(run::show)),
        route(GET, "/runs/{id}/live", Session, || get(run::live)),
        route(POST, "/runs/{id}/cancel", Writer, || post(run::cancel)),

        route(GET, "/diagnostics", Session, || get(diagnostics::show)),
        route(GET, "/diagnostics/live", Session, || get(diagnostics::live)),
        route(GET, "/diagnostics/export", Session, || get(diagnostics::export)),
        route(GET, "/diagnostics/{id}", Session, || get(diagnostics::one)),

        route(GET, "/issues", Session, || get(issues::show)),
        route(GET, "/issues/{id}", Session, || get(issue::show)),
        route(POST, "/issues/{id}", Writer, || post(issue::change)),

        route(GET, "/mappings/{id}", Session, || get(mapping::show)),
        route(POST, "/mappings/{id}/try", Writer, || post(mapping::try_out)),
        route(POST, "/mappings/{id}/pin", Admin, || post(mapping::pin)),
        route(POST, "/mappings/{id}/unpin", Admin, || post(mapping::unpin)),
        route(POST, "/mappings/{id}/regenerate", Admin, || post(mapping::regenerate)),
        route(POST, "/mappings/{id}/restore", Admin, || post(mapping::restore)),

        route(GET, "/records", Session, || get(records::models)),
        route(GET, "/records/{model}", Session, || get(records::list)),
        route(GET, "/records/{model}/{id}", Session, || get(records::one)),

        route(GET, "/missing", Session, || get(missing::show)),
        route(GET, "/search", Session, || get(search::show)),

        route(GET, "/settings", Session, || get(settings::show)),
        route(POST, "/settings/keys", Admin, || post(settings::create_key)),
        route(POST, "/settings/keys/{id}/switch", Admin, || post(settings::switch_key)),
        route(POST, "/settings/keys/{id}/delete", Admin, || post(settings::delete_key)),
        route(POST, "/settings/retention", Admin, || post(settings::keep)),
        route(POST, "/settings/viewer-links", Writer, || post(settings::create_viewer)),
        route(POST, "/settings/viewer-links/{id}/end", Writer, || post(settings::end_viewer)),
        route(GET, "/settings/webhooks", Admin, || get(webhooks::show)),
        route(POST, "/settings/webhooks", Admin, || post(webhooks::create)),
        route(GET, "/settings/webhooks/{id}", Admin, || get(webhook::show)),
        route(POST, "/settings/webhooks/{id}", Admin, || post(webhook::change)),
        route(POST, "/settings/webhooks/{id}/switch", Admin, || post(webhook::switch)),
        route(POST, "/settings/webhooks/{id}/rotate", Admin, || post(webhook::rotate)),
        route(POST, "/settings/webhooks/{id}/test", Admin, || post(webhook::test)),
        route(POST, "/settings/webhooks/{id}/replay", Admin, || post(webhook::replay)),
        route(POST, "/settings/webhooks/{id}/delete", Admin, || post(webhook::delete)),

        route(GET, "/view/{token}", Nothing, || get(viewer::show)),
        route(GET, "/view/{token}/missing", Nothing, || get(viewer::why)),
        route(GET, "/view/{token}/connectors/{id}", Nothing, || get(viewer::connector)),

        route(GET, "/reasons", Nothing, || get(reasons::list)),
        route(GET, "/reasons/{reason}", Nothing, || get(reasons::show)),

        route(GET, "/assets/{hash}/{name}", Nothing, || get(assets::serve)),
    ]
};

pub(crate) fn router() -> Router<App> {
    ALL.iter().fold(Router::new(), |router, it| router.route(it.path, (it.handler)()))
}

pub(crate) fn measured() -> Vec<(Method, &'static str)> {
    ALL.iter().map(|it| (it.method.clone(), it.path)).collect()
}
