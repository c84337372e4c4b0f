//! Lines with LF between are a text message; `hub.cursor` is the last line of each.

use bytes::Bytes;
use choo_protocol::Timestamp;

use super::Framing;
use super::lines;
use crate::core::Block;

/// How many bytes of lines make a message at most, longer lines aside. With the cursor it stays within
/// 1 MiB: the most that some clients take.
const MESSAGE_BYTES: usize = (1 << 20) - 1024;

/// The block as messages. Until the last of them has come a reader stands where it stood before.
pub(super) fn messages(block: &Block, id: Option<&str>, time: Timestamp) -> Vec<Bytes> {
    let mut done = Vec::new();
    let items = lines::of(block, time);
    let room = lines::room(&items).min(MESSAGE_BYTES);
    let begin = || {
        let mut message = Framing::begin();
        message.reserve(room);
        message
    };
    let mut message = begin();
    for item in items {
        if message.len() + item.line.len() > MESSAGE_BYTES && message.len() > Framing::begin().len() {
            message.extend_from_slice(&lines::cursor_line(&block.before, id, time));
            done.extend(Framing::Message.finish(std::mem::replace(&mut message, begin())));
        }
        message.extend_from_slice(&item.line);
        message.push(b'\n');
    }
    message.extend_from_slice(&lines::cursor_line(&block.cursor, id, time));
    done.extend(Framing::Message.finish(message));
    done
}
