//! Replaces secrets in encoded lines.

mod json;
mod literals;

use std::collections::{HashMap, VecDeque};
use std::ops::Range;

use memchr::memchr;
use regex::Regex;

use crate::Redaction;
use crate::block::{Block, Role};
use json::{Place, What};
use literals::Literals;

/// Streams of output of which the end is remembered; the one that began first gives way.
const STREAMS: usize = 256;

/// Bytes of a text in which a pattern may begin that goes on in the next.
const PATTERN_REACH: usize = 256;

/// What stands in place of so many bytes: no more, so that lines only become shorter, and less than any secret
/// has, so that none can be a part of it.
fn replacement(bytes: usize) -> &'static [u8] {
    &b"***"[..bytes.min(3)]
}

/// Replaces secrets in the texts of a line (`unit`, `error`, all of `payload`, its keys included), of which
/// type, time, run and numbers of the envelope are never touched. Numbers in the payload that contain one
/// become `null`. The line stays one, with the same `seq`.
///
/// Output comes in pieces: the end of each stream of a task is remembered as it was, so that a secret cut in
/// two is found. The piece before has gone by then, so what may be the beginning of one is replaced at once,
/// from its fourth byte on, or from half of a short one.
#[derive(Debug)]
pub(crate) struct Redactor {
    literals: Option<Literals>,
    patterns: Vec<Regex>,
    /// The last of what was said, by stream.
    said: HashMap<Vec<u8>, String>,
    /// Streams in the order they began.
    order: VecDeque<Vec<u8>>,
    scratch: Scratch,
}

#[derive(Debug, Default)]
struct Scratch {
    /// The text at hand behind what was said before it.
    text: String,
    ranges: Vec<Range<usize>>,
    /// Bytes of the line to replace.
    cuts: Vec<(Range<usize>, &'static [u8])>,
}

impl Redactor {
    /// `None` if there is nothing to redact.
    pub(crate) fn new(redaction: &Redaction) -> Option<Self> {
        (!redaction.is_empty()).then(|| Redactor {
            literals: Literals::new(&redaction.secrets),
            patterns: redaction.patterns.clone(),
            said: HashMap::new(),
            order: VecDeque::new(),
            scratch: Scratch::default(),
        })
    }

    /// Redacts all lines of a block.
    pub(crate) fn redact_block(&mut self, block: &mut Block) {
        block.edit(|meta, line| self.redact(line, meta.role == Role::Text));
    }

    /// The line without secrets; `None` if there were none.
    pub(crate) fn redact(&mut self, line: &[u8], is_output: bool) -> Option<Vec<u8>> {
        if !is_output && !self.may_hold_secret(line) {
            return None;
        }
        self.scratch.cuts.clear();
        let mut stream = Vec::new();
        json::tokens(line, |token| {
            let raw = &line[token.at.clone()];
            match (token.what, token.place) {
                (_, Place::Fixed) => {}
                (_, Place::Kind | Place::Task) => {
                    if is_output {
                        stream.extend_from_slice(raw);
                        stream.push(b'"');
                    }
                }
                (What::Number, _) => {
                    if self.literals.as_ref().is_some_and(|literals| literals.is_in(raw)) {
                        self.scratch.cuts.push((token.at, b"null"));
                    }
                }
                (What::Text, Place::Content) if is_output => {
                    self.redact_text(raw, token.at.start, Some(&stream));
                }
                (What::Text, Place::Unit) if is_output => {
                    stream.extend_from_slice(raw);
                    stream.push(b'"');
                    self.redact_text(raw, token.at.start, None);
                }
                (What::Text, _) => self.redact_text(raw, token.at.start, None),
            }
        });
        (!self.scratch.cuts.is_empty()).then(|| cut(line, 0, &self.scratch.cuts))
    }

    /// Whether it is worth a closer look. What has no escapes means what it says.
    fn may_hold_secret(&self, line: &[u8]) -> bool {
        !self.patterns.is_empty()
            || memchr(b'\\', line).is_some()
            || self.literals.as_ref().is_some_and(|literals| literals.is_in(line))
    }

