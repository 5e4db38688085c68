//! From a server's address to where it is authorized: its own metadata (RFC 9728), then that of the
//! authorization server (RFC 8414, or OIDC discovery).

use http::header::WWW_AUTHENTICATE;
use reqwest::Url;
use serde_json::{Value, json};

use super::{Authority, Error, challenge, web};
use crate::Reach;

/// Asks the server what it wants and looks it up. No header of the configuration is sent.
///
/// # Errors
/// [`Error::Unsupported`] when the server names no authorization server that we can use.
pub async fn discover(url: &str, reach: Reach) -> Result<Authority, Error> {
    let server = reach.url(url).map_err(Error::of_reach)?;
    let challenge = challenge(&server, reach).await?;
    let named = challenge::parameter(&challenge, "resource_metadata");
    let resource = resource(&server, named, reach).await?;
    let issuer = match &resource {
        Some(it) => it.pointer("/authorization_servers/0").and_then(Value::as_str),
        // Older servers are their own authorization server and say nothing of it.
        None => None,
    };
    let issuer = issuer.map_or_else(|| server.origin().ascii_serialization(), str::to_owned);
    let metadata = metadata(&issuer, reach).await?;
    let asked = challenge::scopes(&challenge);
    let offered = texts(resource.as_ref().and_then(|it| it.get("scopes_supported")));
    let scopes = if asked.is_empty() { offered } else { asked };
    let identity = resource.as_ref().and_then(|it| it.get("resource")?.as_str());
    let resource = identity.map_or_else(|| canonical(&server), str::to_owned);
    authority(&metadata, issuer, resource, scopes, reach)
}

/// The challenge that a request without credentials gets; empty when there is none.
async fn challenge(server: &Url, reach: Reach) -> Result<String, Error> {
    let hello = json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
        "protocolVersion": "2025-06-18", "capabilities": {},
        "clientInfo": {"name": "wireline", "version": env!("CARGO_PKG_VERSION")},
    }});
    let answer = web::post(server.as_str(), reach, |request| {
        request
            .header("accept", "text/event-stream")
            .header("content-type", "application/json")
            .body(hello.to_string())
    });
    match answer.await {
        Ok(answer) => {
            let said = answer.headers.get(WWW_AUTHENTICATE).map(|it| it.as_bytes());
            Ok(said.map(|it| String::from_utf8_lossy(it).into_owned()).unwrap_or_default())
        }
        // It may still have its metadata where it belongs; an address that is refused will be again.
        Err(
            Error::Unreachable { .. }
            | Error::Unsupported { .. }
            | Error::Refused { .. }
            | Error::Denied { .. },
        ) => Ok(String::new()),
    }
}

/// What the server says of itself as a protected resource, where it says it is, else where it should
/// be. It must speak for the server that was asked: another's would send our token elsewhere.
async fn resource(
    server: &Url,
    named: Option<String>,
    reach: Reach,
) -> Result<Option<Value>, Error> {
    let known = "/.well-known/oauth-protected-resource";
    let path = server.path().trim_end_matches('/');
    let origin = server.origin().ascii_serialization();
    let guesses = [format!("{origin}{known}{path}"), format!("{origin}{known}")];
    for place in named.into_iter().chain(guesses) {
        let Some(found) = document(&place, reach).await? else { continue };
        let identity = found.get("resource").and_then(Value::as_str);
        let speaks_for_it = identity.and_then(|it| Url::parse(it).ok()).is_some_and(|it| {
            let prefix = it.path().trim_end_matches('/');
            let rest = server.path().strip_prefix(prefix);
            it.origin() == server.origin()
                && rest.is_some_and(|it| it.is_empty() || it.starts_with('/'))
        });
        if !speaks_for_it {
            let what = "its metadata is that of another server".to_owned();
            return Err(Error::Unsupported { what });
        }
        return Ok(Some(found));
    }
    Ok(None)
}

/// The metadata of an authorization server, which must be the issuer's own.
async fn metadata(issuer: &str, reach: Reach) -> Result<Value, Error> {
    let url = reach.url(issuer).map_err(Error::of_reach)?;
    let (origin, path) = (url.origin().ascii_serialization(), url.path().trim_end_matches('/'));
    let mut places = vec![
        format!("{origin}/.well-known/oauth-authorization-server{path}"),
        format!("{origin}/.well-known/openid-configuration{path}"),
    ];
    if !path.is_empty() {
        places.push(format!("{origin}{path}/.well-known/openid-configuration"));
    }
    for place in places {
        let Some(found) = document(&place, reach).await? else { continue };
        let says = found.get("issuer").and_then(Value::as_str).unwrap_or_default();
        if says.trim_end_matches('/') != issuer.trim_end_matches('/') {
            let what = "the authorization server's metadata names another issuer".to_owned();
            return Err(Error::Unsupported { what });
        }
        return Ok(found);
    }
    let what = "it names no authorization server whose metadata can be read".to_owned();
    Err(Error::Unsupported { what })
}

fn authority(
    metadata: &Value,
    issuer: String,
    resource: String,
    mut scopes: Vec<String>,
    reach: Reach,
) -> Result<Authority, Error> {
    let endpoint = |name: &str| -> Result<Option<String>, Error> {
        let Some(found) = metadata.get(name).and_then(Value::as_str) else { return Ok(None) };
        // The browser of a person goes there as well: no other scheme, no private address.
        reach.url(found).map_err(Error::of_reach)?;
        Ok(Some(found.to_owned()))
    };
    let missing = |what: &str| Error::Unsupported { what: format!("it has no {what}") };
    let methods = texts(metadata.get("code_challenge_methods_supported"));
    if !methods.iter().any(|it| it == "S256") {
        return Err(missing("PKCE with S256"));
    }
    // Without it some servers give no refresh token.
    let offers = texts(metadata.get("scopes_supported"));
    if offers.iter().any(|it| it == "offline_access")
        && !scopes.iter().any(|it| it == "offline_access")
    {
        scopes.push("offline_access".to_owned());
    }
    Ok(Authority {
        issuer,
        authorization_endpoint: endpoint("authorization_endpoint")?
            .ok_or_else(|| missing("authorization endpoint"))?,
        token_endpoint: endpoint("token_endpoint")?.ok_or_else(|| missing("token endpoint"))?,
        registration_endpoint: endpoint("registration_endpoint")?,
        token_auth_methods: texts(metadata.get("token_endpoint_auth_methods_supported")),
        names_issuer: metadata.get("authorization_response_iss_parameter_supported")
            == Some(&Value::Bool(true)),
        scopes,
        resource,
    })
}

/// A JSON object at an address; none when there is nothing.
async fn document(url: &str, reach: Reach) -> Result<Option<Value>, Error> {
    let answer = web::get(url, reach).await?;
    Ok(Some(answer.body).filter(|it| it.is_object() && (200..300).contains(&answer.status)))
}

/// The address as a resource identifier: no fragment, no query, no slash at the end.
fn canonical(server: &Url) -> String {
    format!("{}{}", server.origin().ascii_serialization(), server.path().trim_end_matches('/'))
}

fn texts(value: Option<&Value>) -> Vec<String> {
    let items = value.and_then(Value::as_array).into_iter().flatten();
    items.filter_map(Value::as_str).map(str::to_owned).collect()
}
