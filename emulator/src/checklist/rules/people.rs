//! What follows on what somebody does at the device. The emulator has to be told of it.

use crate::checklist::event::{Asked, Deed, Event, Moment};
use crate::checklist::ledger::Ledger;
use crate::checklist::recent::Recent;
use crate::checklist::row::Row;
use crate::checklist::rule::Rule;
use crate::endpoint::Endpoint;
use crate::service::devices::MOST_DEVICES;

pub static PAIRING: Row = Row {
    name: "pairing_can_be_canceled",
    numbers: &[11],
    requirement: "A pairing that is canceled at the device is over: no poll follows.",
    reference: "protocol 3.1; integrator checklist, authorization flow",
    question: Some("Cancel a pairing at each of its steps: does the device obey?"),
};
pub static UPLOAD: Row = Row {
    name: "upload_can_be_canceled",
    numbers: &[38],
    requirement: "An upload that is canceled at the device is over: no part of it follows.",
    reference: "protocol 12; integrator checklist, cancel",
    question: Some("Cancel one upload, and all of them: does the device obey?"),
};
pub static POWER: Row = Row {
    name: "queue_survives_power_cycle",
    numbers: &[25, 27],
    requirement: "After the power was cut the device goes on with what it was uploading, by itself and still paired.",
    reference: "protocol 6; integrator checklist, queue and automatic retry",
    question: Some("Cut the power in the middle of an upload: does the device finish it, by itself?"),
};

const MOST_ASSETS: usize = 2_000;
/// What was on its way already.
const GRACE_SECONDS: u64 = 5;

pub struct People {
    devices: Recent<String, Device>,
    /// Open assets.
    assets: Recent<String, Asset>,
}

#[derive(Default)]
struct Device {
    code: Option<String>,
    canceled: Option<Canceled>,
}

struct Canceled {
    code: String,
    at: Moment,
}

struct Asset {
    device: String,
    name: String,
    seq: u64,
    canceled: Option<Moment>,
    survives: bool,
}

impl Default for People {
    fn default() -> Self {
        Self { devices: Recent::new(MOST_DEVICES), assets: Recent::new(MOST_ASSETS) }
    }
}

impl People {
    fn poll(&mut self, asked: &Asked, ledger: &mut Ledger) {
        let Some((name, code)) = asked.device.as_ref().zip(asked.secret.as_ref()) else { return };
        let device = self.devices.entry(name, Device::default);
        device.code = Some(code.clone());
        let canceled = device.canceled.as_ref().filter(|canceled| canceled.code == *code);
        if canceled.is_some_and(|canceled| asked.at.really_since(canceled.at).as_secs() >= GRACE_SECONDS) {
            ledger.broken(
                &PAIRING,
                Some(name),
                "The pairing was canceled, and it polls on.".into(),
                &[asked.seq],
            );
        }
    }

    fn part(&mut self, asked: &Asked, ledger: &mut Ledger) {
        let Some(asset) = asked.asset.as_ref().and_then(|id| self.assets.get(id)) else { return };
        if asset.canceled.is_some_and(|at| asked.at.really_since(at).as_secs() >= GRACE_SECONDS) {
            let why = "The upload was canceled, and its parts go on.";
            ledger.broken(&UPLOAD, Some(&asset.device), why.into(), &[asset.seq, asked.seq]);
        }
    }

    fn deed(&mut self, at: Moment, name: &str, deed: &Deed, ledger: &mut Ledger) {
        let own = self.assets.iter_mut().map(|(_, asset)| asset).filter(|asset| asset.device == name);
        match deed {
            Deed::PairingCanceled => {
                let device = self.devices.entry(&name.to_owned(), Device::default);
                device.canceled = device.code.take().map(|code| Canceled { code, at });
                if device.canceled.is_some() {
                    ledger.kept(&PAIRING, Some(name));
                }
            }
            Deed::UploadCanceled { name: file } => {
                for asset in own.filter(|asset| file.as_ref().is_none_or(|file| *file == asset.name)) {
                    asset.canceled = Some(at);
                    ledger.kept(&UPLOAD, Some(name));
                }
            }
            Deed::PowerCut => own.for_each(|asset| asset.survives = true),
            _ => {}
        }
    }
}

