//! Which handles are alive, by their address. A handle is looked up here before it is looked into: one that was freed, that
//! is of another kind, or that never was one is refused without being read. What cannot be noticed is a freed handle
//! whose place has been given to a new one of the same kind.
//!
//! Without a lock: looking up must not wait for another thread, nor in a forked child for one that is not there.

use std::ptr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicPtr, Ordering};

/// More than most devices have at once; for those that have more there is another block.
const BLOCK: usize = 8;

/// The handles of one kind.
pub(crate) struct Registry<T> {
    places: [AtomicPtr<T>; BLOCK],
    /// Never freed, since it may be in use without a lock.
    more: OnceLock<Box<Registry<T>>>,
}

impl<T> Registry<T> {
    pub(crate) const fn new() -> Registry<T> {
        Registry { places: [const { AtomicPtr::new(ptr::null_mut()) }; BLOCK], more: OnceLock::new() }
    }

    fn swap_somewhere(&self, old: *mut T, new: *mut T) -> bool {
        let swap = |place: &AtomicPtr<T>| {
            place.compare_exchange(old, new, Ordering::AcqRel, Ordering::Relaxed).is_ok()
        };
        self.places.iter().any(swap)
    }

    /// Gives a value away as a handle.
    pub(crate) fn give(&self, value: Box<T>) -> *mut T {
        let handle = Box::into_raw(value);
        let mut block = self;
        while !block.swap_somewhere(ptr::null_mut(), handle) {
            block = block.more.get_or_init(|| Box::new(Registry::new()));
        }
        handle
    }

    /// Whether it was given away and not taken back. It may be any address.
    #[inline]
    pub(crate) fn has(&self, handle: *const T) -> bool {
        let mut block = Some(self);
        while let Some(Registry { places, more }) = block {
            if places.iter().any(|place| ptr::eq(place.load(Ordering::Acquire), handle)) {
                return !handle.is_null();
            }
            block = more.get().map(Box::as_ref);
        }
        false
    }

    /// Takes a handle back: once, even if several try. From now on it is none.
    ///
    /// # Safety
    /// If it is one, nothing uses it any more.
    pub(crate) unsafe fn take(&self, handle: *mut T) -> Option<Box<T>> {
        if handle.is_null() {
            return None;
        }
        let mut block = self;
        while !block.swap_somewhere(handle, ptr::null_mut()) {
            block = block.more.get()?;
        }
        // SAFETY: `give` made it of a box, and it was taken out of its place just now; so it is taken once.
        Some(unsafe { Box::from_raw(handle) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_is_one_from_giving_to_taking() {
        let registry = Registry::new();
        let handle = registry.give(Box::new(7));
        assert!(registry.has(handle));
        // SAFETY: nothing uses the handle.
        unsafe {
            assert_eq!(registry.take(handle).as_deref(), Some(&7));
            assert!(!registry.has(handle));
            assert_eq!(registry.take(handle), None);
            assert_eq!(registry.take(ptr::null_mut()), None);
        }
        assert!(!registry.has(ptr::null()));
    }

    #[test]
    fn there_may_be_many_and_their_places_are_used_again() {
        let registry = Registry::new();
        for _ in 0..2 {
            let handles: Vec<_> = (0..3 * BLOCK).map(|number| registry.give(Box::new(number))).collect();
            assert!(handles.iter().all(|handle| registry.has(*handle)));
            for (number, handle) in handles.iter().enumerate() {
                // SAFETY: nothing uses the handle.
                assert_eq!(unsafe { registry.take(*handle) }.as_deref(), Some(&number));
            }
            assert!(!handles.iter().any(|handle| registry.has(*handle)));
        }
        let third = registry.more.get().and_then(|second| second.more.get()).unwrap();
        assert!(third.more.get().is_none());
    }

    #[test]
    fn of_threads_that_take_the_same_one_gets_it() {
        let registry = Registry::new();
        for round in 0..200 {
            let handle = registry.give(Box::new(round)) as usize;
            let taken = std::thread::scope(|scope| {
                // SAFETY: nothing uses the handle.
                let take = || unsafe { registry.take(handle as *mut i32) }.is_some();
                let threads = [scope.spawn(take), scope.spawn(take)];
                threads.into_iter().map(|thread| u32::from(thread.join().unwrap())).sum::<u32>()
            });
            assert_eq!(taken, 1);
        }
    }
}
