//! Who may come in over TCP.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use choo_protocol::Timestamp;
use hyper::header::{
    AUTHORIZATION, HOST, HeaderMap, HeaderName, HeaderValue, ORIGIN, SEC_WEBSOCKET_PROTOCOL,
};
use hyper::http::request::Parts;

use super::authority::{Authority, Host, Origin, Scheme};
use super::caller::Caller;
use super::query::Query;
use super::respond::ApiError;
use crate::ticket::Ticket;
use crate::token::Token;

/// The checks of the TCP side: the host a browser thinks it talks to, the page that asks, the token.
///
/// The Unix socket needs none of them: its mode keeps other users out, and no page can reach it.
#[derive(Debug)]
pub(crate) struct Guard {
    hosts: Vec<Authority>,
    origins: Vec<Origin>,
    token: Option<Token>,
}

impl Guard {
    /// Lets in the names of loopback and of the address listened on, and what else is allowed. Names
    /// the first entry that is no host, or no origin.
    pub(crate) fn new(
        listen: IpAddr,
        allow_hosts: &[String],
        allow_origins: &[String],
        token: Option<Token>,
    ) -> Result<Self, BadEntry> {
        let any_port = |host| Authority { host, port: None };
        let mut hosts = vec![
            any_port(Host::Name("localhost".to_owned())),
            any_port(Host::V4(Ipv4Addr::LOCALHOST)),
            any_port(Host::V6(Ipv6Addr::LOCALHOST)),
            any_port(match listen {
                IpAddr::V4(address) => Host::V4(address),
                IpAddr::V6(address) => Host::V6(address),
            }),
        ];
        for text in allow_hosts {
            hosts.push(Authority::parse(text).ok_or_else(|| BadEntry::Host(text.clone()))?);
        }
        let origins = allow_origins
            .iter()
            .map(|text| Origin::parse(text).ok_or_else(|| BadEntry::Origin(text.clone())))
            .collect::<Result<_, _>>()?;
        Ok(Guard { hosts, origins, token })
    }

    /// Whether a browser that asks this meant this hub, and its page may ask.
    pub(crate) fn check_browser(&self, head: &Parts) -> Result<(), ApiError> {
        let Ok(Some(host)) = single(&head.headers, &HOST) else {
            return Err(ApiError::forbidden("host", "exactly one Host header is needed"));
        };
        let Some(host) = Authority::parse(host) else {
            return Err(ApiError::forbidden("host", "the Host header cannot be read"));
        };
        // A request line may name a host as well; both must be the same.
        let named = head.uri.authority().map(|authority| Authority::parse(authority.as_str()));
        if named.is_some_and(|named| named.as_ref() != Some(&host)) {
            return Err(ApiError::forbidden("host", "request line and Host header name different hosts"));
        }
        let fits = |allowed: &Authority| {
            allowed.host == host.host && (allowed.port.is_none() || allowed.port == host.port)
        };
        if !self.hosts.iter().any(fits) {
            return Err(ApiError::forbidden(
                "host",
                "this hub does not serve that Host; `--allow-host` adds one",
            ));
        }
        let origin = match single(&head.headers, &ORIGIN) {
            // Only pages have one, and those of the hub itself do not always send it.
            Ok(None) => return Ok(()),
            Ok(Some(origin)) => Origin::parse(origin),
            Err(NotSingle) => None,
        };
        match origin {
            Some(origin) if origin == Origin::new(Scheme::Http, host) || self.origins.contains(&origin) => {
                Ok(())
            }
            _ => Err(ApiError::forbidden(
                "origin",
                "pages of that Origin may not read here; `--allow-origin` adds one",
            )),
        }
    }

    /// The origin that a request names, if it is one of those that were allowed in besides the hub's own.
    pub(super) fn origin_elsewhere(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        let text = single(headers, &ORIGIN).ok()??;
        let allowed = self.origins.contains(&Origin::parse(text)?);
        headers.get(ORIGIN).filter(|_| allowed).cloned()
    }

    /// Who asks: shown by the token, or by a ticket in the query (SPEC §5), as `EventSource` can send no
    /// header. The client of a WebSocket (`socket`) may also offer the token as a subprotocol: a page can set
    /// no header of it.
    pub(crate) fn caller(&self, head: &Parts, socket: bool, now: Timestamp) -> Result<Caller, ApiError> {
        let Some(token) = &self.token else { return Ok(Caller::Anybody) };
        let header = single(&head.headers, &AUTHORIZATION).ok().flatten().and_then(bearer);
        let offered =
            subprotocols(&head.headers).filter_map(|offered| offered.strip_prefix(TOKEN_SUBPROTOCOL));
        let mut offered = offered.filter(|_| socket);
        let shown = match (header, offered.next(), offered.next()) {
            (Some(header), _, _) if token.matches(header.as_bytes()) => true,
            (_, Some(only), None) => token.matches(only.as_bytes()),
            _ => false,
        };
        if shown {
            return Ok(Caller::Token);
        }
        let query = Query::parse(head.uri.query());
        let ticket = query.as_ref().ok().and_then(|query| query.one("ticket").ok().flatten());
        match ticket {
            Some(ticket) if Ticket::admits(ticket, token, now) => Ok(Caller::Ticket),
            Some(_) => Err(ApiError::unauthorized("the ticket is over or not this hub's; ask for a new one")),
            None => Err(ApiError::unauthorized(
                "the token is needed: open the URL that `choo web` printed, or send it as Authorization: Bearer",
            )),
        }
    }

