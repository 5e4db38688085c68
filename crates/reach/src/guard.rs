//! Names become addresses here alone, and none is handed on that was not checked.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;
use reqwest::{ClientBuilder, Url};

use crate::{Error, Reach, install_crypto};

const RESOLVE_TIME: Duration = Duration::from_secs(10);

impl Reach {
    /// Looks a host up once. Every connection of the client then goes to the addresses found, so a
    /// name cannot point elsewhere after it was checked.
    ///
    /// # Errors
    /// [`Error::Refused`] when *any* address is private; [`Error::Unreachable`] when there is none.
    pub async fn pin(self, url: &Url) -> Result<Pinned, Error> {
        let host = url.host_str().unwrap_or_default().to_owned();
        let port = url.port_or_known_default().unwrap_or(443);
        let plain = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let addresses = self.checked(&host, system(plain, port)).await?;
        Ok(Pinned { host, addresses })
    }

    /// What a lookup finds, if all of it may be connected to.
    async fn checked(
        self,
        host: &str,
        lookup: impl Future<Output = io::Result<Vec<SocketAddr>>>,
    ) -> Result<Vec<SocketAddr>, Error> {
        let away = |what: String, source: Option<io::Error>| Error::Unreachable {
            what,
            source: source.map(Into::into),
        };
        let found = tokio::time::timeout(RESOLVE_TIME, lookup).await;
        let found = found
            .map_err(|error| away(format!("looking up {host} took too long"), Some(error.into())))?
            .map_err(|error| away(format!("looking up {host} failed"), Some(error)))?;
        for address in &found {
            self.check(address.ip())?;
        }
        if found.is_empty() {
            return Err(away(format!("{host} has no address"), None));
        }
        Ok(found)
    }
}

async fn system(host: String, port: u16) -> io::Result<Vec<SocketAddr>> {
    Ok(tokio::net::lookup_host((host, port)).await?.collect())
}

/// A host and the addresses that were checked for it. No other name resolves.
#[derive(Debug, Clone)]
pub struct Pinned {
    host: String,
    addresses: Vec<SocketAddr>,
}

impl Pinned {
    /// A client of this host alone: no proxy, no redirect, no connection kept.
    pub fn client(self) -> ClientBuilder {
        // Reuse of a connection whose last body was not read to its end stalls for 40 ms.
        walled(self).pool_max_idle_per_host(0)
    }
}

impl Resolve for Pinned {
    fn resolve(&self, name: Name) -> Resolving {
        let found = name.as_str().eq_ignore_ascii_case(&self.host).then(|| self.addresses.clone());
        Box::pin(async move {
            let addresses = found.ok_or("only the checked host resolves")?;
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

/// The way out: names resolve here, no proxy resolves them for us, and a redirect would be another
/// address to check.
pub(crate) fn walled(resolver: impl Resolve + 'static) -> ClientBuilder {
    install_crypto();
    let client = reqwest::Client::builder().dns_resolver(Arc::new(resolver));
    client.redirect(Policy::none()).no_proxy()
}

pub(crate) type Looking = Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send>>;

/// For a client that lasts: a name is looked up for each connection, and what is found is checked
/// each time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Guard {
    pub(crate) reach: Reach,
    pub(crate) lookup: fn(String) -> Looking,
}

impl Guard {
    pub(crate) fn of(reach: Reach) -> Self {
        // The port is the client's to say.
        Self { reach, lookup: |host| Box::pin(system(host, 0)) }
    }
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let Self { reach, lookup } = *self;
        Box::pin(async move {
            let host = name.as_str();
            let found = reach.checked(host, lookup(host.to_owned())).await?;
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[tokio::test]
    async fn a_pinned_client_resolves_no_other_name() {
        let pinned = Pinned { host: "a.example".to_owned(), addresses: Vec::new() };
        assert!(pinned.resolve("b.example".parse().expect("a name")).await.is_err());
        assert!(pinned.resolve("A.example".parse().expect("a name")).await.is_ok());
    }

    #[tokio::test]
    async fn a_name_that_comes_to_lead_inside_is_refused_then() {
        static IS_INSIDE: AtomicBool = AtomicBool::new(false);
        let lookup = |_| -> Looking {
            let public = "93.184.216.34:0".parse().expect("an address");
            let inside = "10.0.0.1:0".parse().expect("an address");
            let found = match IS_INSIDE.load(Ordering::Relaxed) {
                // One of several is enough.
                true => vec![public, inside],
                false => vec![public],
            };
            Box::pin(async move { Ok(found) })
        };
        let guard = Guard { reach: Reach::default(), lookup };
        let ask = async || guard.resolve("a.example".parse().expect("a name")).await;
        assert_eq!(ask().await.expect("public").count(), 1);
        IS_INSIDE.store(true, Ordering::Relaxed);
        let refused = ask().await.err().expect("refused");
        assert_eq!(refused.to_string(), "refused: 10.0.0.1 is a private address");
    }

    #[tokio::test]
    async fn a_name_without_an_address_is_not_reached() {
        let lookup = |_| -> Looking { Box::pin(async { Ok(Vec::new()) }) };
        let guard = Guard { reach: Reach::default(), lookup };
        let away = guard.resolve("a.example".parse().expect("a name")).await.err();
        assert_eq!(away.expect("nothing").to_string(), "a.example has no address");
    }
}
