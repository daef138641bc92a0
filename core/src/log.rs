//! Log lines: filtered by level before they are built, and made from typed fields only. Who writes them is
//! outside.

use crate::clock::Instant;
use crate::shown::Secrets;
use alloc::sync::Arc;
use core::fmt;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[repr(i32)]
pub enum Level {
    Error = 1,
    Warn = 2,
    Info = 3,
    Debug = 4,
    Trace = 5,
}

/// Writes lines somewhere.
pub trait Writer: Send + Sync {
    fn write(&self, level: Level, line: fmt::Arguments<'_>);
    fn set_now(&self, now: Instant);
    /// What no line may show from now on.
    fn set_secrets(&self, secrets: Arc<Secrets>);
}

#[derive(Clone)]
pub struct Log {
    writer: Option<Arc<dyn Writer>>,
    level: i32,
}

impl Log {
    pub fn off() -> Log {
        Log { writer: None, level: 0 }
    }

    /// `level`: 0 is off, otherwise the number of the finest [`Level`] wanted.
    pub fn new(level: i32, writer: Arc<dyn Writer>) -> Log {
        Log { writer: Some(writer), level }
    }

    pub fn wants(&self, level: Level) -> bool {
        level as i32 <= self.level
    }

    /// Tells the writer what time it is.
    pub fn set_now(&self, now: Instant) {
        if let Some(writer) = &self.writer {
            writer.set_now(now);
        }
    }

    pub fn set_secrets(&self, secrets: &Arc<Secrets>) {
        if let Some(writer) = &self.writer {
            writer.set_secrets(secrets.clone());
        }
    }

    pub fn write(&self, level: Level, line: fmt::Arguments<'_>) {
        if let Some(writer) = self.writer.as_ref().filter(|_| self.wants(level)) {
            writer.write(level, line);
        }
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Log(level {})", self.level)
    }
}

/// Writes a line if the level is wanted; the arguments are not formatted otherwise.
#[macro_export]
macro_rules! log_line {
    ($log:expr, $level:ident, $($arg:tt)*) => {
        if $log.wants($crate::log::Level::$level) {
            $log.write($crate::log::Level::$level, format_args!($($arg)*));
        }
    };
}
pub use crate::log_line;
