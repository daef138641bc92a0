//! `fio_upload_*`: what an upload is to be, set by setters on an opaque builder, and the uploads
//! themselves.

pub mod source;

pub mod details;

pub mod start;

pub mod recording;

pub mod control;

use super::builder::Builders;
use super::registry::Registry;
use super::views::fio_upload_info;
use super::*;
use crate::client::upload::Description;

/// What one upload is to be: its source, its name, and so on. Opaque. Not to be used by two threads at
/// once; belongs to no client.
///
/// Set at least a source, then start it. `fio_upload_start` copies it: it may be changed and started
/// again, for the next file, or freed.
pub struct fio_upload {
    _opaque: [u8; 0],
}

static UPLOADS: Builders<Description> = Builders(Registry::new());

/// Makes the description of an upload, with the default of every setting and without a source.
///
/// @param upload  [out] set to NULL first, to the description on `FIO_OK`; free it with
///                `fio_upload_free`
///
/// Returns:   `FIO_OK` | `FIO_E_NULL`
/// Callbacks: none
/// Blocking:  never
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_upload_new(upload: *mut *mut fio_upload) -> fio_status {
    // SAFETY: the caller passes NULL or a writable pointer.
    guard(|| unsafe { UPLOADS.make(upload.cast()) })
}

/// Frees the description. Uploads started from it are not affected: they go on.
///
/// @param upload  NULL is allowed and does nothing
///
/// Returns:   `FIO_OK` | `FIO_E_HANDLE`
/// Callbacks: `destroy` of a reader that no upload uses
/// Blocking:  never
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_upload_free(upload: *mut fio_upload) -> fio_status {
    // SAFETY: the caller passes a live description, which nobody uses afterwards.
    guard(|| unsafe { UPLOADS.free(upload.cast()) })
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
    // SAFETY: the caller passes NULL or a live description.
    guard_value(ptr::null(), || unsafe { UPLOADS.last_error(upload.cast()) })
}

#[cfg(test)]
mod tests {
    use super::details::*;
    use super::source::*;
    use super::*;
    use crate::ffi::config::{fio_config_free, fio_config_new};
    use crate::source::Source;
    use crate::upload::{SourceSpec, UploadSpec};
    use std::ffi::CString;
    use std::os::fd::AsRawFd;
    use std::sync::Arc;

    struct Made(*mut fio_upload);

    impl Made {
        fn new() -> Made {
            let mut upload = ptr::null_mut();
            // SAFETY: the place is writable.
            assert_eq!(unsafe { fio_upload_new(&mut upload) }, FIO_OK);
            Made(upload)
        }

        fn spec(&self) -> UploadSpec {
            // SAFETY: live until it is dropped.
            unsafe { UPLOADS.get(self.0.cast()) }.unwrap().spec().clone()
        }

        fn attached(&self) -> Arc<dyn Source> {
            match self.spec().source {
                SourceSpec::Attached(source) => source,
                other => panic!("{other:?}"),
            }
        }
    }

    impl Drop for Made {
        fn drop(&mut self) {
            // SAFETY: live, and not used afterwards.
            assert_eq!(unsafe { fio_upload_free(self.0) }, FIO_OK);
        }
    }

    #[test]
    fn setters_take_what_is_right_and_keep_the_error_of_what_is_not() {
        let made = Made::new();
        let c = |text: &[u8]| CString::new(text).unwrap();
        let upload = made.0;
        // SAFETY: the description is live, and the strings are terminated and outlive their calls.
        unsafe {
            assert!(fio_upload_error(upload).is_null());
            assert_eq!(fio_upload_set_path(upload, c(b"").as_ptr()), FIO_E_ARGUMENT);
            assert_eq!((*fio_upload_error(upload)).status, FIO_E_ARGUMENT);
            assert_eq!(fio_upload_set_path(upload, c(&[b'a'; 4097]).as_ptr()), FIO_E_ARGUMENT);
            assert_eq!(fio_upload_set_path(upload, c(b"/a/\xff").as_ptr()), FIO_OK);
            assert!(matches!(made.spec().source, SourceSpec::Path(path) if path == b"/a/\xff"));
            assert_eq!(fio_upload_set_pushed(upload), FIO_OK);
            assert!(matches!(made.spec().source, SourceSpec::Pushed));

            for (name, status) in [
                (&b"clip/1: \xc3\xbc.mov"[..], FIO_OK),
                (b"  ", FIO_E_ARGUMENT),
                (b"a\nb", FIO_E_ARGUMENT),
                (b"\xff", FIO_E_UTF8),
                (&[b'a'; 256], FIO_E_ARGUMENT),
            ] {
                assert_eq!(fio_upload_set_name(upload, c(name).as_ptr()), status);
            }
            assert_eq!(made.spec().name.as_deref(), Some("clip/1: ü.mov"));
            assert_eq!(fio_upload_set_name(upload, ptr::null()), FIO_OK);
            assert_eq!(made.spec().name, None);

            for (extension, status) in [
                (&b".mp4"[..], FIO_OK),
                (b"mp4", FIO_E_ARGUMENT),
                (b".", FIO_E_ARGUMENT),
                (b"./x", FIO_E_ARGUMENT),
            ] {
                assert_eq!(fio_upload_set_extension(upload, c(extension).as_ptr()), status);
            }
            assert_eq!(made.spec().extension.as_deref(), Some(".mp4"));

            assert_eq!(fio_upload_set_tag(upload, [9; 1025].as_ptr(), 1025), FIO_E_ARGUMENT);
            assert_eq!(fio_upload_set_tag(upload, ptr::null(), 1), FIO_E_NULL);
            assert_eq!(fio_upload_set_tag(upload, [9; 1024].as_ptr(), 1024), FIO_OK);
            assert_eq!(fio_upload_set_tag(upload, ptr::null(), 0), FIO_OK);
            assert_eq!(fio_upload_set_created(upload, -5), FIO_OK);
            assert_eq!(fio_upload_set_parts(upload, 10_001), FIO_E_ARGUMENT);
            assert_eq!(fio_upload_set_verify(upload, 2), FIO_E_ARGUMENT);
            assert_eq!(fio_upload_set_recording(upload, u64::MAX, (256 << 20) + 1), FIO_E_ARGUMENT);
            let spec = made.spec();
            assert!(
                spec.tag.is_empty() && spec.created.is_none() && !spec.verify && spec.recording.is_none()
            );
        }
    }

