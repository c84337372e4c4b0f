//! However a stream is cut, the same lines come out of it.

use choo_protocol::{Frame, Limits, LineDecoder};

/// A line, or the length of one that was too long.
type Got = Result<Vec<u8>, u64>;

fn decode(limit: usize, chunks: &[&[u8]]) -> (Vec<Got>, Option<u64>) {
    let mut limits = Limits::default();
    (limits.line, limits.graph_line) = (limit, limit);
    let mut decoder = LineDecoder::new(limits);
    let mut got = Vec::new();
    for chunk in chunks {
        decoder.feed(chunk, |frame| {
            got.push(match frame {
                Frame::Line(line) => Ok(line.to_vec()),
                Frame::Oversized { bytes } => Err(bytes),
            });
        });
    }
    (got, decoder.finish())
}

/// Panics on a fault.
pub fn check(data: &[u8]) {
    let Some((&limit, stream)) = data.split_first() else { return };
    let limit = usize::from(limit);
    let whole = decode(limit, &[stream]);
    for line in whole.0.iter().flatten() {
        assert!(line.len() <= limit && !line.is_empty() && !line.contains(&b'\n'));
    }
    let bytes: Vec<&[u8]> = stream.chunks(1).collect();
    assert_eq!(decode(limit, &bytes), whole);
    // Each cut in two, and in three with one byte in the middle, where that stays cheap.
    for cut in 0..if stream.len() <= 100 { stream.len() } else { 0 } {
        let (head, tail) = stream.split_at(cut);
        assert_eq!(decode(limit, &[head, tail]), whole);
        assert_eq!(decode(limit, &[head, &tail[..1], &tail[1..]]), whole);
    }
}
