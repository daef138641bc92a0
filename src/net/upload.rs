//! One part and its answer as libcurl's callbacks see them: bytes go from their source straight into
//! libcurl's buffer.

use super::bandwidth::{Bandwidth, ReadSize, Turn};
use super::head::{Head, value_of};
use super::shortage::Shortage;
use super::stall::{Ports, Sockets, Stall};
use super::trace;
use super::url::ParsedUrl;
use crate::api::Response;
use crate::api::part::{PartRequest, Sent};
use crate::error::Error;
use crate::log::Log;
use crate::secret::SecretBytes;
use crate::status::*;
use crate::sys::monotonic_ms;
use curl::easy::{Handler, InfoType, ReadError, SeekResult, WriteError};
use md5::{Digest, Md5};
use std::ffi::{c_int, c_void};
use std::io::SeekFrom;
use std::sync::Arc;

/// A storage's answer is a few lines; what is more is cut off.
const LARGEST_ANSWER: usize = 64 << 10;

/// Fewer bytes in the time that a part may stand still are none: the slowest modem sends more in a second.
const LEAST_MOVE: u64 = 256;

pub(crate) struct Upload {
    /// libcurl points at it.
    pub url: Option<ParsedUrl>,
    part: Option<PartRequest>,
    /// How many bytes of the part libcurl has.
    done: u64,
    md5: Option<Md5>,
    /// Why the source could not go on.
    failure: Option<Error>,
    read_size: ReadSize,
    bandwidth: Arc<Bandwidth>,
    turn: Option<Turn>,
    is_paused: bool,
    sockets: Arc<Sockets>,
    pub shortage: Shortage,
    stall: Stall,
    /// libcurl points at them.
    pub ports: Arc<Ports>,
    /// The whole body has left on a connection that died without an answer, and libcurl has started over.
    pub left_unanswered: bool,
    /// The socket opened last for this part, and when.
    opened: Option<(c_int, u64)>,
    has_begun_tls: bool,
    answer: Answer,
    log: Log,
}

#[derive(Default)]
struct Answer {
    /// 0 before the first line.
    status: u16,
    /// The headers are through, so that the number counts.
    is_begun: bool,
    head: Head,
    etag: Option<String>,
    content_type: Option<String>,
    encryption: Option<String>,
    body: SecretBytes,
}

impl Upload {
    pub(crate) fn new(bandwidth: Arc<Bandwidth>, sockets: Arc<Sockets>, log: Log) -> Upload {
        Upload {
            url: None,
            part: None,
            done: 0,
            md5: None,
            failure: None,
            read_size: ReadSize::new(),
            bandwidth,
            turn: None,
            is_paused: false,
            sockets,
            shortage: Shortage::default(),
            stall: Stall::default(),
            ports: Arc::default(),
            left_unanswered: false,
            opened: None,
            has_begun_tls: false,
            answer: Answer::default(),
            log,
        }
    }

    /// As `Exchange::takes_handshake`.
    pub(crate) fn takes_handshake(&mut self) -> bool {
        std::mem::take(&mut self.has_begun_tls)
    }

    pub(crate) fn begin(&mut self, part: PartRequest) {
        self.answer = Answer::default();
        self.failure = None;
        self.read_size = ReadSize::new();
        self.turn = None;
        self.is_paused = false;
        self.stall.clear();
        self.opened = None;
        self.ports.clear();
        self.left_unanswered = false;
        self.shortage.clear();
        self.md5 = part.verify.then(Md5::new);
        self.done = 0;
        self.part = Some(part);
    }

    /// Lets go of the source.
    pub(crate) fn end(&mut self) {
        self.part = None;
    }

    pub(crate) fn sent(&self) -> u64 {
        self.done
    }

    /// When it may go on, in milliseconds, if it waits for its turn.
    pub(crate) fn paused_until(&self) -> Option<u64> {
        self.is_paused.then(|| self.turn.map_or(0, |turn| turn.due()))
    }

    /// It waits no more: for its turn that has come, or since the limit is another now.
    pub(crate) fn go_on(&mut self) {
        self.is_paused = false;
    }

