//! The terminal below the bars.

use std::io;

use rustix::process::getpgrp;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcgetpgrp, tcgetwinsize, tcsetattr};

/// While it lives, the terminal does not echo `^C`: an echo behind the bars moves them, and what is then drawn
/// over is the wrong line.
#[derive(Debug)]
pub(super) struct QuietTerminal(Option<Termios>);

impl QuietTerminal {
    /// Switches the echo of control characters off, where there is a terminal and we may.
    pub(super) fn new() -> Self {
        let modes = in_foreground().then(|| tcgetattr(io::stdout()).ok()).flatten();
        if let Some(before) = &modes {
            let mut quiet = before.clone();
            quiet.local_modes.remove(LocalModes::ECHOCTL);
            set(&quiet);
        }
        Self(modes)
    }
}

impl Drop for QuietTerminal {
    fn drop(&mut self) {
        if let Some(before) = self.0.take().filter(|_| in_foreground()) {
            set(&before);
        }
    }
}

/// Lines on the screen, if there is one.
pub(super) fn rows() -> Option<usize> {
    let size = tcgetwinsize(io::stdout()).ok()?;
    Some(usize::from(size.ws_row)).filter(|rows| *rows > 0)
}

/// A process in the background that changes the terminal is stopped for it.
fn in_foreground() -> bool {
    tcgetpgrp(io::stdout()).is_ok_and(|group| group == getpgrp())
}

/// A terminal that has gone away needs no settings.
fn set(modes: &Termios) {
    let _ = tcsetattr(io::stdout(), OptionalActions::Now, modes);
}
