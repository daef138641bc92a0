//! When the system has no descriptor or no memory left for a connection, or the file of CA certificates is away. libcurl
//! says only that there is no connection, or that the certificates are bad.

use crate::error::Error;
use crate::status::{FIO_E_CA_FILE, FIO_E_NOMEM};
use crate::sys::is_shortage;
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
            // By now libcurl has closed the socket, for which another descriptor stands here.
            curl_sys::CURLE_SSL_CACERT_BADFILE => match File::open("/") {
                Ok(_socket) => ca_file.and_then(opening),
                Err(error) => Some(error),
            },
            _ => None,
        };
        let mut error = match missing {
            Some(missing) if is_shortage(&missing) => of(&missing),
            // Whatever it was has passed. Descriptors come and go; a file that is away seldom comes back at once.
            None if code == curl_sys::CURLE_SSL_CACERT_BADFILE && ca_file.is_some_and(has_certificate) => {
                Error::new(FIO_E_NOMEM, "the file of CA certificates could not be opened a moment ago")
            }
            // It was a file of certificates when it was given.
            missing if code == curl_sys::CURLE_SSL_CACERT_BADFILE && ca_file.is_some() => {
                away(missing.as_ref())
            }
            _ => return None,
        };
        error.curl_code = code as i32;
        Some(error)
    }
}

fn away(why: Option<&io::Error>) -> Error {
    match why {
        Some(why) => {
            Error::told(FIO_E_CA_FILE, format!("the file of CA certificates cannot be read now: {why}"))
        }
        None => Error::new(FIO_E_CA_FILE, "the file of CA certificates has no certificate now"),
    }
}

fn has_certificate(path: &Path) -> bool {
    const BEGIN: &[u8] = b"-----BEGIN ";
    std::fs::read(path).is_ok_and(|pem| pem.windows(BEGIN.len()).any(|window| window == BEGIN))
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
    Error::told(FIO_E_NOMEM, format!("{what}: {error}"))
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
        for code in [sys::CURLE_OPERATION_TIMEDOUT, sys::CURLE_COULDNT_RESOLVE_HOST] {
            assert!(shortage.failure(code, Some(Path::new("/nonexistent"))).is_none(), "{code}");
        }
        assert!(shortage.failure(sys::CURLE_SSL_CACERT_BADFILE, None).is_none());
        shortage.clear();
        assert!(shortage.failure(sys::CURLE_COULDNT_CONNECT, None).is_none());
    }

    #[test]
    fn what_has_passed_meanwhile_was_a_shortage() {
        let path = std::env::temp_dir().join(format!("fio-c2c-shortage-{}.pem", std::process::id()));
        std::fs::write(&path, "-----BEGIN CERTIFICATE-----\n").unwrap();
        let failure = Shortage::default().failure(sys::CURLE_SSL_CACERT_BADFILE, Some(&path));
        std::fs::remove_file(&path).unwrap();
        assert_eq!(failure.unwrap().status, FIO_E_NOMEM);
    }

    #[test]
    fn a_file_of_certificates_that_is_away_may_come_back() {
        for (path, words) in [("/nonexistent", "cannot be read now"), ("/", "no certificate now")] {
            let failure = Shortage::default().failure(sys::CURLE_SSL_CACERT_BADFILE, Some(Path::new(path)));
            let error = failure.unwrap();
            assert!(error.status == FIO_E_CA_FILE && error.message.contains(words), "{}", error.message);
        }
    }

    #[test]
    fn an_address_family_that_is_not_there_is_no_shortage() {
        let mut shortage = Shortage::default();
        assert_eq!(shortage.open_socket(9999, libc::SOCK_STREAM, 0), None);
        assert!(shortage.failure(sys::CURLE_COULDNT_CONNECT, None).is_none());
    }
}
