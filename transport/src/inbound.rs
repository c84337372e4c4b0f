//! What the peer says.

use choo_protocol::{
    Frame, Limits, Line, LineDecoder, LinkAck, LinkPing, LinkPong, LinkWelcome, RunId, kind,
};

use crate::request::Request;

/// Frames the bytes a peer sends and picks what concerns a link. What is not a line, is too long or is of
/// no concern is passed over: a peer that talks nonsense still reads.
#[derive(Debug)]
pub(crate) struct Inbound {
    decoder: LineDecoder,
    limits: Limits,
}

/// One thing that a peer said.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Said {
    /// `link.welcome`: it is a hub, and has this run up to here.
    Welcome { have: u64 },
    /// `link.ack`: its history has this run up to here.
    Ack { seq: u64 },
    /// `link.ping`, and the answer to it.
    Ping(LinkPong),
    /// `cmd.request`: somebody wants something done.
    Command(Request),
}

impl Inbound {
    pub(crate) fn new() -> Self {
        let mut limits = Limits::default();
        // A hub has no graphs to send.
        limits.graph_line = limits.line;
        Inbound { decoder: LineDecoder::new(limits), limits }
    }

    /// The next bytes of the connection, in any cut.
    pub(crate) fn feed(&mut self, bytes: &[u8], run: &RunId, mut on: impl FnMut(Said)) {
        let Inbound { decoder, limits } = self;
        decoder.feed(bytes, |frame| {
            let Frame::Line(bytes) = frame else { return };
            let Ok(line) = Line::parse(bytes, limits) else { return };
            let said = match &*line.kind {
                kind::CMD_REQUEST => Request::read(&line, bytes.len(), run).map(Said::Command),
                _ => read(&line, run),
            };
            if let Some(said) = said {
                on(said);
            }
        });
    }
}

fn read(line: &Line<'_>, run: &RunId) -> Option<Said> {
    match &*line.kind {
        kind::LINK_WELCOME => {
            let LinkWelcome { have, .. } = line.payload()?.ok()?;
            Some(Said::Welcome { have: have.get(run).copied().unwrap_or(0) })
        }
        kind::LINK_ACK => {
            let LinkAck { run: named, seq } = line.payload()?.ok()?;
            (named == *run).then_some(Said::Ack { seq })
        }
        kind::LINK_PING => {
            let ping: LinkPing = line.payload().and_then(Result::ok).unwrap_or_default();
            Some(Said::Ping(ping.pong()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(bytes: &[&[u8]]) -> Vec<Said> {
        let mut inbound = Inbound::new();
        let mut all = Vec::new();
        for chunk in bytes {
            inbound.feed(chunk, &"r".parse().unwrap(), |said| all.push(said));
        }
        all
    }

    #[test]
    fn what_concerns_the_run_is_heard_and_the_rest_passed_over() {
        let stream = br#"{"type":"link.welcome","payload":{"proto":1,"epoch":"e","have":{"r":7,"other":9}}}
{"type":"link.ack","payload":{"run":"other","seq":70}}
nonsense
{"type":"cmd.request","payload":{"cmd":"pause"}}
{"type":"cmd.request","run":"other","payload":{"id":"c","cmd":"pause"}}
{"type":"cmd.request","run":"r","payload":{"id":"c","cmd":"pause"}}
{"type":"link.ack","payload":{"run":"r","seq":8}}
{"type":"link.ping","payload":{"id":"p"}}
{"type":"link.ping"}
{"type":"link.welcome","payload":{}}
{"type":"link.welcome","payload":[]}
{"type":"link.hello","payload":{"proto":1,"run":"r","first":1,"last":1}}
"#;
        let pong = |id: &str| Said::Ping(LinkPong { id: id.to_owned() });
        let pause = serde_json::from_str(r#"{"id":"c","cmd":"pause"}"#).unwrap();
        let expected = [
            Said::Welcome { have: 7 },
            Said::Command(Request::Whole(pause)),
            Said::Ack { seq: 8 },
            pong("p"),
            pong(""),
            Said::Welcome { have: 0 },
        ];
        assert_eq!(said(&[stream]), expected);
        let bytewise: Vec<&[u8]> = stream.chunks(1).collect();
        assert_eq!(said(&bytewise), expected);
    }

    #[test]
    fn a_peer_that_never_ends_its_line_takes_no_memory() {
        let mut inbound = Inbound::new();
        for _ in 0..1000 {
            inbound.feed(&[b'x'; 4096], &"r".parse().unwrap(), |_| panic!("not a line"));
        }
        let long = vec![b'x'; 1 << 20];
        assert_eq!(said(&[&long, b"\n{\"type\":\"link.ping\"}\n"]).len(), 1);
    }
}
