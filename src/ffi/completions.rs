//! The application's callbacks behind the client's: what an operation is told becomes a view.

use super::callbacks::*;
use super::views::{self, View};
use crate::client::{Completion, Told, What};
use crate::engine::effects::Outcome;
use std::ffi::c_void;
use std::rc::Rc;

pub fn done(callback: fio_done_cb, user: *mut c_void) -> Completion {
    Rc::new(move |told| {
        if let Some(done) = callback {
            let error = views::failure(told);
            // SAFETY: registered with its user pointer when the operation was started, for exactly this one
            // call; the view outlives it.
            unsafe { done(user, View::pointer(&error)) };
        }
    })
}

pub fn code(callback: fio_code_cb, user: *mut c_void) -> Completion {
    Rc::new(move |told| {
        if let Some(done) = callback {
            let (error, code) = (views::failure(told), shown(told));
            // SAFETY: as above.
            unsafe { done(user, View::pointer(&error), View::pointer(&code)) };
        }
    })
}

pub fn device(callback: fio_device_cb, user: *mut c_void) -> Completion {
    Rc::new(move |told| {
        let device = match &told.what {
            What::End(Ok(Outcome::Device(device))) => Some(views::device::device(device, told.op)),
            _ => None,
        };
        if let Some(done) = callback {
            let error = views::failure(told);
            // SAFETY: as above.
            unsafe { done(user, View::pointer(&error), View::pointer(&device)) };
        }
    })
}

pub fn pair(show: fio_show_code_cb, callback: fio_device_cb, user: *mut c_void) -> Completion {
    let end = device(callback, user);
    Rc::new(move |told| match (&told.what, show) {
        (What::End(_), _) => end(told),
        // SAFETY: registered by `fio_pair` for this; the view outlives the call.
        (What::Code(_), Some(show)) => unsafe { show(user, View::pointer(&shown(told))) },
        (What::Code(_), None) => {}
    })
}

fn shown(told: &Told) -> Option<View<views::fio_code>> {
    match &told.what {
        What::Code(code) | What::End(Ok(Outcome::Code(code))) => Some(views::code(code, told.op, told.now)),
        What::End(_) => None,
    }
}
