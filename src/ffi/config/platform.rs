//! Clocks and random numbers of the application.

use super::*;
use crate::client::own::EntropyFunction;
use crate::clock::{Clock, Instant, Now};
use crate::ffi::vendor::answered;
use crate::net::clock::SystemClock;
use std::sync::Arc;

/// Declares the earliest time that can be true, for example when the firmware was built. While the
/// device's clock is before it, operations that need the network answer `FIO_E_CLOCK`, since TLS would
/// fail for a reason that sounds like something else.
///
/// @param config   the configuration
/// @param earliest seconds since 1970-01-01 UTC; 0 or less takes the declaration away (the default)
///
/// Returns:   `FIO_OK`
/// Callbacks: none
/// Blocking:  never
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_config_set_clock_floor(config: *mut fio_config, earliest: i64) -> fio_status {
    // SAFETY: the caller passes NULL or a live config.
    unsafe {
        CONFIGS.guard_set(config, |config| {
            config.clock_floor = (earliest > 0).then_some(earliest);
            Ok(())
        })
    }
}

/// Replaces the clocks, for platforms with better ones and for tests that move time. Waiting itself
/// still happens in real time: after moving a clock, call `fio_drive(client, 0)`.
///
/// @param config     the configuration
/// @param monotonic  or NULL for the system's
/// @param wall       or NULL for the system's
/// @param user       passed to both; may be NULL
/// @param destroy    called when `user` is not needed any more; may be NULL
///
/// Returns:   `FIO_OK`. On failure `destroy` is not called.
/// Callbacks: `destroy` of earlier clocks that no client uses
/// Blocking:  never
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_config_set_clock(
    config: *mut fio_config,
    monotonic: fio_monotonic_cb,
    wall: fio_wall_clock_cb,
    user: *mut c_void,
    destroy: fio_destroy_cb,
) -> fio_status {
    // SAFETY: the caller passes NULL or a live config.
    unsafe {
        CONFIGS.guard_set(config, |config| {
            let user = UserData::new(user, destroy);
            config.clock = Some(Arc::new(move || {
                let system = SystemClock.now();
                // SAFETY: both functions were registered to be called like this.
                Now {
                    mono: monotonic.map_or(system.mono, |clock| Instant(clock(user.pointer))),
                    wall: wall.map_or(system.wall, |clock| clock(user.pointer)),
                }
            }));
            Ok(())
        })
    }
}

/// Adds a source of random numbers (nonces of sealed records, jitter of retries), for devices with a hardware
/// generator. Its numbers are mixed with those of the operating system, if that has any.
///
/// @param config   the configuration
/// @param fill     or NULL for the operating system's
/// @param user     passed to `fill`; may be NULL
/// @param destroy  called when `user` is not needed any more; may be NULL
///
/// Returns:   `FIO_OK`. On failure `destroy` is not called.
/// Callbacks: `destroy` of an earlier source that no client uses
/// Blocking:  never
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_config_set_entropy(
    config: *mut fio_config,
    fill: fio_entropy_cb,
    user: *mut c_void,
    destroy: fio_destroy_cb,
) -> fio_status {
    // SAFETY: the caller passes NULL or a live config.
    unsafe {
        CONFIGS.guard_set(config, |config| {
            let user = UserData::new(user, destroy);
            config.entropy = fill.map(|fill| -> EntropyFunction {
                Arc::new(move |buffer| {
                    // SAFETY: the function was registered for this; the buffer is writable for its length.
                    let result = fill(user.pointer, buffer.as_mut_ptr(), buffer.len());
                    answered(result, FIO_E_ENTROPY, "the application's entropy callback failed")
                })
            });
            Ok(())
        })
    }
}
