//! A part of an upload on a handle of libcurl's. Unlike a request to the API it goes to whatever host
//! its address names, with nothing of the device's own: no token, no version.

use super::bandwidth::{Bandwidth, LARGEST_READ};
use super::failure;
use super::options::{self, NetSettings};
use super::part_options;
use super::stall::Sockets;
use super::upload::Upload;
use super::url::ParsedUrl;
use crate::api::part::{ACL, Outcome, PartRequest, Sent};
use crate::error::Error;
use crate::failure::may_have_been_processed;
use crate::log::Log;
use crate::status::*;
use curl::easy::{Easy2, List};
use std::ffi::CStr;
use std::sync::Arc;
use zeroize::Zeroizing;

/// What a handle is set to, from part to part.
#[derive(Default)]
pub(crate) struct PartState {
    /// Of `tls::Context`.
    pub generation: u32,
    content_type: Option<Arc<str>>,
    interface: Option<String>,
}

pub(crate) struct Part {
    pub easy: Easy2<Upload>,
    pub state: PartState,
}

impl Part {
    pub(crate) fn new(
        settings: &NetSettings,
        bandwidth: &Arc<Bandwidth>,
        sockets: &Arc<Sockets>,
        log: &Log,
    ) -> Result<Part, curl::Error> {
        let mut easy = Easy2::new(Upload::new(bandwidth.clone(), sockets.clone(), log.clone()));
        easy.upload(true)?;
        // SAFETY: the transport keeps the sockets until its multi handle is gone.
        unsafe { part_options::watch_sockets(&easy, sockets)? };
        // SAFETY: the ports are the handler's, which goes after the handle.
        unsafe { part_options::watch_ports(&easy, &easy.get_ref().ports) };
        options::set_common(&mut easy, settings, log)?;
        settings.tls.prefer_quick_ciphers(&mut easy)?;
        // There is no limit for the whole: only standing still ends it, which the transport notices.
        easy.upload_buffer_size(LARGEST_READ)?;
        easy.buffer_size(4 << 10)?;
        let state = PartState { generation: settings.tls.generation(), ..PartState::default() };
        Ok(Part { easy, state })
    }

    /// Makes the handle ready for a part.
    pub(crate) fn prepare(&mut self, part: PartRequest, interface: Option<&str>) -> Result<(), Error> {
        let url = url_of(part.url.expose())?;
        let target = Zeroizing::new(target_of(part.url.expose()));
        self.set(&part, interface, url, &target).map_err(|error| failure::of_setting(&error))?;
        self.easy.get_mut().begin(part);
        Ok(())
    }

    fn set(
        &mut self,
        part: &PartRequest,
        interface: Option<&str>,
        url: ParsedUrl,
        target: &[u8],
    ) -> Result<(), curl::Error> {
        part_options::point_nowhere(&self.easy)?;
        self.easy.get_mut().url = Some(url);
        if let Some(url) = &self.easy.get_ref().url {
            // SAFETY: the URL is the handler's, which goes after the handle; before another one takes
            // its place, the handle is pointed nowhere.
            unsafe { options::point_at(&self.easy, url)? };
        }
        let target = CStr::from_bytes_with_nul(target);
        let target = target.map_err(|_| curl::Error::new(curl_sys::CURLE_URL_MALFORMAT))?;
        part_options::set_target(&self.easy, Some(target))?;
        if self.state.content_type.as_ref() != Some(&part.content_type) {
            self.easy.http_headers(headers(&part.content_type)?)?;
            self.state.content_type = Some(part.content_type.clone());
        }
        if self.state.interface.as_deref() != interface {
            part_options::use_interface(&self.easy, interface)?;
            self.state.interface = interface.map(str::to_owned);
        }
        self.easy.in_filesize(part.length)
    }