    /// For how many milliseconds nothing has moved, be it that nothing arrives there or that no answer
    /// comes from there. Before the first byte it is the connection that takes its time, for at most
    /// `connecting`; so it may be for a part without bytes.
    pub(crate) fn stands_still_for(&mut self, unconfirmed: u64, connecting: u64, now: u64) -> u64 {
        if self.is_paused {
            self.stall.clear();
            return 0;
        }
        let confirmed = self.done.saturating_sub(unconfirmed);
        let is_whole = self.part.as_ref().is_some_and(|part| part.length == confirmed);
        // An answer is short: that it comes byte for byte is no move, or it might never end.
        let is_answered = self.answer.is_begun && self.answer.status >= 200;
        let steps = [self.done > 0, is_whole, is_answered].map(u64::from);
        let lasts = self.stall.lasts(confirmed / LEAST_MOVE + steps.iter().sum::<u64>(), now);
        if self.done == 0 { lasts.saturating_sub(connecting) } else { lasts }
    }

    /// The socket that was opened for it so many milliseconds ago or earlier, if nothing has been sent yet.
    pub(crate) fn waits_for_connection(&self, most: u64, now: u64) -> Option<c_int> {
        let (socket, since) = self.opened.filter(|_| self.done == 0)?;
        (now.saturating_sub(since) >= most).then_some(socket)
    }

    pub(crate) fn take_failure(&mut self) -> Option<Error> {
        self.failure.take()
    }

    /// What came back, if enough did: a number is worth more than how the connection ended after it.
    /// But nobody can have stored what was not sent.
    pub(crate) fn take_sent(&mut self) -> Option<Sent> {
        let answer = std::mem::take(&mut self.answer);
        let is_whole = self.is_taken();
        let response = Response { status: answer.status, body: answer.body, retry_after: answer.head.wait() };
        if !answer.is_begun || response.status < 200 || response.is_success() && !is_whole {
            return None;
        }
        let md5 = self.md5.take().filter(|_| is_whole).map(|md5| in_hexadecimal(&md5.finalize()));
        let Answer { etag, content_type, encryption, .. } = answer;
        Some(Sent { response, etag, content_type, encryption, md5 })
    }

    /// Whether libcurl has taken the whole body.
    pub(crate) fn is_taken(&self) -> bool {
        self.part.as_ref().is_some_and(|part| part.length == self.done)
    }

    fn fail(&mut self, error: Error) -> ReadError {
        self.failure = Some(error);
        ReadError::Abort
    }
}

impl Handler for Upload {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ReadError> {
        let Some(part) = &self.part else { return Ok(0) };
        let left = usize::try_from(part.length - self.done).unwrap_or(usize::MAX);
        if part.length == 0 {
            return Ok(0);
        }
        if left == 0 {
            // libcurl counts what it sends, and asks for more than there is only when it has lost some: what
            // it read for the second of two kept connections that turned out to be dead (7.88).
            return Err(self.fail(Error::of(FIO_E_RESET)));
        }
        let now = monotonic_ms();
        let most = buffer.len().min(left).min(self.read_size.next(now));
        let Some(most) = self.bandwidth.allow(&mut self.turn, most, now) else {
            self.is_paused = true;
            return Err(ReadError::Pause);
        };
        let buffer = &mut buffer[..most];
        let read = match part.source.read_at(part.offset + self.done, buffer) {
            Ok(0) => return Err(self.fail(Error::of(FIO_E_SOURCE_CHANGED))),
            Ok(read) => read.min(most),
            Err(error) => return Err(self.fail(error)),
        };
        if let Some(md5) = &mut self.md5 {
            md5.update(&buffer[..read]);
        }
        self.done += read as u64;
        Ok(read)
    }

    fn open_socket(
        &mut self,
        family: c_int,
        kind: c_int,
        protocol: c_int,
    ) -> Option<curl_sys::curl_socket_t> {
        let socket = self.shortage.open_socket(family, kind, protocol)?;
        self.sockets.remember(socket);
        self.opened = Some((socket, monotonic_ms()));
        Some(socket)
    }

