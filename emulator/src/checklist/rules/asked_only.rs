//! What cannot be seen from the service: screens, buttons, disks and radios. The engineer is asked.

use crate::checklist::event::Event;
use crate::checklist::ledger::Ledger;
use crate::checklist::row::Row;
use crate::checklist::rule::Rule;

const REFERENCE: &str = "protocol 12; integrator checklist";

macro_rules! ask {
    ($($name:literal, $numbers:expr, $requirement:literal, $question:literal;)*) => {
        [$(Row {
            name: $name,
            numbers: &$numbers,
            requirement: $requirement,
            reference: REFERENCE,
            question: Some($question),
        }),*]
    };
}

static ROWS: [Row; 22] = ask! {
    "shows_user_code", [1], "The six-digit code is shown.", "Does the device show the code, leading zeros included?";
    "shows_link_or_qr", [2], "Where there is a display for it, the link or its QR code is shown.", "Does the device show verification_uri_complete as a link or QR code, and only when it is given one?";
    "shows_project", [3], "The name of the connected project is shown.", "Does the device show the project's name after pairing and after the project was changed?";
    "project_by_id", [4], "The project is known by its id; its name may change.", "Give the project another name, or the device another project: does it go on with the right one?";
    "shows_files_remaining", [5], "The number of files remaining is shown.", "Does the device show how many files are left?";
    "shows_bytes_remaining", [6], "The bytes remaining are shown.", "Does the device show how many bytes are left?";
    "shows_file_progress", [7], "The progress of the current file is shown.", "Does the device show the progress of the current file?";
    "shows_file_status", [8, 21], "It is shown which files are done, waiting and failed.", "Does the device show which files are done, waiting and failed, and why they failed?";
    "shows_connection", [9, 45], "Type, speed and health of the network are shown.", "Does the device show whether it is connected, how, and how well?";
    "socket_status", [12], "A device model with socket status holds its socket open.", "Is the device model set to socket status? The emulator speaks heartbeats only.";
    "encrypted_storage", [18], "Secrets and tokens are encrypted at rest (recommended).", "Are client_secret and the tokens encrypted on the device?";
    "automatic_upload", [19, 20], "Files are uploaded by themselves, while they are recorded or when they are complete.", "Record a clip and touch nothing: does it arrive?";
    "local_copy", [22], "Media are also on storage that the user can take.", "Is everything that is uploaded also on the card?";
    "automatic_or_manual", [33], "Automatic and manual upload can be switched.", "Can automatic upload be switched off and on?";
    "choose_files", [34], "Single and several files can be chosen.", "Can one file, and can several, be chosen for upload?";
    "priorities", [35, 36], "The queue can be given an order, also by type of file (optional).", "Can the queue be put into another order?";
    "timecode", [39], "Video and audio carry timecode.", "Do the uploaded files carry the timecode of the recording?";
    "wpa2", [42], "Wi-Fi is protected by WPA2 or better.", "Does the device join WPA2 networks?";
    "ethernet", [43], "There is an Ethernet port (recommended).", "Does the device have Ethernet?";
    "dhcp_and_static", [44], "Addresses come by DHCP or are typed in.", "Was the device tried with DHCP and with a fixed address?";
    "remembers_networks", [47], "Known networks are remembered.", "Does the device join a network again that it knows?";
    "commercial_routers", [48], "It was tried over commercial routers: wired, bonded, cellular.", "Over which routers was the device tried?";
};

pub struct AskedOnly;

impl Rule for AskedOnly {
    fn rows(&self) -> Vec<&'static Row> {
        ROWS.iter().collect()
    }

    fn see(&mut self, _: &Event<'_>, _: &mut Ledger) {}

    fn unseen(&self) -> Vec<&'static Row> {
        self.rows()
    }
}
