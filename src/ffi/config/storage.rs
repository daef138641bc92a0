//! Where records are kept, and the key that seals them.

use super::*;
use crate::client::config::Keeping;
use crate::ffi::vendor::StoreFunctions;
use std::sync::Arc;

/// Keeps the authorization and the queue in a directory: one file per record (a small one for each
/// upload), readable by the owner only, replaced atomically (temporary file, fsync, rename, fsync of the
/// directory). One client at a time: a second one on the same directory, in any process, is refused by
/// `fio_client_new`, until the first is freed or its process ends, also if a forked child lives on. Without
/// this and without `fio_config_set_store`, everything is forgotten with the client.
///
/// Who else can put files there could plant records: the directory must belong to the user of the process or
/// to root, and must not be writable by every user, nor by a group other than the process's own (or root's).
/// Else `fio_client_new` answers `FIO_E_STORE_UNSAFE`. File systems that keep neither owners nor modes (FAT,
/// exFAT, NTFS, CIFS, FUSE) are not asked: there, anybody who can write to the card can change records that no
/// key seals (`fio_config_set_store_key`), so that the library sends other files of this device, or to other
/// hosts. The last part of the path may be a link if it belongs to the same user or to root; below the
/// directory no link is followed, and only plain files are read or replaced.
///
/// A file system without locks (some NFS and FUSE): a second client is noticed on the same machine only. One
/// that cannot synchronize: a power cut may cost what was just written. Either is logged once, as a warning.
///
/// @param config  the configuration
/// @param path    the directory, at most 4095 bytes, on a file system that keeps what fsync wrote; it
///                is made (mode 0700) if its parent exists; copied
///
/// Returns:   `FIO_OK` | `FIO_E_ARGUMENT` (empty, too long, control characters) | `FIO_E_UTF8`
/// Callbacks: none
/// Blocking:  never (the directory is opened by `fio_client_new`)
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_config_set_store_dir(
    config: *mut fio_config,
    path: *const c_char,
) -> fio_status {
    // SAFETY: the caller passes NULL or a live config, and NULL or a terminated string.
    unsafe { CONFIGS.guard_set(config, |config| config.set_store_dir(args::text(path, "the store path")?)) }
}

/// Keeps the authorization and the queue with the application's own functions, for devices without a file
/// system. There is one record for each upload (and a second one for the presigned URLs of its parts, if they
/// are many), saved when it is started and whenever a part of it is begun or has arrived: what a save
/// costs does not depend on the length of the queue.
///
/// @param config   the configuration
/// @param load     reads a record; must not be NULL
/// @param save     replaces a record atomically; must not be NULL
/// @param erase    erases a record; must not be NULL
/// @param list     lists the keys; must not be NULL
/// @param user     passed to all four; may be NULL
/// @param destroy  called when `user` is not needed any more; may be NULL
///
/// Returns:   `FIO_OK`. On failure `destroy` is not called.
/// Callbacks: `destroy` of an earlier store that no client uses
/// Blocking:  never
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_config_set_store(
    config: *mut fio_config,
    load: fio_store_load_cb,
    save: fio_store_save_cb,
    erase: fio_store_erase_cb,
    list: fio_store_list_cb,
    user: *mut c_void,
    destroy: fio_destroy_cb,
) -> fio_status {
    // SAFETY: the caller passes NULL or a live config.
    unsafe {
        CONFIGS.guard_set(config, |config| {
            let (Some(load), Some(save), Some(erase), Some(list)) = (load, save, erase, list) else {
                return Err(Error::new(FIO_E_NULL, "a store function is NULL"));
            };
            let functions = StoreFunctions { load, save, erase, list, user: UserData::new(user, destroy) };
            config.keeping = Keeping::Own(Arc::new(move || Box::new(functions.clone())));
            Ok(())
        })
    }
}

/// Seals every record with XChaCha20-Poly1305 under this key, whichever store holds it. With a key,
/// records that are not sealed, or sealed with another key, are not trusted: they are kept aside and
/// reported. Keep the key where the user cannot read it, for example derived from a fuse.
///
/// @param config  the configuration
/// @param key     32 random bytes; copied, and wiped when no longer needed. NULL with length 0 takes
///                the key away again.
/// @param length  32 (or 0)
///
/// Returns:   `FIO_OK` | `FIO_E_ARGUMENT` (another length)
/// Callbacks: none
/// Blocking:  never
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_config_set_store_key(
    config: *mut fio_config,
    key: *const u8,
    length: usize,
) -> fio_status {
    // SAFETY: the caller passes NULL or a live config, and NULL or `length` readable bytes.
    unsafe {
        CONFIGS.guard_set(config, |config| config.set_store_key(args::bytes(key, length, "the store key")?))
    }
}
