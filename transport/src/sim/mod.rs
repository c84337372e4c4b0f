//! A simulated world: a pusher, a socket of bytes, a hub that crashes, and a clock of their own, all in one
//! thread and all drawn from a seed.
//!
//! [`run`] plays one seed and panics where something is broken that must hold: nothing emitted is lost in
//! silence, nothing is delivered torn, out of order or (once a hub has dropped repeats) twice, memory stays
//! within its bound, nothing is called stored that is not, and the picture a hub ends up with is the fold of
//! everything emitted; with a spool nothing is lost but what the last 10 ms before a kill brought. The same seed plays the same way.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a broken promise ends the simulation by panicking")]

mod book;
mod disk;
mod hub;
mod mark;
mod orders;
mod script;
mod spooling;
mod world;

#[cfg(test)]
pub(crate) use book::Book;
#[cfg(test)]
pub(crate) use hub::{Manners, Place};
pub use mark::{Mark, Marks};
pub use script::run;
#[cfg(test)]
pub(crate) use world::World;

#[cfg(test)]
mod tests {
    use super::*;

    /// More of them, and whether everything is met that should be, by `cargo xtask sim`.
    #[test]
    fn every_seed_keeps_every_promise() {
        let mut marks = Marks::default();
        for seed in 0..25 {
            marks.add(&run(seed));
        }
        assert!(marks.missing().count() < Mark::ALL.len() / 2, "{marks:?}");
    }

    #[test]
    fn a_seed_plays_the_same_way_again() {
        for seed in 0..2 {
            assert_eq!(run(seed), run(seed));
        }
    }
}
