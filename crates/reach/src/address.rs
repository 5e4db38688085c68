//! The rule: which addresses are allowed.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use reqwest::Url;

use crate::Error;

/// What the operator allows. The default is public addresses over TLS.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reach {
    /// Loopback, private, link-local, carrier-grade NAT, unique local and metadata addresses.
    pub private_addresses: bool,
    /// `http://` besides `https://`.
    pub plain_http: bool,
}

/// Whether an address is not one of the public internet: private, loopback, link-local (cloud
/// metadata lives there), carrier-grade NAT, unique local, documentation, multicast, reserved, or
/// an IPv6 form that carries such an IPv4 address.
pub fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_private_v4(address),
        IpAddr::V6(address) => is_private_v6(address),
    }
}

fn is_private_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_broadcast()
        || address.is_documentation()
        || address.is_multicast()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 198 && (18..20).contains(&b))
        // The relays of 6to4.
        || (a == 192 && b == 88 && c == 99)
        // The metadata address of one large cloud lies in public space.
        || address == Ipv4Addr::new(168, 63, 129, 16)
}

fn is_private_v6(address: Ipv6Addr) -> bool {
    if let Some(inner) = embedded_v4(address) {
        return is_private_v4(inner);
    }
    let [first, second, ..] = address.segments();
    address.is_loopback()
        || address.is_unspecified()
        || address.is_multicast()
        || (first & 0xfe00) == 0xfc00
        || (first & 0xffc0) == 0xfe80
        || (first & 0xffc0) == 0xfec0
        || first == 0x0100
        || (first == 0x2001 && second == 0x0db8)
        // Documentation, Teredo and ORCHID, the local-use translation prefix, segment routing.
        || (first & 0xfff0) == 0x3ff0
        || (first == 0x2001 && (second == 0 || (0x10..0x30).contains(&second)))
        || (first == 0x0064 && second == 0xff9b && address.segments()[2] == 1)
        || first == 0x5f00
}

/// IPv4 inside IPv6: mapped, compatible, NAT64, 6to4 and ISATAP.
fn embedded_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let join = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match address.segments() {
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x0064, 0xff9b, 0, 0, 0, 0, high, low] => {
            Some(join(high, low))
        }
        [0, 0, 0, 0, 0, 0, high, low] if high != 0 => Some(join(high, low)),
        [0x2002, high, low, ..] | [_, _, _, _, 0 | 0x0200, 0x5efe, high, low] => {
            Some(join(high, low))
        }
        _ => None,
    }
}

impl Reach {
    /// Parses an address and refuses what is refusable before any lookup.
    ///
    /// # Errors
    /// [`Error::Refused`] when it is no HTTP address, plain HTTP is not allowed, or its host is a
    /// literal private address.
    pub fn url(self, text: &str) -> Result<Url, Error> {
        let refused = |why: &str| Error::Refused { why: why.to_owned() };
        // The parser's message may quote the address, and with it a credential.
        let url = Url::parse(text).ok().ok_or_else(|| refused("the address is not a URL"))?;
        match url.scheme() {
            "https" => {}
            "http" if self.plain_http => {}
            "http" => return Err(refused("plain http is not allowed")),
            _ => return Err(refused("only http and https are spoken")),
        }
        let host = url.host_str().ok_or_else(|| refused("the address has no host"))?;
        let literal = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        match literal {
            Ok(address) => self.check(address)?,
            Err(_) if host.eq_ignore_ascii_case("localhost") && !self.private_addresses => {
                return Err(refused("localhost is a private address"));
            }
            Err(_) => {}
        }
        Ok(url)
    }

    pub(crate) fn check(self, address: IpAddr) -> Result<(), Error> {
        if self.private_addresses || !is_private(address) {
            return Ok(());
        }
        Err(Error::Refused { why: format!("{address} is a private address") })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn private(text: &str) -> bool {
        is_private(text.parse().expect("an address"))
    }

    #[test]
    fn private_addresses_are_seen_through_every_disguise() {
        for text in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "100.127.255.255",
            "0.0.0.0",
            "255.255.255.255",
            "168.63.129.16",
            "::1",
            "::",
            "fd00:ec2::254",
            "fc00::1",
            "fe80::1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "64:ff9b:1::1",
            "2001:0:7f00:1::",
            "2001:db8::1",
            "3fff::1",
            "2606:4700::5efe:a00:1",
            "::7f00:1",
            "fec0::1",
            "192.88.99.1",
            "192.0.0.192",
            "198.18.0.1",
            "203.0.113.1",
            "224.0.0.1",
            "240.0.0.1",
            "ff02::1",
        ] {
            assert!(private(text), "{text}");
        }
    }

    #[test]
    fn public_addresses_are_public() {
        for text in ["1.1.1.1", "100.63.0.1", "100.128.0.1", "2606:4700::1111", "::ffff:8.8.8.8"] {
            assert!(!private(text), "{text}");
        }
    }

    #[test]
    fn what_can_be_refused_without_a_lookup_is() {
        let strict = Reach::default();
        for text in [
            "http://example.com/mcp",
            "https://127.0.0.1/mcp",
            "https://[::1]/mcp",
            "https://localhost/mcp",
            "https://2130706433/mcp",
            "ftp://example.com",
            "nonsense",
        ] {
            let refused = matches!(strict.url(text), Err(Error::Refused { .. }));
            assert!(refused, "{text}");
        }
        assert!(strict.url("https://example.com/mcp").is_ok());
        let open = Reach { private_addresses: true, plain_http: true };
        assert!(open.url("http://127.0.0.1:8080/mcp").is_ok());
    }
}
