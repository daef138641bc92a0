//! A closure without its type.

use crate::error::Error;
use std::marker::PhantomData;

/// What is done around the call of one of these is compiled once, and not for each of the closures. `&mut dyn
/// FnMut` would do, but brings a table and an entry for `FnOnce` for each of them: 5 KB in the library that only
/// pairs, which may have 450.
pub(crate) struct Body<'a, Argument> {
    closure: *mut (),
    call: unsafe fn(*mut (), &mut Argument) -> Result<(), Error>,
    borrowed: PhantomData<&'a mut ()>,
}

impl<'a, Argument> Body<'a, Argument> {
    pub(crate) fn new<F: FnMut(&mut Argument) -> Result<(), Error>>(
        closure: &'a mut F,
    ) -> Body<'a, Argument> {
        Body { closure: std::ptr::from_mut(closure).cast(), call: call::<F, Argument>, borrowed: PhantomData }
    }

    pub(crate) fn call(&mut self, argument: &mut Argument) -> Result<(), Error> {
        // SAFETY: both come from `new`, and the closure is borrowed for as long as this lives.
        unsafe { (self.call)(self.closure, argument) }
    }
}

/// # Safety
/// `closure` points to an `F` that nobody else uses.
unsafe fn call<F, Argument>(closure: *mut (), argument: &mut Argument) -> Result<(), Error>
where
    F: FnMut(&mut Argument) -> Result<(), Error>,
{
    // SAFETY: as the caller says.
    unsafe { (*closure.cast::<F>())(argument) }
}
