//! `fio-emulator run`: scenarios one after another, on one emulator with one checklist.

use std::io;
use std::sync::Arc;

use serde_json::json;

use super::operator::Operator;
use super::script::Scenario;
use super::{person, stage};
use crate::checklist::text::{Outcome, Text};
use crate::cli::Run;
use crate::run::Running;
use crate::trouble::line;

/// Plays them to the end; those that the emulator's end overtakes have failed by it. Whether all have passed.
pub async fn play(running: &Running, run: &Run, scenarios: &[Arc<Scenario>]) -> io::Result<bool> {
    let emulator = &running.emulator;
    let operator = match &run.operator {
        Some(command) => {
            let names: Vec<_> = scenarios.iter().map(|scenario| &scenario.name).collect();
            let hello = json!({
                "url": running.url,
                "storage_url": emulator.storage.url,
                "ca_file": running.ca_file,
                "client_secret": run.options.client_secrets.first(),
                "scenarios": names,
            });
            Some(Operator::start(emulator, command, &hello).await?)
        }
        None => {
            person::attend(emulator, !run.options.exit_with_stdin);
            None
        }
    };
    let mut passed = 0;
    for scenario in scenarios {
        line(format_args!("\n{}: {} ({} steps)", scenario.name, scenario.title, scenario.steps.len()));
        let Ok(number) = stage::begin(emulator, Arc::clone(scenario)) else {
            line(format_args!("  not played: another scenario was begun meanwhile"));
            continue;
        };
        stage::play(emulator, number).await;
        if let Some(played) = emulator.world().scenarios.played.last() {
            line(format_args!("  {}", Outcome(played)));
            passed += usize::from(played.has_passed());
        }
    }
    if let Some(operator) = operator {
        operator.leave().await;
    }
    if run.options.reports.is_empty() {
        line(format_args!("\n{}", Text(&emulator.checklist())));
    }
    Ok(passed == scenarios.len())
}
