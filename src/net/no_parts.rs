//! In place of `parts` in a library that is built without uploads: no part is ever sent.

use super::options::NetSettings;
use crate::api::part::{Outcome, PartRequest};
use crate::engine::effects::RequestId;
use crate::engine::transport::UploadLimits;
use crate::error::Error;
use crate::log::Log;
use crate::status::FIO_E_UNSUPPORTED;
use curl::multi::{Message, Multi};

pub(crate) struct Parts;

impl Parts {
    pub(crate) const MOST_IDLE: usize = 0;

    pub(crate) fn new(_: &Log) -> Parts {
        Parts
    }

    pub(crate) fn is_empty(&self) -> bool {
        true
    }

    pub(crate) fn start(
        &mut self,
        _: &Multi,
        _: RequestId,
        _: PartRequest,
        _: &NetSettings,
    ) -> Result<(), Error> {
        Err(Error::of(FIO_E_UNSUPPORTED))
    }

    pub(crate) fn result_in(&self, _: &Message<'_>) -> Option<(RequestId, Result<(), curl::Error>)> {
        None
    }

    pub(crate) fn finish(
        &mut self,
        _: &Multi,
        _: RequestId,
        _: Result<(), curl::Error>,
        _: &NetSettings,
    ) -> Option<Outcome> {
        None
    }

    pub(crate) fn abort(&mut self, _: &Multi, _: RequestId) {}

    pub(crate) fn abort_all(&mut self, _: &Multi) {}

    pub(crate) fn sent(&self, _: RequestId) -> u64 {
        0
    }

    pub(crate) fn limit(&mut self, _: UploadLimits) {}

    pub(crate) fn resume(&mut self, _: u64) {}

    pub(crate) fn end_stalled(&mut self, _: &Multi, _: u64, _: &NetSettings) -> [(RequestId, Outcome); 0] {
        []
    }

    pub(crate) fn timer(&self) -> Option<u64> {
        None
    }
}
