//! The course of an upload, as the tests of single cases follow it.

use crate::world::{MINUTE, World};
use fio_c2c::engine::Operation;
use fio_c2c::status::{FIO_E_AUTHORIZATION_LOST, FIO_OK};
use fio_c2c::upload::{UploadId, UploadState};

impl World {
    /// Runs until the upload is over, at most this long.
    pub fn see_through(&mut self, id: UploadId, at_most: u64) -> UploadState {
        let end = self.time + at_most;
        while self.time < end && !self.upload_state(id).is_over() {
            self.run_for(50);
        }
        self.upload_state(id)
    }

    /// Holds that the upload is soon done, and that everything is as it must be.
    pub fn ends_well(&mut self, id: UploadId) {
        assert_eq!(self.see_through(id, MINUTE), UploadState::Done);
        self.judge_uploads();
    }

    /// Holds that the recording ends here, and as [`World::ends_well`].
    pub fn stops_well(&mut self, id: UploadId) {
        self.finish_recording(id, None).expect("it is running");
        self.ends_well(id);
    }

    /// Holds that the upload waits for something.
    pub fn waits_for(&mut self, id: UploadId, reason: i32) {
        assert_eq!((self.upload_state(id), self.reason(id)), (UploadState::Waiting, reason));
    }

    pub fn run_until_stored(&mut self, parts: usize) {
        while self.service.uploads().next().is_none_or(|asset| asset.parts_stored() < parts) {
            self.run_for(1);
        }
    }

    pub fn cut_power_and_boot(&mut self) {
        self.cut_power();
        self.boot();
    }

    pub fn lose_authorization(&mut self) {
        self.service.revoke_all();
        assert_eq!(self.run(Operation::Refresh), FIO_E_AUTHORIZATION_LOST);
    }

    /// The service puts the device in another project, and the device looks.
    pub fn move_device(&mut self, project: &str) {
        self.service.put_in(project);
        assert_eq!(self.run(Operation::DeviceInfo), FIO_OK);
    }
}
