//! hub
mod core;
