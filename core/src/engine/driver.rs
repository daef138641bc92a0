//! The engine with the world attached: moves commands to the transport and answers back.

use super::Engine;
use super::effects::{Command, Notice};
use super::transport::{Transport, Waited};
use crate::clock::{Clock, Now};
use crate::error::Error;
use crate::prelude::*;
use core::time::Duration;

pub struct Driver {
    pub engine: Engine,
    transport: Box<dyn Transport>,
    clock: Box<dyn Clock>,
}

impl Driver {
    pub fn new(engine: Engine, transport: Box<dyn Transport>, clock: Box<dyn Clock>) -> Driver {
        Driver { engine, transport, clock }
    }

    pub fn now(&self) -> Now {
        self.clock.now()
    }

    /// One round: does what is due, waits at most `timeout` (`None`: for ever) if there is nothing to
    /// tell yet, and takes in what arrived.
    pub fn round(&mut self, timeout: Option<Duration>) -> Result<Waited, Error> {
        let now = self.clock.now();
        if self.engine.uploads.wants_progress(now) {
            self.note_progress();
        }
        self.engine.tick(now);
        self.pass_commands();
        let own = self.engine.deadline().map(|at| at - now.mono);
        let wait = if self.engine.has_output() { Some(Duration::ZERO) } else { earlier(timeout, own) };
        self.transport.watch_network(self.engine.uploads.queue().has_some_left());
        let waited = self.transport.drive(wait)?;
        if self.transport.has_network_changed() {
            self.engine.network_changed(self.clock.now());
        }
        while let Some((id, answer)) = self.transport.next_answer() {
            self.engine.respond(id, answer, self.clock.now());
        }
        self.pass_commands();
        Ok(waited)
    }

    /// Lets the engine know how far the parts on their way are: for who asks it next.
    pub fn note_progress(&mut self) {
        let transport = &self.transport;
        self.engine.uploads.note_progress(|id| transport.sent(id));
    }

    fn pass_commands(&mut self) {
        while let Some(command) = self.engine.next_command() {
            match command {
                Command::Send(id, request) => self.transport.send(id, request),
                Command::Put(id, part) => self.transport.put(id, part),
                Command::LimitUploads(limits) => self.transport.limit_uploads(limits),
                Command::Abort(id) => self.transport.abort(id),
            }
        }
    }

    pub fn next_notice(&mut self) -> Option<Notice> {
        self.engine.next_notice()
    }

    /// How soon a round has something to do; `None`: not by itself.
    pub fn wants_round_in(&self) -> Option<Duration> {
        earlier(self.engine_wants_round_in(), self.transport.wants_drive_in())
    }

    fn engine_wants_round_in(&self) -> Option<Duration> {
        if self.engine.has_output() {
            return Some(Duration::ZERO);
        }
        self.engine.deadline().map(|at| at - self.clock.now().mono)
    }

    /// Sets the descriptor's timer for the engine's next deadline. To be called after anything that
    /// may have moved it.
    pub fn arm(&mut self) {
        self.transport.arm(self.engine_wants_round_in());
    }

    /// Ends every operation; their completions are the last notices.
    pub fn shut_down(&mut self) {
        self.engine.shut_down(self.clock.now());
        self.pass_commands();
    }

    /// Gives the memory of secrets back without touching sockets that belong to the parent process.
    pub fn abandon(self) {
        core::mem::forget(self.transport);
    }
}

fn earlier(one: Option<Duration>, other: Option<Duration>) -> Option<Duration> {
    one.into_iter().chain(other).min()
}
