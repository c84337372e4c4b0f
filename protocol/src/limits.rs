//! The sizes a line may have (SPEC §3).

/// Bounds on one received line, its newline not counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of an ordinary line. Default [`Limits::LINE`].
    pub line: usize,
    /// Bytes of a line that may carry a whole graph or state. Default [`Limits::GRAPH_LINE`].
    pub graph_line: usize,
    /// How deep objects and arrays may be nested, the line's own object included.
    /// Default [`Limits::DEPTH`].
    pub depth: usize,
}

impl Limits {
    /// 512 KiB.
    pub const LINE: usize = 512 << 10;
    /// 16 MiB: `orch.started` of 10,000 units and 30,000 edges takes about 2.
    pub const GRAPH_LINE: usize = 16 << 20;
    /// 64 levels.
    pub const DEPTH: usize = 64;

    /// The limit for lines of this type, in bytes.
    pub fn of(&self, kind: &str) -> usize {
        if crate::kind::carries_graph(kind) { self.graph_line } else { self.line }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Limits { line: Self::LINE, graph_line: Self::GRAPH_LINE, depth: Self::DEPTH }
    }
}
