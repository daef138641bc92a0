//! What a failure of libcurl means, in the library's own terms.

use super::constants::*;
use super::options;
use crate::error::Error;
use crate::shown::is_plain;
use crate::status::*;
use crate::text::says;
use curl::easy::Easy2;
use curl_sys as sys;

/// Of a transfer that is over.
pub(crate) fn of_transfer<H>(easy: &mut Easy2<H>, error: &curl::Error) -> Error {
    let detail = easy.take_error_buf().unwrap_or_default();
    from_curl(error.code(), error.extra_description().unwrap_or(&detail), options::verify_result(easy))
}

/// Of setting one up.
pub(crate) fn of_setting(error: &curl::Error) -> Error {
    from_curl(error.code(), error.extra_description().unwrap_or_default(), 0)
}

/// `code` is a `CURLcode`; `detail` is libcurl's error buffer, which tells TLS failures apart;
/// `verify_result` is OpenSSL's, 0 elsewhere.
fn from_curl(code: u32, detail: &str, verify_result: libc::c_long) -> Error {
    // libcurl keeps the first words of a request. If that began on a kept connection which turned out
    // to be dead, they speak of that one, and not of what failed on the next.
    let is_stale = matches!(code, sys::CURLE_PEER_FAILED_VERIFICATION | sys::CURLE_SSL_CACERT_BADFILE)
        && is_broken(detail);
    let detail = if is_stale { "" } else { detail };
    let status = match code {
        sys::CURLE_COULDNT_RESOLVE_HOST | sys::CURLE_COULDNT_RESOLVE_PROXY => FIO_E_DNS,
        sys::CURLE_COULDNT_CONNECT => FIO_E_CONNECT,
        sys::CURLE_OPERATION_TIMEDOUT => FIO_E_TIMEOUT,
        sys::CURLE_INTERFACE_FAILED => FIO_E_NO_INTERFACE,
        // A part could not be started over after its connection broke.
        sys::CURLE_SEND_FAIL_REWIND => FIO_E_RESET,
        sys::CURLE_GOT_NOTHING | sys::CURLE_SEND_ERROR | sys::CURLE_RECV_ERROR | sys::CURLE_PARTIAL_FILE => {
            // Some TLS libraries notice what is wrong with a handshake only while reading.
            if says(detail, &["alert"]) { tls(detail) } else { FIO_E_RESET }
        }
        sys::CURLE_SSL_CONNECT_ERROR if is_broken(detail) => FIO_E_RESET,
        sys::CURLE_PEER_FAILED_VERIFICATION if is_stale => match verify_result {
            X509_V_OK => FIO_E_TLS,
            X509_V_ERR_CERT_NOT_YET_VALID => FIO_E_TLS_NOT_YET_VALID,
            X509_V_ERR_CERT_HAS_EXPIRED => FIO_E_TLS_EXPIRED,
            X509_V_ERR_HOSTNAME_MISMATCH => FIO_E_TLS_HOST,
            _ => FIO_E_TLS_UNTRUSTED,
        },
        sys::CURLE_SSL_CONNECT_ERROR | sys::CURLE_PEER_FAILED_VERIFICATION => tls(detail),
        sys::CURLE_SSL_CACERT_BADFILE => FIO_E_CA,
        sys::CURLE_OUT_OF_MEMORY => FIO_E_NOMEM,
        CURLE_WEIRD_SERVER_REPLY | sys::CURLE_BAD_CONTENT_ENCODING => FIO_E_PROTOCOL,
        _ => FIO_E_NETWORK,
    };
    let mut error = Error::of(status);
    error.curl_code = code as i32;
    let words: String = without_function(detail).chars().filter(|&c| is_plain(c)).take(200).collect();
    // A question mark could begin the query of a signed URL.
    if !words.is_empty() && !words.contains('?') {
        error.message = format!("{}: {}", error.message, words.trim()).into();
    }
    error
}

