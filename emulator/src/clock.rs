//! The emulator's time: the machine's monotonic clock plus an offset that tests push forward, so
//! that eight hours or fourteen days pass in one call.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use time::format_description::well_known::Rfc3339;
use time::{Date, OffsetDateTime, Time};

use crate::checklist::event::Moment;

/// The furthest a test may push the clock in all: a century, well inside every type used here.
const FURTHEST: Duration = Duration::from_secs(100 * 366 * 86_400);

/// Time since the emulator started, as everything in [`crate::service`] is told it.
#[derive(Debug)]
pub struct Clock {
    started: Instant,
    /// The emulator's time was so late already when this run started, without what tests moved.
    before: Duration,
    /// When the emulator's time began.
    started_utc: OffsetDateTime,
    offset_micros: AtomicU64,
}

/// A clock between two runs.
#[derive(Debug, Serialize, Deserialize)]
pub struct SavedClock {
    /// When its time began, in seconds since 1970.
    began: i64,
    passed: Duration,
    moved: Duration,
}

/// The advance was negative, not a number, or beyond what the clock can hold.
#[derive(Debug, PartialEq, Eq)]
pub struct BadAdvance;

impl Clock {
    pub fn start() -> Self {
        let (before, offset_micros) = (Duration::ZERO, AtomicU64::new(0));
        Self { started: Instant::now(), before, started_utc: OffsetDateTime::now_utc(), offset_micros }
    }

    /// Goes on from the clock of a run before: the time between has passed.
    pub fn resume(saved: &SavedClock) -> Option<Self> {
        let started_utc = OffsetDateTime::from_unix_timestamp(saved.began).ok()?;
        let passed = Duration::try_from(OffsetDateTime::now_utc() - started_utc).unwrap_or_default();
        // The machine's clock may have been set back; the emulator's is not.
        let before = passed.max(saved.passed);
        let offset_micros = u64::try_from(saved.moved.as_micros()).ok()?;
        Some(Self {
            started: Instant::now(),
            before,
            started_utc,
            offset_micros: AtomicU64::new(offset_micros),
        })
    }

    pub fn save(&self) -> SavedClock {
        let moved = self.offset();
        SavedClock { began: self.started_utc.unix_timestamp(), passed: self.passed(), moved }
    }

    fn passed(&self) -> Duration {
        self.before + self.started.elapsed()
    }

    pub fn now(&self) -> Duration {
        self.passed() + self.offset()
    }

    /// The time together with how far it was moved.
    pub fn moment(&self) -> Moment {
        let moved = self.offset();
        Moment { clock: self.passed() + moved, moved }
    }

    pub fn offset(&self) -> Duration {
        Duration::from_micros(self.offset_micros.load(Ordering::Relaxed))
    }

