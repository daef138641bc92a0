//! Uploads and what is left of them, as the application sees them.

use super::{View, c_string, error, fio_error, length, milliseconds, optional, pointer, struct_size};
use crate::ffi::{FIO_OP_NONE, FIO_UPLOAD_NONE, fio_upload_id};
use crate::upload::{Totals, UploadInfo, UploadState};
use std::any::Any;
use std::ffi::{CString, c_char};
use std::ptr;

/// `fio_upload_info.state`: it is sent when its turn comes. While a host is left alone for a time, because it
/// has failed or asked for it (`Retry-After`), `reason` and `retry_in_ms` say why, and for how long.
pub const FIO_UPLOAD_QUEUED: i32 = 1;
/// `fio_upload_info.state`: it is being sent.
pub const FIO_UPLOAD_UPLOADING: i32 = 2;
/// `fio_upload_info.state`: something has to happen first: `reason` says what, and whether it is the
/// library's business (`retry_in_ms` is not negative), the application's (`FIO_E_UPLOAD_PAUSED`,
/// `FIO_E_SOURCE_NEEDED`), or a person's (`FIO_E_OTHER_PROJECT`, `FIO_E_NOT_AUTHORIZED`,
/// `FIO_E_TOO_MANY_ASSETS`).
pub const FIO_UPLOAD_WAITING: i32 = 3;
/// `fio_upload_info.state`: over: the service has the whole file.
pub const FIO_UPLOAD_DONE: i32 = 4;
/// `fio_upload_info.state`: over: `reason` says why. `fio_upload_retry` begins again.
pub const FIO_UPLOAD_FAILED: i32 = 5;
/// `fio_upload_info.state`: over: it was made while a user had the device paused
/// (`FIO_E_CHANNEL_PAUSED`), so that the service does not take it.
pub const FIO_UPLOAD_SKIPPED: i32 = 6;
/// `fio_upload_info.state`: over: the application canceled it.
pub const FIO_UPLOAD_CANCELED: i32 = 7;

/// One upload as it stands. New states may appear.
#[repr(C)]
pub struct fio_upload_info {
    /// Size of this struct in the library; it may grow at its end.
    pub struct_size: u32,
    /// A `FIO_UPLOAD_…`.
    pub state: i32,
    /// The upload.
    pub id: fio_upload_id,
    /// Bytes in all; for a recording that goes on, those known so far.
    pub size: u64,
    /// Bytes the storage has confirmed: these are safe. They become 0 again if it has to start over.
    pub confirmed: u64,
    /// Bytes handed to the network beyond those: `confirmed + in_flight` is for a smooth bar.
    pub in_flight: u64,
    /// Milliseconds until the next attempt while it waits for one, or is queued and its host is left alone for
    /// a time; -1 otherwise.
    pub retry_in_ms: i64,
    /// Higher goes first.
    pub priority: i32,
    /// 1 while it is a recording that goes on, otherwise 0.
    pub is_recording: i32,
    /// Why it waits, is queued for a host that is left alone, failed or was skipped; NULL if there is no reason.
    pub reason: *const fio_error,
    /// The service's name for it. Never NULL; empty for a recording that has none yet.
    pub name: *const c_char,
    /// For example `video/mp4`. Never NULL.
    pub media_type: *const c_char,
    /// The path it is read from, as it was given: not necessarily UTF-8. NULL if the source is no path.
    pub path: *const c_char,
    /// What `fio_upload_set_tag` gave, and a NUL behind it that does not count; NULL if there is none.
    pub tag: *const u8,
    /// Its id at the service, once it is there; otherwise NULL. `fio_comment` takes it.
    pub asset_id: *const c_char,
    /// The project it was queued for; NULL as long as none is known.
    pub project_id: *const c_char,
    /// Lengths of the above in bytes, 0 for NULL.
    pub name_length: usize,
    pub media_type_length: usize,
    pub path_length: usize,
    pub tag_length: usize,
    pub asset_id_length: usize,
    pub project_id_length: usize,
    /// Its parts that are on their way.
    pub parts_in_flight: usize,
    /// Bytes a second over the last minute, less what was lost when a connection broke; 0 if nothing of it was on its
    /// way.
    pub minute_bytes_per_second: u64,
    /// Milliseconds until the next of its parts is safe, if the link goes on as it does; -1 while none is on its way, or
    /// not enough is known of the link.
    pub part_safe_in_ms: i64,
    /// Attempts that failed since something of it last went well.
    pub failed_attempts: u32,
    /// 1 while the link breaks again and again before a part of that size is through, otherwise 0: nothing of it will
    /// arrive until the link is better, or `fio_upload_set_parts` asks for more and smaller parts next time.
    pub is_link_too_weak: i32,
}

