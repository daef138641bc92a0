//! The body of one upload on its way in. However it ends, also by the client's going away, what
//! arrived of it is counted.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use tokio::time::{Instant, sleep_until, timeout};

use super::error::StorageError;
use crate::emulator::Emulator;

/// A client that sends nothing for this long has gone.
const IDLE_LIMIT: Duration = Duration::from_secs(120);
/// What arrives is counted in steps of this.
const COUNTED: u64 = 1 << 20;
/// How much of a refused body is still read, so that the client gets to read the refusal.
const DISCARDED: u64 = 64 << 20;

pub(crate) struct Transfer {
    emulator: Arc<Emulator>,
    body: Incoming,
    /// The asset and the part, when there is such an asset.
    target: Option<(String, u32)>,
    /// In the request log.
    seq: u64,
    /// Arrived and not yet counted.
    uncounted: u64,
    pace: Option<Pace>,
    /// Whether any of it was asked for.
    began: bool,
}

/// Not faster than a test ordered.
struct Pace {
    bytes_per_second: u64,
    began: Instant,
    bytes: u64,
}

impl Transfer {
    pub(crate) fn new(
        emulator: &Arc<Emulator>,
        body: Incoming,
        target: Option<(&str, u32)>,
        seq: u64,
    ) -> Self {
        let target = target.map(|(asset_id, part)| (asset_id.to_owned(), part));
        Self { emulator: Arc::clone(emulator), body, target, seq, uncounted: 0, pace: None, began: false }
    }

    pub(crate) fn throttle(&mut self, bytes_per_second: u64) {
        self.pace = Some(Pace { bytes_per_second, began: Instant::now(), bytes: 0 });
    }

    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, StorageError> {
        self.began = true;
        loop {
            let frame = timeout(IDLE_LIMIT, self.body.frame()).await.map_err(|_| StorageError::timeout())?;
            let Some(frame) = frame else {
                return Ok(None);
            };
            let Ok(data) = frame.map_err(|_| StorageError::incomplete())?.into_data() else {
                continue;
            };
            self.uncounted += data.len() as u64;
            if self.uncounted >= COUNTED {
                self.count();
            }
            if let Some(pace) = &mut self.pace {
                pace.keep(data.len() as u64).await;
            }
            let rate = self.emulator.world().service.settings.link_bytes_per_second;
            self.emulator.storage.link.pass(data.len() as u64, rate).await;
            return Ok(Some(data));
        }
    }

    /// Reads so many bytes and throws them away.
    pub(crate) async fn skip(&mut self, bytes: u64) {
        let mut left = bytes;
        while left > 0 {
            match self.next().await {
                Ok(Some(data)) => left = left.saturating_sub(data.len() as u64),
                Ok(None) | Err(_) => break,
            }
        }
    }

    pub(crate) fn count(&mut self) {
        let bytes = std::mem::take(&mut self.uncounted);
        if bytes == 0 {
            return;
        }
        let mut world = self.emulator.world();
        if let Some(entry) = world.journal.entry(self.seq) {
            entry.body_bytes += bytes;
        }
        if let Some((asset_id, part)) = &self.target {
            if let Some(upload) = world.service.uploads.get_mut(asset_id) {
                upload.part_grows(*part, bytes);
            }
        }
        self.emulator.happened();
    }

    /// Reads on beside the answer: closing a socket with unread data in it could take the answer
    /// away from a client that is still sending. One that waits for `100 Continue` is not asked.
    pub(crate) fn drain(self, awaits_continue: bool) {
        if self.body.is_end_stream() || (awaits_continue && !self.began) {
            return;
        }
        tokio::spawn(async move {
            let (mut transfer, mut read) = (self, 0);
            while let Ok(Some(Ok(frame))) = timeout(IDLE_LIMIT, transfer.body.frame()).await {
                read += frame.data_ref().map_or(0, |data| data.len() as u64);
                if read > DISCARDED {
                    break;
                }
            }
        });
    }
}

impl Drop for Transfer {
    fn drop(&mut self) {
        self.count();
    }
}

impl Pace {
    async fn keep(&mut self, bytes: u64) {
        self.bytes += bytes;
        let due = self.bytes as f64 / self.bytes_per_second as f64;
        let due = Duration::try_from_secs_f64(due).unwrap_or(IDLE_LIMIT);
        sleep_until(self.began + due).await;
    }
}
