//! Where people reach the server, and who can.

use std::net::{IpAddr, SocketAddr};

use anyhow::{Result, bail};

use super::Config;

impl Config {
    /// As set, else `listening`: where it is bound.
    pub(crate) fn public_url(&self, listening: SocketAddr) -> String {
        match self.server.public_url.as_str() {
            "" => format!("http://{listening}"),
            url => url.to_owned(),
        }
    }

    pub(super) fn check_public_url(&self) -> Result<()> {
        let url = &self.server.public_url;
        if url.is_empty() || url.starts_with("https://") || url.starts_with("http://") {
            return Ok(());
        }
        bail!("server.public_url = {url:?} does not begin with https:// or http://")
    }

    /// Only this machine can reach the server.
    pub(crate) fn is_loopback(&self) -> Result<bool> {
        Ok(match self.listen()?.ip() {
            IpAddr::V4(it) => it.is_loopback(),
            IpAddr::V6(it) => it.is_loopback(),
        })
    }
}