/// What is left to do, for the screen.
#[repr(C)]
pub struct fio_totals {
    /// Size of this struct in the library; it may grow at its end.
    pub struct_size: u32,
    /// 1 while the whole queue is paused (`fio_queue_pause`), otherwise 0.
    pub is_paused: i32,
    /// The upload that is furthest ahead in the queue and under way; `FIO_UPLOAD_NONE` if there is none.
    pub current: fio_upload_id,
    /// Uploads that are queued, uploading or waiting.
    pub files_left: u64,
    /// What they still have to send, in bytes.
    pub bytes_left: u64,
    /// How many uploads are in each state; of those that are done or canceled, the ones still remembered
    /// (`fio_config_set_history`).
    pub queued: u64,
    pub uploading: u64,
    pub waiting: u64,
    pub done: u64,
    pub failed: u64,
    pub skipped: u64,
    pub canceled: u64,
    /// What leaves, smoothed over some seconds; 0 while nothing moves.
    pub bytes_per_second: u64,
    /// `bytes_left` at the rate at which whole parts arrived lately, breaks of the network included: what is on its way when
    /// it breaks is sent again. Before the first part, by the bytes that the other end has received. -1 while
    /// nothing moves, or no part gets through.
    pub seconds_left: i64,
    /// Bytes a second over the last minute, less what was lost when a connection broke; 0 if nothing was on its way.
    pub minute_bytes_per_second: u64,
    /// Milliseconds until the next part is safe, if the link goes on as it does: power or network had better stay that
    /// long. -1 while none is on its way, or not enough is known of the link.
    pub part_safe_in_ms: i64,
    /// Parts on their way, of all uploads.
    pub parts_in_flight: u32,
    /// 1 while uploads are left and the link breaks again and again before even one of the smallest parts (5 MiB) is
    /// through, otherwise 0. Nothing but a better link helps.
    pub is_link_too_weak: i32,
}

pub(in crate::ffi) fn state(state: UploadState) -> i32 {
    match state {
        UploadState::Queued => FIO_UPLOAD_QUEUED,
        UploadState::Uploading => FIO_UPLOAD_UPLOADING,
        UploadState::Waiting => FIO_UPLOAD_WAITING,
        UploadState::Done => FIO_UPLOAD_DONE,
        UploadState::Failed => FIO_UPLOAD_FAILED,
        UploadState::Skipped => FIO_UPLOAD_SKIPPED,
        UploadState::Canceled => FIO_UPLOAD_CANCELED,
    }
}

/// `None` for nothing.
fn path(path: &[u8]) -> Option<CString> {
    // A path from C holds no NUL.
    Some(CString::new(path).unwrap_or_default()).filter(|path| !path.is_empty())
}

pub(in crate::ffi) fn info(info: &UploadInfo) -> View<fio_upload_info> {
    let strings = vec![
        Some(c_string(&info.name)),
        Some(c_string(&info.media_type)),
        path(&info.path),
        optional(&info.asset_id),
        optional(&info.project_id),
    ];
    let mut tag = info.tag.clone();
    tag.push(0);
    let reason = info.reason.as_ref().map(|reason| error(reason, FIO_OP_NONE));
    let raw = fio_upload_info {
        struct_size: struct_size::<fio_upload_info>(),
        state: state(info.state),
        id: info.id,
        size: info.size,
        confirmed: info.confirmed,
        in_flight: info.in_flight,
        retry_in_ms: info.retry_in.map_or(-1, milliseconds),
        priority: info.priority,
        is_recording: info.is_recording.into(),
        reason: View::pointer(&reason),
        name: pointer(&strings[0]),
        media_type: pointer(&strings[1]),
        path: pointer(&strings[2]),
        tag: if info.tag.is_empty() { ptr::null() } else { tag.as_ptr() },
        asset_id: pointer(&strings[3]),
        project_id: pointer(&strings[4]),
        name_length: length(&strings[0]),
        media_type_length: length(&strings[1]),
        path_length: length(&strings[2]),
        tag_length: info.tag.len(),
        asset_id_length: length(&strings[3]),
        project_id_length: length(&strings[4]),
        parts_in_flight: info.parts_in_flight,
        minute_bytes_per_second: info.last_minute,
        part_safe_in_ms: info.part_safe_in.map_or(-1, milliseconds),
        failed_attempts: info.failed_attempts,
        is_link_too_weak: info.is_link_too_weak.into(),
    };
    let parts: Vec<Box<dyn Any>> = vec![Box::new(tag), Box::new(reason)];
    View { raw: Box::new(raw), _strings: strings, _parts: parts }
}

