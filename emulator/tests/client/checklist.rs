//! The checklist of a running emulator.

use std::error::Error;

use fio_emulator::run::Running;
use serde_json::Value;

use super::Client;

pub async fn checklist(running: &Running) -> Result<Value, Box<dyn Error>> {
    Ok(Client::connect(running).await?.call("GET", "/emulator/checklist", &[], "").await?.json())
}

pub async fn row(running: &Running, name: &str) -> Result<Value, Box<dyn Error>> {
    let checklist = checklist(running).await?;
    let rows = checklist["rows"].as_array().and_then(|rows| rows.iter().find(|row| row["name"] == name));
    rows.cloned().ok_or_else(|| format!("no row {name}").into())
}

/// The names of the broken rows.
pub async fn broken(running: &Running) -> Result<Vec<String>, Box<dyn Error>> {
    let checklist = checklist(running).await?;
    let broken = checklist["rows"].as_array().into_iter().flatten().filter(|row| row["status"] == "broken");
    Ok(broken.filter_map(|row| row["name"].as_str()).map(str::to_owned).collect())
}

/// The request that broke it, of those that a breach quotes.
pub fn culprit(row: &Value) -> &Value {
    let last = row["breaches"][0]["requests"].as_array().and_then(|requests| requests.last());
    last.unwrap_or(&Value::Null)
}
