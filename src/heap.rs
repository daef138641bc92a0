//! The memory of the C library: every block is overwritten before it is given back. What the typed secrets
//! do not reach (parsers, TLS where it is Rust) leaves nothing behind either.

use std::alloc::{GlobalAlloc, Layout, System};
use zeroizing_alloc::ZeroAlloc;

/// Never inlined: it would be in some hundred places.
struct Heap(ZeroAlloc<System>);

// SAFETY: everything is handed on to an allocator that keeps the rules.
unsafe impl GlobalAlloc for Heap {
    #[inline(never)]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the caller says.
        unsafe { self.0.alloc(layout) }
    }

    #[inline(never)]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the caller says.
        unsafe { self.0.alloc_zeroed(layout) }
    }

    #[inline(never)]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: as the caller says.
        unsafe { self.0.dealloc(block, layout) }
    }

    #[inline(never)]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: as the caller says.
        unsafe { self.0.realloc(block, layout, size) }
    }
}

#[global_allocator]
static HEAP: Heap = Heap(ZeroAlloc(System));