    fn ssl_ctx(&mut self, _: *mut c_void) -> Result<(), curl::Error> {
        self.has_begun_tls = true;
        Ok(())
    }

    /// libcurl starts over when a kept connection turns out to be dead.
    fn seek(&mut self, whence: SeekFrom) -> SeekResult {
        if whence != SeekFrom::Start(0) {
            return SeekResult::Fail;
        }
        self.left_unanswered |= self.is_taken() && self.sockets.was_confirmed(&self.ports);
        self.done = 0;
        if let Some(md5) = &mut self.md5 {
            md5.reset();
        }
        SeekResult::Ok
    }

    fn header(&mut self, line: &[u8]) -> bool {
        let answer = &mut self.answer;
        if line.starts_with(b"HTTP/") {
            // Another one may have come before, such as `100 Continue`.
            *answer = Answer { status: status_of(line), ..Answer::default() };
        } else if line.trim_ascii().is_empty() {
            answer.is_begun = true;
        } else if let Some(value) = value_of(line, "etag:") {
            answer.etag = etag_of(value);
        } else if let Some(value) = value_of(line, "content-type:") {
            answer.content_type = text_of(value);
        } else if let Some(value) = value_of(line, "x-amz-server-side-encryption:") {
            answer.encryption = text_of(value);
        } else if value_of(line, "x-amz-server-side-encryption-customer-algorithm:").is_some() {
            // With a key of the customer the ETag is no MD5 either.
            answer.encryption = Some("SSE-C".to_owned());
        } else {
            answer.head.line(line);
        }
        true
    }

    /// More than there is room for ends the transfer; the answer counts nevertheless.
    fn write(&mut self, data: &[u8]) -> Result<usize, WriteError> {
        let room = LARGEST_ANSWER - self.answer.body.len();
        let taken = data.len().min(room);
        self.answer.body.extend(&data[..taken]);
        Ok(taken)
    }

    fn debug(&mut self, kind: InfoType, data: &[u8]) {
        match &self.part {
            Some(part) => trace::write_of_signed(&self.log, kind, data, &part.url),
            None => trace::write(&self.log, kind, data),
        }
    }
}

/// From `HTTP/1.1 200 OK`.
fn status_of(line: &[u8]) -> u16 {
    let number = line.split(|byte| byte.is_ascii_whitespace()).nth(1);
    number.and_then(|number| std::str::from_utf8(number).ok()?.parse().ok()).unwrap_or(0)
}

fn text_of(value: &[u8]) -> Option<String> {
    std::str::from_utf8(value).ok().map(str::to_owned)
}

/// Without its quotes.
fn etag_of(value: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(value).ok()?;
    let text = text.strip_prefix("W/").unwrap_or(text).trim_matches('"');
    (!text.is_empty()).then(|| text.to_owned())
}

