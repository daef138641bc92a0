//! The guard every exported function runs in: a panic becomes a status, never an abort, never
//! undefined behaviour.

use super::body::Body;
use crate::error::Error;
use crate::status::{FIO_E_PANIC, FIO_OK};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs the body of a function that returns a status.
pub(crate) fn guard(mut body: impl FnMut() -> Result<(), Error>) -> i32 {
    guard_body(Body::new(&mut |_: &mut ()| body()))
}

#[inline(never)]
fn guard_body(mut body: Body<'_, ()>) -> i32 {
    guard_value(FIO_E_PANIC, || body.call(&mut ()).map_or_else(|error| error.status, |()| FIO_OK))
}

/// Runs the body of a function that returns something else; `on_panic` stands in for it.
///
/// Unwind safety: what a panic may leave half-done is behind a mutex, which it poisons, and a
/// poisoned client refuses every further call.
pub(crate) fn guard_value<T>(on_panic: T, body: impl FnOnce() -> T) -> T {
    quiet_panics();
    catch_unwind(AssertUnwindSafe(body)).unwrap_or(on_panic)
}

/// In the C library a panic must not write to the host's standard error: the message could quote
/// data. (In the Rust tests the ordinary hook is wanted.)
fn quiet_panics() {
    #[cfg(fio_c_library)]
    {
        static ONCE: std::sync::Once = std::sync::Once::new();
        ONCE.call_once(|| std::panic::set_hook(Box::new(|_| {})));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_a_status() {
        assert_eq!(guard(|| panic!("caught")), FIO_E_PANIC);
        assert_eq!(guard(|| Ok(())), FIO_OK);
        assert_eq!(guard_value(7, || panic!("caught")), 7);
    }
}
