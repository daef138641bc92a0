//! A disk that is really full: a small one in a mount namespace of the emulator's own, which only root can
//! make. What is to be kept on it cannot be kept; devices are served all the same, it is told once, and goes
//! on when there is room again.

mod client;

use std::error::Error;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use client::device::Device;
use client::program::{port, terminate};
use client::scratch::Scratch;
use client::{Client, Outcome};
use serde_json::Value;

const PATIENCE: Duration = Duration::from_secs(30);
const PART: usize = 300_000;

/// The emulator, with everything it writes on a disk of 2 MiB, and its standard error on that disk too if so
/// wanted.
struct Bench {
    child: Child,
    ready: Value,
    /// The disk, as seen from outside of the namespace.
    disk: PathBuf,
    said: Receiver<String>,
}

fn can_mount() -> bool {
    let tried = Command::new("unshare").args(["--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]).output();
    tried.is_ok_and(|tried| tried.status.success())
}

fn is_skipped() -> bool {
    if can_mount() {
        return false;
    }
    assert!(std::env::var("FIO_NO_SKIPS").as_deref() != Ok("1"), "mounting a disk needs root");
    eprintln!("SKIPPED: mounting a disk needs root");
    true
}

impl Bench {
    fn new(dir: &Path, stderr: &str) -> Result<Self, Box<dyn Error>> {
        let script = format!(
            "mount -t tmpfs -o size=2m tmpfs \"$1\" && cd \"$1\" && exec \"$2\" --exit-with-stdin --state state \
             --log log.jsonl --report report.txt --report report.json {stderr}"
        );
        let mut child = Command::new("unshare")
            .args(["--mount", "--propagation", "private", "sh", "-c", &script, "sh"])
            .args([dir.as_os_str(), env!("CARGO_BIN_EXE_fio-emulator").as_ref()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().ok_or("no stdout")?).read_line(&mut line)?;
        let ready: Value = serde_json::from_str(&line)?;
        let (sender, said) = channel();
        let stderr = BufReader::new(child.stderr.take().ok_or("no stderr")?);
        std::thread::spawn(move || {
            stderr.lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
        });
        let mut disk = PathBuf::from(format!("/proc/{}/root", child.id()));
        disk.push(dir.strip_prefix("/")?);
        Ok(Self { child, ready, disk, said })
    }

    fn ca_file(&self) -> PathBuf {
        self.disk.join("state/ca.pem")
    }

    async fn device(&self) -> Result<Device, Box<dyn Error>> {
        Ok(Device::paired_at(&self.ca_file(), port(&self.ready, "url")?).await?)
    }

    async fn put(&self, url: &str) -> Result<(u16, String), Box<dyn Error>> {
        let storage = self.ready["storage_url"].as_str().ok_or("no storage_url")?;
        let client = Client::connect_to(&self.ca_file(), port(&self.ready, "storage_url")?).await?;
        let answer = client.named(storage).put(url, &vec![7; PART]).await?;
        Ok((answer.status, answer.body))
    }

    /// Until not a byte more fits.
    fn fill(&self) -> Outcome {
        let mut filler = File::create(self.disk.join("filler"))?;
        loop {
            match filler.write(&[0; 4_096]) {
                Ok(1..) => {}
                Err(error) if error.kind() == ErrorKind::StorageFull => return Ok(()),
                other => return Err(format!("{other:?}").into()),
            }
        }
    }

    fn make_room(&self) -> Outcome {
        Ok(fs::remove_file(self.disk.join("filler"))?)
    }

    fn hears(&self, words: &str) -> Outcome {
        let line = self.said.recv_timeout(PATIENCE).map_err(|_| format!("never said: {words}"))?;
        if line.contains(words) { Ok(()) } else { Err(format!("{words}: {line}").into()) }
    }

    /// Ends it; answers with whether it found all well, and what it still said.
    fn ends(mut self) -> Result<(bool, Vec<String>), Box<dyn Error>> {
        terminate(&self.child)?;
        let began = Instant::now();
        while self.child.try_wait()?.is_none() {
            if began.elapsed() > PATIENCE {
                self.child.kill()?;
                return Err("it did not end".into());
            }
            std::thread::yield_now();
        }
        Ok((self.child.wait()?.success(), self.said.iter().collect()))
    }
}

async fn until(what: impl AsyncFn() -> bool) -> Outcome {
    let waiting = async {
        while !what().await {
            tokio::task::yield_now().await;
        }
    };
    Ok(tokio::time::timeout(PATIENCE, waiting).await?)
}

#[tokio::test]
async fn it_says_so_once_goes_on_and_recovers() -> Outcome {
    if is_skipped() {
        return Ok(());
    }
    let scratch = Scratch::new("full")?;
    let bench = Bench::new(&scratch.0, "")?;
    let mut device = bench.device().await?;
    let asset = device.create(3 * PART, r#","parts":3"#).await?;
    assert_eq!(bench.put(&asset.urls[0]).await?.0, 200);
    let saved = bench.disk.join("state/state.json");
    let read = |path: &Path| fs::read_to_string(path).unwrap_or_default();
    until(async || read(&saved).contains("\"times_received\":1")).await?;
    bench.fill()?;

    for _ in 0..3 {
        let (status, body) = bench.put(&asset.urls[1]).await?;
        assert!(status == 507 && body.contains("<Code>InsufficientStorage</Code>"), "{status} {body}");
        let me = device.client.bearer("GET", "/v2/devices/me", &device.token).await?;
        assert_eq!(me.status, 200);
    }
    let mut told = Vec::new();
    for _ in 0..3 {
        told.push(bench.said.recv_timeout(PATIENCE)?);
    }
    for words in ["parts cannot be kept", "the request log cannot be written", "state.json cannot be written"]
    {
        let about = told.iter().filter(|line| line.contains(words)).count();
        assert_eq!(about, 1, "{words}: {told:?}");
    }
    assert!(read(&saved).contains("\"times_received\":1"), "the one before is still whole");
    // What is kept already is not lost, and nothing half is left of what is not.
    assert_eq!(fs::read_dir(bench.disk.join("state/parts"))?.count(), 1);

    bench.make_room()?;
    // By itself: nobody asks for anything.
    bench.hears("the state is written again")?;
    let after = device.create(7, r#","parts":1"#).await?;
    until(async || read(&saved).contains(&after.id)).await?;
    for url in &asset.urls[1..] {
        assert_eq!(bench.put(url).await?.0, 200);
    }
    assert_eq!(device.upload(&asset).await?["state"], "complete");
    for _ in 0..2 {
        bench.hears("again")?;
    }
    let log = read(&bench.disk.join("log.jsonl"));
    let is_entry = |line: &&str| serde_json::from_str::<Value>(line).is_ok_and(|entry| entry["seq"].is_u64());
    let broken: Vec<_> = log.lines().filter(|line| !line.is_empty()).filter(|line| !is_entry(line)).collect();
    assert!(broken.len() <= 1, "only the line at which the disk was full: {broken:?}");
    assert!(log.lines().last().is_some_and(|line| is_entry(&line)), "{log}");
    drop(device);
    let (is_well, said) = bench.ends()?;
    assert!(is_well && said.is_empty(), "{said:?}");
    Ok(())
}

#[tokio::test]
async fn at_the_end_the_report_that_cannot_be_written_is_told_and_the_state_before_stays() -> Outcome {
    if is_skipped() {
        return Ok(());
    }
    let scratch = Scratch::new("full-at-the-end")?;
    let bench = Bench::new(&scratch.0, "")?;
    let device = bench.device().await?;
    let saved = File::open(bench.disk.join("state"))?;
    let state = bench.disk.join("state/state.json");
    until(async || state.exists()).await?;
    bench.fill()?;
    drop((device, saved));
    let mut before = String::new();
    File::open(&state)?.read_to_string(&mut before)?;
    let report = File::open(bench.disk.join("report.json"))?;
    let (is_well, said) = bench.ends()?;
    let about = |words: &str| said.iter().filter(|line| line.contains(words)).count();
    assert!(!is_well && about("the report report.txt cannot be written") == 1, "{said:?}");
    assert!(about("panicked") == 0, "{said:?}");
    let mut report = BufReader::new(report);
    let report: Value = serde_json::from_reader(&mut report)?;
    assert!(report["rows"].is_array(), "the one of the beginning is whole");
    Ok(())
}

#[tokio::test]
async fn a_standard_error_on_the_full_disk_is_no_end() -> Outcome {
    if is_skipped() {
        return Ok(());
    }
    let scratch = Scratch::new("full-stderr")?;
    let bench = Bench::new(&scratch.0, "2>stderr.txt")?;
    let mut device = bench.device().await?;
    let asset = device.create(2 * PART, r#","parts":2"#).await?;
    bench.fill()?;
    for _ in 0..3 {
        assert_eq!(bench.put(&asset.urls[0]).await?.0, 507);
        assert_eq!(device.client.call("GET", "/health", &[], "").await?.status, 200);
    }
    bench.make_room()?;
    assert_eq!(bench.put(&asset.urls[0]).await?.0, 200);
    drop(device);
    bench.ends()?;
    Ok(())
}
