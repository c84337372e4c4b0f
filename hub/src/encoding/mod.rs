//! In which form a stream goes out.

mod frame;
mod lines;
mod ndjson;
mod patches;
mod process;
mod sse;
mod tasks;
mod told;
mod websocket;

use bytes::Bytes;
use choo_protocol::Timestamp;
use hyper::header::{ACCEPT, HeaderMap};

pub(crate) use frame::{CloseCode, Framing, close_frame, ping_frame, pong_frame};
pub(crate) use told::END_MARK;

use crate::core::Block;

/// The forms of the one stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Encoding {
    Ndjson,
    /// Server-sent events, each of one line.
    Sse,
    /// Server-sent events, each of one block.
    SseBatch,
    /// Server-sent events with names (SPEC §9).
    SseNamed,
    /// Server-sent events, each a JSON Patch that leads from one version of a run's state to the next.
    Patches,
    /// ... or a list of operations on an object of all runs' tasks.
    Tasks,
    /// Server-sent events of the output of one task, or of its files.
    Process,
    /// Text messages of a WebSocket: lines with LF between.
    WebSocket,
}

impl Encoding {
    /// What a client accepts: `text/event-stream` before NDJSON, and NDJSON if it names neither.
    pub(crate) fn accepted(headers: &HeaderMap, batch: bool) -> Self {
        let values = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
        let media_types = values.flat_map(|value| value.split(',')).filter_map(|item| item.split(';').next());
        for media_type in media_types.map(str::trim) {
            if media_type.eq_ignore_ascii_case("application/x-ndjson") {
                return Encoding::Ndjson;
            }
            if media_type.eq_ignore_ascii_case("text/event-stream") {
                return if batch { Encoding::SseBatch } else { Encoding::Sse };
            }
        }
        Encoding::Ndjson
    }

    pub(crate) fn is_sse(self) -> bool {
        !matches!(self, Encoding::Ndjson | Encoding::WebSocket)
    }

