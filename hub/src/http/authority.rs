//! Hosts and origins, parsed rather than compared as text.
//!
//! A check that compares text lets `http://localhost.evil.example` pass for `http://localhost`
//! (S3-B04) and `127.0.0.1` be written in ways that a browser resolves and a list does not know. What
//! does not parse here, in the one form that browsers send, is refused.

use std::net::{Ipv4Addr, Ipv6Addr};

/// A host as it stands in a URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Host {
    /// A DNS name in lower case.
    Name(String),
    V4(Ipv4Addr),
    V6(Ipv6Addr),
}

/// A host with its port, if one is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Authority {
    pub(crate) host: Host,
    pub(crate) port: Option<u16>,
}

/// A scheme that pages come by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    Http,
    Https,
}

/// Where a page comes from (RFC 6454), its port always known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    scheme: Scheme,
    host: Host,
    port: u16,
}

impl Host {
    fn parse(text: &str) -> Option<Self> {
        if let Some(inner) = text.strip_prefix('[') {
            return inner.strip_suffix(']')?.parse().ok().map(Host::V6);
        }
        let last = text.rsplit('.').next()?;
        if last.bytes().all(|b| b.is_ascii_digit()) || last.starts_with("0x") || last.starts_with("0X") {
            // A browser reads it as an address, in forms such as `127.1` as well; here only in one.
            return text.parse().ok().map(Host::V4);
        }
        let label = |label: &str| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
        };
        (text.len() <= 253 && text.split('.').all(label)).then(|| Host::Name(text.to_ascii_lowercase()))
    }
}

impl Authority {
    /// Parses `host` or `host:port`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        // A colon within brackets belongs to the address.
        let (host, port) = match text.rfind(':').filter(|colon| !text[*colon..].contains(']')) {
            Some(colon) => (&text[..colon], Some(parse_port(&text[colon + 1..])?)),
            None => (text, None),
        };
        Some(Authority { host: Host::parse(host)?, port })
    }
}

impl Origin {
    /// Parses `scheme://host` or `scheme://host:port`; `null` is no origin.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = match text.split_once("://")? {
            ("http", rest) => (Scheme::Http, rest),
            ("https", rest) => (Scheme::Https, rest),
            _ => return None,
        };
        Some(Origin::new(scheme, Authority::parse(rest)?))
    }

    /// The origin of pages from this host.
    pub(crate) fn new(scheme: Scheme, Authority { host, port }: Authority) -> Self {
        let default = match scheme {
            Scheme::Http => 80,
            Scheme::Https => 443,
        };
        Origin { scheme, host, port: port.unwrap_or(default) }
    }
}

fn parse_port(text: &str) -> Option<u16> {
    let digits = (1..=5).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Host {
        Host::Name(text.to_owned())
    }

    #[test]
    fn hosts_in_the_form_that_browsers_send() {
        for (text, host, port) in [
            ("localhost", name("localhost"), None),
            ("LocalHost:8080", name("localhost"), Some(8080)),
            ("127.0.0.1:1", Host::V4(Ipv4Addr::LOCALHOST), Some(1)),
            ("[::1]:65535", Host::V6(Ipv6Addr::LOCALHOST), Some(65535)),
            ("[0:0:0:0:0:0:0:1]", Host::V6(Ipv6Addr::LOCALHOST), None),
            ("my-host.example", name("my-host.example"), None),
        ] {
            assert_eq!(Authority::parse(text), Some(Authority { host, port }), "{text}");
        }
    }

    #[test]
    fn everything_else_is_no_host() {
        for text in [
            "",
            ":",
            ":80",
            "localhost:",
            "localhost:x",
            "localhost:+80",
            "localhost:65536",
            "localhost:080000",
            "user@localhost",
            "localhost/",
            "local host",
            "localhost,evil",
            "localhost.",
            ".localhost",
            "a..b",
            "127.1",
            "127.0.0.1.",
            "127.0.0.01",
            "0x7f000001",
            "0x7f.1",
            "2130706433",
            "127.0.0.1%00",
            "[::1",
            "::1",
            "[::1%lo]",
            "[localhost]",
            "[127.0.0.1]",
            "lo\u{441}alhost",
            "localhost\0",
            "[::1]x",
            "[::1]:",
        ] {
            assert_eq!(Authority::parse(text), None, "{text:?}");
        }
        assert_eq!(Authority::parse(&"a".repeat(64)), None);
        assert_eq!(Authority::parse(&"a.".repeat(127)), None);
    }

    #[test]
    fn origins_are_equal_when_scheme_host_and_port_are() {
        let origin = |text| Origin::parse(text).unwrap();
        assert_eq!(origin("http://localhost"), origin("http://LOCALHOST:80"));
        assert_eq!(origin("https://localhost"), origin("https://localhost:443"));
        assert_ne!(origin("http://localhost"), origin("https://localhost"));
        assert_ne!(origin("http://localhost"), origin("http://localhost:8080"));
        assert_ne!(origin("http://localhost"), origin("http://localhost.evil.example"));
        assert_ne!(origin("http://[::1]"), origin("http://localhost"));
        for text in
            ["null", "", "http://", "localhost", "file://localhost", "http://a/b", "http://a@b", "http:/a"]
        {
            assert_eq!(Origin::parse(text), None, "{text:?}");
        }
    }
}
