//! Requests without TLS. They get no answer, and are recorded: a device that sends one has shown
//! everybody on its way what is in it.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::checklist::event::Event;
use crate::emulator::{Emulator, World};
use crate::journal::{Entry, clip};

const LONGEST_HEAD: usize = 8 << 10;
const HEAD_LIMIT: Duration = Duration::from_secs(2);

pub(crate) async fn record(emulator: &Arc<Emulator>, mut tcp: TcpStream, connection: u64) {
    let mut head = Vec::new();
    let reading = async {
        while head.len() < LONGEST_HEAD && !ends(&head) {
            if !matches!(tcp.read_buf(&mut head).await, Ok(1..)) {
                break;
            }
        }
    };
    // What has come until then is what there is.
    let _ = timeout(HEAD_LIMIT, reading).await;
    let Some(entry) = entry(emulator, &String::from_utf8_lossy(&head), connection) else {
        return;
    };
    let mut world = emulator.world();
    let World { journal, checklist, .. } = &mut *world;
    let seq = journal.begin(entry);
    checklist.see(&Event::PlainHttp { seq }, |seq| journal.get(seq).map(Entry::quote));
    emulator.changed();
    emulator.log(world, seq);
}

fn ends(head: &[u8]) -> bool {
    head.windows(4).any(|four| four == b"\r\n\r\n")
}

/// `None` for what is no HTTP at all.
fn entry(emulator: &Emulator, head: &str, connection: u64) -> Option<Entry> {
    let mut lines = head.split("\r\n");
    let mut words = lines.next()?.split(' ');
    let (method, target, version) = (words.next()?, words.next()?, words.next()?);
    let http_version = match version {
        "HTTP/1.0" => "HTTP/1.0",
        "HTTP/1.1" => "HTTP/1.1",
        _ => return None,
    };
    let headers: Vec<_> = lines
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| {
            let name = name.to_ascii_lowercase();
            let value = clip(&emulator.mask.header(&name, value.trim()));
            (clip(&name), value)
        })
        .collect();
    Some(Entry {
        method: clip(method),
        // Without the query, in which there may be anything.
        path: clip(target.split('?').next().unwrap_or_default()),
        http_version,
        content_type: headers.iter().find(|(name, _)| name == "content-type").map(|(_, value)| value.clone()),
        headers,
        violations: vec!["plain_http"],
        ..Entry::begun(emulator.clock.now(), connection)
    })
}
