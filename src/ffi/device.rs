//! What the service knows of the device, and telling it that the device is there.

use super::*;

/// Fetches device information (`GET /v2/devices/me`): the project, its name, the channels, whether the
/// device is paused. A 401 is answered by one refresh and one repetition. The library fetches it by
/// itself after every pairing and refresh.
///
/// @param client  the client
/// @param done    receives the device or the error; may be NULL
/// @param user    passed to `done`; may be NULL
/// @param op      [out] the operation; may be NULL
///
/// Returns:   `FIO_OK` (started) | `FIO_E_NOT_AUTHORIZED` | `FIO_E_CLOCK`
/// Ends with: the device | `FIO_E_CANCELED` | `FIO_E_UNAUTHORIZED` (401 in spite of a new token) |
///            `FIO_E_AUTHORIZATION_LOST`, `FIO_E_NOT_AUTHORIZED`, `FIO_E_TOKEN_EXPIRED` (no token could be
///            had) | `FIO_E_INVALID_CLIENT` | a network error (`FIO_E_DNS` to `FIO_E_CA_FILE`, `FIO_E_CA`,
///            `FIO_E_CLOCK`) | an answer's error (`FIO_E_PROTOCOL` to `FIO_E_PLAN_LIMIT`)
/// Callbacks: none before it returns; `done` exactly once, from `fio_drive` or `fio_client_free`
/// Blocking:  never
/// Threads:   one at a time
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_device_info(
    client: *mut fio_client,
    done: fio_device_cb,
    user: *mut c_void,
    op: *mut fio_op,
) -> fio_status {
    // SAFETY: the caller passes NULL or a live client, and NULL or a writable pointer.
    unsafe {
        guard_start(client, Registered(Callback::Device(done), user), op, &mut |engine, now| {
            engine.start(Operation::DeviceInfo, now)
        })
    }
}

/// Gives device information as it was last known, without asking anybody: also right after `fio_client_new`,
/// where there is no network. It is kept with the tokens. A new pairing and `fio_revoke` forget it; an
/// authorization that the service has ended does not, so that the project can still be named.
///
/// @param client  the client
/// @param device  [out] set to NULL first, to the device on `FIO_OK`; its `age_seconds` says how old it is. Valid
///                until the next `fio_device_cached` on this client, or until it is freed
///
/// Returns:   `FIO_OK` | `FIO_E_DEVICE_UNKNOWN` (the service has not told of it since the pairing, or there
///            is none)
/// Callbacks: none
/// Blocking:  never
/// Threads:   one at a time
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_device_cached(
    client: *mut fio_client,
    device: *mut *const fio_device,
) -> fio_status {
    // SAFETY: the caller passes NULL or a live client, and NULL or a writable pointer.
    guard(|| unsafe {
        args::write(device, ptr::null())?;
        let mut shown = ptr::null();
        inside(client, &mut |handle, entered| {
            let view = views::device::aged(&entered.device()?);
            shown = lock(&handle.shown).device.insert(view).as_ptr();
            Ok(())
        })?;
        args::write(device, shown)
    })
}

/// Tells the service once that the device is there (`POST /v2/devices/heartbeat`). The service wants
/// one at least every 300 seconds and at most every 60, 120 being its recommendation; every other call
/// to the API counts too. The pace of this function is the caller's.
///
/// @param client  the client
/// @param done    called when it is over; may be NULL
/// @param user    passed to `done`; may be NULL
/// @param op      [out] the operation; may be NULL
///
/// Returns:   `FIO_OK` (started) | `FIO_E_NOT_AUTHORIZED` | `FIO_E_CLOCK`
/// Ends with: `FIO_OK` | `FIO_E_CANCELED` | `FIO_E_UNAUTHORIZED` (401 in spite of a new token) |
///            `FIO_E_AUTHORIZATION_LOST`, `FIO_E_NOT_AUTHORIZED`, `FIO_E_TOKEN_EXPIRED` (no token could be
///            had) | `FIO_E_INVALID_CLIENT` | a network error (`FIO_E_DNS` to `FIO_E_CA_FILE`, `FIO_E_CA`,
///            `FIO_E_CLOCK`) | an answer's error (`FIO_E_PROTOCOL` to `FIO_E_PLAN_LIMIT`)
/// Callbacks: none before it returns; `done` exactly once, from `fio_drive` or `fio_client_free`
/// Blocking:  never
/// Threads:   one at a time
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_heartbeat(
    client: *mut fio_client,
    done: fio_done_cb,
    user: *mut c_void,
    op: *mut fio_op,
) -> fio_status {
    // SAFETY: the caller passes NULL or a live client, and NULL or a writable pointer.
    unsafe {
        guard_start(client, Registered(Callback::Done(done), user), op, &mut |engine, now| {
            engine.start(Operation::Heartbeat, now)
        })
    }
}

/// Keeps the device visible as online by itself: a heartbeat whenever 120 seconds have passed without a
/// successful call to the API (uploads to storage hosts do not count), never more than one a minute, over restarts
/// too: if one would come too soon after a start, device information is asked for instead. It takes effect while the device is paired, now or later; it is forgotten with the client. A heartbeat
/// that fails is tried again after a minute and told as `FIO_EVENT_RETRYING`. Send none with `fio_heartbeat`
/// beside it: that one keeps no distance, and the service wants no two within a minute.
///
/// @param client  the client
/// @param online  1 to be visible, 0 to stop (the default); the service shows the device as offline 300
///                seconds after the last call
///
/// Returns:   `FIO_OK` | `FIO_E_ARGUMENT` (neither 0 nor 1)
/// Callbacks: none
/// Blocking:  never
/// Threads:   one at a time
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_set_online(client: *mut fio_client, online: i32) -> fio_status {
    // SAFETY: the caller passes NULL or a live client, as documented.
    unsafe {
        guard_engine(client, |engine, now| {
            engine.set_online(args::switch(online)?, now);
            Ok(())
        })
    }
}
