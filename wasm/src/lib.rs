//! `choo-protocol` in the browser: this crate converts, calls and converts back.
//!
//! Bytes go in, since a string argument costs more than decoding it; answers come out as one JSON
//! text that one `JSON.parse` turns into objects, since making objects one by one costs more than
//! everything else. The npm package `@choo/wire` in `wasm/js` wraps these classes with types, errors
//! of its own class and the connection; use that.

mod batch;
mod decoder;
mod json;
mod store;

pub use decoder::{Decoder, decode};
pub use store::RunStore;
