//! What survives a restart, in a directory: the authority, devices and their authorizations, projects,
//! uploads and what is kept of them, the engineer's answers. Tokens are in it as hashes only; the key of the storage's addresses and
//! that of the authority are as they are, so the files are for the owner only.

use std::collections::BTreeSet;
use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use tokio::task::spawn_blocking;

use crate::atomic;
use crate::checklist::answers::Answers;
use crate::clock::{Clock, SavedClock};
use crate::emulator::Emulator;
use crate::service::Service;
use crate::storage::files::PartDir;
use crate::storage::presign::Signer;
use crate::trouble::Trouble;

/// Changes are gathered for so long before they are written; longer if writing takes long.
const GATHERED: Duration = Duration::from_millis(200);
const AFTER_FAILED_WRITE: Duration = Duration::from_secs(1);
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Saved<S> {
    version: u32,
    clock: SavedClock,
    signer: Signer,
    service: S,
    /// Not in files of emulators that did not take answers.
    #[serde(default)]
    answers: Answers,
}

/// Where it is, and whether something of it has changed.
pub struct State {
    file: PathBuf,
    changed: Notify,
}

/// The run before.
pub struct Past {
    pub clock: Clock,
    pub signer: Signer,
    pub service: Service,
    pub answers: Answers,
}

impl Default for Past {
    fn default() -> Self {
        Self {
            clock: Clock::start(),
            signer: Signer::new(),
            service: Service::default(),
            answers: Answers::default(),
        }
    }
}

impl State {
    pub fn open(dir: &Path) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(dir.join("parts"))?;
        Ok(Self { file: dir.join("state.json"), changed: Notify::new() })
    }

    /// What the run before left, and its files of parts.
    pub fn load(&self, parts: &PartDir) -> io::Result<Past> {
        let unusable = |why: String| {
            let path = self.file.display();
            io::Error::other(format!("{path} cannot be used: {why}. Move it away to start over"))
        };
        let text = match fs::read(&self.file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Past::default()),
            text => text?,
        };
        let saved: Saved<Service> =
            serde_json::from_slice(&text).map_err(|error| unusable(error.to_string()))?;
        if saved.version != VERSION {
            return Err(unusable(format!("it is of version {}", saved.version)));
        }
        let clock = Clock::resume(&saved.clock).ok_or_else(|| unusable("its clock makes no sense".into()))?;
        let mut service = saved.service;
        service.uploads.restore(|state, part, size| parts.find(state, part, size));
        let kept = service.uploads.iter().flat_map(|upload| upload.kept().map(|part| part.clone().into()));
        parts.remove_all_but(&kept.collect::<BTreeSet<_>>())?;
        Ok(Past { clock, signer: saved.signer, service, answers: saved.answers })
    }

    pub fn changed(&self) {
        self.changed.notify_one();
    }

    fn save(&self, emulator: &Emulator) -> io::Result<()> {
        let saved = {
            let world = emulator.world();
            serde_json::to_vec(&Saved {
                version: VERSION,
                clock: emulator.clock.save(),
                signer: emulator.storage.signer.clone(),
                service: &world.service,
                answers: world.checklist.answers.clone(),
            })
        };
        let cannot =
            |error| io::Error::other(format!("the state {} cannot be written: {error}", self.file.display()));
        atomic::write(&self.file, &saved.map_err(io::Error::other)?, atomic::PRIVATE).map_err(cannot)
    }
}

/// Writes what changes, soon after it does, until the emulator stops. What cannot be written is tried again.
pub fn keep(emulator: &Arc<Emulator>) {
    let emulator = Arc::clone(emulator);
    tokio::spawn(async move {
        let (mut pause, trouble) = (GATHERED, Trouble::default());
        loop {
            let Some(state) = &emulator.state else { return };
            tokio::select! {
                () = state.changed.notified() => tokio::time::sleep(pause).await,
                () = emulator.stopping() => return,
            }
            let (began, writer) = (Instant::now(), Arc::clone(&emulator));
            let written =
                spawn_blocking(move || writer.state.as_ref().map_or(Ok(()), |state| state.save(&writer)));
            let written = written.await;
            pause = GATHERED.max(10 * began.elapsed());
            match written {
                Ok(Err(error)) => {
                    trouble.begins(error);
                    pause = pause.max(AFTER_FAILED_WRITE);
                    state.changed();
                }
                _ => trouble.is_over("the state is written again"),
            }
        }
    });
}

/// For the last time. What it names stays, also if it is the one before because this one cannot be written.
pub fn leave(emulator: &Emulator) -> io::Result<()> {
    let Some(state) = &emulator.state else { return Ok(()) };
    emulator.storage.dir.leave_everything();
    state.save(emulator)
}
