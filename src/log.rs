//! Log lines for the application: filtered by level before they are built, bounded in number, and
//! made from typed fields only.

use crate::clock::Instant;
use crate::shown::{Secrets, clean};
use std::cell::Cell;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[repr(i32)]
pub enum Level {
    Error = 1,
    Warn = 2,
    Info = 3,
    Debug = 4,
    Trace = 5,
}

/// Receives finished lines. Called on the thread that drives the client.
pub type Sink = Arc<dyn Fn(Level, &str) + Send + Sync>;

/// More lines than this in one window are counted instead of written: a fault that repeats must not
/// fill the device's flash.
const LINES_IN_A_WINDOW: u32 = 1_000;
const WINDOW: Duration = Duration::from_secs(10);

#[derive(Clone)]
pub struct Log {
    sink: Option<Sink>,
    level: i32,
    window_start: Cell<Instant>,
    now: Cell<Instant>,
    written: Cell<u32>,
    suppressed: Cell<u32>,
    /// What no line may show; shared by all copies of the log.
    secrets: Arc<Mutex<Secrets>>,
}

impl Log {
    pub fn off() -> Log {
        Log::new(0, None)
    }

    /// `level`: 0 is off, otherwise the number of the finest [`Level`] wanted.
    pub fn new(level: i32, sink: Option<Sink>) -> Log {
        Log {
            level: if sink.is_some() { level } else { 0 },
            sink,
            window_start: Cell::default(),
            now: Cell::default(),
            written: Cell::new(0),
            suppressed: Cell::new(0),
            secrets: Arc::default(),
        }
    }

    pub fn wants(&self, level: Level) -> bool {
        level as i32 <= self.level
    }

    /// Tells the log what time it is, for the rate limit.
    pub fn set_now(&self, now: Instant) {
        self.now.set(now);
    }

    pub fn set_secrets(&self, secrets: Secrets) {
        *self.secrets() = secrets;
    }

    pub fn secrets(&self) -> MutexGuard<'_, Secrets> {
        self.secrets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn write(&self, level: Level, line: fmt::Arguments<'_>) {
        let Some(sink) = self.sink.as_ref().filter(|_| self.wants(level)) else { return };
        if self.now.get().since(self.window_start.get()) >= WINDOW {
            self.window_start.set(self.now.get());
            self.written.set(0);
            let suppressed = self.suppressed.replace(0);
            if suppressed > 0 {
                sink(
                    Level::Warn,
                    &format!("{suppressed} log lines were left out: too many in {} s", WINDOW.as_secs()),
                );
            }
        }
        if self.written.get() >= LINES_IN_A_WINDOW {
            self.suppressed.set(self.suppressed.get().saturating_add(1));
            return;
        }
        self.written.set(self.written.get() + 1);
        match line.as_str() {
            // A text of our own.
            Some(text) => sink(level, text),
            None => {
                let line = line.to_string();
                let line = self.secrets().hide_in_text(&line).into_owned();
                sink(level, &clean(&line));
            }
        }
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Log(level {})", self.level)
    }
}

/// Writes a line if the level is wanted; the arguments are not formatted otherwise.
macro_rules! log_line {
    ($log:expr, $level:ident, $($arg:tt)*) => {
        if $log.wants($crate::log::Level::$level) {
            $log.write($crate::log::Level::$level, format_args!($($arg)*));
        }
    };
}
pub(crate) use log_line;

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    fn collecting(level: i32) -> (Log, Arc<Mutex<Vec<String>>>) {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let into = lines.clone();
        let sink: Sink = Arc::new(move |_, line: &str| into.lock().unwrap().push(line.to_string()));
        (Log::new(level, Some(sink)), lines)
    }

    #[test]
    fn a_line_below_the_level_is_not_even_formatted() {
        struct Explodes;
        impl fmt::Display for Explodes {
            fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
                panic!("formatted");
            }
        }
        let (log, lines) = collecting(Level::Warn as i32);
        log_line!(log, Info, "{}", Explodes);
        log_line!(log, Warn, "seen");
        assert_eq!(*lines.lock().unwrap(), ["seen"]);
    }

    #[test]
    fn a_line_shows_no_secret_and_moves_no_cursor() {
        let (log, lines) = collecting(Level::Trace as i32);
        log.clone().set_secrets(Secrets::new(vec![crate::secret::Secret::new("client secret")]));
        let words = String::from("the service says client+secret\u{1b}[2J\u{202e}");
        log_line!(log, Warn, "{words}");
        assert_eq!(*lines.lock().unwrap(), ["the service says (not shown)[2J"]);
    }

    #[test]
    fn a_flood_is_cut_and_counted() {
        let (log, lines) = collecting(Level::Trace as i32);
        for i in 0..LINES_IN_A_WINDOW + 50 {
            log_line!(log, Debug, "{i}");
        }
        assert_eq!(lines.lock().unwrap().len(), LINES_IN_A_WINDOW as usize);
        log.set_now(Instant(20_000));
        log_line!(log, Debug, "later");
        let lines = lines.lock().unwrap();
        assert!(lines[lines.len() - 2].starts_with("50 log lines"), "{}", lines[lines.len() - 2]);
    }
}
