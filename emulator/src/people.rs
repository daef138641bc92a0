//! What people do to a connected device on the web, in whichever way they reach the emulator.

use std::time::Duration;

use crate::checklist::event::Deed;
use crate::emulator::Emulator;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    Pause,
    Resume,
    Revoke,
    /// To the project of that name.
    MoveTo(String),
    /// Gives the connection an end, or takes it back.
    EndAt(Option<Duration>),
}

/// Does it, and tells the checklist. False when there is no such device.
pub fn act(emulator: &Emulator, client_id: &str, act: &Act) -> bool {
    let now = emulator.clock.now();
    {
        let service = &mut emulator.world().service;
        let project = match act {
            Act::MoveTo(name) if service.devices.get(client_id).is_some() => {
                Some(service.projects.named(name))
            }
            _ => None,
        };
        if *act == Act::Revoke {
            service.disconnect(now, client_id);
        }
        let Some(device) = service.devices.get_mut(client_id) else { return false };
        match act {
            Act::Pause => device.set_paused(now, true),
            Act::Resume => device.set_paused(now, false),
            Act::EndAt(end) => device.end_at(now, *end),
            Act::MoveTo(_) | Act::Revoke => {
                project.into_iter().for_each(|project| device.move_to(now, project))
            }
        }
    }
    let deed = match act {
        Act::Pause => Some(Deed::Paused),
        Act::Resume => Some(Deed::Resumed),
        Act::Revoke => Some(Deed::Disconnected),
        Act::MoveTo(_) => Some(Deed::MovedToProject),
        // It is one when the end has come.
        Act::EndAt(_) => None,
    };
    deed.into_iter().for_each(|deed| emulator.deed(client_id, &deed));
    true
}
