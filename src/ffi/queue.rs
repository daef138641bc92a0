//! The queue as a whole.

use super::views::fio_totals;
use super::*;

/// Shows every upload: first those that are not over, in the order in which they are sent, then those
/// that are, as far as they are remembered, oldest first.
///
/// The callback is called from inside this call, with nothing of the library in the middle of anything:
/// it may call every function except `fio_drive` and `fio_wait`. It may cancel and remove uploads: those
/// that are gone when their turn comes are left out. New ones are not shown.
///
/// @param client  the client
/// @param each    called once for each upload; must not be NULL
/// @param user    passed to `each`; may be NULL
///
/// Returns:   `FIO_OK` (none is no error) | `FIO_E_CLOSED` (freed by the callback: do not use the pointer any
///            more)
/// Callbacks: `each`
/// Blocking:  never, apart from the callback
/// Threads:   one at a time
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_queue_list(
    client: *mut fio_client,
    each: fio_upload_cb,
    user: *mut c_void,
) -> fio_status {
    // SAFETY: the caller passes NULL or a live client.
    guard(|| unsafe {
        inside(client, &mut |_, entered| {
            let each =
                each.ok_or_else(|| Error::new(FIO_E_NULL, "without a callback nobody would see the list"))?;
            // SAFETY: given for this; the view outlives the call, and nothing is held.
            entered.show_uploads(&mut |info| each(user, views::upload::info(info).as_ptr()))
        })
    })
}

/// Shows what is left to do.
///
/// @param client  the client
/// @param totals  [out] set to NULL first, to the totals on `FIO_OK`; valid until the next
///                `fio_queue_totals` on this client, or until it is freed
///
/// Returns:   `FIO_OK`
/// Callbacks: none
/// Blocking:  never
/// Threads:   one at a time
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_queue_totals(
    client: *mut fio_client,
    totals: *mut *const fio_totals,
) -> fio_status {
    // SAFETY: the caller passes NULL or a live client, and NULL or a writable pointer.
    guard(|| unsafe {
        args::write(totals, ptr::null())?;
        let mut shown = ptr::null();
        inside(client, &mut |handle, entered| {
            let view = views::upload::totals(&entered.totals()?);
            shown = lock(&handle.shown).totals.insert(view).as_ptr();
            Ok(())
        })?;
        args::write(totals, shown)
    })
}

/// Pauses all uploads, until `fio_queue_resume`, also across restarts: for a shoot that needs the network
/// or the battery itself. Parts under way are broken off and sent again later. New uploads can be
/// started and recordings go on taking bytes; they wait. Everything else (refresh, heartbeat, comments)
/// goes on. All of them are shown as waiting with `FIO_E_UPLOAD_PAUSED`, and `fio_totals.is_paused` says
/// so; there is no event for each.
///
/// @param client  the client
///
/// Returns:   `FIO_OK`
/// Callbacks: store, clock, entropy and log callbacks, if set
/// Blocking:  writes to the store
/// Threads:   one at a time
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_queue_pause(client: *mut fio_client) -> fio_status {
    // SAFETY: the caller passes NULL or a live client.
    unsafe {
        guard_engine(client, |engine, now| {
            engine.with_uploads(now, |uploads, cx| {
                uploads.pause_all(cx, true);
                Ok(())
            })
        })
    }
}

/// Ends the pause of the queue. Uploads that were paused one by one stay paused. Those that wait for their next
/// attempt, or for what a host has asked for (`Retry-After`), are tried at once, also where the queue was not
/// paused.
///
/// @param client  the client
///
/// Returns:   `FIO_OK`
/// Callbacks: store, clock, entropy and log callbacks, if set
/// Blocking:  writes to the store
/// Threads:   one at a time
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_queue_resume(client: *mut fio_client) -> fio_status {
    // SAFETY: the caller passes NULL or a live client.
    unsafe {
        guard_engine(client, |engine, now| {
            engine.with_uploads(now, |uploads, cx| {
                uploads.pause_all(cx, false);
                Ok(())
            })
        })
    }
}

