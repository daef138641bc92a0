//! When the system has no descriptor or no memory left for a connection. libcurl says of that only that there is none,
//! which would be told as a fault of the network.

use crate::error::Error;
use crate::status::FIO_E_NOMEM;
use curl::easy::Handler;
use std::fs::File;
use std::io;
use std::path::Path;

/// What was missing when a transfer wanted a socket.
#[derive(Default)]
pub struct Shortage(Option<io::Error>);

impl Shortage {
    /// Of the next transfer nothing is known.
    pub fn clear(&mut self) {
        self.0 = None;
    }

    /// Opens a socket as libcurl's bindings do.
    pub fn open_socket(&mut self, family: i32, kind: i32, protocol: i32) -> Option<curl_sys::curl_socket_t> {
        struct Plain;
        impl Handler for Plain {}
        let socket = Plain.open_socket(family, kind, protocol);
        if socket.is_none() {
            // Another attempt may have failed for another reason, such as an address family that is not there.
            self.0 = Some(io::Error::last_os_error()).filter(is_shortage).or(self.0.take());
        }
        socket
    }

    /// What the failure of a transfer was, if it was that.
    pub fn failure(&mut self, code: curl_sys::CURLcode, ca_file: Option<&Path>) -> Option<Error> {
        let missing = match code {
            curl_sys::CURLE_COULDNT_CONNECT | curl_sys::CURLE_INTERFACE_FAILED => self.0.take(),
            // What looks up names opens descriptors of its own, and says only that it found nothing.
            curl_sys::CURLE_COULDNT_RESOLVE_HOST | curl_sys::CURLE_FAILED_INIT => opening(Path::new("/")),
            curl_sys::CURLE_SSL_CACERT_BADFILE => ca_file.and_then(opening),
            _ => None,
        };
        missing.filter(is_shortage).map(|error| of(&error))
    }
}

/// What is in the way of opening a file now.
fn opening(path: &Path) -> Option<io::Error> {
    File::open(path).err()
}

pub fn of(error: &io::Error) -> Error {
    let what = match error.raw_os_error() {
        Some(libc::ENOMEM | libc::ENOBUFS) => "no memory is left",
        _ => "no descriptor is left",
    };
    Error::told(FIO_E_NOMEM, format!("{what} for a connection: {error}"))
}

fn is_shortage(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EMFILE | libc::ENFILE | libc::ENOMEM | libc::ENOBUFS))
}

#[cfg(test)]
mod tests {
    use super::*;
    use curl_sys as sys;

    #[test]
    fn a_shortage_is_told_as_what_it_is() {
        for (code, words) in [
            (libc::EMFILE, "no descriptor is left"),
            (libc::ENFILE, "no descriptor is left"),
            (libc::ENOMEM, "no memory is left"),
            (libc::ENOBUFS, "no memory is left"),
        ] {
            let mut shortage = Shortage(Some(io::Error::from_raw_os_error(code)));
            let error = shortage.failure(sys::CURLE_COULDNT_CONNECT, None).unwrap();
            assert!(error.status == FIO_E_NOMEM && error.message.contains(words), "{}", error.message);
            assert!(shortage.failure(sys::CURLE_COULDNT_CONNECT, None).is_none());
        }
    }

    #[test]
    fn other_failures_are_none() {
        let mut shortage = Shortage(Some(io::Error::from_raw_os_error(libc::EMFILE)));
        for code in
            [sys::CURLE_OPERATION_TIMEDOUT, sys::CURLE_COULDNT_RESOLVE_HOST, sys::CURLE_SSL_CACERT_BADFILE]
        {
            assert!(shortage.failure(code, Some(Path::new("/nonexistent"))).is_none(), "{code}");
        }
        shortage.clear();
        assert!(shortage.failure(sys::CURLE_COULDNT_CONNECT, None).is_none());
    }

    #[test]
    fn an_address_family_that_is_not_there_is_no_shortage() {
        let mut shortage = Shortage::default();
        assert_eq!(shortage.open_socket(9999, libc::SOCK_STREAM, 0), None);
        assert!(shortage.failure(sys::CURLE_COULDNT_CONNECT, None).is_none());
    }
}