    pub fn advance(&self, seconds: f64) -> Result<(), BadAdvance> {
        let step = Duration::try_from_secs_f64(seconds).map_err(|_| BadAdvance)?;
        let step = u64::try_from(step.as_micros()).map_err(|_| BadAdvance)?;
        let limit = FURTHEST.as_micros() as u64;
        self.offset_micros
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |old| {
                old.checked_add(step).filter(|sum| *sum <= limit)
            })
            .map(|_| ())
            .map_err(|_| BadAdvance)
    }

    /// A moment of the emulator's time as the date-time text its JSON carries.
    pub fn date_time(&self, moment: Duration) -> String {
        self.utc(moment)
            .and_then(|at| at.format(&Rfc3339).ok())
            .unwrap_or_else(|| "9999-12-31T23:59:59Z".to_owned())
    }

    /// The same in the form AWS signs: `YYYYMMDDTHHMMSSZ`.
    pub fn compact_date(&self, moment: Duration) -> String {
        let fractionless = self.date_time(moment);
        fractionless.chars().filter(|c| !matches!(c, '-' | ':')).collect()
    }

    /// The moment of a date in that form; `None` before the start and for anything else.
    pub fn moment_of(&self, compact_date: &str) -> Option<Duration> {
        let is_shaped = compact_date.len() == 16
            && compact_date.bytes().enumerate().all(|(at, byte)| match at {
                8 => byte == b'T',
                15 => byte == b'Z',
                _ => byte.is_ascii_digit(),
            });
        let digits = |from, to| compact_date.get(from..to)?.parse::<u16>().ok();
        let small = |from| u8::try_from(digits(from, from + 2)?).ok();
        let year = digits(0, 4).filter(|_| is_shaped)?;
        let date = Date::from_calendar_date(i32::from(year), small(4)?.try_into().ok()?, small(6)?).ok()?;
        let time = Time::from_hms(small(9)?, small(11)?, small(13)?).ok()?;
        Duration::try_from(date.with_time(time).assume_utc() - self.utc(Duration::ZERO)?).ok()
    }

    /// The moment of a date as [`Self::date_time`] writes it.
    pub fn moment_of_date_time(&self, text: &str) -> Option<Duration> {
        let is_shaped = text.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            13 | 16 => byte == b':',
            _ => byte.is_ascii_alphanumeric(),
        });
        let compact: String = text.chars().filter(|c| !matches!(c, '-' | ':')).collect();
        if is_shaped && text.len() == 20 { self.moment_of(&compact) } else { None }
    }

    /// The same as HTTP has it (RFC 9110 section 5.6.7).
    pub fn http_date(&self, moment: Duration) -> String {
        const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
        const MONTHS: [&str; 12] =
            ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        let at = self.utc(moment).unwrap_or(self.started_utc);
        let day = DAYS[usize::from(at.weekday().number_days_from_monday())];
        let month = MONTHS[usize::from(u8::from(at.month())) - 1];
        let (hour, minute, second) = at.to_hms();
        format!("{day}, {:02} {month} {} {hour:02}:{minute:02}:{second:02} GMT", at.day(), at.year())
    }

    fn utc(&self, moment: Duration) -> Option<OffsetDateTime> {
        let whole = Duration::from_secs(moment.as_secs());
        let start = self.started_utc.replace_nanosecond(0).unwrap_or(self.started_utc);
        start.checked_add(time::Duration::try_from(whole).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advances_only_forward_and_within_a_century() {
        let clock = Clock::start();
        assert_eq!(clock.advance(28_800.5), Ok(()));
        assert!(clock.now() >= Duration::from_millis(28_800_500));
        for bad in [-1.0, f64::NAN, f64::INFINITY, 1e30, 4e9] {
            assert_eq!(clock.advance(bad), Err(BadAdvance), "{bad}");
        }
        assert_eq!(clock.offset(), Duration::from_millis(28_800_500));
    }

    #[test]
    fn the_next_run_goes_on_and_never_back() {
        let clock = Clock::start();
        clock.advance(1_000.0).expect("an advance");
        let mut saved = clock.save();
        let next = Clock::resume(&saved).expect("a clock");
        assert!(next.now() >= clock.now() - Duration::from_secs(1) && next.offset() == clock.offset());
        saved.passed = Duration::from_secs(500);
        assert!(Clock::resume(&saved).expect("a clock").now() >= Duration::from_secs(1_500));
        saved.began = i64::MAX;
        assert!(Clock::resume(&saved).is_none());
    }

    #[test]
    fn dates_follow_the_offset() {
        let clock = Clock::start();
        let before = clock.date_time(Duration::ZERO);
        let after = clock.date_time(Duration::from_secs(86_400 * 366));
        assert!(before < after, "{before} {after}");
        assert!(before.ends_with('Z'));
    }

    #[test]
    fn a_date_that_people_give_leads_back_too() {
        let clock = Clock::start();
        let moment = Duration::from_secs(86_400 * 366 + 12_345);
        let date = clock.date_time(moment);
        assert_eq!(clock.moment_of_date_time(&date), Some(moment));
        let compact = clock.compact_date(moment);
        for bad in ["", "2030-01-31", "2030-01-31 12:00:00Z", "2030-01-31T12:00:00+01:00", compact.as_str()] {
            assert_eq!(clock.moment_of_date_time(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_date_of_an_answer_is_the_clock_s() {
        let clock = Clock {
            started_utc: OffsetDateTime::from_unix_timestamp(784_111_777).unwrap(),
            ..Clock::start()
        };
        assert_eq!(clock.http_date(Duration::ZERO), "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(clock.http_date(Duration::from_secs(86_400 * 60)), "Thu, 05 Jan 1995 08:49:37 GMT");
    }

    #[test]
    fn compact_dates_lead_back() {
        let clock = Clock::start();
        let moment = Duration::from_secs(86_400 * 366 + 12_345);
        let date = clock.compact_date(moment);
        assert_eq!(date.len(), 16);
        assert_eq!(clock.moment_of(&date), Some(moment));
        for bad in ["", "20001301T000000Z", "19700101T000000Z", "+9991231T000000Z", "99991231T0000000", "é"]
        {
            assert_eq!(clock.moment_of(bad), None, "{bad}");
        }
    }
}