/// Cancels every upload that is not over, recordings included; see `fio_upload_cancel`.
///
/// @param client  the client
///
/// Returns:   `FIO_OK`
/// Callbacks: store, clock, entropy and log callbacks, if set; `destroy` of readers that are not used any more;
///            events later, from `fio_drive`
/// Blocking:  writes to the store
/// Threads:   one at a time
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_queue_cancel_all(client: *mut fio_client) -> fio_status {
    // SAFETY: the caller passes NULL or a live client.
    unsafe {
        guard_engine(client, |engine, now| {
            engine.with_uploads(now, |uploads, cx| {
                uploads.cancel_all(cx);
                Ok(())
            })
        })
    }
}

/// Says whether new uploads are sent by themselves. Kept in the store, so that it is the person's setting
/// and holds after a restart. Uploads that are in the queue already are not affected.
///
/// @param client   the client
/// @param enabled  1 (the default): they are. 0: they begin paused (`FIO_E_UPLOAD_PAUSED`) until a person
///                 picks them (`fio_upload_resume`).
///
/// Returns:   `FIO_OK` | `FIO_E_ARGUMENT` (neither 0 nor 1)
/// Callbacks: store, clock, entropy and log callbacks, if set
/// Blocking:  writes to the store
/// Threads:   one at a time
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_queue_set_auto_start(client: *mut fio_client, enabled: i32) -> fio_status {
    // SAFETY: the caller passes NULL or a live client.
    unsafe {
        guard_engine(client, |engine, now| {
            engine.with_uploads(now, |uploads, _| {
                uploads.set_auto_start(args::switch(enabled)?);
                Ok(())
            })
        })
    }
}

/// Forgets which tags were sent or cancelled: after a card was formatted, where the names of its clips are the
/// tags and come again. Uploads that are done or cancelled stay in the list, but `fio_upload_start` does not
/// know their tags any more, and `fio_upload_find` neither; those that are not over, failed or were skipped are
/// known as before. All of it is one write: after a power cut either all are forgotten or none.
///
/// @param client  the client
///
/// Returns:   `FIO_OK` | `FIO_E_STORE` (what the store remembers could not be read yet: try again after
///            `FIO_EVENT_STORE_RECOVERED`)
/// Callbacks: store, clock, entropy and log callbacks, if set
/// Blocking:  writes to the store
/// Threads:   one at a time
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_queue_forget_tags(client: *mut fio_client) -> fio_status {
    // SAFETY: the caller passes NULL or a live client.
    unsafe {
        guard_engine(client, |engine, now| engine.with_uploads(now, |uploads, _| uploads.forget_tags()))
    }
}

/// Limits what all uploads together send, to leave some of the network to others. At once, also for what
/// is under way. Not kept: the next client begins with `fio_config_set_bandwidth`.
///
/// @param client            the client
/// @param bytes_per_second  0 means no limit. Calls to the service itself are small and not counted.
///
/// Returns:   `FIO_OK`
/// Callbacks: clock and log callbacks, if set
/// Blocking:  never
/// Threads:   one at a time
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_queue_set_bandwidth(
    client: *mut fio_client,
    bytes_per_second: u64,
) -> fio_status {
    // SAFETY: the caller passes NULL or a live client.
    unsafe {
        guard_engine(client, |engine, now| {
            engine.with_uploads(now, |uploads, cx| {
                uploads.limit(cx, |limits| limits.bytes_per_second = bytes_per_second);
                Ok(())
            })
        })
    }
}