pub(in crate::ffi) fn totals(totals: &Totals) -> View<fio_totals> {
    let raw = fio_totals {
        struct_size: struct_size::<fio_totals>(),
        is_paused: totals.is_paused.into(),
        current: totals.current.unwrap_or(FIO_UPLOAD_NONE),
        files_left: totals.files_left,
        bytes_left: totals.bytes_left,
        queued: totals.queued,
        uploading: totals.uploading,
        waiting: totals.waiting,
        done: totals.done,
        failed: totals.failed,
        skipped: totals.skipped,
        canceled: totals.canceled,
        bytes_per_second: totals.bytes_per_second,
        seconds_left: totals.seconds_left.map_or(-1, |left| i64::try_from(left).unwrap_or(i64::MAX)),
        minute_bytes_per_second: totals.last_minute,
        part_safe_in_ms: totals.part_safe_in.map_or(-1, milliseconds),
        parts_in_flight: totals.parts_in_flight,
        is_link_too_weak: totals.is_link_too_weak.into(),
    };
    View { raw: Box::new(raw), _strings: Vec::new(), _parts: Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;
    use crate::ffi::views::tests::{HOSTILE, check, check_error, failure};
    use crate::status::FIO_E_SOURCE_NEEDED;
    use std::ffi::CStr;

    fn whole() -> UploadInfo {
        UploadInfo {
            id: 7,
            state: UploadState::Waiting,
            reason: Some(Error::of(FIO_E_SOURCE_NEEDED)),
            name: "clip.mov".to_owned(),
            media_type: "video/quicktime".to_owned(),
            path: b"/media/\xff/clip.mov".to_vec(),
            tag: vec![0, 1, 0],
            priority: -3,
            size: 10,
            confirmed: 4,
            in_flight: 2,
            asset_id: Some("b1f2".to_owned()),
            project_id: None,
            is_recording: true,
            retry_in: Some(std::time::Duration::from_millis(1500)),
            last_minute: 70_000,
            part_safe_in: Some(std::time::Duration::from_millis(2500)),
            parts_in_flight: 2,
            failed_attempts: 3,
            is_link_too_weak: true,
        }
    }

    #[test]
    fn no_text_of_an_upload_acts_on_a_screen() {
        let hostile = UploadInfo {
            reason: Some(failure()),
            name: HOSTILE.to_owned(),
            media_type: HOSTILE.to_owned(),
            asset_id: Some(HOSTILE.to_owned()),
            project_id: Some(HOSTILE.to_owned()),
            ..whole()
        };
        let view = info(&hostile);
        // SAFETY: the view is alive.
        unsafe {
            let raw = &*view.as_ptr();
            check_error(raw.reason);
            check(raw.name, raw.name_length);
            check(raw.media_type, raw.media_type_length);
            check(raw.asset_id, raw.asset_id_length);
            check(raw.project_id, raw.project_id_length);
        }
    }

    #[test]
    fn an_upload_is_shown_whole_whatever_it_lacks() {
        let mut shown = whole();
        let view = info(&shown);
        // SAFETY: the view is alive, and what is not NULL in it is terminated or as long as it says.
        unsafe {
            let raw = &*view.as_ptr();
            assert_eq!((raw.id, raw.state, raw.priority, raw.is_recording), (7, FIO_UPLOAD_WAITING, -3, 1));
            assert_eq!((raw.size, raw.confirmed, raw.in_flight, raw.retry_in_ms), (10, 4, 2, 1500));
            assert_eq!(
                (raw.parts_in_flight, raw.minute_bytes_per_second, raw.part_safe_in_ms),
                (2, 70_000, 2500)
            );
            assert_eq!((raw.failed_attempts, raw.is_link_too_weak), (3, 1));
            assert_eq!((*raw.reason).status, FIO_E_SOURCE_NEEDED);
            assert_eq!(CStr::from_ptr(raw.path).to_bytes(), b"/media/\xff/clip.mov");
            assert_eq!(std::slice::from_raw_parts(raw.tag, raw.tag_length + 1), [0, 1, 0, 0]);
            assert_eq!((raw.asset_id_length, raw.path_length), (4, 17));
            assert!(raw.project_id.is_null() && raw.project_id_length == 0);
        }
        (shown.reason, shown.retry_in, shown.asset_id) = (None, None, None);
        (shown.part_safe_in, shown.is_link_too_weak) = (None, false);
        (shown.path, shown.tag, shown.name) = (Vec::new(), Vec::new(), String::new());
        let view = info(&shown);
        // SAFETY: as above.
        unsafe {
            let raw = &*view.as_ptr();
            assert!(
                raw.reason.is_null() && raw.path.is_null() && raw.tag.is_null() && raw.asset_id.is_null()
            );
            assert_eq!((raw.part_safe_in_ms, raw.is_link_too_weak), (-1, 0));
            assert_eq!((raw.retry_in_ms, raw.path_length, raw.tag_length, raw.name_length), (-1, 0, 0, 0));
            assert_eq!(CStr::from_ptr(raw.name).to_bytes(), b"");
        }
    }
}
