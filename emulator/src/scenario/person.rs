//! A person who operates the device: told in words on standard error, and heard at the terminal if there is
//! one. Who sits at the page answers there.

use std::io::{self, BufRead, IsTerminal};
use std::sync::Arc;

use tokio::sync::mpsc::unbounded_channel;

use super::stage;
use crate::emulator::Emulator;
use crate::trouble::line;

/// Tells what is to be done from now on. Standard input is only read where a person types into it.
pub fn attend(emulator: &Arc<Emulator>, may_read: bool) {
    let (sender, mut calls) = unbounded_channel();
    emulator.world().scenarios.operator = Some(sender);
    let reads = may_read && io::stdin().is_terminal();
    tokio::spawn(async move {
        while let Some(call) = calls.recv().await {
            if let Some(say) = &call.say {
                line(format_args!("    {say}"));
            }
            line(format_args!(">>> {}", call.words()));
            line(format_args!("    {}", how(reads)));
        }
    });
    if reads {
        let emulator = Arc::clone(emulator);
        // A thread of its own: reads of standard input cannot be canceled.
        std::thread::spawn(move || listen(&emulator));
    }
}

fn how(reads: bool) -> &'static str {
    if reads {
        "Press Return when it is done, or type why it cannot be done."
    } else {
        "Say on the page when it is done, or by POST /emulator/scenario/operated."
    }
}

fn listen(emulator: &Emulator) {
    for line in io::stdin().lock().lines() {
        let Ok(line) = line else { return };
        let asked = emulator.world().scenarios.asked().map(|call| call.id);
        let Some(id) = asked else { continue };
        let why = line.trim();
        let result = if why.is_empty() { Ok(()) } else { Err(why.to_owned()) };
        // Somebody at the page may have been faster.
        let _ = stage::operated(emulator, id, result);
    }
}
