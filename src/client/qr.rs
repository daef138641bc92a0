//! A link as a QR code, for a display.

use super::limits::{self, text};
use crate::error::Error;
use crate::status::FIO_E_ARGUMENT;
use qrcodegen::{QrCode, QrCodeEcc};

/// ISO/IEC 18004, error correction level M.
pub fn encode(link: &str) -> Result<QrCode, Error> {
    QrCode::encode_text(text(link, limits::QR_TEXT, "the text")?, QrCodeEcc::Medium)
        .map_err(|_| Error::new(FIO_E_ARGUMENT, "the text is too long for a QR code"))
}
