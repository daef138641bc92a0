//! A program that operates the device: it is told what to do line by line, and says when it is done.

use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;
use std::{fmt, io};

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::playing::Call;
use super::stage;
use crate::emulator::Emulator;
use crate::trouble::say;

/// How long a program may take to end when nothing is left to do.
const LEAVING_LIMIT: Duration = Duration::from_secs(10);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reply {
    id: u64,
    #[serde(default)]
    done: bool,
    #[serde(default)]
    failed: Option<String>,
}

pub struct Operator {
    process: JoinHandle<()>,
    emulator: Arc<Emulator>,
}

/// One that was started and reads lines.
struct Process {
    child: Child,
    stdin: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Operator {
    /// Starts it with `sh -c`, greets it, and has it asked whatever scenarios ask for from now on.
    pub async fn start(emulator: &Arc<Emulator>, command: &str, hello: &Value) -> io::Result<Self> {
        let mut child = Command::new("sh")
            .args(["-c", command])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let pipes = child.stdin.take().zip(child.stdout.take());
        let (stdin, stdout) = pipes.ok_or_else(|| io::Error::other("the operator has no pipes"))?;
        let mut process = Process { child, stdin, answers: BufReader::new(stdout).lines() };
        // A program that does not even read this is found out with the first operation.
        let _ = process.send(&json!({ "hello": hello })).await;
        let (sender, calls) = unbounded_channel();
        emulator.world().scenarios.operator = Some(sender);
        let process = tokio::spawn(operate(Arc::clone(emulator), process, calls));
        Ok(Self { process, emulator: Arc::clone(emulator) })
    }

    /// Closes its standard input, and waits for its end.
    pub async fn leave(mut self) {
        self.emulator.world().scenarios.operator = None;
        if timeout(LEAVING_LIMIT, &mut self.process).await.is_err() {
            say("the operator did not end when its standard input closed, and is killed");
            self.process.abort();
        }
    }
}

async fn operate(emulator: Arc<Emulator>, mut process: Process, mut calls: UnboundedReceiver<Call>) {
    // The first trouble is the last: a program that has gone, or does not speak our lines, does nothing more.
    let mut trouble = None;
    while let Some(call) = calls.recv().await {
        let result = match &trouble {
            Some(trouble) => Err(Trouble::clone(trouble).0),
            None => match process.ask(&call).await {
                Ok(result) => result,
                Err(found) => Err(trouble.insert(found).0.clone()),
            },
        };
        // One whose time has run out may be over already.
        let _ = stage::operated(&emulator, call.id, result);
    }
    let Process { mut child, stdin, .. } = process;
    drop(stdin);
    let _ = child.wait().await;
}

/// Why nothing more can be asked of it.
#[derive(Clone)]
struct Trouble(String);

impl Trouble {
    fn new(what: impl fmt::Display) -> Self {
        Self(format!("the operator {what}"))
    }
}

impl Process {
    async fn ask(&mut self, call: &Call) -> Result<Result<(), String>, Trouble> {
        let line = serde_json::to_value(call).map_err(Trouble::new)?;
        if self.send(&line).await.is_err() {
            return Err(self.gone().await);
        }
        loop {
            let line = match self.answers.next_line().await {
                Ok(Some(line)) => line,
                Ok(None) => return Err(self.gone().await),
                Err(error) => return Err(Trouble::new(format!("cannot be read: {error}"))),
            };
            let reply: Reply = serde_json::from_str(&line)
                .map_err(|error| Trouble::new(format!("answered “{line}”: {error}")))?;
            match reply {
                // It has taken longer than its step could wait.
                Reply { id, .. } if id < call.id => {}
                Reply { id, done: true, failed: None } if id == call.id => return Ok(Ok(())),
                Reply { id, done: false, failed: Some(why) } if id == call.id => return Ok(Err(why)),
                _ => {
                    return Err(Trouble::new(format!(
                        "answered “{line}”, which is no answer to {}",
                        call.id
                    )));
                }
            }
        }
    }

    async fn send(&mut self, line: &Value) -> io::Result<()> {
        self.stdin.write_all(format!("{line}\n").as_bytes()).await?;
        self.stdin.flush().await
    }

    async fn gone(&mut self) -> Trouble {
        match timeout(LEAVING_LIMIT, self.child.wait()).await {
            Ok(Ok(status)) => Trouble::new(format!("has ended ({status})")),
            _ => Trouble::new("has closed its standard output"),
        }
    }
}