    /// A ticket from now on; `None` if no token is needed here.
    pub(crate) fn ticket(&self, now: Timestamp) -> Option<Ticket> {
        self.token.as_ref().map(|token| Ticket::issue(token, now))
    }
}

/// An entry of an allow-list that cannot be read; whoever configured it is at fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum BadEntry {
    Host(String),
    Origin(String),
}

/// A header that occurs twice or is not ASCII.
struct NotSingle;

fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, NotSingle> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value.to_str().map(Some).map_err(|_| NotSingle),
        (Some(_), Some(_)) => Err(NotSingle),
    }
}

/// What carries the token in the list of subprotocols.
const TOKEN_SUBPROTOCOL: &str = "choo.token.";

/// The subprotocols that a WebSocket's client offers.
pub(super) fn subprotocols(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let values = headers.get_all(SEC_WEBSOCKET_PROTOCOL).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(str::trim).filter(|protocol| !protocol.is_empty())
}

fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim_matches(' '))
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::{Request, StatusCode};

    fn now() -> Timestamp {
        Timestamp::from_unix_nanos(1_800_000_000_000_000_000)
    }

    fn guard() -> Guard {
        let hosts = ["choo.example".to_owned(), "proxy.example:8443".to_owned()];
        let origins = ["https://choo.example".to_owned(), "http://localhost:5173".to_owned()];
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("token"), "0123456789abcdef").unwrap();
        let token = Token::load(&dir.path().join("token")).unwrap();
        Guard::new(Ipv4Addr::LOCALHOST.into(), &hosts, &origins, Some(token)).unwrap()
    }

    fn head(uri: &str, headers: &[(&str, &[u8])]) -> Parts {
        let mut request = Request::builder().uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    fn admits(headers: &[(&str, &str)]) -> bool {
        let headers: Vec<(&str, &[u8])> =
            headers.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
        match guard().check_browser(&head("/", &headers)) {
            Ok(()) => true,
            Err(error) => {
                assert_eq!(error.status(), StatusCode::FORBIDDEN);
                false
            }
        }
    }

    #[test]
    fn s2_31_only_hosts_that_mean_this_hub() {
        for host in [
            "localhost",
            "localhost:8080",
            "LOCALHOST",
            "127.0.0.1:9",
            "[::1]:8080",
            "choo.example",
            "proxy.example:8443",
        ] {
            assert!(admits(&[("host", host)]), "{host}");
        }
        for host in [
            "",
            "localhost.evil.example",
            "evil.example",
            "evil.example:8080",
            "localhost@evil.example",
            "localhost.",
            "127.0.0.1.evil.example",
            "127.1",
            "2130706433",
            "[::ffff:127.0.0.1]",
            "127.0.0.2",
            "proxy.example",
            "proxy.example:8444",
            "localhost:99999",
            "xlocalhost",
            "localhost evil.example",
        ] {
            assert!(!admits(&[("host", host)]), "{host}");
        }
        assert!(!admits(&[]), "none");
        assert!(!admits(&[("host", "localhost"), ("host", "localhost")]), "two");
        assert!(guard().check_browser(&head("/", &[("host", b"localh\xf6st")])).is_err());
    }

    #[test]
    fn a_host_in_the_request_line_must_be_the_same() {
        let header: (&str, &[u8]) = ("host", b"localhost:80");
        assert!(guard().check_browser(&head("http://localhost:80/x", &[header])).is_ok());
        for uri in ["http://evil.example/x", "http://localhost/x", "http://localhost:81/x"] {
            assert!(guard().check_browser(&head(uri, &[header])).is_err(), "{uri}");
        }
    }

    #[test]
    fn s3_b04_s3_22_origins_are_compared_exactly() {
        let with = |origin: &str| admits(&[("host", "localhost:8080"), ("origin", origin)]);
        assert!(admits(&[("host", "localhost:8080")]), "a command line tool has none");
        for origin in [
            "http://localhost:8080",
            "http://LOCALHOST:8080",
            "https://choo.example",
            "http://localhost:5173",
        ] {
            assert!(with(origin), "{origin}");
        }
        for origin in [
            "http://localhost.evil.example",
            "http://localhost.evil.example:8080",
            "http://localhost",
            "http://localhost:80",
            "http://localhost:8081",
            "https://localhost:8080",
            "http://127.0.0.1:8080",
            "null",
            "",
            "http://localhost:8080/",
            "http://localhost:8080@evil.example",
            "http://evil.example",
            "http://choo.example",
            "file://",
            "http://localhost:8080 http://evil.example",
            "http://localhost:5173.evil.example",
            "garbage",
        ] {
            assert!(!with(origin), "{origin}");
        }
        let two = [
            ("host", "localhost:8080"),
            ("origin", "http://localhost:8080"),
            ("origin", "http://localhost:8080"),
        ];
        assert!(!admits(&two), "two");
        // The loopback addresses too, over whichever of them the page came (S3-B04).
        assert!(admits(&[("host", "127.0.0.1:8080"), ("origin", "http://127.0.0.1:8080")]));
        assert!(admits(&[("host", "[::1]:8080"), ("origin", "http://[::1]:8080")]));
    }

    #[test]
    fn s2_37_the_token_or_401() {
        let admits = |headers: &[(&str, &[u8])]| match guard().caller(&head("/", headers), false, now()) {
            Ok(caller) => caller == Caller::Token,
            Err(error) => {
                assert_eq!(error.status(), StatusCode::UNAUTHORIZED);
                false
            }
        };
        assert!(admits(&[("authorization", b"Bearer 0123456789abcdef")]));
        assert!(admits(&[("authorization", b"bearer  0123456789abcdef")]));
        for value in [
            &b""[..],
            b"Bearer",
            b"Bearer ",
            b"0123456789abcdef",
            b"Basic 0123456789abcdef",
            b"Bearer 0123456789abcdeg",
            b"Bearer 0123456789abcdef0",
            b"Bearer\t0123456789abcdef",
            b"Bearer 0123456789abcde\xff",
            b"Bearer x 0123456789abcdef",
        ] {
            assert!(!admits(&[("authorization", value)]), "{}", String::from_utf8_lossy(value));
        }
        assert!(!admits(&[]));
        let right: (&str, &[u8]) = ("authorization", b"Bearer 0123456789abcdef");
        assert!(!admits(&[right, right]), "two");
    }

    #[test]
    fn a_ticket_lets_in_who_only_reads() {
        let guard = guard();
        let ticket = guard.ticket(now()).unwrap().text;
        let caller = |uri: &str| guard.caller(&head(uri, &[]), false, now()).ok();
        assert_eq!(caller(&format!("/api/v1/events?since=now&ticket={ticket}")), Some(Caller::Ticket));
        for uri in [
            "/".to_owned(),
            "/?ticket=".to_owned(),
            "/?ticket=0123456789abcdef".to_owned(),
            format!("/?ticket={ticket}x"),
            format!("/?ticket={ticket}&ticket={ticket}"),
            format!("/?token={ticket}"),
        ] {
            assert_eq!(caller(&uri), None, "{uri}");
        }
        let right: (&str, &[u8]) = ("authorization", b"Bearer 0123456789abcdef");
        for ticket in ["old", &*ticket] {
            let both = guard.caller(&head(&format!("/?ticket={ticket}"), &[right]), false, now());
            assert_eq!(both.unwrap(), Caller::Token, "the token beats it");
        }
    }

    #[test]
    fn a_websocket_may_offer_the_token_as_a_subprotocol() {
        let admits = |offered: &[&str]| {
            let headers: Vec<(&str, &[u8])> =
                offered.iter().map(|value| ("sec-websocket-protocol", value.as_bytes())).collect();
            assert!(guard().caller(&head("/", &headers), false, now()).is_err(), "of no other request");
            guard().caller(&head("/", &headers), true, now()).is_ok()
        };
        assert!(admits(&["choo.v1, choo.token.0123456789abcdef"]));
        assert!(admits(&["choo.v1", "choo.token.0123456789abcdef"]));
        for offered in [
            &[][..],
            &["choo.v1"],
            &["choo.token."],
            &["0123456789abcdef"],
            &["choo.token.0123456789abcdeg"],
            &["choo.token.0123456789abcdef, choo.token.0123456789abcdef"],
        ] {
            assert!(!admits(offered), "{offered:?}");
        }
        let bearer: (&str, &[u8]) = ("authorization", b"Bearer 0123456789abcdef");
        assert!(guard().caller(&head("/", &[bearer]), true, now()).is_ok());
    }

    #[test]
    fn without_a_token_everybody_local_may_read() {
        let guard = Guard::new(Ipv4Addr::LOCALHOST.into(), &[], &[], None).unwrap();
        let caller = guard.caller(&head("/", &[]), false, now()).unwrap();
        assert_eq!((caller, caller.check_control().is_err()), (Caller::Anybody, true));
        assert!(guard.check_browser(&head("/", &[("host", b"evil.example")])).is_err());
    }

    #[test]
    fn bad_entries_are_named() {
        let guard = |hosts: &[&str], origins: &[&str]| {
            let own = |list: &[&str]| list.iter().map(ToString::to_string).collect::<Vec<_>>();
            Guard::new(Ipv4Addr::LOCALHOST.into(), &own(hosts), &own(origins), None).err()
        };
        assert_eq!(guard(&["ok.example", "http://x"], &[]), Some(BadEntry::Host("http://x".to_owned())));
        assert_eq!(guard(&[], &["choo.example"]), Some(BadEntry::Origin("choo.example".to_owned())));
    }
}
