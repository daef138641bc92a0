//! What the application gets of the log: bounded in number, without secrets.

use crate::clock::Instant;
use crate::shown::{Secrets, clean};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

pub use fio_c2c_core::log::*;

/// Receives finished lines. Called on the thread that drives the client.
pub type Sink = Arc<dyn Fn(Level, &str) + Send + Sync>;

/// More lines than this in one window are counted instead of written: a fault that repeats must not
/// fill the device's flash.
const LINES_IN_A_WINDOW: u32 = 1_000;
const WINDOW: Duration = Duration::from_secs(10);

/// A log that ends in `sink`, if there is one; `level` as for [`Log::new`].
pub fn log_to(level: i32, sink: Option<Sink>) -> Log {
    match sink {
        Some(sink) => Log::new(level, Arc::new(Lines { sink, state: Mutex::default() })),
        None => Log::off(),
    }
}

struct Lines {
    sink: Sink,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    window_start: Instant,
    now: Instant,
    written: u32,
    suppressed: u32,
    secrets: Arc<Secrets>,
}

impl Lines {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Writer for Lines {
    fn set_now(&self, now: Instant) {
        self.state().now = now;
    }

    fn set_secrets(&self, secrets: Arc<Secrets>) {
        self.state().secrets = secrets;
    }

    fn write(&self, level: Level, line: fmt::Arguments<'_>) {
        // The sink may call back into the library: it is never called with the lock held.
        let mut state = self.state();
        if state.now.since(state.window_start) >= WINDOW {
            state.window_start = state.now;
            state.written = 0;
            let suppressed = std::mem::take(&mut state.suppressed);
            if suppressed > 0 {
                drop(state);
                let line =
                    format!("{suppressed} log lines were left out: too many in {} s", WINDOW.as_secs());
                (self.sink)(Level::Warn, &line);
                state = self.state();
            }
        }
        if state.written >= LINES_IN_A_WINDOW {
            state.suppressed = state.suppressed.saturating_add(1);
            return;
        }
        state.written += 1;
        let secrets = state.secrets.clone();
        drop(state);
        match line.as_str() {
            // A text of our own.
            Some(text) => (self.sink)(level, text),
            None => (self.sink)(level, &clean(&secrets.hide_in_text(&line.to_string()))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn collecting(level: i32) -> (Log, Arc<Mutex<Vec<String>>>) {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let into = lines.clone();
        let sink: Sink = Arc::new(move |_, line: &str| into.lock().unwrap().push(line.to_string()));
        (log_to(level, Some(sink)), lines)
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
        log.clone().set_secrets(&Arc::new(Secrets::new(vec![crate::secret::Secret::new("client secret")])));
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
