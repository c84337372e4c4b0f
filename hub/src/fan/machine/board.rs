//! Topics and those who watch them: no stream, but the newest message for whoever does not have it.

use std::time::Duration;

use bytes::Bytes;
use choo_protocol::Timestamp;

use super::Fan;
use crate::core::Item;
use crate::core::Moment;
use crate::encoding::Framing;
use crate::fan::reader::Watch;
use crate::topic::Topic;

/// A topic is looked at this often at most, so that what changes much costs little.
pub(crate) const PERIOD: Duration = Duration::from_millis(50);

/// A topic that somebody watches.
#[derive(Debug)]
pub(super) struct Board {
    topic: Topic,
    /// The readers.
    members: Vec<usize>,
    /// What it last showed, and the message that said so.
    data: Vec<u8>,
    message: Bytes,
    /// The message's version; 0 before the first.
    version: u64,
    /// It may show something else by now.
    stale: bool,
    /// It is being looked at.
    asked: bool,
    /// Not to be looked at again before.
    rests_until: Duration,
}

impl Fan {
    /// A reader watches a topic from now on. What it is shown first is looked up behind this moment, so that
    /// no change falls between.
    pub(super) fn watch(&mut self, reader: usize, topic: Topic) {
        let found = self.boards.iter().find(|(_, board)| board.topic == topic).map(|(index, _)| index);
        let board = found.unwrap_or_else(|| {
            self.boards.insert(Board {
                topic,
                members: Vec::new(),
                data: Vec::new(),
                message: Bytes::new(),
                version: 0,
                stale: true,
                asked: false,
                rests_until: self.now.at,
            })
        });
        self.boards[board].members.push(reader);
        self.readers[reader].watch = Some(Watch { board, had: 0 });
        self.look_at_boards();
    }

    /// What a reader watches, by the type of the messages.
    pub(super) fn topic_of(&self, watch: Watch) -> &'static str {
        self.boards[watch.board].topic.message_type()
    }

    /// A reader is gone.
    pub(super) fn unwatch(&mut self, reader: usize) {
        let Some(Watch { board, .. }) = self.readers[reader].watch.take() else { return };
        self.boards[board].members.retain(|member| *member != reader);
        if self.boards[board].members.is_empty() {
            self.boards.remove(board);
        }
    }

    /// Records may have changed what is shown.
    pub(super) fn stir_by(&mut self, items: &[Item]) {
        for (_, board) in &mut self.boards {
            board.stale |= items.iter().any(|item| board.topic.concerns(&item.record));
        }
        self.look_at_boards();
    }

    /// So may have who came or went.
    pub(crate) fn handle_stirred(&mut self, now: Moment) {
        self.now = now;
        for (_, board) in &mut self.boards {
            board.stale |= board.topic.is_of_the_hub();
        }
        self.look_at_boards();
    }

    /// Everything may have, as some records are not known.
    pub(super) fn stir_all(&mut self) {
        for (_, board) in &mut self.boards {
            board.stale = true;
        }
        self.look_at_boards();
    }

    /// Asks for what is stale and has rested.
    pub(super) fn look_at_boards(&mut self) {
        for (_, board) in &mut self.boards {
            if board.stale && !board.asked && board.rests_until <= self.now.at {
                (board.stale, board.asked) = (false, true);
                self.topics.push_back(board.topic.clone());
            }
        }
    }

    /// When a topic is to be looked at next.
    pub(super) fn boards_deadline(&self) -> Option<Duration> {
        let waiting = self.boards.iter().filter(|(_, board)| board.stale && !board.asked);
        waiting.map(|(_, board)| board.rests_until).min()
    }

    /// A topic to be looked at.
    pub(crate) fn poll_topic(&mut self) -> Option<Topic> {
        self.topics.pop_front()
    }

    /// What a topic shows.
    pub(crate) fn handle_topic(&mut self, topic: &Topic, data: Vec<u8>, now: Moment) {
        self.now = now;
        let Some((_, board)) = self.boards.iter_mut().find(|(_, board)| board.topic == *topic) else {
            return;
        };
        board.asked = false;
        board.rests_until = now.at + PERIOD;
        if board.version == 0 || board.data != data {
            // Rises over the lives of the hub, as long as the clock does.
            let time = u64::try_from(now.time.unix_millis()).unwrap_or(0);
            self.shown = time.max(self.shown + 1);
            board.version = self.shown;
            board.message = message(topic, &data, now.time, self.shown);
            board.data = data;
            for reader in board.members.clone() {
                self.queue(reader);
            }
        }
        self.look_at_boards();
    }

    /// Gives a reader that has nothing else to write the newest message, if it lacks it.
    pub(super) fn show(&mut self, reader: usize) {
        let Fan { readers, boards, .. } = self;
        let it = &mut readers[reader];
        if let Some(Watch { board, had }) = it.watch
            && let Some(shown) = boards.get(board)
            && had < shown.version
            && it.is_clear()
        {
            it.watch = Some(Watch { board, had: shown.version });
            it.push(shown.message.clone());
        }
    }

    /// Whether a newer message waits for a reader.
    pub(super) fn is_outdated(&self, reader: usize) -> bool {
        let watch = self.readers[reader].watch;
        watch.is_some_and(|Watch { board, had }| self.boards.get(board).is_some_and(|it| had < it.version))
    }
}

/// S2-21, with a version, by which an old message is known that comes after a newer one.
fn message(topic: &Topic, data: &[u8], time: Timestamp, version: u64) -> Bytes {
    let mut message = Framing::begin();
    message.extend_from_slice(format!("{{\"type\":\"{}\",\"data\":", topic.message_type()).as_bytes());
    message.extend_from_slice(data);
    message.extend_from_slice(format!(",\"timestamp\":\"{time}\",\"version\":{version}}}").as_bytes());
    Framing::Message.finish(message).unwrap_or_default()
}
