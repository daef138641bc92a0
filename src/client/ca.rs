//! The trusted certificates: checked when they are given, so that a mistake is told at once and not
//! as a failing handshake in the field.

use crate::error::Error;
use crate::net::curl::CaSource;
use crate::net::shortage;
use crate::status::FIO_E_CA;
use crate::text::between;
use std::path::{Path, PathBuf};

const LARGEST: u64 = 8 << 20;

/// Where systems keep their bundle, tried in this order when the application gives no certificates.
const SYSTEM_BUNDLES: &[&str] = &[
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
];

pub fn from_file(path: &str) -> Result<CaSource, Error> {
    let failed = |why: &std::io::Error| match crate::sys::is_shortage(why) {
        true => shortage::of(why),
        false => Error::told(FIO_E_CA, format!("the CA file cannot be read: {why}")),
    };
    let metadata = std::fs::metadata(path).map_err(|error| failed(&error))?;
    if !metadata.is_file() || metadata.len() > LARGEST {
        return Err(Error::new(FIO_E_CA, "the CA file is not a file of certificates"));
    }
    check(&std::fs::read(path).map_err(|error| failed(&error))?)?;
    Ok(CaSource::File(PathBuf::from(path)))
}

pub fn from_pem(pem: &[u8]) -> Result<CaSource, Error> {
    check(pem)?;
    Ok(CaSource::Pem(pem.into()))
}

pub fn from_system() -> Result<CaSource, Error> {
    let found = SYSTEM_BUNDLES.iter().find(|path| Path::new(path).is_file());
    match found {
        Some(path) => Ok(CaSource::File(PathBuf::from(path))),
        None => Err(Error::new(
            FIO_E_CA,
            "no CA certificates were given and this system has none in a usual place",
        )),
    }
}

/// At least one certificate between its markers, with a body of base64.
fn check(pem: &[u8]) -> Result<(), Error> {
    let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=\r\n \t".contains(byte);
    match between(pem, "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----") {
        // The base64 of a DER sequence begins with M.
        Some(body) if body.trim_ascii_start().starts_with(b"M") && body.iter().all(is_base64) => Ok(()),
        _ => Err(Error::new(FIO_E_CA, "there is no PEM certificate in it")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pem_certificates_are_taken() {
        assert!(from_pem(b"x\n-----BEGIN CERTIFICATE-----\nMIIB\nAA==\n-----END CERTIFICATE-----\n").is_ok());
        for bad in [
            "",
            "MIIB",
            "-----BEGIN CERTIFICATE-----\nMIIB",
            "-----BEGIN CERTIFICATE-----\n<html>\n-----END CERTIFICATE-----",
            "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----",
        ] {
            assert_eq!(from_pem(bad.as_bytes()).err().unwrap().status, FIO_E_CA);
        }
        assert_eq!(from_file("/nonexistent").err().unwrap().status, FIO_E_CA);
        assert_eq!(from_file("/").err().unwrap().status, FIO_E_CA);
    }
}
