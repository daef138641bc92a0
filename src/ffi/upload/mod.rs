//! `fio_upload_*`: what an upload is to be, set by setters on an opaque builder, and the uploads
//! themselves.

pub mod source;

pub mod details;

pub mod start;

pub mod recording;

pub mod control;

use super::views::{self, View, fio_error};
use super::{FIO_OP_NONE, args, fio_status, guard::guard, guard::guard_value};
use crate::error::Error;
use crate::status::*;
use crate::upload::UploadSpec;

/// What one upload is to be: its source, its name, and so on. Opaque. Not to be used by two threads at
/// once; belongs to no client.
///
/// Set at least a source, then start it. `fio_upload_start` copies it: it may be changed and started
/// again, for the next file, or freed.
pub struct fio_upload {
    _opaque: [u8; 0],
}

const MAGIC: u32 = 0xf10c_0b1d;

pub(super) struct Builder {
    magic: u32,
    pub spec: UploadSpec,
    last_error: Option<View<fio_error>>,
}

/// # Safety
/// `upload` is NULL or came from `fio_upload_new`, was not freed, and is not being changed elsewhere.
unsafe fn builder_ref<'a>(upload: *const fio_upload) -> Result<&'a Builder, Error> {
    if upload.is_null() {
        return Err(Error::new(FIO_E_NULL, "the upload is NULL"));
    }
    if !upload.cast::<Builder>().is_aligned() {
        return Err(Error::of(FIO_E_HANDLE));
    }
    // SAFETY: not NULL, aligned, and the caller says it is a live builder.
    let builder = unsafe { &*upload.cast::<Builder>() };
    if builder.magic == MAGIC { Ok(builder) } else { Err(Error::of(FIO_E_HANDLE)) }
}

/// # Safety
/// As for [`builder_ref`], and not in use elsewhere at all.
unsafe fn builder_mut<'a>(upload: *mut fio_upload) -> Result<&'a mut Builder, Error> {
    // SAFETY: as the caller says; the reference that the check makes is gone when the other one is made.
    unsafe {
        builder_ref(upload)?;
        Ok(&mut *upload.cast::<Builder>())
    }
}

/// Runs a setter, keeping its error for `fio_upload_error`.
///
/// # Safety
/// As for [`builder_mut`].
unsafe fn set(
    upload: *mut fio_upload,
    setter: impl FnOnce(&mut UploadSpec) -> Result<(), Error>,
) -> Result<(), Error> {
    // SAFETY: as the caller says.
    let builder = unsafe { builder_mut(upload) }?;
    setter(&mut builder.spec).inspect_err(|error| builder.last_error = Some(views::error(error, FIO_OP_NONE)))
}

/// Makes the description of an upload, with the default of every setting and without a source.
///
/// @param upload  [out] set to NULL first, to the description on `FIO_OK`; free it with
///                `fio_upload_free`
///
/// Returns:   `FIO_OK` | `FIO_E_NULL` | `FIO_E_PANIC`
/// Callbacks: none
/// Blocking:  never
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_upload_new(upload: *mut *mut fio_upload) -> fio_status {
    guard(|| {
        // SAFETY: the caller passes NULL or a writable pointer.
        unsafe {
            args::write(upload, std::ptr::null_mut())?;
            let builder = Builder { magic: MAGIC, spec: UploadSpec::default(), last_error: None };
            args::write(upload, Box::into_raw(Box::new(builder)).cast())
        }
    })
}

/// Frees the description. Uploads started from it are not affected: they go on.
///
/// @param upload  NULL is allowed and does nothing
///
/// Returns:   `FIO_OK` | `FIO_E_HANDLE` | `FIO_E_PANIC`
/// Callbacks: `destroy` of a reader that no upload uses
/// Blocking:  never
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_upload_free(upload: *mut fio_upload) -> fio_status {
    guard(|| {
        if upload.is_null() {
            return Ok(());
        }
        // SAFETY: the caller passes a live description, which nobody uses afterwards.
        unsafe {
            builder_mut(upload)?.magic = 0;
            drop(Box::from_raw(upload.cast::<Builder>()));
        }
        Ok(())
    })
}

/// The error of the last setter that failed on this description. (`fio_upload_start` and
/// `fio_upload_attach` leave theirs at the client: `fio_client_error`.)
///
/// @param upload  NULL gives NULL
///
/// Returns:   the error, valid until the next setter on this description fails or it is freed; NULL if
///            none failed
/// Callbacks: none
/// Blocking:  never
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_upload_error(upload: *const fio_upload) -> *const fio_error {
    guard_value(std::ptr::null(), || {
        // SAFETY: the caller passes NULL or a live description.
        let builder = unsafe { builder_ref(upload) };
        let error = builder.ok().and_then(|builder| builder.last_error.as_ref());
        error.map_or(std::ptr::null(), View::as_ptr)
    })
}
