//! The engine on a line: with its store, its card and a service that always answers, so that only the line matters.

use super::Played;
use super::cells::{Cell, How};
use super::fixed::MOST_AT_ONCE;
use super::line::{End, Line, REQUEST};
use crate::ask::Ask;
use crate::content::Contents;
use crate::device::DeviceClock;
use crate::service::Rules;
use crate::world::World;
use fio_c2c::api::Response;
use fio_c2c::api::part::{Outcome, PartRequest, Sent};
use fio_c2c::engine::Engine;
use fio_c2c::engine::effects::{Command, RequestId};
use fio_c2c::engine::transport::Answer;
use fio_c2c::error::Error;
use fio_c2c::log::Log;
use fio_c2c::status::FIO_E_RESET;
use fio_c2c::store::records::Records;
use fio_c2c::upload::{SourceSpec, UploadSpec};
use std::collections::{BTreeMap, BTreeSet};

enum Cargo {
    Ask(Ask),
    Part(PartRequest),
}

struct Life {
    engine: Engine,
    clock: DeviceClock,
    under: BTreeMap<RequestId, Cargo>,
}

/// A world that is paired, to be played many times.
pub fn paired(seed: u64) -> World {
    let mut world = World::new(seed, Rules::default());
    world.pair();
    world.shut_down();
    // As the service shapes a file by itself.
    world.service.assets.rules.bytes_in_a_part = 25 << 20;
    world
}

impl Life {
    fn boot(world: &mut World, time: u64, seed: u64) -> Life {
        world.settings.seed = seed;
        // As many as the fixed settings have.
        world.settings.uploads.parallel_parts = MOST_AT_ONCE as u32;
        let clock = DeviceClock::at_boot(time, 1_000);
        let records = Records::new(Box::new(world.disk.clone()), None);
        let card = Box::new(world.card.clone());
        let now = clock.now(time);
        let mut engine = Engine::new(world.settings.clone(), Box::new(records), card, Log::off(), now);
        engine.set_online(true, now);
        Life { engine, clock, under: BTreeMap::new() }
    }
}

pub fn play(cell: &Cell, seed: u64, limit: u64, trace: bool) -> Played {
    let mut world = paired(seed);
    let start = world.time;
    let mut line = Line::new(cell, seed);
    let mut life = Some(Life::boot(&mut world, start, seed));
    let mut stored: BTreeSet<(String, u64)> = BTreeSet::new();
    for (number, &size) in cell.clips.iter().enumerate() {
        let path = format!("/card/{number}.mov").into_bytes();
        world.card.create(&path, Contents::new(number as u64, size), 1_700_000_000);
        let spec = UploadSpec { source: SourceSpec::Path(path), ..UploadSpec::default() };
        let life = life.as_mut().unwrap();
        life.engine
            .with_uploads(life.clock.now(start), |uploads, cx| uploads.add(cx, spec))
            .expect("it is taken");
    }
    let mut played = Played::default();
    let mut next_second = 0;
    while line.now < limit {
        let time = start + line.now;
        if let Some(life) = &mut life {
            command(life, &mut line, &mut world, time);
            while life.engine.next_notice().is_some() {}
            if life.engine.uploads().queue().totals().files_left == 0 {
                let ids = life.engine.uploads().queue().ids();
                for id in ids {
                    let info = life.engine.uploads().info(id).unwrap();
                    assert_eq!(info.confirmed, info.size, "{info:?}");
                }
                played.time = Some(line.now);
                break;
            }
            if trace && line.now >= next_second {
                next_second = line.now + 1_000;
                println!(
                    "{:>7.1} s {} {:>2} under way, {:>6.1} MB sent, {:?}",
                    line.now as f64 / 1e3,
                    if line.is_up() { "up  " } else { "down" },
                    life.under.len(),
                    line.sent / 1e6,
                    life.engine.uploads().queue().totals()
                );
            }
        }
        let deadline = life.as_ref().and_then(|life| life.engine.deadline());
        let deadline = deadline.map_or(u64::MAX, |at| at.0.saturating_sub(1_000).max(line.now));
        // The engine's clock starts over with each life.
        let booted = played.booted;
        let wake = deadline.saturating_add(booted);
        if wake <= line.now {
            tick(life.as_mut().unwrap(), &line, time);
            continue;
        }
        let was_up = line.is_up();
        line.advance(line.next_event().min(wake));
        let time = start + line.now;
        if cell.how == How::Power && was_up != line.is_up() {
            if was_up {
                life = None;
                line.clear();
            } else {
                played.booted = line.now;
                life = Some(Life::boot(&mut world, time, seed + line.now));
            }
            continue;
        }
        let Some(life) = &mut life else { continue };
        while let Some((id, end)) = line.take_over() {
            let Some(cargo) = life.under.remove(&id) else { continue };
            let answer = match cargo {
                Cargo::Ask(ask) => {
                    let is_heartbeat = matches!(ask, Ask::Heartbeat { .. });
                    let answer = match end {
                        End::Answered => {
                            played.note_contact(line.now, is_heartbeat);
                            Ok(world.service.handle(&ask, time).response)
                        }
                        End::Lost(status) => Err(Error::of(status)),
                    };
                    Answer::Api(answer)
                }
                Cargo::Part(part) => {
                    if end == End::Answered
                        || end == End::Lost(FIO_E_RESET) && line.arrived(id) >= part.length
                    {
                        stored.insert((part.url.expose().to_owned(), part.length));
                    }
                    Answer::Part(match end {
                        End::Answered => Outcome { answer: Ok(stored_answer()), left_unanswered: false },
                        End::Lost(status) => Outcome::unsent(Error::of(status)),
                    })
                }
            };
            tick(life, &line, time);
            life.engine.respond(id, answer, life.clock.now(time));
            command(life, &mut line, &mut world, time);
        }
    }
    played.sent = line.sent;
    played.assets = world.service.assets.creations;
    played.breaks = line.breaks;
    played
}

fn stored_answer() -> Sent {
    Sent {
        response: Response { status: 200, ..Response::default() },
        etag: Some("\"0123\"".into()),
        ..Sent::default()
    }
}

/// As the driver does it.
fn tick(life: &mut Life, line: &Line<'_>, time: u64) {
    let now = life.clock.now(time);
    if life.engine.uploads().wants_progress(now) {
        life.engine.note_progress(|id| line.arrived(id));
    }
    life.engine.tick(now);
}

fn command(life: &mut Life, line: &mut Line<'_>, world: &mut World, time: u64) {
    let _ = (world, time);
    while let Some(command) = life.engine.next_command() {
        match command {
            Command::Send(id, request) => {
                line.begin(id, REQUEST);
                life.under.insert(id, Cargo::Ask(Ask::read(&request)));
            }
            Command::Put(id, part) => {
                let _ = part.source.condition().expect("the card is there");
                line.begin(id, part.length);
                life.under.insert(id, Cargo::Part(part));
            }
            Command::LimitUploads(_) => {}
            Command::Abort(id) => {
                line.abort(id);
                life.under.remove(&id);
            }
        }
    }
}
