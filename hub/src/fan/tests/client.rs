//! Who reads, and what must be true of what it reads.

use choo_protocol::{Filter, Limits, Line, RunStore, kind};
use serde_json::Value;

use super::form::{Form, pieces, subscribe};
use super::world::{Socket, World};
use crate::core::{Body, Core, Cursor, Selection, Since};
use crate::encoding::Encoding;

/// One subscription as a client keeps it.
pub(super) struct Client {
    pub(super) filter: Filter,
    pub(super) since: String,
    /// Behind the events up to here it has everything.
    pub(super) at: Option<u64>,
    pub(super) page: RunStore,
    /// Lines since the last cursor.
    pub(super) lines: Vec<String>,
    /// Whether the stream has begun.
    pub(super) told: bool,
}

impl Client {
    pub(super) fn new(filter: Filter, since: &str) -> Self {
        let page = RunStore::new(1 << 20);
        Client { filter, since: since.to_owned(), at: None, page, lines: Vec::new(), told: false }
    }

    pub(super) fn line(&mut self, line: &str) {
        self.page.push(line.as_bytes());
        self.page.push(b"\n");
        self.lines.push(line.to_owned());
    }

    /// All up to here has come.
    pub(super) fn cursor(&mut self, cursor: &str, truth: &Core) {
        self.since = cursor.to_owned();
        let lines = std::mem::take(&mut self.lines);
        // A word stands behind a part of the beginning.
        let Ok(cursor) = cursor.parse::<Cursor>() else { return };
        let mut events = Vec::new();
        let mut gap = None;
        for line in &lines {
            let parsed = Line::parse(line.as_bytes(), &Limits::default()).unwrap();
            match &*parsed.kind {
                kind::HUB_HELLO => {
                    assert!(!std::mem::replace(&mut self.told, true), "two beginnings");
                    gap = None;
                    if self.at.is_none() {
                        self.at = Some(cursor.offset);
                    }
                }
                kind::HUB_GAP => {
                    let value: Value = serde_json::from_str(line).unwrap();
                    gap = value["payload"]["from"].as_str().and_then(|from| from.parse::<Cursor>().ok());
                    assert_eq!(value["payload"]["to"], cursor.to_string());
                }
                kind::HUB_SNAPSHOT | kind::HUB_END | kind::HUB_BYE | kind::HUB_CURSOR => {}
                _ => events.push(line.clone()),
            }
        }
        assert!(self.told, "events before the hello: {lines:?}");
        let at = self.at.unwrap();
        if let Some(from) = gap {
            assert!(from.offset >= at && events.is_empty(), "a gap from {} for one at {at}", from.offset);
        } else {
            let records = truth.history().after(at).take_while(|record| record.offset <= cursor.offset);
            let expected: Vec<String> = records
                .filter_map(|record| match &record.body {
                    Body::Line { json, .. } => Some(String::from_utf8(json.to_vec()).unwrap()),
                    Body::State(_) => None,
                })
                .filter(|line| {
                    let line = Line::parse(line.as_bytes(), &Limits::default()).unwrap();
                    line.kind != kind::HUB_END && self.filter.admits_line(&line)
                })
                .collect();
            assert_eq!(events, expected, "from {at} to {}", cursor.offset);
        }
        self.at = Some(cursor.offset);
    }
}

/// A connection and the client behind it.
pub(super) struct Peer {
    pub(super) form: Form,
    pub(super) reader: usize,
    /// By their names; one without for a response.
    pub(super) clients: Vec<(&'static str, Client)>,
    /// What of an event of SSE has come.
    pub(super) data: Vec<String>,
    pub(super) id: Option<String>,
}

impl Peer {
    pub(super) fn connect(
        world: &mut World,
        sockets: &mut Vec<Socket>,
        form: Form,
        mut clients: Vec<(&'static str, Client)>,
    ) -> Self {
        for (_, client) in &mut clients {
            client.told = false;
            client.lines.clear();
        }
        let reader = if form.0 == Encoding::WebSocket {
            let reader = world.join(sockets, form, None);
            for (id, client) in &clients {
                let types: Vec<&str> = client.filter.types.iter().map(choo_protocol::Glob::as_str).collect();
                world.fan.handle_input(reader, &subscribe(id, &client.since, &types), world.now);
            }
            reader
        } else {
            let client = &clients[0].1;
            let since = match &*client.since {
                "snapshot" => Since::Snapshot,
                "earliest" => Since::Earliest,
                cursor => Since::Cursor(cursor.parse().unwrap()),
            };
            world.join(sockets, form, Some((Selection::Filter(client.filter.clone()), since)))
        };
        Peer { form, reader, clients, data: Vec::new(), id: None }
    }

    pub(super) fn read(&mut self, got: &mut Vec<u8>, truth: &Core) {
        for piece in pieces(self.form, got) {
            match self.form.0 {
                Encoding::WebSocket => {
                    let last: Value = serde_json::from_str(piece.lines().last().unwrap()).unwrap();
                    let id = last["payload"]["id"].as_str().unwrap();
                    let client = &mut self.clients.iter_mut().find(|(name, _)| *name == id).unwrap().1;
                    piece.lines().for_each(|line| client.line(line));
                    client.cursor(last["payload"]["cursor"].as_str().unwrap(), truth);
                }
                Encoding::Ndjson => {
                    let client = &mut self.clients[0].1;
                    for line in piece.lines() {
                        client.line(line);
                        let value: Value = serde_json::from_str(line).unwrap();
                        if value["type"] == kind::HUB_CURSOR {
                            client.cursor(value["payload"]["cursor"].as_str().unwrap(), truth);
                        }
                    }
                }
                _ => {
                    for line in piece.lines() {
                        if let Some(data) = line.strip_prefix("data: ") {
                            self.data.push(data.to_owned());
                        } else if let Some(id) = line.strip_prefix("id: ") {
                            self.id = Some(id.to_owned());
                        } else if line.is_empty() {
                            let client = &mut self.clients[0].1;
                            self.data.drain(..).for_each(|line| client.line(&line));
                            if let Some(id) = self.id.take() {
                                client.cursor(&id, truth);
                            }
                        }
                    }
                }
            }
        }
    }
}
