//! How uploads are sent.

use super::*;

/// Sets how many parts travel side by side, of one upload or of several. More of them fill a fast line
/// with a long way (each has a connection of its own); fewer leave more of a slow one to others. Memory
/// depends on this and not on the size of files, but for the presigned URLs of the parts: some hundred bytes each,
/// while the upload is at work.
///
/// @param config  the configuration
/// @param parts   1 to 32, default 5
///
/// Returns:   `FIO_OK` | `FIO_E_ARGUMENT` (outside the range)
/// Callbacks: none
/// Blocking:  never
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_config_set_parallel_parts(config: *mut fio_config, parts: u32) -> fio_status {
    // SAFETY: the caller passes NULL or a live config.
    unsafe { CONFIGS.guard_set(config, |config| config.set_parallel_parts(parts)) }
}

/// Sets how often `FIO_EVENT_PROGRESS` comes while something is being sent.
///
/// @param config       the configuration
/// @param interval_ms  100 to 60,000, default 1000; 0 turns it off
///
/// Returns:   `FIO_OK` | `FIO_E_ARGUMENT` (outside the range)
/// Callbacks: none
/// Blocking:  never
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_config_set_progress_interval(
    config: *mut fio_config,
    interval_ms: i32,
) -> fio_status {
    // SAFETY: the caller passes NULL or a live config.
    unsafe { CONFIGS.guard_set(config, |config| config.set_progress_interval(interval_ms)) }
}

/// Sets how many uploads that are done or canceled are remembered, also across restarts; of more than
/// these the oldest are forgotten. Each takes a small record in the store. What failed or was skipped
/// needs a person and is always remembered: until `fio_upload_retry` or `fio_upload_remove`. This is about the
/// list; that a clip was sent is known longer, by its tag (`fio_config_set_tag_memory`).
///
/// @param config   the configuration
/// @param uploads  0 to 10,000, default 100. With 0, `FIO_EVENT_UPLOAD` is the only trace of a good end.
///
/// Returns:   `FIO_OK` | `FIO_E_ARGUMENT` (outside the range)
/// Callbacks: none
/// Blocking:  never
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_config_set_history(config: *mut fio_config, uploads: u32) -> fio_status {
    // SAFETY: the caller passes NULL or a live config.
    unsafe { CONFIGS.guard_set(config, |config| config.set_history(uploads)) }
}

/// Sets how many tags are remembered of uploads that were sent or canceled and are not in the list any more
/// (`fio_config_set_history`, `fio_upload_remove`), so that `fio_upload_start` sends no clip twice. Also across
/// restarts; until `fio_queue_forget_tags`.
///
/// A tag costs 24 bytes in memory and in the store, however long it is: 2.4 MB for 100,000 of them, once so many
/// were sent. They are in records of at most 48 KiB. So many are remembered at least, and up to 2,176 more; of
/// more the oldest are forgotten.
///
/// @param config  the configuration
/// @param tags    0 to 1,000,000, default 100,000. With 0, only the tags of uploads in the list are known, and
///                what the store remembers of others is forgotten.
///
/// Returns:   `FIO_OK` | `FIO_E_ARGUMENT` (outside the range)
/// Callbacks: none
/// Blocking:  never
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_config_set_tag_memory(config: *mut fio_config, tags: u32) -> fio_status {
    // SAFETY: the caller passes NULL or a live config.
    unsafe { CONFIGS.guard_set(config, |config| config.set_tag_memory(tags)) }
}

/// Sets the limit a client begins with; see `fio_queue_set_bandwidth`.
///
/// @param config            the configuration
/// @param bytes_per_second  for all uploads together; 0 means no limit (the default)
///
/// Returns:   `FIO_OK`
/// Callbacks: none
/// Blocking:  never
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_config_set_bandwidth(
    config: *mut fio_config,
    bytes_per_second: u64,
) -> fio_status {
    // SAFETY: the caller passes NULL or a live config.
    unsafe {
        CONFIGS.guard_set(config, |config| {
            config.set_bandwidth(bytes_per_second);
            Ok(())
        })
    }
}

/// Sets the interfaces a client begins with; see `fio_queue_set_interfaces`.
///
/// @param config  the configuration
/// @param names   such as `wlan0`, the preferred first: up to 16, each 1 to 15 visible ASCII characters
///                without `/` and `!`; copied. NULL with count 0 allows all (the default).
/// @param count   how many
///
/// Returns:   `FIO_OK` | `FIO_E_NULL` (also one of the names) | `FIO_E_ARGUMENT` (no such name, or more than
///            16) | `FIO_E_UTF8`
/// Callbacks: none
/// Blocking:  never
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_config_set_interfaces(
    config: *mut fio_config,
    names: *const *const c_char,
    count: usize,
) -> fio_status {
    // SAFETY: the caller passes NULL or a live config, and NULL or `count` pointers to terminated
    // strings.
    unsafe {
        CONFIGS.guard_set(config, |config| {
            config.set_interfaces(args::interfaces(names, count)?);
            Ok(())
        })
    }
}