fn in_hexadecimal(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(value.into(), 16).unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;
    use crate::source::{Condition, Source};

    /// `len` bytes, each of them its offset; read in pieces of at most seven.
    struct Ramp {
        len: u64,
        fails_at: u64,
    }

    impl Source for Ramp {
        fn condition(&self) -> Result<Condition, Error> {
            Ok(Condition::default())
        }

        fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize, Error> {
            if offset >= self.fails_at {
                return Err(Error::of(FIO_E_SOURCE_READ));
            }
            let count = buffer.len().min(7).min(self.len.saturating_sub(offset) as usize);
            for (at, byte) in buffer[..count].iter_mut().enumerate() {
                *byte = (offset + at as u64) as u8;
            }
            Ok(count)
        }
    }

    fn upload(len: u64, fails_at: u64) -> Upload {
        let mut upload = Upload::new(Arc::default(), Arc::default(), Log::off());
        upload.begin(PartRequest {
            url: Secret::new("https://storage/part?signature"),
            content_type: "video/mp4".into(),
            source: Arc::new(Ramp { len, fails_at }),
            offset: 3,
            length: 20,
            verify: true,
        });
        upload
    }

    fn read_all(upload: &mut Upload) -> Result<Vec<u8>, ReadError> {
        let mut all = Vec::new();
        while upload.sent() < 20 {
            let mut buffer = [0; 10];
            let count = upload.read(&mut buffer)?;
            all.extend_from_slice(&buffer[..count]);
        }
        Ok(all)
    }

    fn answer(upload: &mut Upload, lines: &str) -> Option<Sent> {
        for line in lines.split_inclusive("\r\n") {
            upload.header(line.as_bytes());
        }
        upload.take_sent()
    }

    #[test]
    fn exactly_the_part_is_sent_and_summed_up() {
        let mut upload = upload(100, 100);
        assert_eq!(read_all(&mut upload).unwrap(), (3..23).collect::<Vec<u8>>());
        assert_eq!(upload.sent(), 20);
        let sent = answer(&mut upload, "HTTP/1.1 200 OK\r\nETag: W/\"abc\"\r\n\r\n").unwrap();
        assert_eq!(sent.etag.as_deref(), Some("abc"));
        assert_eq!(sent.md5.as_deref(), Some("e512db5a47f0672161108f8eb87c40d0"));
        assert_eq!((sent.content_type, sent.encryption), (None, None));
    }

    #[test]
    fn the_kind_of_answer_and_of_encryption_are_kept() {
        let mut upload = upload(100, 100);
        read_all(&mut upload).unwrap();
        let lines =
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nX-Amz-Server-Side-Encryption: aws:kms\r\n\r\n";
        let sent = answer(&mut upload, lines).unwrap();
        assert_eq!(sent.content_type.as_deref(), Some("text/html"));
        assert_eq!(sent.encryption.as_deref(), Some("aws:kms"));
    }

    #[test]
    fn starting_over_sends_the_same() {
        let mut upload = upload(100, 100);
        upload.read(&mut [0; 5]).unwrap();
        assert!(matches!(upload.seek(SeekFrom::Start(0)), SeekResult::Ok));
        assert_eq!(upload.sent(), 0);
        assert_eq!(read_all(&mut upload).unwrap(), (3..23).collect::<Vec<u8>>());
        let sent = answer(&mut upload, "HTTP/1.1 200 OK\r\n\r\n").unwrap();
        assert_eq!(sent.md5.as_deref(), Some("e512db5a47f0672161108f8eb87c40d0"));
        assert!(matches!(upload.seek(SeekFrom::Start(4)), SeekResult::Fail));
    }

    #[test]
    fn what_libcurl_has_lost_is_not_waited_for() {
        let mut upload = upload(100, 100);
        read_all(&mut upload).unwrap();
        assert!(matches!(upload.read(&mut [0; 5]), Err(ReadError::Abort)));
        assert_eq!(upload.take_failure().unwrap().status, FIO_E_RESET);
    }

    #[test]
    fn a_source_that_fails_or_ends_early_ends_the_transfer() {
        for (len, fails_at, status) in [(100, 9, FIO_E_SOURCE_READ), (22, 100, FIO_E_SOURCE_CHANGED)] {
            let mut upload = upload(len, fails_at);
            assert!(matches!(read_all(&mut upload), Err(ReadError::Abort)));
            assert_eq!(upload.take_failure().unwrap().status, status);
        }
    }

    #[test]
    fn an_early_refusal_counts_but_an_early_success_does_not() {
        let mut upload = upload(100, 100);
        upload.read(&mut [0; 5]).unwrap();
        let refusal = "HTTP/1.1 503 Slow Down\r\nRetry-After: 7\r\n\r\n";
        let sent = answer(&mut upload, refusal).unwrap();
        assert_eq!((sent.response.status, sent.md5), (503, None));
        assert_eq!(sent.response.retry_after, Some(std::time::Duration::from_secs(7)));
        assert!(answer(&mut upload, "HTTP/1.1 200 OK\r\n\r\n").is_none());
        read_all(&mut upload).unwrap();
        assert!(answer(&mut upload, "HTTP/1.1 100 Continue\r\n\r\n").is_none());
        assert!(answer(&mut upload, "HTTP/1.1 200 OK\r\nETag: \"x\"\r\n").is_none());
        let both = "HTTP/1.1 103 Early Hints\r\nETag: \"x\"\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n";
        assert_eq!(answer(&mut upload, both).unwrap().etag, None);
    }

    #[test]
    fn a_long_answer_is_cut_off() {
        let mut upload = upload(100, 100);
        upload.header(b"HTTP/1.1 500 Oops\r\n");
        upload.header(b"\r\n");
        let chunk = [b' '; 50 << 10];
        assert_eq!(upload.write(&chunk).unwrap(), chunk.len());
        assert_eq!(upload.write(&chunk).unwrap(), 14 << 10);
        let sent = upload.take_sent().unwrap();
        assert_eq!((sent.response.status, sent.response.body.len()), (500, LARGEST_ANSWER));
    }

    fn sending(length: u64) -> Upload {
        let mut upload = upload(u64::MAX, u64::MAX);
        upload.part.as_mut().unwrap().length = length;
        upload.done = length;
        upload
    }

    #[test]
    fn a_part_stands_still_when_nothing_arrives_any_more() {
        let mut upload = sending(10_000);
        let mut still = |unconfirmed, now| upload.stands_still_for(unconfirmed, 5_000, now);
        assert_eq!((still(10_000, 10_000), still(10_000, 11_000)), (0, 1_000));
        assert_eq!((still(9_000, 12_000), still(9_000, 13_000)), (0, 1_000));
        // All has arrived.
        assert_eq!((still(0, 14_000), still(0, 15_000)), (0, 1_000));
        upload.is_paused = true;
        assert_eq!(upload.stands_still_for(0, 5_000, 60_000), 0);
    }

    /// A byte now and then would keep a part for ever.
    #[test]
    fn a_few_bytes_are_no_move() {
        let mut upload = sending(10_000);
        let mut now = 1_000;
        upload.stands_still_for(9_990, 5_000, now);
        for unconfirmed in (9_950..9_990).rev() {
            now += 1_000;
            upload.stands_still_for(unconfirmed, 5_000, now);
        }
        assert_eq!(upload.stands_still_for(9_950, 5_000, now), 40_000);
        assert_eq!(upload.stands_still_for(9_700, 5_000, now + 1), 0);
    }

    #[test]
    fn an_answer_that_drips_stands_still() {
        let mut upload = sending(10_000);
        upload.stands_still_for(0, 5_000, 1_000);
        for line in ["HTTP/1.1 100 Continue\r\n", "\r\n", "HTTP/1.1 103 Early Hints\r\n", "A: b\r\n", "\r\n"]
        {
            upload.header(line.as_bytes());
        }
        assert_eq!(upload.stands_still_for(0, 5_000, 2_000), 1_000);
        upload.header(b"HTTP/1.1 200 OK\r\n");
        upload.header(b"\r\n");
        assert_eq!(upload.stands_still_for(0, 5_000, 3_000), 0);
        for second in 1..30 {
            upload.write(b" ").unwrap();
            assert_eq!(upload.stands_still_for(0, 5_000, 3_000 + second * 1_000), second * 1_000);
        }
    }

    #[test]
    fn a_part_that_has_sent_nothing_stands_still_once_it_must_be_connected() {
        for length in [0, 10_000] {
            let mut upload = sending(length);
            upload.done = 0;
            let mut still = |now| upload.stands_still_for(0, 5_000, now);
            assert_eq!((still(1_000), still(3_000), still(5_000), still(7_000)), (0, 0, 0, 1_000));
        }
    }

    #[test]
    fn a_part_waits_for_its_turn() {
        let mut upload = upload(100, 100);
        upload.bandwidth.limit(8);
        assert!(upload.read(&mut [0; 5]).is_ok());
        assert!(matches!(upload.read(&mut [0; 5]), Err(ReadError::Pause)));
        assert!(upload.paused_until().unwrap() > monotonic_ms());
        upload.bandwidth.limit(0);
        upload.go_on();
        assert_eq!(upload.read(&mut [0; 5]).unwrap(), 5);
        assert_eq!(upload.paused_until(), None);
    }
}
