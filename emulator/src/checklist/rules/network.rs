//! Another network, and the same authorization.

use std::net::IpAddr;

use crate::checklist::event::{Asked, Deed, Event};
use crate::checklist::ledger::Ledger;
use crate::checklist::recent::Recent;
use crate::checklist::row::Row;
use crate::checklist::rule::Rule;
use crate::endpoint::Endpoint;
use crate::service::devices::MOST_DEVICES;

pub static ROW: Row = Row {
    name: "network_change",
    numbers: &[46],
    requirement: "In another network the device goes on with the authorization it has.",
    reference: "protocol 12; integrator checklist, network change",
    question: Some("Move the device to another network: does it go on without a new pairing?"),
};

pub struct Network {
    devices: Recent<String, Device>,
}

struct Device {
    peer: Option<IpAddr>,
    /// Somebody has said that the network was changed, and nothing was heard of the device since.
    changed: bool,
}

impl Default for Network {
    fn default() -> Self {
        Self { devices: Recent::new(MOST_DEVICES) }
    }
}

impl Network {
    fn asked(&mut self, asked: &Asked, ledger: &mut Ledger) {
        let Some(name) = asked.device.as_ref().filter(|_| asked.endpoint != Endpoint::Part) else { return };
        let Some(device) = self.devices.get_mut(name) else {
            // Only who has an authorization can keep it.
            if asked.bearer.is_some() {
                self.devices.insert(name.clone(), Device { peer: asked.peer, changed: false });
            }
            return;
        };
        let moved = device.changed || (asked.peer.is_some() && device.peer != asked.peer);
        if asked.is(Endpoint::Code) {
            if std::mem::take(&mut device.changed) {
                let why = "The network was changed, and it asks for a new pairing.";
                ledger.broken(&ROW, Some(name), why.into(), &[asked.seq]);
            }
        } else if asked.bearer.is_some() || asked.is_refresh() {
            if moved {
                ledger.kept(&ROW, Some(name));
            }
            *device = Device { peer: asked.peer.or(device.peer), changed: false };
        }
    }
}

impl Rule for Network {
    fn rows(&self) -> Vec<&'static Row> {
        vec![&ROW]
    }

    fn see(&mut self, event: &Event<'_>, ledger: &mut Ledger) {
        match event {
            Event::Asked(asked) => self.asked(asked, ledger),
            Event::Deed { device, deed: Deed::NetworkChanged, .. } => {
                if let Some(device) = self.devices.get_mut(*device) {
                    device.changed = true;
                }
            }
            Event::Deed { device, deed: Deed::Disconnected, .. } => drop(self.devices.remove(*device)),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checklist::bench::Bench;
    use crate::checklist::row::Status;

    fn call(bench: &mut Bench, endpoint: Endpoint, last_byte: u8) {
        bench.call(endpoint, |asked| {
            asked.bearer = (!endpoint.is_auth()).then(|| "#a".into());
            asked.peer = Some([192, 168, 0, last_byte].into());
        });
    }

    #[test]
    fn another_address_and_the_same_token() {
        let mut bench = Bench::new(Network::default());
        call(&mut bench, Endpoint::Me, 7);
        call(&mut bench, Endpoint::Me, 7);
        assert_eq!(bench.status(&ROW), Status::AskTheEngineer);
        call(&mut bench, Endpoint::Me, 8);
        assert_eq!(bench.status(&ROW), Status::Fulfilled);
    }

    #[test]
    fn a_new_pairing_is_wrong_only_when_the_change_is_known() {
        let mut bench = Bench::new(Network::default());
        call(&mut bench, Endpoint::Me, 7);
        call(&mut bench, Endpoint::Code, 8);
        assert_eq!(bench.status(&ROW), Status::AskTheEngineer, "somebody may have wanted it");
        bench.deed(Deed::NetworkChanged);
        call(&mut bench, Endpoint::Code, 8);
        assert_eq!(bench.status(&ROW), Status::Broken);
    }
}