/// rustls-ffi's own functions are named before what went wrong: a person can do nothing with that.
fn without_function(detail: &str) -> &str {
    match detail.split_once(": ") {
        Some((function, words)) if function.starts_with("rustls_") => words,
        _ => detail,
    }
}

/// Whether libcurl's words are about the connection and not about TLS: it broke during the handshake.
fn is_broken(detail: &str) -> bool {
    let words = [
        "send failure",
        "recv failure",
        "ssl_error_syscall",
        "unexpected eof",
        "connection closed",
        "non-properly terminated",
    ];
    says(detail, &words)
}

/// OpenSSL, GnuTLS, mbedTLS and rustls each have their own words; a device may come with any.
fn tls(detail: &str) -> i32 {
    let says = |words: &[&str]| says(detail, words);
    if says(&[
        "protocol version",
        "protocolversion",
        "unsupported protocol",
        "unsupported version",
        "peer is incompatible",
        "peerincompatible",
    ]) {
        FIO_E_TLS_VERSION
    } else if says(&["alert"]) {
        // The server's word about this side, such as a certificate that it misses.
        FIO_E_TLS
    } else if says(&["not yet valid", "notyetvalid", "notvalidyet", "not activated", "not valid yet"]) {
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
            ("invalid peer certificate: NotValidYet", FIO_E_TLS_NOT_YET_VALID),
            ("SSL routines::tlsv1 alert protocol version", FIO_E_TLS_VERSION),
            ("SSL routines::tlsv1 alert internal error", FIO_E_TLS),
            ("SSL routines::tlsv13 alert certificate required", FIO_E_TLS),
            ("SSL routines::wrong version number", FIO_E_TLS),
            ("something else", FIO_E_TLS),
        ] {
            assert_eq!(from_curl(sys::CURLE_PEER_FAILED_VERIFICATION, words, 0).status, status, "{words}");
        }
    }

    #[test]
    fn a_connection_that_breaks_in_a_handshake_is_no_tls_failure() {
        for words in [
            "Recv failure: Connection reset by peer",
            "TLS connect error: Connection closed abruptly",
            "OpenSSL SSL_connect: SSL_ERROR_SYSCALL in connection to 127.0.0.1:1",
            "error:0A000126:SSL routines::unexpected eof while reading",
        ] {
            assert_eq!(from_curl(sys::CURLE_SSL_CONNECT_ERROR, words, 0).status, FIO_E_RESET, "{words}");
        }
    }

    #[test]
    fn words_about_an_earlier_connection_are_not_believed() {
        for (result, status) in
            [(9, FIO_E_TLS_NOT_YET_VALID), (10, FIO_E_TLS_EXPIRED), (20, FIO_E_TLS_UNTRUSTED), (0, FIO_E_TLS)]
        {
            let error = from_curl(sys::CURLE_PEER_FAILED_VERIFICATION, "Send failure: Broken pipe", result);
            assert_eq!(error.status, status);
            assert!(!error.message.contains("pipe"));
        }
    }

    #[test]
    fn a_message_names_no_function_of_the_tls_library() {
        let told = |words| from_curl(sys::CURLE_PEER_FAILED_VERIFICATION, words, 0).message.to_string();
        let message = told("rustls_connection_process_new_packets: invalid peer certificate: UnknownIssuer");
        assert!(
            message.ends_with(": invalid peer certificate: UnknownIssuer") && !message.contains("rustls_"),
            "{message}"
        );
        assert!(
            told("SSL certificate problem: certificate has expired").contains("SSL certificate problem: ")
        );
    }

    #[test]
    fn a_query_never_gets_into_a_message() {
        let error = from_curl(sys::CURLE_COULDNT_CONNECT, "Failed https://x/y?X-Amz-Signature=abc", 0);
        assert!(!error.message.contains("Signature"));
        assert_eq!((error.status, error.curl_code), (FIO_E_CONNECT, 7));
    }
}