    pub(crate) fn outcome(
        &mut self,
        result: Result<(), curl::Error>,
        sockets: &Sockets,
        settings: &NetSettings,
    ) -> Outcome {
        let is_taken = self.easy.get_ref().is_taken();
        let length = self.easy.get_ref().sent() as f64;
        let is_sent = self.easy.upload_size().is_ok_and(|sent| sent >= length);
        let port = part_options::last_local_port(&self.easy);
        let has_left = is_taken && is_sent && sockets.is_confirmed(port);
        sockets.part_over(port);
        let answer = self.answer(result, settings);
        let was_resent = self.easy.get_ref().left_unanswered;
        let left_unanswered = was_resent || has_left && answer.as_ref().is_err_and(may_have_been_processed);
        Outcome { answer, left_unanswered }
    }

    fn answer(&mut self, result: Result<(), curl::Error>, settings: &NetSettings) -> Result<Sent, Error> {
        if let Some(error) = self.easy.get_mut().take_failure() {
            return Err(error);
        }
        if let Some(sent) = self.easy.get_mut().take_sent() {
            return Ok(sent);
        }
        match result {
            Ok(()) => Err(Error::new(FIO_E_RESET, "the storage answered before it had the whole part")),
            Err(error) => match self.easy.get_mut().shortage.failure(error.code(), settings.ca_file()) {
                Some(shortage) => Err(shortage),
                None => Err(failure::of_transfer(&mut self.easy, &error)),
            },
        }
    }

    /// Lets go of what belonged to the part.
    pub(crate) fn clear(&mut self) -> Result<(), curl::Error> {
        part_options::set_target(&self.easy, None)?;
        part_options::point_nowhere(&self.easy)?;
        self.easy.get_mut().url = None;
        self.easy.get_mut().end();
        Ok(())
    }
}

/// The service names the address, but it does not choose how safe the way there is.
fn url_of(url: &str) -> Result<ParsedUrl, Error> {
    let refused = |why: &'static str| Error::new(FIO_E_PROTOCOL, why);
    let scheme = url.split_at_checked(8).map(|(scheme, _)| scheme).unwrap_or_default();
    if !scheme.eq_ignore_ascii_case("https://") {
        return Err(refused("the address of a part is not https"));
    }
    ParsedUrl::new(url).map_err(|_| refused("the address of a part is no URL"))
}

/// What the request names: path and query as they were signed, terminated.
fn target_of(url: &str) -> Vec<u8> {
    let rest = url.get("https://".len()..).unwrap_or_default();
    let rest = rest.split('#').next().unwrap_or_default();
    let target = rest.find(['/', '?']).map_or("", |at| &rest[at..]);
    // Reserved in full, so that growing leaves no copy.
    let mut terminated = Vec::with_capacity(target.len() + 2);
    if !target.starts_with('/') {
        terminated.push(b'/');
    }
    terminated.extend_from_slice(target.as_bytes());
    terminated.push(0);
    terminated
}

/// Those the address was signed for, and no wait for leave to send the body.
fn headers(content_type: &str) -> Result<List, curl::Error> {
    let mut list = List::new();
    list.append(&format!("Content-Type: {content_type}"))?;
    list.append(ACL)?;
    list.append("Expect:")?;
    Ok(list)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_target_is_what_follows_the_host() {
        for (url, target) in [
            ("https://h/a/./%2e%2E?x=%2f#y", "/a/./%2e%2E?x=%2f"),
            ("https://h:1?x", "/?x"),
            ("https://h", "/"),
            ("https://h#/a", "/"),
            ("https://[::1]/?a=/b", "/?a=/b"),
        ] {
            assert_eq!(target_of(url).strip_suffix(&[0]), Some(target.as_bytes()), "{url}");
        }
    }

    #[test]
    fn an_address_has_to_be_https() {
        assert!(url_of("https://bucket.s3.amazonaws.com/a%20b/../c?X-Amz-Signature=0").is_ok());
        assert!(url_of("HTTPS://bucket/key").is_ok());
        for bad in [
            "http://bucket/SECRET",
            "",
            "https:/",
            "ftp://x",
            "file:///SECRET",
            "https://",
            "https://a b/SECRET",
            "https://user:SECRET@host/",
        ] {
            let error = url_of(bad).err().unwrap();
            assert_eq!(error.status, FIO_E_PROTOCOL, "{bad}");
            assert!(!error.message.contains("SECRET"));
        }
    }
}
