//! What becomes of files as such: refused ones, and formats.

use std::collections::BTreeSet;

use crate::checklist::event::{Answered, Event};
use crate::checklist::ledger::Ledger;
use crate::checklist::recent::Recent;
use crate::checklist::row::Row;
use crate::checklist::rule::Rule;
use crate::endpoint::Endpoint;
use crate::service::devices::MOST_DEVICES;

pub static REFUSED: Row = Row {
    name: "refused_file_blocks_nothing",
    numbers: &[32],
    requirement: "A file that cannot be uploaded, because it is corrupt for instance, does not keep others from it.",
    reference: "protocol 6; integrator checklist, corrupted media",
    question: Some("Put a corrupt file in front of the queue: are the ones behind it uploaded?"),
};
pub static FORMATS: Row = Row {
    name: "formats",
    numbers: &[40],
    requirement: "Every format the device records can be uploaded.",
    reference: "protocol 11; integrator checklist, formats",
    question: Some("Which formats does the device record, and was each of them uploaded?"),
};

const MOST_TYPES: usize = 100;

pub struct Files {
    devices: Recent<String, Device>,
}

#[derive(Default)]
struct Device {
    /// A file that was refused for good, and has not been followed by one that was taken.
    refused: Option<String>,
    types: BTreeSet<String>,
}

impl Default for Files {
    fn default() -> Self {
        Self { devices: Recent::new(MOST_DEVICES) }
    }
}

impl Files {
    fn created(&mut self, answered: &Answered<'_>, ledger: &mut Ledger) {
        let (Some(name), Some(creation)) = (&answered.asked.device, &answered.asked.creation) else { return };
        let device = self.devices.entry(name, Device::default);
        match answered.status {
            Some(400 | 422) => device.refused = Some(creation.file.clone()),
            Some(200) => {
                if device.refused.as_ref().is_some_and(|refused| *refused != creation.file) {
                    device.refused = None;
                    ledger.kept(&REFUSED, Some(name));
                }
                if device.types.len() < MOST_TYPES
                    && device.types.insert(creation.filetype.clone())
                    && device.types.len() > 1
                {
                    ledger.kept(&FORMATS, Some(name));
                }
            }
            _ => {}
        }
    }
}

impl Rule for Files {
    fn rows(&self) -> Vec<&'static Row> {
        vec![&REFUSED, &FORMATS]
    }

    fn see(&mut self, event: &Event<'_>, ledger: &mut Ledger) {
        if let Event::Answered(answered) = event {
            if answered.asked.is(Endpoint::Asset) {
                self.created(answered, ledger);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checklist::bench::{Bench, told};
    use crate::checklist::event::Creation;
    use crate::checklist::row::Status;

    fn create<'b>(bench: &'b mut Bench, file: &str, filetype: &str) -> &'b mut Bench {
        let creation = Creation { file: file.into(), filetype: filetype.into(), ..Creation::default() };
        bench.call(Endpoint::Asset, |asked| asked.creation = Some(creation))
    }

    #[test]
    fn the_next_file_comes() {
        let mut bench = Bench::new(Files::default());
        create(&mut bench, "A 0", "video/mp4").answer(422, told());
        create(&mut bench, "A 0", "video/mp4").answer(200, told());
        assert_eq!(bench.status(&REFUSED), Status::AskTheEngineer, "the same one again says nothing");
        create(&mut bench, "A 0", "video/mp4").answer(422, told());
        create(&mut bench, "B 7", "video/mp4").answer(200, told());
        assert_eq!(
            (bench.status(&REFUSED), bench.status(&FORMATS)),
            (Status::Fulfilled, Status::AskTheEngineer)
        );
        create(&mut bench, "C 7", "audio/wav").answer(200, told());
        assert_eq!(bench.status(&FORMATS), Status::Fulfilled);
    }
}