    /// Notes what has to be replaced in the text whose bytes begin at `start` of the line; what goes before
    /// it in its stream is taken into account.
    fn redact_text(&mut self, raw: &[u8], start: usize, stream: Option<&Vec<u8>>) {
        let before = stream.and_then(|stream| self.said.get(stream)).map_or("", String::as_str);
        let text = &mut self.scratch.text;
        text.clear();
        text.push_str(before);
        let before = before.len();
        json::decode(raw, text);
        self.scratch.ranges.clear();
        self.find(before, stream.is_some());
        if let Some(stream) = stream {
            self.remember(stream);
        }
        let Redactor { literals, scratch: Scratch { ranges, cuts, .. }, .. } = self;
        let from = cuts.len();
        let parts = json::raw_ranges(raw, ranges);
        cuts.extend(
            parts.into_iter().map(|part| (start + part.start..start + part.end, replacement(part.len()))),
        );
        // What reads like a secret only while it is escaped.
        if memchr(b'\\', raw).is_some()
            && literals.as_ref().is_some_and(|literals| literals.is_in(&cut(raw, start, &cuts[from..])))
        {
            cuts.truncate(from);
            cuts.push((start..start + raw.len(), replacement(raw.len())));
        }
    }

    /// Finds what has to be replaced in the text at hand, of which the first `before` bytes were said before.
    fn find(&mut self, before: usize, goes_on: bool) {
        let Redactor { literals, patterns, scratch: Scratch { text, ranges, .. }, .. } = self;
        let (old, new) = text.split_at(before);
        let mut add = |range: Range<usize>, from: usize| {
            let range = (from + range.start).max(before) - before..from + range.end - before;
            if !range.is_empty() {
                push(ranges, range);
            }
        };
        if let Some(literals) = literals {
            // What ended in the old text has been dealt with; what began there may end in the new one.
            literals.find(text).filter(|range| range.end > before).for_each(|range| add(range, 0));
            if goes_on {
                add(text.len() - literals.begun(text.as_bytes())..text.len(), 0);
            }
        }
        for pattern in patterns {
            pattern.find_iter(new).for_each(|found| add(found.range(), before));
            // A match that was whole before only seems to go on.
            let was_whole = |at| pattern.find_at(old, at).is_some_and(|found| found.start() == at);
            let begun = pattern.find_iter(text).map(|found| found.range()).take_while(|it| it.start < before);
            begun.filter(|it| it.end > before && !was_whole(it.start)).for_each(|it| add(it, 0));
        }
        merge(ranges);
    }

    /// Keeps the end of the text at hand for what follows it in its stream.
    fn remember(&mut self, stream: &Vec<u8>) {
        let Redactor { literals, patterns, said, order, scratch: Scratch { text, .. } } = self;
        let reach = literals.as_ref().map_or(0, Literals::reach);
        let reach = reach.max(if patterns.is_empty() { 0 } else { PATTERN_REACH });
        let mut from = text.len().saturating_sub(reach);
        while !text.is_char_boundary(from) {
            from += 1;
        }
        let end = &text[from..];
        if let Some(said) = said.get_mut(stream) {
            end.clone_into(said);
            return;
        }
        if order.len() == STREAMS
            && let Some(oldest) = order.pop_front()
        {
            said.remove(&oldest);
        }
        order.push_back(stream.clone());
        said.insert(stream.clone(), end.to_owned());
    }
}

/// The bytes that begin at `start` with these parts replaced, which are in order.
fn cut(bytes: &[u8], start: usize, cuts: &[(Range<usize>, &[u8])]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    for (cut, replacement) in cuts {
        out.extend_from_slice(&bytes[at..cut.start - start]);
        out.extend_from_slice(replacement);
        at = cut.end - start;
    }
    out.extend_from_slice(&bytes[at..]);
    out
}

/// Adds a range, in one with those before it that it touches, so that there are never more than bytes.
fn push(ranges: &mut Vec<Range<usize>>, mut range: Range<usize>) {
    while let Some(last) = ranges.pop_if(|last| range.start <= last.end && last.start <= range.end) {
        range = range.start.min(last.start)..range.end.max(last.end);
    }
    ranges.push(range);
}

/// Puts ranges in order, those that touch into one.
fn merge(ranges: &mut Vec<Range<usize>>) {
    ranges.sort_unstable_by_key(|range| range.start);
    ranges.dedup_by(|next, last| {
        let touch = next.start <= last.end;
        if touch {
            last.end = last.end.max(next.end);
        }
        touch
    });
}

#[cfg(test)]
mod tests;
