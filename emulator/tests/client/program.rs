//! The program as a process.

use std::error::Error;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use serde_json::Value;

use super::Outcome;

pub fn spawn(arguments: &[&str]) -> Result<(Child, Value), Box<dyn Error>> {
    spawn_alone(&[&["--exit-with-stdin"], arguments].concat())
}

/// The same for one that does not end with its standard input.
pub fn spawn_alone(arguments: &[&str]) -> Result<(Child, Value), Box<dyn Error>> {
    let mut child = Command::new(env!("CARGO_BIN_EXE_fio-emulator"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut line = String::new();
    let stdout = child.stdout.as_mut().ok_or("no stdout")?;
    BufReader::new(stdout).read_line(&mut line)?;
    Ok((child, serde_json::from_str(&line)?))
}

/// Waits for the end of a process that was asked for it.
pub fn ends(mut child: Child) -> Outcome {
    let mut stdout = child.stdout.take().ok_or("no stdout")?;
    let (ended, ending) = mpsc::channel();
    // Its standard output ends with the process.
    std::thread::spawn(move || {
        let mut rest = String::new();
        let read = stdout.read_to_string(&mut rest).map(|_| rest);
        ended.send(read)
    });
    let Ok(rest) = ending.recv_timeout(Duration::from_secs(10)) else {
        child.kill()?;
        return Err("it did not end".into());
    };
    let rest = rest?;
    let status = child.wait()?;
    assert!(status.success(), "{status}");
    assert_eq!(rest, "", "one line only");
    Ok(())
}

pub fn ends_well(child: Child, ready: &Value) -> Outcome {
    ends(child)?;
    let ca_file = ca_file(ready)?;
    assert!(!ca_file.parent().is_some_and(Path::exists), "the temporary directory is gone");
    Ok(())
}

pub fn ca_file(ready: &Value) -> Result<&Path, Box<dyn Error>> {
    Ok(Path::new(ready["ca_file"].as_str().ok_or("no ca_file")?))
}

pub fn port(ready: &Value, name: &str) -> Result<u16, Box<dyn Error>> {
    let port = ready[name].as_str().and_then(|url| url.rsplit(':').next());
    Ok(port.ok_or("no port")?.parse()?)
}

pub fn terminate(child: &Child) -> Outcome {
    if Command::new("kill").arg(child.id().to_string()).status()?.success() {
        Ok(())
    } else {
        Err("kill".into())
    }
}
