//! JSON Schema (draft 2020-12) of everything on the wire, made from the Rust types.
//!
//! [`documents`] gives the files that stand in `schema/`; the program of this crate writes or checks
//! them. TypeScript types are made from the files, so that three languages agree by construction.

mod breakage;
mod contract;
mod document;
mod drift;
mod event;
mod examples;
mod nulls;
mod openapi;
mod outline;
mod payloads;
mod prose;
mod release;

pub use breakage::{Breakage, What, breakages};
pub use contract::Contract;
pub use document::{Document, documents};
pub use drift::{Drift, compare};
pub use examples::{folded, sample_lines};
pub use openapi::openapi;
pub use outline::outline;
pub use payloads::{PARTS, PAYLOADS, PayloadType, payload_types};
pub use release::{Release, ReleaseError, breakages_since, meaning, missing_from, releases};
