//! Putting the parts of a file together: reading all of them in order, for the checksums of the
//! whole.

use std::io::{self, Read};
use std::sync::Arc;

use md5::{Digest, Md5};
use ring::digest::{Context, SHA256};
use tokio::sync::watch;
use tokio::task::spawn_blocking;

use super::files::{PartFile, files_of, take_files};
use super::pictures::{self, Picture};
use crate::emulator::Emulator;
use crate::service::hash::hex;
use crate::service::uploads::upload::{State, Sums};
use crate::trouble::say;

const BLOCK: usize = 1 << 20;

/// Goes on with what the run before did not finish.
pub fn resume(emulator: &Arc<Emulator>) {
    let open: Vec<_> = {
        let world = emulator.world();
        let open = world.service.uploads.iter().filter(|upload| upload.state == State::Assembling);
        open.map(|upload| (upload.id.clone(), files_of(upload))).collect()
    };
    for (upload, files) in open {
        begin(emulator, upload, files);
    }
}

/// Assembles an upload whose parts are all there; without files there is nothing to compute.
pub fn begin(emulator: &Arc<Emulator>, upload: String, files: Option<Vec<Arc<PartFile>>>) {
    let Some(files) = files else {
        finish(emulator, &upload, Some(None), None);
        return;
    };
    let running = Running::new(&emulator.storage.assemblies);
    let emulator = Arc::clone(emulator);
    tokio::spawn(async move {
        let turn = emulator.storage.disk.assembling().await;
        spawn_blocking(move || {
            match sums(&files, || emulator.is_stopping()) {
                Ok(sums) => finish(&emulator, &upload, Some(Some(sums)), pictures::read(&files)),
                Err(_) if emulator.is_stopping() => {}
                Err(error) => {
                    say(format_args!("an upload could not be assembled: {error}"));
                    finish(&emulator, &upload, None, None);
                }
            }
            // Anybody who waited for the assembly finds the files gone.
            drop(files);
            drop((turn, running));
        });
    });
}

/// Without sums it failed; `Some(None)` says that there was nothing to compute.
fn finish(emulator: &Emulator, upload: &str, sums: Option<Option<Sums>>, picture: Option<Picture>) {
    let _not_needed_any_more = {
        let mut world = emulator.world();
        if let Some(picture) = picture {
            world.pictures.keep(upload, picture);
        }
        let service = &mut world.service;
        let keep = service.settings.keep_content;
        service.uploads.get_mut(upload).map(|upload| {
            upload.assembled(sums);
            if keep { Vec::new() } else { take_files(upload) }
        })
    };
    emulator.changed();
}

fn sums(files: &[Arc<PartFile>], is_stopping: impl Fn() -> bool) -> io::Result<Sums> {
    let (mut sha256, mut md5) = (Context::new(&SHA256), Md5::new());
    let mut block = vec![0; BLOCK];
    for file in files {
        let mut file = file.open()?;
        loop {
            let read = file.read(&mut block)?;
            if read == 0 {
                break;
            }
            if is_stopping() {
                return Err(io::Error::other("the emulator is stopping"));
            }
            sha256.update(&block[..read]);
            md5.update(&block[..read]);
        }
    }
    Ok(Sums { sha256: hex(sha256.finish().as_ref()), md5: hex(&md5.finalize()) })
}

/// Counts an assembly while it runs, however it ends.
struct Running {
    count: watch::Sender<usize>,
}

impl Running {
    fn new(count: &watch::Sender<usize>) -> Self {
        count.send_modify(|running| *running += 1);
        Self { count: count.clone() }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.count.send_modify(|running| *running -= 1);
    }
}
