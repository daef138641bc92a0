//! The pairing link as a QR code, for a display.

use super::*;
use crate::client::qr;

/// Makes a QR code (ISO/IEC 18004, error correction level M) as a square of modules. Draw a quiet
/// zone of four light modules around it.
///
/// @param text      what it says, usually `fio_code.verification_uri_complete`: 1 to 1023 bytes of UTF-8
/// @param modules   [out] receives side × side bytes, row by row from the top left, 1 for dark and 0
///                  for light; NULL with capacity 0 asks for the side
/// @param capacity  size of `modules` in bytes; 31,329 (177 × 177) is always enough
/// @param side      [out] modules along one edge, 21 to 177; also written with `FIO_E_BUFFER`
///
/// Returns:   `FIO_OK` | `FIO_E_NULL` | `FIO_E_ARGUMENT` (empty, too long, control characters) | `FIO_E_UTF8`
///            | `FIO_E_BUFFER` (too small; nothing drawn)
/// Callbacks: none
/// Blocking:  never
/// Threads:   any
/// Since:     0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fio_qr_encode(
    text: *const c_char,
    modules: *mut u8,
    capacity: usize,
    side: *mut i32,
) -> fio_status {
    guard(|| {
        // SAFETY: the caller passes NULL or a terminated string, NULL or `capacity` writable bytes, and
        // NULL or a writable pointer.
        unsafe {
            let text = args::text(text, "the text")?;
            if modules.is_null() && capacity != 0 {
                return Err(Error::new(FIO_E_NULL, "the modules are NULL"));
            }
            let qr = qr::encode(text)?;
            args::write(side, qr.size())?;
            let edge = qr.size() as usize;
            if capacity < edge * edge {
                return Err(Error::of(FIO_E_BUFFER));
            }
            for place in 0..edge * edge {
                let dark = qr.get_module((place % edge) as i32, (place / edge) as i32);
                modules.add(place).write(u8::from(dark));
            }
            Ok(())
        }
    })
}
