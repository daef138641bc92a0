//! What people do to a connected device on the web, in whichever way they reach the emulator.

use crate::checklist::event::Deed;
use crate::emulator::Emulator;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    Pause,
    Resume,
    Revoke,
    /// To the project of that name.
    MoveTo(String),
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
            Act::MoveTo(_) | Act::Revoke => {
                project.into_iter().for_each(|project| device.move_to(now, project))
            }
        }
    }
    let deed = match act {
        Act::Pause => Deed::Paused,
        Act::Resume => Deed::Resumed,
        Act::Revoke => Deed::Disconnected,
        Act::MoveTo(_) => Deed::MovedToProject,
    };
    emulator.deed(client_id, &deed);
    true
}
