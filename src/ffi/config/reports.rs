//! Who receives log lines and events.

use super::*;
use std::ffi::CString;
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
/// Returns:   `FIO_OK` | `FIO_E_ARGUMENT` (unknown level). On failure `destroy` is not called.
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
    // SAFETY: the caller passes NULL or a live config.
    unsafe {
        CONFIGS.guard_set(config, |config| {
            config.set_log_level(level)?;
            let user = UserData::new(user, destroy);
            config.log = Some(Arc::new(move |level, line| {
                if let (Some(callback), Ok(text)) = (callback, CString::new(line)) {
                    // SAFETY: registered for this; the text outlives the call.
                    callback(user.pointer, level as i32, text.as_ptr(), line.len());
                }
            }));
            Ok(())
        })
    }
}

/// Sets who hears of what nobody asked for: authorization renewed or lost, project changed, storage
/// failing, retries; and of how uploads go.
///
/// @param config   the configuration
/// @param callback receives the events; NULL means none
/// @param user     passed to the callback; may be NULL
/// @param destroy  called when `user` is not needed any more; may be NULL
///
/// Returns:   `FIO_OK`. On failure `destroy` is not called.
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
    // SAFETY: the caller passes NULL or a live config.
    unsafe {
        CONFIGS.guard_set(config, |config| {
            let user = UserData::new(user, destroy);
            config.listener = Some(Arc::new(move |event| {
                if let Some(callback) = callback {
                    // SAFETY: registered for this; the view outlives the call.
                    callback(user.pointer, views::event::event(event).as_ptr());
                }
            }));
            Ok(())
        })
    }
}
