//! Token life: refresh, revoke, and what an application may know of it.

use super::*;
use crate::engine::AuthState;

/// `fio_auth_state`: not paired.
pub const FIO_AUTH_UNPAIRED: i32 = 0;
/// `fio_auth_state`: not paired, and a code is waiting for the user.
pub const FIO_AUTH_PENDING: i32 = 1;
/// `fio_auth_state`: paired.
pub const FIO_AUTH_AUTHORIZED: i32 = 2;
/// `fio_auth_state`: paired, but the access token has ended and the network has not let a new one
/// through yet. Nothing to do: the library keeps trying.
pub const FIO_AUTH_EXPIRED: i32 = 3;

/// Renews the tokens now (RFC 6749 section 6). The library does so by itself ahead of expiry, on a
/// 401, and at start when the stored token is old; this is for tests and for people who want to see
/// it. Several calls at once share one request. A lost answer is tried again with the same refresh
/// token, three times before the operation is told; the library itself goes on trying. The new pair
/// is stored before `done` runs, and device information is fetched (`FIO_EVENT_DEVICE`).
///
/// @param client  the client
/// @param done    called when it is over; may be NULL
/// @param user    passed to `done`; may be NULL
/// @param op      [out] the operation; may be NULL
///
/// Returns:   `FIO_OK` (started) | `FIO_E_NOT_AUTHORIZED` | `FIO_E_STATE` (the service gave no refresh token)
///            | `FIO_E_CLOCK`
/// Ends with: `FIO_OK` | `FIO_E_AUTHORIZATION_LOST` (a clear refusal: pair again; also
///            `FIO_EVENT_AUTHORIZATION_LOST`) | `FIO_E_INVALID_CLIENT`, `FIO_E_UNAUTHORIZED_CLIENT` (the
///            service refuses the client secret; the pairing is kept) | `FIO_E_NOT_AUTHORIZED` (revoked
///            meanwhile) | `FIO_E_CANCELED` | a network error (`FIO_E_DNS` to `FIO_E_CA_FILE`, `FIO_E_CA`,
///            `FIO_E_CLOCK`) | an answer's error (`FIO_E_PROTOCOL` to `FIO_E_PLAN_LIMIT`)
/// Callbacks: none before it returns; `done` exactly once, from `fio_drive` or `fio_client_free`
/// Blocking:  never
/// Threads:   one at a time
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_refresh(
    client: *mut fio_client,
    done: fio_done_cb,
    user: *mut c_void,
    op: *mut fio_op,
) -> fio_status {
    // SAFETY: the caller passes NULL or a live client, and NULL or a writable pointer.
    unsafe {
        guard_start(client, Registered(Callback::Done(done), user), op, &mut |engine, now| {
            engine.start(Operation::Refresh, now)
        })
    }
}

/// Ends the authorization, for the user's "disconnect" (RFC 7009). The tokens on this device are gone
/// when the call returns, whatever the network says; then the service is told, up to three times.
/// Operations that need the authorization end with `FIO_E_NOT_AUTHORIZED`.
///
/// @param client  the client
/// @param done    called when the service was told, or could not be; may be NULL
/// @param user    passed to `done`; may be NULL
/// @param op      [out] the operation; may be NULL
///
/// Returns:   `FIO_OK` (started) | `FIO_E_NOT_AUTHORIZED` | `FIO_E_CLOCK`
/// Ends with: `FIO_OK` | `FIO_E_CANCELED` | a network error (`FIO_E_DNS` to `FIO_E_CA_FILE`, `FIO_E_CA`,
///            `FIO_E_CLOCK`) | an answer's error (`FIO_E_PROTOCOL` to `FIO_E_PLAN_LIMIT`, or an OAuth
///            error): the tokens are gone from this device all the same
/// Callbacks: none before it returns; `done` exactly once, from `fio_drive` or `fio_client_free`
/// Blocking:  writes to the store
/// Threads:   one at a time
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_revoke(
    client: *mut fio_client,
    done: fio_done_cb,
    user: *mut c_void,
    op: *mut fio_op,
) -> fio_status {
    // SAFETY: the caller passes NULL or a live client, and NULL or a writable pointer.
    unsafe {
        guard_start(client, Registered(Callback::Done(done), user), op, &mut |engine, now| {
            engine.start(Operation::Revoke, now)
        })
    }
}

/// Where the authorization stands.
///
/// @param client  the client
///
/// Returns:   a `FIO_AUTH_…`
/// Callbacks: the clock callback, if set
/// Blocking:  never
/// Threads:   one at a time
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_auth_state(client: *mut fio_client) -> i32 {
    let mut state = FIO_E_PANIC;
    // SAFETY: the caller passes NULL or a live client.
    let status = unsafe {
        guard_engine(client, |engine, now| {
            state = match engine.auth_state(now) {
                AuthState::Unpaired => FIO_AUTH_UNPAIRED,
                AuthState::Pending => FIO_AUTH_PENDING,
                AuthState::Authorized => FIO_AUTH_AUTHORIZED,
                AuthState::Expired => FIO_AUTH_EXPIRED,
            };
            Ok(())
        })
    };
    if status == FIO_OK { state } else { status }
}

/// Copies the access token, for an application that calls other endpoints of the service itself. Send
/// it to the service's origin only, as `Authorization: Bearer …`, and wipe the buffer afterwards. It is
/// good until the next refresh; on a 401 call `fio_refresh` and read it again.
///
/// @param client    the client
/// @param buffer    [out] receives the token without a terminating NUL; NULL with capacity 0 asks for
///                  the length
/// @param capacity  size of `buffer` in bytes
/// @param length    [out] the token's length; also written with `FIO_E_BUFFER`
///
/// Returns:   `FIO_OK` | `FIO_E_BUFFER` (too small; nothing copied) | `FIO_E_NOT_AUTHORIZED` |
///            `FIO_E_TOKEN_EXPIRED`
/// Callbacks: the clock callback, if set
/// Blocking:  never
/// Threads:   one at a time
/// Secrets:   the buffer holds one afterwards
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_access_token(
    client: *mut fio_client,
    buffer: *mut c_char,
    capacity: usize,
    length: *mut usize,
) -> fio_status {
    // SAFETY: the caller passes NULL or a live client, NULL or `capacity` writable bytes, and NULL
    // or a writable pointer.
    unsafe {
        guard_engine(client, |engine, now| {
            if length.is_null() || (buffer.is_null() && capacity != 0) {
                return Err(Error::new(FIO_E_NULL, "the buffer or the place for the length is NULL"));
            }
            let token = engine.access_token(now)?.expose();
            args::write(length, token.len())?;
            if capacity < token.len() {
                return Err(Error::of(FIO_E_BUFFER));
            }
            ptr::copy_nonoverlapping(token.as_ptr(), buffer.cast::<u8>(), token.len());
            Ok(())
        })
    }
}
