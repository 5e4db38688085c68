//! Links of a list: the request's own path and query, with another cursor.

use axum::http::Uri;

/// The path and query as they came.
pub(crate) fn own(uri: &Uri) -> String {
    uri.path_and_query().map(|it| it.as_str().to_owned()).unwrap_or_default()
}

/// The same list from another place: every cursor goes, and this one comes.
pub(crate) fn at(uri: &Uri, cursor: Option<(&str, &str)>) -> String {
    let mut link = String::with_capacity(256);
    link.push_str(uri.path());
    let mut glue = '?';
    let pairs = uri.query().unwrap_or_default().split('&');
    for pair in pairs.filter(|it| !it.is_empty() && !is_cursor(it)) {
        link.push(glue);
        link.push_str(pair);
        glue = '&';
    }
    if let Some((name, cursor)) = cursor {
        link.push(glue);
        link.push_str(name);
        link.push('=');
        link.push_str(cursor);
    }
    link
}

fn is_cursor(pair: &str) -> bool {
    let Some((name, _)) = form_urlencoded::parse(pair.as_bytes()).next() else { return false };
    matches!(&*name, "page[after]" | "page[before]" | "cursor")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cursor_goes_however_it_was_encoded() {
        let uri: Uri =
            "/v1/x?filter[a]=b&page%5Bafter%5D=old&cursor=c&page[size]=2".parse().unwrap();
        assert_eq!(at(&uri, None), "/v1/x?filter[a]=b&page[size]=2");
        assert_eq!(
            at(&uri, Some(("page[after]", "new"))),
            "/v1/x?filter[a]=b&page[size]=2&page[after]=new"
        );
        assert_eq!(
            at(&"/v1/x".parse().unwrap(), Some(("page[after]", "n"))),
            "/v1/x?page[after]=n"
        );
    }
}