    /// A stable name, for those who look who is connected.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Encoding::Ndjson => "ndjson",
            Encoding::Sse => "sse",
            Encoding::SseBatch => "sse-batch",
            Encoding::SseNamed => "sse-named",
            Encoding::Patches => "patches",
            Encoding::Tasks => "tasks",
            Encoding::Process => "process",
            Encoding::WebSocket => "websocket",
        }
    }

    pub(crate) fn content_type(self) -> &'static str {
        if self.is_sse() { "text/event-stream" } else { "application/x-ndjson" }
    }

    /// What goes before the first block.
    pub(crate) fn opening(self) -> &'static [u8] {
        match self {
            Encoding::Ndjson | Encoding::WebSocket => b"",
            Encoding::Sse | Encoding::SseBatch | Encoding::Patches | Encoding::Tasks | Encoding::Process => {
                sse::OPENING
            }
            Encoding::SseNamed => sse::NAMED_OPENING,
        }
    }

    /// A block as it goes to the socket: mostly one piece, or none if there is nothing in it for this form.
    /// `id` names the subscription where a reader has several.
    pub(crate) fn encode(
        self,
        framing: Framing,
        id: Option<&str>,
        block: &Block,
        time: Timestamp,
    ) -> Vec<Bytes> {
        if self == Encoding::WebSocket {
            return websocket::messages(block, id, time);
        }
        let mut piece = Framing::begin();
        self.write(block, time, &mut piece);
        framing.finish(piece).into_iter().collect()
    }

    fn write(self, block: &Block, time: Timestamp, out: &mut Vec<u8>) {
        match self {
            Encoding::Ndjson => ndjson::write(block, time, out),
            Encoding::Sse => sse::write(block, time, out),
            Encoding::SseBatch => sse::write_batch(block, time, out),
            Encoding::SseNamed => sse::write_named(block, out),
            Encoding::Patches => patches::write(block, out),
            Encoding::Tasks => tasks::write(block, out),
            Encoding::Process => process::write(block, out),
            Encoding::WebSocket => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use choo_protocol::{Filter, RunState};
    use hyper::header::HeaderValue;

    use super::*;
    use crate::core::{Core, Frame, Moment, Selection, Since, Step, Subscription};

    fn accepted(value: &str) -> Encoding {
        Encoding::accepted(&HeaderMap::from_iter([(ACCEPT, HeaderValue::from_str(value).unwrap())]), false)
    }

    #[test]
    fn the_accept_header_decides() {
        assert_eq!(accepted("text/event-stream"), Encoding::Sse);
        assert_eq!(accepted("application/json, Text/Event-Stream;q=0.5"), Encoding::Sse);
        assert_eq!(accepted("application/x-ndjson, text/event-stream"), Encoding::Ndjson);
        assert_eq!(accepted("*/*"), Encoding::Ndjson);
        assert_eq!(Encoding::accepted(&HeaderMap::new(), true), Encoding::Ndjson);
    }

    /// The block of a reader behind these lines.
    fn block(lines: &[&str]) -> Block {
        let at =
            |secs| Moment { at: Duration::from_secs(secs), time: "2025-01-18T10:30:00Z".parse().unwrap() };
        let mut core = Core::new(1 << 20, 1, at(0));
        let mut producer = core.connect(None);
        for line in lines {
            producer.handle_bytes(&mut core, format!("{line}\n").as_bytes(), at(0));
        }
        let start = Since::Cursor(core.cursor(0));
        let mut reader = Subscription::new(&core, Selection::Filter(Filter::all()), start, at(0));
        assert!(matches!(reader.poll(&core, u64::MAX, at(1)), Step::Send(_)), "the hello");
        match reader.poll(&core, u64::MAX, at(2)) {
            Step::Send(block) => block,
            _ => Block { frames: Vec::new(), cursor: core.cursor(0), before: start, moved: true },
        }
    }

    fn write(encoding: Encoding, block: &Block) -> String {
        let mut out = Vec::new();
        encoding.write(block, "2025-01-18T10:30:01Z".parse().unwrap(), &mut out);
        String::from_utf8(out).unwrap().replace(&block.cursor.epoch.to_string(), "E")
    }

    const ONE: &str = r#"{"type":"x.a","time":"2025-01-18T10:30:00Z","run":"r","seq":1}"#;
    const TWO: &str = r#"{"type":"x.b","time":"2025-01-18T10:30:00Z","run":"r","seq":2}"#;
    const CURSOR: &str = r#"{"type":"hub.cursor","time":"2025-01-18T10:30:01Z","payload":{"cursor":"E:2"}}"#;

    #[test]
    fn one_block_in_four_forms() {
        let block = block(&[ONE, TWO]);
        assert_eq!(write(Encoding::Ndjson, &block), format!("{ONE}\n{TWO}\n{CURSOR}\n"));
        assert_eq!(write(Encoding::Sse, &block), format!("id: E:1\ndata: {ONE}\n\nid: E:2\ndata: {TWO}\n\n"));
        assert_eq!(write(Encoding::SseBatch, &block), format!("id: E:2\ndata: {ONE}\ndata: {TWO}\n\n"));
        assert_eq!(
            write(Encoding::SseNamed, &block),
            format!("event: x.a\ndata: {ONE}\n\nevent: x.b\ndata: {TWO}\n\n")
        );
    }

    #[test]
    fn s4_13_a_sign_of_life_is_a_comment_of_one_line_or_the_cursor() {
        let mut block = block(&[]);
        block.cursor.offset = 2;
        assert_eq!(write(Encoding::Ndjson, &block), format!("{CURSOR}\n"));
        for encoding in [Encoding::Sse, Encoding::SseBatch] {
            block.moved = true;
            assert_eq!(write(encoding, &block), format!("id: E:2\ndata: {CURSOR}\n\n"));
            block.moved = false;
            assert_eq!(write(encoding, &block), ":\n");
        }
        assert_eq!(write(Encoding::SseNamed, &block), ":\n");
    }

    #[test]
    fn a_carriage_return_between_tokens_cannot_break_an_event() {
        let block = block(&[&ONE.replace(r#","run""#, ",\r\"run\"")]);
        let text = write(Encoding::Sse, &block);
        assert!(!text.contains('\r') && text.contains("hub.error"), "{text}");
    }

    #[test]
    fn a_snapshot_can_be_resumed_only_behind_its_last_part() {
        let mut block = block(&[]);
        let state = Arc::new(RunState::new("r".parse().unwrap()));
        let cursor = block.cursor;
        block.frames = vec![Frame::Control(b"{}".to_vec()), Frame::Snapshot { state, cursor }];
        let text = write(Encoding::Sse, &block);
        assert!(text.starts_with("data: {}\n\nid: E:0\ndata: {\"type\":\"hub.snapshot\""), "{text}");
    }
}
