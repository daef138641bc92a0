//! What goes wrong with the emulator's own files, on standard error: once when it begins, and once when it is
//! over. Devices are served all the same.

use std::fmt::Display;
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};

#[derive(Debug, Default)]
pub struct Trouble {
    is_told: AtomicBool,
}

impl Trouble {
    /// It went wrong; tells if it went well before.
    pub fn begins(&self, why: impl Display) {
        if !self.is_told.swap(true, Ordering::Relaxed) {
            say(why);
        }
    }

    /// It went well; tells if it went wrong before.
    pub fn is_over(&self, what: impl Display) {
        // Mostly there was none.
        if self.is_told.load(Ordering::Relaxed) && self.is_told.swap(false, Ordering::Relaxed) {
            say(what);
        }
    }
}

/// Says it on standard error, as the emulator.
pub fn say(what: impl Display) {
    line(format_args!("fio-emulator: {what}"));
}

/// A line on standard error. That may be a file on a full disk too, or closed, which nothing can be done
/// about and nobody is to fall over.
pub fn line(text: impl Display) {
    let _ = io::stderr().write_all(format!("{text}\n").as_bytes());
}
