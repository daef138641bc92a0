//! The application's callbacks behind the client's completions: what an operation is told becomes a view.

use super::callbacks::*;
use super::views::{self, View};
use crate::client::{Completion, Told, What};
use crate::engine::effects::Outcome;
use std::ffi::c_void;

#[derive(Clone, Copy)]
pub(crate) enum Callback {
    Done(fio_done_cb),
    Code(fio_code_cb),
    Device(fio_device_cb),
    Pair(fio_show_code_cb, fio_device_cb),
}

/// A callback with its user pointer.
pub(crate) struct Registered(pub Callback, pub *mut c_void);

impl Completion for Registered {
    fn tell(&self, told: &Told) {
        let &Registered(callback, user) = self;
        let (mut error, mut code, mut device) = (None, None, None);
        match &told.what {
            What::End(Err(failure)) => error = Some(views::error(failure, told.op)),
            What::Code(shown) | What::End(Ok(Outcome::Code(shown))) => {
                code = Some(views::code(shown, told.op, told.now));
            }
            What::End(Ok(Outcome::Device(shown))) => device = Some(views::device::device(shown, told.op)),
            What::End(Ok(Outcome::Done)) => {}
        }
        let (error, code) = (View::pointer(&error), View::pointer(&code));
        let is_end = matches!(told.what, What::End(_));
        // SAFETY: registered with its user pointer when the operation was started, for these calls; the views
        // outlive them.
        unsafe {
            match callback {
                Callback::Pair(Some(show), _) if !is_end => show(user, code),
                Callback::Done(Some(done)) if is_end => done(user, error),
                Callback::Code(Some(done)) if is_end => done(user, error, code),
                Callback::Device(Some(done)) | Callback::Pair(_, Some(done)) if is_end => {
                    done(user, error, View::pointer(&device));
                }
                _ => {}
            }
        }
    }
}
