//! Device information as it was last heard, kept with the tokens: a device that is switched on where there is no
//! network still shows the name of its project.

mod record;

use crate::api::device::Device;
use crate::clock::{Instant, Now, is_plausible};
use crate::context::effects::{AgedDevice, Event};
use crate::context::{Context, Save};
use crate::error::Error;
use crate::log::log_line;
use crate::prelude::*;
use crate::status::{FIO_E_DEVICE_UNKNOWN, FIO_E_STORE_DAMAGED};
use core::time::Duration;

/// What is heard again unchanged is written this often at most: only its age is new.
const REWRITE_AFTER: u64 = 3600;

#[derive(Debug)]
struct Known {
    device: Box<Device>,
    /// When it was heard: in this life, and by the wall clock, if that could be right.
    here: Option<Instant>,
    wall: Option<i64>,
}

#[derive(Debug, Default)]
pub(crate) struct KnownDevice {
    known: Option<Known>,
    /// The store has been read.
    is_loaded: bool,
    /// It holds something, of use or not.
    is_stored: bool,
    /// What the store holds is as old as this.
    saved: Option<i64>,
    is_unsaved: bool,
}

impl Known {
    fn aged(&self, now: Now) -> AgedDevice {
        let by_wall = || {
            let age = now.wall.checked_sub(self.wall.filter(|_| is_plausible(now.wall))?)?;
            u64::try_from(age).ok().map(Duration::from_secs)
        };
        let age = self.here.map(|here| now.mono - here).or_else(by_wall);
        AgedDevice { device: self.device.clone(), age }
    }
}

impl KnownDevice {
    /// What the device information was when it was last heard, be it in an earlier life.
    pub(crate) fn cached(&mut self, cx: &mut Context) -> Result<AgedDevice, Error> {
        self.load(cx);
        let known = self.known.as_ref();
        known.map(|known| known.aged(cx.now)).ok_or_else(|| Error::of(FIO_E_DEVICE_UNKNOWN))
    }

    /// An authorization was taken up from the store: what is known of the device is told with it.
    pub(crate) fn tell(&mut self, cx: &mut Context, project: Option<&String>) {
        self.load(cx);
        // A power cut may have left that of an earlier pairing.
        if self.known.take_if(|known| known.device.project_id.as_ref() != project).is_some() {
            self.saved = None;
        }
        if let Some(known) = &self.known {
            cx.tell(Event::DeviceCached(known.aged(cx.now)));
        }
    }

    /// A store that cannot be read is asked again at the next occasion.
    fn load(&mut self, cx: &mut Context) {
        if self.is_loaded {
            return;
        }
        let value = match cx.records.load(record::KEY) {
            Ok(value) => value,
            Err(error) if error.status == FIO_E_STORE_DAMAGED => {
                cx.store_complaint(error);
                None
            }
            Err(error) => return log_line!(cx.log, Warn, "{error}"),
        };
        self.is_loaded = true;
        self.is_stored = value.is_some();
        let settings = &cx.settings;
        let known = value.and_then(|value| record::decode(&value, &settings.client_id, &settings.origin));
        self.known = known.map(|(device, wall)| Known { device: Box::new(device), here: None, wall });
        self.saved = self.known.as_ref().and_then(|known| known.wall);
    }

    /// The service has told of the device.
    pub(crate) fn handle_device(&mut self, cx: &mut Context, device: &Device) {
        self.load(cx);
        // An answer that names no project takes no name away: the tokens are bound to one project.
        let known = self.known.as_ref();
        if device.project_id.is_none() && known.is_some_and(|known| known.device.project_id.is_some()) {
            return;
        }
        let wall = Some(cx.now.wall).filter(|&wall| is_plausible(wall));
        let is_fresh = match (self.saved, wall) {
            (Some(saved), Some(wall)) => wall.abs_diff(saved) < REWRITE_AFTER,
            (_, None) => true,
            (None, Some(_)) => false,
        };
        self.is_unsaved |= !is_fresh || known.is_none_or(|known| *known.device != *device);
        self.known = Some(Known { device: Box::new(device.clone()), here: Some(cx.now.mono), wall });
        self.is_loaded = true;
    }

    /// A new pairing, or a revocation: what was known belongs to an authorization that is over.
    pub(crate) fn forget(&mut self, cx: &mut Context) {
        self.load(cx);
        let may_be_stored = self.is_stored || !self.is_loaded;
        *self = KnownDevice { is_loaded: true, is_unsaved: may_be_stored, ..KnownDevice::default() };
    }

    pub(crate) fn poll_save(&mut self, cx: &Context) -> Option<Save> {
        if !core::mem::take(&mut self.is_unsaved) {
            return None;
        }
        let settings = &cx.settings;
        let value = self
            .known
            .as_ref()
            .map(|known| record::encode(&known.device, known.wall, &settings.client_id, &settings.origin));
        Some(Save { key: record::KEY.into(), value })
    }

    /// It is of use at the next start only, and the tokens' own record tells of the trouble.
    pub(crate) fn handle_saved(&mut self, cx: &Context, result: Result<(), Error>) {
        match result {
            Ok(()) => {
                self.is_stored = self.known.is_some();
                self.saved = self.known.as_ref().and_then(|known| known.wall);
            }
            Err(error) => log_line!(cx.log, Warn, "{error}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WALL: i64 = 1_800_000_000;

    #[test]
    fn its_age_is_told_by_clocks_that_can_be_right() {
        let now = |mono: u64, wall: i64| Now { mono: Instant(mono * 1000), wall };
        let known = |here, wall| Known { device: Box::default(), here, wall };
        let earlier = known(None, Some(WALL));
        assert_eq!(earlier.aged(now(5, WALL + 90)).age, Some(Duration::from_secs(90)));
        assert_eq!(earlier.aged(now(5, WALL - 90)).age, None);
        assert_eq!(earlier.aged(now(5, 100)).age, None);
        assert_eq!(known(None, None).aged(now(5, WALL)).age, None);
        // In one life the other clock tells, whatever becomes of the wall clock.
        assert_eq!(known(Some(Instant(2000)), None).aged(now(5, 100)).age, Some(Duration::from_secs(3)));
    }
}