/// Says which network interfaces uploads may use, to keep them off a mobile connection, for example. Each
/// part takes the first one named that is up and has an address. While there is none, uploads wait with
/// `FIO_E_NO_INTERFACE`. Calls to the service itself (pairing, refresh, heartbeat) are small and use
/// whatever the system routes them through. Not kept: the next client begins with
/// `fio_config_set_interfaces`.
///
/// @param client  the client
/// @param names   such as `wlan0`, the preferred first: up to 16, each 1 to 15 visible ASCII characters
///                without `/` and `!`; copied. NULL with count 0 allows all.
/// @param count   how many
///
/// Returns:   `FIO_OK` | `FIO_E_NULL` (also one of the names) | `FIO_E_ARGUMENT` (no such name, or more than
///            16) | `FIO_E_UTF8`
/// Callbacks: clock and log callbacks, if set
/// Blocking:  never
/// Threads:   one at a time
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_queue_set_interfaces(
    client: *mut fio_client,
    names: *const *const c_char,
    count: usize,
) -> fio_status {
    // SAFETY: the caller passes NULL or a live client, and NULL or `count` pointers to terminated
    // strings.
    unsafe {
        guard_engine(client, |engine, now| {
            let interfaces = args::interfaces(names, count)?;
            engine.with_uploads(now, |uploads, cx| {
                uploads.limit(cx, |limits| limits.interfaces = interfaces);
                Ok(())
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ffi::client::{fio_client_error, fio_client_free, fio_client_new};
    use crate::ffi::config::{fio_config_free, fio_config_new, identity::*, trust::*};
    use crate::ffi::drive::fio_drive;
    use crate::ffi::upload::{control::*, details::*, recording::*, source::*, start::*};
    use crate::ffi::upload::{fio_upload_free, fio_upload_new};
    use crate::ffi::views::fio_upload_info;
    use crate::ffi::views::upload::{FIO_UPLOAD_CANCELED, FIO_UPLOAD_WAITING};

    const PEM: &[u8] = b"-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n";

    fn client() -> *mut fio_client {
        let (mut config, mut client) = (ptr::null_mut(), ptr::null_mut());
        // SAFETY: all places are writable, the strings terminated, and the config live until it is freed.
        unsafe {
            assert_eq!(fio_config_new(&mut config), FIO_OK);
            assert_eq!(fio_config_set_client_id(config, c"cam".as_ptr()), FIO_OK);
            assert_eq!(fio_config_set_client_secret(config, c"secret".as_ptr(), 6), FIO_OK);
            assert_eq!(fio_config_set_ca_pem(config, PEM.as_ptr().cast(), PEM.len()), FIO_OK);
            assert_eq!(fio_client_new(config, &mut client), FIO_OK);
            assert_eq!(fio_config_free(config), FIO_OK);
        }
        client
    }

    unsafe extern "C" fn read(_: *mut c_void, _: u64, _: *mut u8, _: usize) -> i64 {
        -1
    }

    unsafe extern "C" fn count(user: *mut c_void) {
        // SAFETY: the test gives its counter.
        unsafe { *user.cast::<u32>() += 1 };
    }

    /// Starts uploads from one description.
    fn start(client: *mut fio_client, times: usize, destroyed: *mut u32) -> Vec<u64> {
        let mut upload = ptr::null_mut();
        let function: fio_read_cb = Some(read);
        // SAFETY: the client and the description are live, and what they are given outlives them.
        unsafe {
            assert_eq!(fio_upload_new(&mut upload), FIO_OK);
            assert_eq!(fio_upload_set_reader(upload, 9, function, destroyed.cast(), Some(count)), FIO_OK);
            assert_eq!(fio_upload_start(client, upload, ptr::null_mut()), FIO_E_ARGUMENT);
            assert_eq!(fio_upload_set_name(upload, c"clip.mov".as_ptr()), FIO_OK);
            assert_eq!(fio_upload_set_tag(upload, [1u8, 2].as_ptr(), 2), FIO_OK);
            assert_eq!(fio_upload_set_again(upload, 1), FIO_OK);
            let mut ids = Vec::new();
            for _ in 0..times {
                let mut id = 0;
                assert_eq!(fio_upload_start(client, upload, &mut id), FIO_OK);
                ids.push(id);
            }
            assert_eq!(fio_upload_free(upload), FIO_OK);
            ids
        }
    }

    /// What a callback of the list sees and does.
    struct Visit {
        client: *mut fio_client,
        seen: Vec<(u64, i32)>,
        act: fn(*mut fio_client, u64),
    }

    unsafe extern "C" fn visit(user: *mut c_void, info: *const fio_upload_info) {
        // SAFETY: the test gives its visit, and the info is valid during the callback.
        unsafe {
            let visit = &mut *user.cast::<Visit>();
            visit.seen.push(((*info).id, (*info).state));
            (visit.act)(visit.client, (*info).id);
        }
    }

    fn list_with(client: *mut fio_client, act: fn(*mut fio_client, u64)) -> (fio_status, Vec<(u64, i32)>) {
        let mut visited = Visit { client, seen: Vec::new(), act };
        // SAFETY: the client is live, and the visit outlives the call.
        let status = unsafe { fio_queue_list(client, Some(visit), (&raw mut visited).cast()) };
        (status, visited.seen)
    }

    #[test]
    fn the_list_may_be_changed_while_it_is_shown() {
        let client = client();
        let mut destroyed = 0;
        let ids = start(client, 3, &raw mut destroyed);
        // SAFETY: the client is live until it is freed.
        unsafe {
            assert_eq!(fio_upload_prioritize(client, ids[2], 5), FIO_OK);
            let waiting = |id| (id, FIO_UPLOAD_WAITING);
            let cancel_another = |client, _| {
                assert_eq!(fio_drive(client, 0), FIO_E_REENTRANT);
                let first = list_with(client, |_, _| {}).1[1];
                fio_upload_cancel(client, first.0);
                fio_upload_remove(client, first.0);
            };
            let (status, seen) = list_with(client, cancel_another);
            assert_eq!((status, seen), (FIO_OK, vec![waiting(ids[2]), waiting(ids[1])]));
            assert_eq!(fio_upload_cancel(client, 12345), FIO_E_UNKNOWN_UPLOAD);

            let (mut info, mut totals) = (ptr::null(), ptr::null());
            assert_eq!(fio_upload_get(client, ids[0], &mut info), FIO_E_UNKNOWN_UPLOAD);
            assert!(info.is_null());
            assert_eq!(fio_upload_get(client, ids[2], &mut info), FIO_OK);
            assert_eq!(
                ((*info).size, (*info).tag_length, (*(*info).reason).status),
                (9, 2, FIO_E_NOT_AUTHORIZED)
            );
            assert_eq!(fio_queue_cancel_all(client), FIO_OK);
            assert_eq!(destroyed, 1);
            assert_eq!(fio_queue_pause(client), FIO_OK);
            assert_eq!(fio_queue_totals(client, &mut totals), FIO_OK);
            assert_eq!(((*totals).files_left, (*totals).is_paused, (*totals).seconds_left), (0, 1, -1));
            assert!(list_with(client, |_, _| {}).1.iter().all(|(_, state)| *state == FIO_UPLOAD_CANCELED));
            assert_eq!(fio_queue_list(client, None, ptr::null_mut()), FIO_E_NULL);
            assert_eq!(fio_client_free(client), FIO_OK);
        }
    }

    #[test]
    fn the_client_may_be_freed_while_the_list_is_shown() {
        let client = client();
        let mut destroyed = 0;
        start(client, 2, &raw mut destroyed);
        let free = |client, _| {
            // SAFETY: the client is live; it goes away when the list is left.
            unsafe {
                assert_eq!(fio_client_free(client), FIO_OK);
                assert_eq!(fio_queue_pause(client), FIO_E_CLOSED);
            }
        };
        let (status, seen) = list_with(client, free);
        assert_eq!((status, seen.len(), destroyed), (FIO_E_CLOSED, 1, 1));
    }

    #[test]
    fn pushed_data_is_for_recordings() {
        let client = client();
        let mut upload = ptr::null_mut();
        let mut id = 0;
        // SAFETY: everything is live until it is freed.
        unsafe {
            assert_eq!(fio_upload_new(&mut upload), FIO_OK);
            assert_eq!(fio_upload_set_pushed(upload), FIO_OK);
            assert_eq!(fio_upload_set_name(upload, c"a.wav".as_ptr()), FIO_OK);
            assert_eq!(fio_upload_start(client, upload, &mut id), FIO_E_ARGUMENT);
            let error: *const fio_error = fio_client_error(client);
            assert_eq!((*error).status, FIO_E_ARGUMENT);
            assert_eq!(fio_upload_set_recording(upload, 0, 0), FIO_OK);
            assert_eq!(fio_upload_start(client, upload, &mut id), FIO_OK);
            assert_eq!(fio_upload_push(client, id, 0, b"0123".as_ptr(), 4), FIO_OK);
            assert_eq!(fio_upload_push(client, id, 9, b"0123".as_ptr(), 4), FIO_E_ARGUMENT);
            assert_eq!(fio_upload_push(client, id, 4, ptr::null(), 4), FIO_E_NULL);
            assert_eq!(fio_upload_finish(client, id, -2, ptr::null()), FIO_E_ARGUMENT);
            assert_eq!(fio_upload_finish(client, id, -1, ptr::null()), FIO_OK);
            assert_eq!(fio_upload_finish(client, id, -1, ptr::null()), FIO_E_STATE);
            let mut info = ptr::null();
            assert_eq!(fio_upload_get(client, id, &mut info), FIO_OK);
            assert_eq!(((*info).size, (*info).is_recording), (4, 0));
            assert_eq!(fio_upload_free(upload), FIO_OK);
            assert_eq!(fio_client_free(client), FIO_OK);
        }
    }
}
