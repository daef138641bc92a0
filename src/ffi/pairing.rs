//! Pairing (RFC 8628): a code for the person, polls for the decision, or the whole of it.

use super::*;
use limits::within;

/// Asks the service for a pairing code (`POST /v2/auth/device/code`, RFC 8628 section 3.1; where that
/// answers 404, the older `/v2/device/code`, which is then remembered; as is the encoding, see
/// `fio_config_set_encoding`). Show the code, then call `fio_poll`. A code that is there already is given up.
///
/// @param client  the client
/// @param done    receives the code or the error; must not be NULL
/// @param user    passed to `done`; may be NULL
/// @param op      [out] the operation; may be NULL
///
/// Returns:   `FIO_OK` (started) | `FIO_E_IN_PROGRESS` (another pairing call is running) | `FIO_E_CLOCK`
/// Ends with: the code, or `FIO_E_CANCELED`; a network error (`FIO_E_DNS` to `FIO_E_CA_FILE`, `FIO_E_CA`,
///            `FIO_E_CLOCK`); an answer's error (`FIO_E_PROTOCOL` to `FIO_E_PLAN_LIMIT`); an OAuth error
///            (`FIO_E_INVALID_CLIENT` for a wrong client secret, `FIO_E_INVALID_REQUEST`,
///            `FIO_E_INVALID_SCOPE`, `FIO_E_OAUTH`, …). It is not repeated by itself.
/// Callbacks: none before it returns; `done` exactly once, from `fio_drive` or `fio_client_free`
/// Blocking:  never
/// Threads:   one at a time
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_request_code(
    client: *mut fio_client,
    done: fio_code_cb,
    user: *mut c_void,
    op: *mut fio_op,
) -> fio_status {
    // SAFETY: the caller passes NULL or a live client, and NULL or a writable pointer.
    unsafe {
        guard_start(client, Registered(Callback::Code(done), user), op, &mut |engine, now| {
            if done.is_none() {
                return Err(unseen());
            }
            engine.start(Operation::RequestCode, now)
        })
    }
}

/// Asks the token endpoint until the user has decided (RFC 8628 sections 3.4 and 3.5), at the server's
/// pace: the interval belongs to the code, so canceling and calling again does not make it faster;
/// `slow_down` is obeyed. A network that fails, a TLS failure, and an answer that is not the service's decision
/// (a captive portal's page, a proxy's refusal, half a body) are polled on after, more slowly, for as long as the
/// code lives, with a `FIO_EVENT_RETRYING` each time. On success the tokens are stored before `done` runs, and
/// device information is fetched (`FIO_EVENT_DEVICE`).
///
/// @param client  the client
/// @param done    called when it is over; may be NULL
/// @param user    passed to `done`; may be NULL
/// @param op      [out] the operation; may be NULL
///
/// Returns:   `FIO_OK` (started) | `FIO_E_NO_CODE` (call `fio_request_code` first) | `FIO_E_IN_PROGRESS` |
///            `FIO_E_CLOCK`
/// Ends with: `FIO_OK` (authorized) | `FIO_E_ACCESS_DENIED` | `FIO_E_EXPIRED_TOKEN` (the code ran out) |
///            `FIO_E_INVALID_GRANT` | `FIO_E_INVALID_CLIENT` | `FIO_E_INVALID_REQUEST` |
///            `FIO_E_INVALID_SCOPE` | `FIO_E_UNAUTHORIZED_CLIENT` | `FIO_E_UNSUPPORTED_GRANT_TYPE` |
///            `FIO_E_CANCELED`. All but the last are the service's own words (HTTP 400 or 401), or the end of
///            the code's life. After those that do not end the code itself, `fio_poll` may be called again.
/// Callbacks: none before it returns; `done` exactly once, from `fio_drive` or `fio_client_free`
/// Blocking:  never
/// Threads:   one at a time
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_poll(
    client: *mut fio_client,
    done: fio_done_cb,
    user: *mut c_void,
    op: *mut fio_op,
) -> fio_status {
    // SAFETY: the caller passes NULL or a live client, and NULL or a writable pointer.
    unsafe {
        guard_start(client, Registered(Callback::Done(done), user), op, &mut |engine, now| {
            engine.start(Operation::Poll, now)
        })
    }
}

/// Does a whole pairing: a code, polls, a new code when one runs out, and device information. The one
/// call a camera needs. Where no code can be had because there is no network, or because something answers in
/// place of the service (a captive portal), it asks again by itself until `fio_cancel`, with a
/// `FIO_EVENT_RETRYING` each time, whose `error` says what a person can do.
///
/// @param client     the client
/// @param max_codes  how many codes at most, 1 to 1000: with 1 it ends when the first runs out. (RFC
///                   8628 section 3.5 wants a person's action before a new code: use more than 1 only
///                   while somebody is in front of the screen.)
/// @param show       called for each code; must not be NULL
/// @param done       called when it is over; may be NULL
/// @param user       passed to both; may be NULL
/// @param op         [out] the operation; may be NULL
///
/// Returns:   `FIO_OK` (started) | `FIO_E_ARGUMENT` (max_codes) | `FIO_E_IN_PROGRESS` | `FIO_E_CLOCK`
/// Ends with: the device; any error that `fio_poll` and `fio_device_info` name; of those that `fio_request_code`
///            names, the service's refusals: the OAuth errors, `FIO_E_BAD_REQUEST`, `FIO_E_UNAUTHORIZED`,
///            `FIO_E_CONFLICT`, `FIO_E_UNPROCESSABLE`; `FIO_E_EXPIRED_TOKEN` when the last code ran out. If the error came after the approval
///            (device information could not be had), `fio_auth_state` says so.
/// Callbacks: none before it returns; `show` once for each code, `done` exactly once, from `fio_drive`
///            or `fio_client_free`
/// Blocking:  never
/// Threads:   one at a time
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_pair(
    client: *mut fio_client,
    max_codes: i32,
    show: fio_show_code_cb,
    done: fio_device_cb,
    user: *mut c_void,
    op: *mut fio_op,
) -> fio_status {
    // SAFETY: the caller passes NULL or a live client, and NULL or a writable pointer.
    unsafe {
        guard_start(client, Registered(Callback::Pair(show, done), user), op, &mut |engine, now| {
            if show.is_none() {
                return Err(unseen());
            }
            let codes = within(max_codes, limits::CODES, "max_codes")? as u32;
            engine.start(Operation::Pair { codes }, now)
        })
    }
}

fn unseen() -> Error {
    Error::new(FIO_E_NULL, "without a callback nobody would see the code")
}
