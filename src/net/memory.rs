//! libcurl's memory, wiped before it is given back. libcurl copies requests, and with them secrets, into
//! buffers of its own, and frees them as they are.
//!
//! libcurl must hear of this before it is initialised, which the bindings do when the library is
//! loaded. So it is done when the library is loaded too, and before that. Where the application has
//! initialised libcurl already, it has no effect.

use curl_sys::{CURL_GLOBAL_ALL, curl_global_init_mem};
use std::ffi::{c_char, c_void};
use std::mem::MaybeUninit;

extern "C" fn allocate(size: usize) -> *mut c_void {
    // SAFETY: any size may be asked for.
    unsafe { libc::malloc(size) }
}

extern "C" fn allocate_zeroed(count: usize, size: usize) -> *mut c_void {
    // SAFETY: as above.
    unsafe { libc::calloc(count, size) }
}

extern "C" fn duplicate(text: *const c_char) -> *mut c_char {
    // SAFETY: libcurl passes a terminated text.
    unsafe { libc::strdup(text) }
}

/// Most blocks are as small as a header, and not worth a call. For the others glibc's `memset` takes the widest
/// stores of the processor, as long as they are not larger than this: then it takes `rep stosb`, quicker by a
/// tenth of a microsecond for 16 KB, but callgrind counts it byte by byte, and a poll could not be compared with
/// anything any more.
fn wipe(block: &mut [MaybeUninit<u8>]) {
    if block.len() <= 64 {
        let mut words = block.chunks_exact_mut(8);
        for word in &mut words {
            word.fill(MaybeUninit::new(0));
            zeroize::optimization_barrier(word);
        }
        let rest = words.into_remainder();
        rest.fill(MaybeUninit::new(0));
        zeroize::optimization_barrier(rest);
        return;
    }
    for piece in block.chunks_mut(1 << 10) {
        piece.fill(MaybeUninit::new(0));
        zeroize::optimization_barrier(piece);
    }
}

/// Apart from `release`, which is called for nothing as often as for a block.
#[inline(never)]
fn wipe_and_free(block: *mut c_void) {
    // SAFETY: libcurl gives back a block of one of these functions, which it does not use any more. The block
    // has its usable size.
    unsafe {
        let size = libc::malloc_usable_size(block);
        wipe(std::slice::from_raw_parts_mut(block.cast(), size));
        libc::free(block);
    }
}

extern "C" fn release(block: *mut c_void) {
    if !block.is_null() {
        wipe_and_free(block);
    }
}

/// Never lets the allocator move a block, which would leave its old place as it was.
extern "C" fn reallocate(block: *mut c_void, size: usize) -> *mut c_void {
    if block.is_null() {
        return allocate(size);
    }
    // SAFETY: a live block of one of these functions.
    let old_size = unsafe { libc::malloc_usable_size(block) };
    if size <= old_size {
        return block;
    }
    let moved = allocate(size);
    if !moved.is_null() {
        // SAFETY: two different blocks, the new one larger than the old one.
        unsafe { moved.cast::<u8>().copy_from_nonoverlapping(block.cast(), old_size) };
        release(block);
    }
    moved
}

extern "C" fn init() {
    // If it fails, the bindings' own initialisation fails as well, and says so.
    // SAFETY: runs once, when the library is loaded; the functions behave as the C library's do.
    unsafe {
        curl_global_init_mem(CURL_GLOBAL_ALL, allocate, release, reallocate, duplicate, allocate_zeroed);
    }
}

/// Its number sorts it before initialisers without one.
#[used]
#[unsafe(link_section = ".init_array.00200")]
static AT_LOAD: extern "C" fn() = init;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_of_a_block_is_wiped() {
        for length in [0, 1, 1023, 1024, 1025, 5000] {
            let mut block = vec![MaybeUninit::new(0xaa_u8); length];
            wipe(&mut block);
            // SAFETY: every byte was initialised.
            assert!(block.iter().all(|byte| unsafe { byte.assume_init() } == 0), "{length}");
        }
    }

    #[test]
    fn a_block_that_grows_keeps_what_it_holds() {
        let block = reallocate(std::ptr::null_mut(), 24);
        // SAFETY: blocks of these functions, each read and written within the size that was asked for.
        unsafe {
            block.cast::<u8>().copy_from_nonoverlapping(b"twenty-four bytes of it.".as_ptr(), 24);
            assert_eq!(reallocate(block, 10), block);
            let larger = reallocate(block, 100_000);
            assert_eq!(std::slice::from_raw_parts(larger.cast::<u8>(), 24), b"twenty-four bytes of it.");
            release(larger);
            let zeroed = allocate_zeroed(3, 5);
            assert_eq!(std::slice::from_raw_parts(zeroed.cast::<u8>(), 15), [0; 15]);
            release(zeroed);
            let copy = duplicate(c"copied".as_ptr());
            assert_eq!(std::ffi::CStr::from_ptr(copy), c"copied");
            release(copy.cast());
            release(std::ptr::null_mut());
        }
    }
}
