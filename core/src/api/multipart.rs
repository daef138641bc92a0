//! `multipart/form-data` (RFC 7578), made in memory so that it leaves in one write with the headers.
//! libcurl's own form interface sends the body separately, and a server that answers an early 400
//! then costs the connection.

use crate::prelude::*;
use crate::secret::SecretBytes;

/// Fixed, so that the content type is too: a value cannot hold a delimiter (see [`encode`]).
const BOUNDARY: &str = "fio-c2c-7Qm2vXt9LrK4hZ8w";

pub const CONTENT_TYPE: &str = "multipart/form-data; boundary=fio-c2c-7Qm2vXt9LrK4hZ8w";

/// Encodes fields whose values the configuration has already checked: no control characters, so no
/// value can hold the CR LF that a delimiter begins with.
pub fn encode(fields: &[(&str, &str)]) -> SecretBytes {
    let room = fields.iter().map(|(name, value)| name.len() + value.len() + 100).sum::<usize>() + 60;
    let mut body = Vec::with_capacity(room);
    for (name, value) in fields {
        debug_assert!(!value.contains('\n') && !name.contains('"'));
        for piece in
            ["--", BOUNDARY, "\r\nContent-Disposition: form-data; name=\"", name, "\"\r\n\r\n", value, "\r\n"]
        {
            body.extend_from_slice(piece.as_bytes());
        }
    }
    for piece in ["--", BOUNDARY, "--\r\n"] {
        body.extend_from_slice(piece.as_bytes());
    }
    SecretBytes::new(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_part_per_field_and_a_closing_delimiter() {
        let body = encode(&[("client_id", "CAM-1"), ("scope", "asset_create offline")]);
        let text = core::str::from_utf8(body.expose()).unwrap();
        let expected = "--B\r\nContent-Disposition: form-data; name=\"client_id\"\r\n\r\nCAM-1\r\n\
                        --B\r\nContent-Disposition: form-data; name=\"scope\"\r\n\r\nasset_create offline\r\n\
                        --B--\r\n";
        assert_eq!(
            text,
            expected.replace("B\r", &format!("{BOUNDARY}\r")).replace("B--", &format!("{BOUNDARY}--"))
        );
        assert!(CONTENT_TYPE.ends_with(BOUNDARY));
    }
}
