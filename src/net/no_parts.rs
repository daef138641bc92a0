//! In place of `parts` in a library that is built without uploads: no part is ever sent.

use super::options::NetSettings;
use crate::api::part::{Outcome, PartRequest};
use crate::engine::effects::RequestId;
use crate::engine::transport::UploadLimits;
use crate::error::Error;
use crate::log::Log;
use crate::status::FIO_E_UNSUPPORTED;
use curl::multi::{Message, Multi};

pub struct Parts;

impl Parts {
    pub const MOST_IDLE: usize = 0;

    pub fn new(_: &Log) -> Parts {
        Parts
    }

    pub fn is_empty(&self) -> bool {
        true
    }

    pub fn start(&mut self, _: &Multi, _: RequestId, _: PartRequest, _: &NetSettings) -> Result<(), Error> {
        Err(Error::of(FIO_E_UNSUPPORTED))
    }

    pub fn result_in(&self, _: &Message<'_>) -> Option<(RequestId, Result<(), curl::Error>)> {
        None
    }

    pub fn finish(
        &mut self,
        _: &Multi,
        _: RequestId,
        _: Result<(), curl::Error>,
        _: &NetSettings,
    ) -> Option<Outcome> {
        None
    }

    pub fn abort(&mut self, _: &Multi, _: RequestId) {}

    pub fn abort_all(&mut self, _: &Multi) {}

    pub fn sent(&self, _: RequestId) -> u64 {
        0
    }

    pub fn limit(&mut self, _: UploadLimits) {}

    pub fn resume(&mut self, _: u64) {}

    pub fn end_stalled(&mut self, _: &Multi, _: u64, _: &NetSettings) -> [(RequestId, Outcome); 0] {
        []
    }

    pub fn timer(&self) -> Option<u64> {
        None
    }
}
