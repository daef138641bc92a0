//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::service::person::PersonDecision;
use crate::settings::{PartsAre, StorageMode};

/// An emulator of the Frame.io Camera-to-Cloud device API.
///
/// It prints one line of JSON when it is ready, and nothing else on standard output.
#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Option<Command>,

    #[command(flatten)]
    pub options: Options,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Play scenarios with a device, one after another, and end with the report: 0 if all passed, 1 if not
    Run(Box<Run>),
    /// List the built-in scenarios
    Scenarios {
        /// Print the file of this one, to start from
        #[arg(long, value_name = "NAME")]
        show: Option<String>,
    },
}

#[derive(Debug, Args)]
pub struct Run {
    /// A file that ends with .toml, the name of a built-in one, or all
    #[arg(required = true, value_name = "SCENARIO")]
    pub scenarios: Vec<String>,

    /// A program that operates the device, run by sh -c: it is told what to do line by line, in JSON
    #[arg(long, value_name = "COMMAND")]
    pub operator: Option<String>,

    #[command(flatten)]
    pub options: Options,
}

#[derive(Debug, Clone, Parser)]
pub struct Options {
    /// Where to listen; port 0 picks a free one
    #[arg(long, default_value = "127.0.0.1:0", value_name = "ADDRESS")]
    pub listen: SocketAddr,

    /// Where to write ca.pem and ca.crt [default: that of --state, or a temporary one, removed at the end]
    #[arg(long, value_name = "DIR")]
    pub ca_dir: Option<PathBuf>,

    /// A directory for what survives a restart: the authority, devices, authorizations, projects, uploads
    #[arg(long, value_name = "DIR")]
    pub state: Option<PathBuf>,

    /// A further host name or address for the server's certificate
    #[arg(long = "host", visible_alias = "host-name", value_name = "NAME")]
    pub hosts: Vec<String>,

    /// An authority that is good for every name, for a device that knows no name constraints
    #[arg(long)]
    pub unconstrained_ca: bool,

    /// The address people and devices reach, such as https://192.168.0.7 [default: the listening one]
    #[arg(long, value_name = "URL")]
    pub public_url: Option<String>,

    /// A client_secret that is accepted
    #[arg(long = "client-secret", value_name = "SECRET", default_value = "emulator-secret")]
    pub client_secrets: Vec<String>,

    /// Seconds between polls that codes ask for
    #[arg(long, value_name = "SECONDS")]
    pub interval: Option<f64>,

    /// Seconds that codes live
    #[arg(long, value_name = "SECONDS")]
    pub expires_in: Option<f64>,

    /// A scripted person who decides about every code
    #[arg(long, value_enum, default_value = "ignore")]
    pub person: PersonChoice,

    /// How many times the device is told to wait before the person has decided
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub person_after_polls: u64,

    /// The project the person chooses
    #[arg(long, value_name = "NAME")]
    pub person_project: Option<String>,

    /// Where the storage of parts listens [default: the address of --listen, with a free port]
    #[arg(long, value_name = "ADDRESS")]
    pub storage_listen: Option<SocketAddr>,

    /// The address devices reach the storage at [default: the listening one]
    #[arg(long, value_name = "URL")]
    pub storage_url: Option<String>,

    /// What becomes of the bytes of parts
    #[arg(long, value_enum, default_value = "keep")]
    pub storage: StorageMode,

    /// What parts are to the storage
    #[arg(long, value_enum, default_value = "objects")]
    pub parts: PartsAre,

    /// Bytes of a part when the device does not say how many parts it wants
    #[arg(long, value_name = "BYTES")]
    pub part_bytes: Option<u64>,

    /// Seconds that the addresses of parts live
    #[arg(long, value_name = "SECONDS")]
    pub url_seconds: Option<u64>,

    /// Where the checklist goes at the end: JSON for .json, JUnit for .xml, text otherwise; may be repeated
    #[arg(long = "report", value_name = "FILE")]
    pub reports: Vec<PathBuf>,

    /// The engineer's answers to what the emulator cannot see, as JSON; GET /emulator/answers is the form
    #[arg(long, value_name = "FILE")]
    pub answers: Option<PathBuf>,

    /// Where each request of a device goes as a line of JSON, secrets masked; - is standard error
    #[arg(long, value_name = "FILE")]
    pub log: Option<PathBuf>,

    /// Answer what breaks a rule with an error, instead of only recording it
    #[arg(long)]
    pub strict: bool,

    /// End when standard input closes
    #[arg(long)]
    pub exit_with_stdin: bool,
}

impl Options {
    /// What it means that others than this computer can reach it.
    pub fn warning(&self) -> Option<&'static str> {
        let storage = self.storage_listen.map_or(self.listen.ip(), |address| address.ip());
        let is_private = self.listen.ip().is_loopback() && storage.is_loopback();
        (!is_private).then_some(
            "This emulator does not only listen on this computer: anybody who reaches it can try to pair, and anybody who has \
             its token can pair and disconnect devices, read what they upload, move its clock, change its settings, \
             and end it.",
        )
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum PersonChoice {
    Approve,
    Deny,
    Ignore,
}

impl From<PersonChoice> for PersonDecision {
    fn from(choice: PersonChoice) -> Self {
        match choice {
            PersonChoice::Approve => Self::Approve,
            PersonChoice::Deny => Self::Deny,
            PersonChoice::Ignore => Self::Ignore,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_listens_to_everybody_is_warned() {
        for (arguments, warned) in [
            (&[][..], false),
            (&["--listen", "[::1]:0"], false),
            (&["--listen", "0.0.0.0:443"], true),
            (&["--listen", "192.168.0.7:443", "--storage-listen", "127.0.0.1:0"], true),
            (&["--storage-listen", "[::]:0"], true),
        ] {
            let options = Options::parse_from(["fio-emulator"].iter().chain(arguments));
            assert_eq!(options.warning().is_some(), warned, "{arguments:?}");
            for what in ["pair", "disconnect", "read what they upload", "clock", "settings", "end it"] {
                assert!(options.warning().is_none_or(|warning| warning.contains(what)), "{what}");
            }
        }
    }

    #[test]
    fn both_names_of_a_host_name() {
        let options = Options::parse_from(["fio-emulator", "--host", "a", "--host-name", "b"]);
        assert_eq!(options.hosts, ["a", "b"]);
    }
}
