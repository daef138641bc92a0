//! Steps and operations in words, for people.

use super::script::{
    Action, Condition, DeviceState, Operate, Operation, Request, Scenario, Step, UploadState, Uploads,
};
use crate::network::Link;
use crate::people::Act;
use crate::size::readable;

/// What goes on in a step: what its author says of it or, without that, what it does.
pub fn step(step: &Step) -> String {
    step.say.clone().unwrap_or_else(|| action(&step.action))
}

pub fn action(action: &Action) -> String {
    match action {
        Action::Operate(operation) => self::operation(operation),
        Action::Await(condition) => format!("Wait until {}.", self::condition(condition)),
        Action::Fault(rule) => {
            format!("Order a fault: {} at {}.", rule.fault.name(), rule.endpoint.name())
        }
        Action::ClearFaults => "Take back all faults.".into(),
        Action::Clock(seconds) => format!("Move the emulator's clock by {seconds} s."),
        Action::Settings(_) => "Change settings of the emulator.".into(),
        Action::Person(_) => "Tell the person what to decide about codes.".into(),
        Action::Device(Act::Pause) => "Pause the device on the web.".into(),
        Action::Device(Act::Resume) => "Resume the device on the web.".into(),
        Action::Device(Act::Revoke) => "Disconnect the device on the web.".into(),
        Action::Device(Act::MoveTo(project)) => format!("Move the device to the project “{project}”."),
        Action::Network(Link::Down) => "Take the network away.".into(),
        Action::Device(Act::EndAt(_)) => "Give the connection of the device an end.".into(),
        Action::Network(Link::Up) => "Bring the network back.".into(),
    }
}

/// What somebody at the device is to do.
pub fn operation(operation: &Operation) -> String {
    match operation.operate {
        Operate::SwitchOn => "Switch the device on, unless it is on.".into(),
        Operate::SwitchOff => "Switch the device off.".into(),
        Operate::CutPower => "Cut the power of the device: pull its battery.".into(),
        Operate::Pair => "Begin a pairing at the device, unless it shows a code already.".into(),
        Operate::CancelPairing => "Cancel the pairing at the device.".into(),
        Operate::Record => record(operation),
        Operate::CancelUpload => match &operation.name {
            Some(name) => format!("Cancel the upload of {name} at the device, or the one at work."),
            None => "Cancel the upload at work at the device.".into(),
        },
        Operate::CancelAllUploads => "Cancel all uploads at the device.".into(),
        Operate::ChangeNetwork => "Move the device to another network.".into(),
        Operate::Idle => "Leave the device alone, switched on.".into(),
    }
}

fn record(operation: &Operation) -> String {
    let amount = operation.bytes.map_or(String::new(), |bytes| format!(" of about {}", readable(bytes)));
    let kind = operation.name.as_deref().and_then(|name| name.rsplit_once('.'));
    let kind = kind.map_or(String::new(), |(_, extension)| format!(", as a .{extension} file"));
    format!("Record a clip{amount}{kind}, and let it upload.")
}

fn condition(condition: &Condition) -> String {
    match condition {
        Condition::Request { request, times: 1 } => self::request(request),
        Condition::Request { request, times } => format!("{} ({times} times)", self::request(request)),
        Condition::Device(DeviceState::Paired) => "the device is paired".into(),
        Condition::Device(DeviceState::Unpaired) => "the device is not paired any more".into(),
        Condition::Device(DeviceState::Online) => "the device is online".into(),
        Condition::Device(DeviceState::Paused) => "the device is paused".into(),
        Condition::CodePending => "a device waits with a code".into(),
        Condition::Uploads(Uploads { state, count, of_at_most }) => {
            let state = match state {
                UploadState::Open => "begun",
                UploadState::Complete => "complete",
                UploadState::Broken => "broken",
            };
            let bound = of_at_most.map_or(String::new(), |most| format!(", of at most {most} begun"));
            format!("uploads {state}: {count}{bound}")
        }
        Condition::PartsStored(parts) => format!("parts of the newest upload stored: {parts}"),
        Condition::FaultsStruck => "all ordered faults have struck".into(),
        Condition::RefusedConnections(count) => format!("connections refused: {count}"),
    }
}

fn request(request: &Request) -> String {
    let mut text = format!("the device has called {}", request.endpoint.name());
    if let Some(grant) = request.grant {
        text += &format!(" with {}", grant.name());
    }
    if let Some(part) = request.part {
        text += &format!(" number {part}");
    }
    if request.begun {
        text = text.replacen("has called", "calls", 1);
    }
    if request.lost {
        text += " and got no answer";
    }
    if let Some(status) = request.status {
        text += &format!(" and was answered {status}");
    }
    if let Some(error) = &request.error {
        text += &format!(" and was told {error}");
    }
    text
}

/// One of a list that people choose from.
pub fn line(scenario: &Scenario) -> String {
    format!("{:<22} {}", scenario.name, scenario.title)
}