impl Rule for People {
    fn rows(&self) -> Vec<&'static Row> {
        vec![&PAIRING, &UPLOAD, &POWER]
    }

    fn see(&mut self, event: &Event<'_>, ledger: &mut Ledger) {
        match event {
            Event::Asked(asked) if asked.is_poll() => self.poll(asked, ledger),
            Event::Asked(asked) if asked.is(Endpoint::Part) => self.part(asked, ledger),
            Event::Answered(answered) => {
                let asked = answered.asked;
                if let (Some(device), Some(id), Some(creation)) =
                    (&asked.device, &answered.told.created, &asked.creation)
                {
                    let name = creation.file.rsplit_once(' ').map_or("", |(name, _)| name).to_owned();
                    let (device, seq) = (device.clone(), asked.seq);
                    let asset = Asset { device, name, seq, canceled: None, survives: false };
                    self.assets.insert(id.clone(), asset);
                }
                if answered.told.completed {
                    let asset = asked.asset.as_ref().and_then(|id| self.assets.remove(id));
                    if let Some(asset) = asset.filter(|asset| asset.survives) {
                        ledger.kept(&POWER, Some(&asset.device));
                    }
                }
            }
            Event::Deed { at, device, deed } => self.deed(*at, device, deed, ledger),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checklist::bench::{Bench, told};
    use crate::checklist::event::{Creation, Told};
    use crate::checklist::row::Status;
    use crate::endpoint::GrantType;

    fn uploading() -> Bench {
        let mut bench = Bench::new(People::default());
        let creation = Creation { file: "A B.mov 7".into(), ..Creation::default() };
        let told = Told { created: Some("a".into()), ..told() };
        bench.call(Endpoint::Asset, |asked| asked.creation = Some(creation)).answer(200, told);
        bench
    }

    fn put(bench: &mut Bench) -> &mut Bench {
        bench.call(Endpoint::Part, |asked| asked.asset = Some("a".into()))
    }

    #[test]
    fn a_canceled_upload_is_over() {
        let mut bench = uploading();
        assert_eq!(bench.status(&UPLOAD), Status::AskTheEngineer);
        bench.deed(Deed::UploadCanceled { name: Some("other".into()) });
        assert_eq!(bench.status(&UPLOAD), Status::AskTheEngineer);
        bench.deed(Deed::UploadCanceled { name: Some("A B.mov".into()) });
        put(bench.wait(1.0)).answer(200, told());
        assert_eq!(bench.status(&UPLOAD), Status::Fulfilled);
        put(bench.wait(10.0)).answer(200, told());
        assert_eq!(bench.breach(&UPLOAD).requests, [1, 3]);
    }

    #[test]
    fn a_canceled_pairing_is_over() {
        let poll = |bench: &mut Bench| {
            let grant = Some(GrantType::DeviceCode);
            bench.call(Endpoint::Token, |asked| (asked.grant, asked.secret) = (grant, Some("#c".into())));
        };
        let mut bench = Bench::new(People::default());
        poll(&mut bench);
        bench.deed(Deed::PairingCanceled);
        assert_eq!(bench.status(&PAIRING), Status::Fulfilled);
        poll(bench.wait(10.0));
        assert_eq!(bench.status(&PAIRING), Status::Broken);
    }

    #[test]
    fn power_comes_back() {
        let mut bench = uploading();
        bench.deed(Deed::PowerCut);
        assert_eq!(bench.status(&POWER), Status::AskTheEngineer);
        put(bench.wait(60.0)).answer(200, Told { completed: true, ..told() });
        assert_eq!(bench.status(&POWER), Status::Fulfilled);
    }
}
