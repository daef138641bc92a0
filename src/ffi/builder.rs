//! What `fio_config` and `fio_upload` have in common: values behind pointers, each with the error of the last
//! call that failed on it.

use super::body::Body;
use super::registry::Registry;
use super::views::{self, View, fio_error};
use super::{FIO_OP_NONE, args, fio_status, guard::guard};
use crate::error::Error;
use crate::status::*;
use std::ptr;

pub(crate) struct Builder<T> {
    value: T,
    last_error: Option<View<fio_error>>,
}

/// Those of one kind.
pub(crate) struct Builders<T>(pub Registry<Builder<T>>);

impl<T: Default> Builders<T> {
    /// # Safety
    /// `out` is NULL or writable.
    pub(crate) unsafe fn make(&self, out: *mut *mut Builder<T>) -> Result<(), Error> {
        // SAFETY: as the caller says.
        unsafe {
            args::write(out, ptr::null_mut())?;
            args::write(out, self.0.give(Box::new(Builder { value: T::default(), last_error: None })))
        }
    }

    /// # Safety
    /// If it is one of these, nobody uses it any more.
    pub(crate) unsafe fn free(&self, builder: *mut Builder<T>) -> Result<(), Error> {
        // SAFETY: as the caller says.
        if builder.is_null() || unsafe { self.0.take(builder) }.is_some() {
            return Ok(());
        }
        Err(Error::of(FIO_E_HANDLE))
    }

    /// # Safety
    /// If it is one of these, it stays one, and nobody changes it elsewhere.
    #[cfg(feature = "uploads")]
    pub(crate) unsafe fn get<'a>(&self, builder: *const Builder<T>) -> Result<&'a T, Error> {
        self.check(builder)?;
        // SAFETY: a live one, and the caller says that it is not being changed.
        Ok(unsafe { &(*builder).value })
    }

    /// Runs a setter in the guard and keeps its error.
    ///
    /// # Safety
    /// If it is one of these, nobody uses it elsewhere.
    pub(crate) unsafe fn guard_set<Opaque>(
        &self,
        builder: *mut Opaque,
        mut setter: impl FnMut(&mut T) -> Result<(), Error>,
    ) -> fio_status {
        // SAFETY: as the caller says.
        unsafe { self.guard_set_body(builder.cast(), Body::new(&mut setter)) }
    }

    /// # Safety
    /// As for [`Builders::guard_set`].
    #[inline(never)]
    unsafe fn guard_set_body(&self, builder: *mut Builder<T>, mut setter: Body<'_, T>) -> fio_status {
        // SAFETY: as the caller says.
        guard(|| unsafe { self.set(builder, &mut setter) })
    }

    /// Runs a setter and keeps its error.
    ///
    /// # Safety
    /// As for [`Builders::guard_set`].
    pub(crate) unsafe fn set(&self, builder: *mut Builder<T>, setter: &mut Body<'_, T>) -> Result<(), Error> {
        self.check(builder)?;
        // SAFETY: a live one, and the caller says that it is not in use elsewhere.
        let Builder { value, last_error } = unsafe { &mut *builder };
        setter.call(value).inspect_err(|error| *last_error = Some(views::error(error, FIO_OP_NONE)))
    }

    /// NULL if there is none.
    ///
    /// # Safety
    /// As for [`Builders::get`].
    pub(crate) unsafe fn last_error(&self, builder: *const Builder<T>) -> *const fio_error {
        match self.check(builder) {
            // SAFETY: a live one, and the caller says that it is not being changed.
            Ok(()) => unsafe { View::pointer(&(*builder).last_error) },
            Err(_) => ptr::null(),
        }
    }

    fn check(&self, builder: *const Builder<T>) -> Result<(), Error> {
        if builder.is_null() {
            return Err(Error::new(FIO_E_NULL, "the config or upload is NULL"));
        }
        if self.0.has(builder) { Ok(()) } else { Err(Error::of(FIO_E_HANDLE)) }
    }
}
