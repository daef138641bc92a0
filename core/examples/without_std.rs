//! A program without std around the core. Were std in any crate below, the panic handler would be there twice, and
//! the compiler would say so. Empty where a panic unwinds, which is std's: build it with the profile `no-std`.

#![cfg(panic = "abort")]
#![no_std]

extern crate fio_c2c_core;

use core::alloc::{GlobalAlloc, Layout};
use core::panic::PanicInfo;

struct NoMemory;

// SAFETY: no block is ever given, and so none comes back.
unsafe impl GlobalAlloc for NoMemory {
    unsafe fn alloc(&self, _: Layout) -> *mut u8 {
        core::ptr::null_mut()
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}

#[global_allocator]
static HEAP: NoMemory = NoMemory;

#[panic_handler]
fn panicked(_: &PanicInfo) -> ! {
    loop {}
}
