//! Who receives log lines and events.

use super::{FIO_LOG_OFF, FIO_LOG_TRACE, fio_config, set};
use crate::error::Error;
use crate::ffi::callbacks::*;
use crate::ffi::fio_status;
use crate::ffi::guard::guard;
use crate::status::*;
use std::ffi::c_void;
use std::sync::Arc;

/// Sets who receives log lines. There is no other output: nothing is ever printed. Lines contain no
/// secrets, whatever the level. A fault that repeats is cut to 1,000 lines in 10 seconds.
///
/// @param config   the configuration
/// @param level    `FIO_LOG_OFF` to `FIO_LOG_TRACE`
/// @param callback receives lines of this level and above; NULL means no log
/// @param user     passed to the callback; may be NULL
/// @param destroy  called when `user` is not needed any more; may be NULL
///
/// Returns:   `FIO_OK` | `FIO_E_NULL` | `FIO_E_HANDLE` | `FIO_E_ARGUMENT` (unknown level) |
///            `FIO_E_PANIC`. On failure `destroy` is not called.
/// Callbacks: `destroy` of an earlier log that no client uses
/// Blocking:  never
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_config_set_log(
    config: *mut fio_config,
    level: i32,
    callback: fio_log_cb,
    user: *mut c_void,
    destroy: fio_destroy_cb,
) -> fio_status {
    guard(|| {
        // SAFETY: the caller passes NULL or a live config.
        unsafe {
            set(config, |config| {
                if !(FIO_LOG_OFF..=FIO_LOG_TRACE).contains(&level) {
                    return Err(Error::new(FIO_E_ARGUMENT, "unknown log level"));
                }
                config.log_level = level;
                config.log = Some((callback, Arc::new(UserData::new(user, destroy))));
                Ok(())
            })
        }
    })
}

/// Sets who hears of what nobody asked for: authorization renewed or lost, project changed, storage
/// failing, retries; and of how uploads go.
///
/// @param config   the configuration
/// @param callback receives the events; NULL means none
/// @param user     passed to the callback; may be NULL
/// @param destroy  called when `user` is not needed any more; may be NULL
///
/// Returns:   `FIO_OK` | `FIO_E_NULL` | `FIO_E_HANDLE` | `FIO_E_PANIC`. On failure `destroy` is not
///            called.
/// Callbacks: `destroy` of an earlier registration that no client uses
/// Blocking:  never
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_config_set_event(
    config: *mut fio_config,
    callback: fio_event_cb,
    user: *mut c_void,
    destroy: fio_destroy_cb,
) -> fio_status {
    guard(|| {
        // SAFETY: the caller passes NULL or a live config.
        unsafe {
            set(config, |config| {
                config.event = Some((callback, Arc::new(UserData::new(user, destroy))));
                Ok(())
            })
        }
    })
}