    #[test]
    fn a_descriptor_is_duplicated_and_must_be_a_readable_file() {
        let made = Made::new();
        let path = std::env::temp_dir().join(format!("fio-c2c-fd-{}", std::process::id()));
        std::fs::write(&path, b"0123456789").unwrap();
        let writable = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
        let readable = std::fs::File::open(&path).unwrap();
        let folder = std::fs::File::open(std::env::temp_dir()).unwrap();
        std::fs::remove_file(&path).unwrap();
        let set = |fd: i32| {
            // SAFETY: the description is live; a descriptor that is not open is refused.
            unsafe { fio_upload_set_descriptor(made.0, fd) }
        };
        assert_eq!(set(-1), FIO_E_ARGUMENT);
        assert_eq!(set(i32::MAX), FIO_E_ARGUMENT);
        assert_eq!(set(folder.as_raw_fd()), FIO_E_SOURCE_KIND);
        assert_eq!(set(writable.as_raw_fd()), FIO_E_SOURCE_READ);
        assert!(matches!(made.spec().source, SourceSpec::None));
        assert_eq!(set(readable.as_raw_fd()), FIO_OK);
        drop(readable);
        let source = made.attached();
        let mut buffer = [0; 4];
        assert_eq!(source.read_at(8, &mut buffer).unwrap(), 2);
        assert_eq!((&buffer[..2], source.condition().unwrap().size), (&b"89"[..], 10));
    }

    #[derive(Default)]
    struct Reader {
        answer: i64,
        destroyed: u32,
    }

    unsafe extern "C" fn read(user: *mut c_void, offset: u64, buffer: *mut u8, length: usize) -> i64 {
        // SAFETY: the test gives its reader, and the library a buffer that is as long as it says.
        unsafe {
            assert_eq!((offset, length), (5, 3));
            buffer.write(b'x');
            (*user.cast::<Reader>()).answer
        }
    }

    unsafe extern "C" fn destroy(user: *mut c_void) {
        // SAFETY: the test gives its reader.
        unsafe { (*user.cast::<Reader>()).destroyed += 1 };
    }

    #[test]
    fn a_reader_answers_for_itself_and_is_let_go_once() {
        let mut reader = Reader::default();
        let pointer = &raw mut reader;
        let made = Made::new();
        // SAFETY: the description is live, and the reader outlives it.
        unsafe {
            let upload = made.0;
            assert_eq!(fio_upload_set_reader(upload, 100, None, pointer.cast(), Some(destroy)), FIO_E_NULL);
            assert_eq!((*pointer).destroyed, 0);
            assert_eq!(fio_upload_set_reader(upload, 100, Some(read), pointer.cast(), Some(destroy)), FIO_OK);
            let source = made.attached();
            assert_eq!(source.condition().unwrap().size, 100);
            for (answer, expected) in [(1, Ok(1)), (0, Ok(0)), (3, Ok(3)), (4, Err(())), (-1, Err(()))] {
                (*pointer).answer = answer;
                let result = source.read_at(5, &mut [0; 3]);
                assert!(result.as_ref().err().is_none_or(|error| error.status == FIO_E_SOURCE_READ));
                assert_eq!(result.map_err(drop), expected);
            }
            assert_eq!(fio_upload_set_pushed(upload), FIO_OK);
            assert_eq!((*pointer).destroyed, 0);
            drop(source);
            assert_eq!((*pointer).destroyed, 1);
        }
    }

    #[test]
    fn what_is_no_description_is_noticed() {
        let mut other = [0u64; 64];
        let pointer = other.as_mut_ptr().cast::<fio_upload>();
        // SAFETY: readable memory that is no description; NULL is allowed.
        unsafe {
            assert_eq!(fio_upload_set_parts(pointer, 1), FIO_E_HANDLE);
            assert_eq!(fio_upload_set_parts(pointer.byte_add(1), 1), FIO_E_HANDLE);
            assert_eq!(fio_upload_free(pointer), FIO_E_HANDLE);
            assert_eq!(fio_upload_free(ptr::null_mut()), FIO_OK);
            assert_eq!(fio_upload_set_parts(ptr::null_mut(), 1), FIO_E_NULL);
            assert_eq!(fio_upload_new(ptr::null_mut()), FIO_E_NULL);
            assert!(fio_upload_error(pointer).is_null());
            let mut freed = ptr::null_mut();
            assert_eq!(fio_upload_new(&mut freed), FIO_OK);
            assert_eq!(fio_upload_free(freed), FIO_OK);
            assert_eq!(fio_upload_free(freed), FIO_E_HANDLE);
            let mut config = ptr::null_mut();
            assert_eq!(fio_config_new(&mut config), FIO_OK);
            assert_eq!(fio_upload_set_parts(config.cast(), 1), FIO_E_HANDLE);
            assert_eq!(fio_config_free(config), FIO_OK);
        }
    }
}
