//! What a failure of libcurl means, in the library's own terms.

use crate::error::Error;
use crate::status::*;
use curl_sys as sys;

/// `code` is a `CURLcode`; `detail` is libcurl's error buffer, which tells TLS failures apart.
pub fn from_curl(code: u32, detail: &str) -> Error {
    let status = match code {
        sys::CURLE_COULDNT_RESOLVE_HOST | sys::CURLE_COULDNT_RESOLVE_PROXY => FIO_E_DNS,
        sys::CURLE_COULDNT_CONNECT => FIO_E_CONNECT,
        sys::CURLE_OPERATION_TIMEDOUT => FIO_E_TIMEOUT,
        sys::CURLE_GOT_NOTHING | sys::CURLE_SEND_ERROR | sys::CURLE_RECV_ERROR | sys::CURLE_PARTIAL_FILE => {
            // Some TLS libraries notice what is wrong with a handshake only while reading.
            if detail.to_ascii_lowercase().contains("alert") { tls(detail) } else { FIO_E_RESET }
        }
        sys::CURLE_SSL_CONNECT_ERROR | sys::CURLE_PEER_FAILED_VERIFICATION => tls(detail),
        sys::CURLE_SSL_CACERT_BADFILE => FIO_E_CA,
        sys::CURLE_OUT_OF_MEMORY => FIO_E_NOMEM,
        8 /* CURLE_WEIRD_SERVER_REPLY */ | sys::CURLE_BAD_CONTENT_ENCODING => FIO_E_PROTOCOL,
        _ => FIO_E_NETWORK,
    };
    let mut error = Error::of(status);
    error.curl_code = code as i32;
    let words: String = detail.chars().filter(|c| !c.is_control()).take(200).collect();
    // A question mark could begin the query of a signed URL.
    if !words.is_empty() && !words.contains('?') {
        error.message = format!("{}: {}", error.message, words.trim()).into();
    }
    error
}

/// OpenSSL, GnuTLS, mbedTLS and rustls each have their own words; a device may come with any.
fn tls(detail: &str) -> i32 {
    let detail = detail.to_ascii_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| detail.contains(word));
    if says(&["not yet valid", "notyetvalid", "not activated", "not valid yet"]) {
        FIO_E_TLS_NOT_YET_VALID
    } else if says(&["expired"]) {
        FIO_E_TLS_EXPIRED
    } else if says(&[
        "subject name",
        "not valid for name",
        "notvalidforname",
        "does not match",
        "hostname mismatch",
    ]) {
        FIO_E_TLS_HOST
    } else if says(&[
        "protocol version",
        "protocolversion",
        "unsupported protocol",
        "wrong version",
        "peer is incompatible",
        "peerincompatible",
        "tlsv1 alert",
    ]) {
        FIO_E_TLS_VERSION
    } else if says(&["certificate", "issuer", "verify", "verification", "unknownca"]) {
        FIO_E_TLS_UNTRUSTED
    } else {
        FIO_E_TLS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tls_failures_are_told_apart_in_every_librarys_words() {
        for (words, status) in [
            ("SSL certificate problem: certificate has expired", FIO_E_TLS_EXPIRED),
            (
                "rustls_connection_process_new_packets: invalid peer certificate: certificate expired",
                FIO_E_TLS_EXPIRED,
            ),
            ("SSL certificate problem: certificate is not yet valid", FIO_E_TLS_NOT_YET_VALID),
            ("server verification failed: certificate not activated. ", FIO_E_TLS_NOT_YET_VALID),
            ("SSL: no alternative certificate subject name matches target host name 'x'", FIO_E_TLS_HOST),
            ("invalid peer certificate: certificate not valid for name \"localhost\"", FIO_E_TLS_HOST),
            ("SSL certificate problem: self-signed certificate", FIO_E_TLS_UNTRUSTED),
            ("invalid peer certificate: UnknownIssuer", FIO_E_TLS_UNTRUSTED),
            ("error:0A000102:SSL routines::unsupported protocol", FIO_E_TLS_VERSION),
            ("peer is incompatible: SelectedUnofferedProtocolVersion", FIO_E_TLS_VERSION),
            ("something else", FIO_E_TLS),
        ] {
            assert_eq!(from_curl(sys::CURLE_PEER_FAILED_VERIFICATION, words).status, status, "{words}");
        }
    }

    #[test]
    fn a_query_never_gets_into_a_message() {
        let error = from_curl(sys::CURLE_COULDNT_CONNECT, "Failed https://x/y?X-Amz-Signature=abc");
        assert!(!error.message.contains("Signature"));
        assert_eq!((error.status, error.curl_code), (FIO_E_CONNECT, 7));
    }
}
