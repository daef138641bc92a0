//! A line as data: parts share what it carries, connections and answers take round trips, and it breaks.

use super::cells::{Cell, How};
use fio_c2c::status::{FIO_E_CONNECT, FIO_E_RESET, FIO_E_TIMEOUT};

/// When a connection on which nothing moves is given up, and one that nobody answers, as the transport does it.
const SILENCE: u64 = 20_000;
const UNANSWERED: u64 = 4_000;
/// The first words of a connection are said again after so many milliseconds without an answer.
const RETRANSMISSIONS: [u64; 3] = [1_000, 3_000, 7_000];
/// After so many bytes that arrived, an answer gets lost.
const ANSWER_LOST_EVERY: f64 = 50e6;
/// Bytes of a request to the API.
pub const REQUEST: u64 = 2_000;
/// What the storage takes for an answer.
const ANSWER: u64 = 60;
/// Round trips of TCP and TLS.
const GREETING: u64 = 3;

/// What became of a flight.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum End {
    Answered,
    Lost(i32),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Phase {
    /// It has a connection then.
    Greeting(u64),
    Moving,
    /// The storage has it; the answer is here then.
    Answering(u64),
}

struct Flight {
    id: u64,
    phase: Phase,
    length: f64,
    moved: f64,
    /// It is given up then, if nothing moves before.
    silent_until: Option<u64>,
    /// Nothing moves before that moment: TCP tries again only then.
    not_before: u64,
    is_answer_lost: bool,
}

pub struct Line<'a> {
    cell: &'a Cell,
    pub now: u64,
    flights: Vec<Flight>,
    /// When it turns, from up to down and back.
    turns: Vec<u64>,
    /// How many of them are over: it is up at first.
    turned: usize,
    /// Bytes that were confirmed since an answer was last lost.
    unlost: f64,
    over: Vec<(u64, End)>,
    pub sent: f64,
    /// Connections that may be used again.
    idle: u32,
    pub breaks: u32,
}

impl<'a> Line<'a> {
    pub fn new(cell: &'a Cell, seed: u64) -> Line<'a> {
        let mut random = fastrand::Rng::with_seed(seed);
        let turns = cell.turns(&mut random);
        Line {
            cell,
            now: 0,
            flights: Vec::new(),
            turns,
            turned: 0,
            over: Vec::new(),
            sent: 0.0,
            idle: 0,
            breaks: 0,
            unlost: 0.0,
        }
    }

    pub fn is_up(&self) -> bool {
        self.turned % 2 == 0
    }

    /// Whether somebody is there to begin anything: without power nobody is.
    pub fn is_up_for_power(&self, cell: &Cell) -> bool {
        cell.how != How::Power || self.is_up()
    }

    pub fn begin(&mut self, id: u64, length: u64) {
        let greeting = if self.idle > 0 { 0 } else { GREETING * self.cell.round_trip };
        self.idle = self.idle.saturating_sub(1);
        let mut flight = Flight {
            id,
            phase: Phase::Greeting(self.now + greeting + self.cell.round_trip / 2),
            length: length as f64,
            moved: 0.0,
            silent_until: None,
            not_before: 0,
            is_answer_lost: false,
        };
        if !self.is_up() {
            match self.cell.how {
                How::Silence => {
                    let back = self.turns.get(self.turned).copied().unwrap_or(u64::MAX);
                    let again = RETRANSMISSIONS.iter().map(|wait| self.now + wait).find(|at| *at >= back);
                    match again.filter(|at| *at < self.now + UNANSWERED) {
                        Some(at) => flight.phase = Phase::Greeting(at + greeting + self.cell.round_trip / 2),
                        None => flight.silent_until = Some(self.now + UNANSWERED),
                    }
                }
                _ => flight.silent_until = Some(self.now + 10),
            }
        }
        self.flights.push(flight);
    }

    pub fn abort(&mut self, id: u64) {
        self.flights.retain(|flight| flight.id != id);
        self.over.retain(|(other, _)| *other != id);
    }

    pub fn arrived(&self, id: u64) -> u64 {
        self.flights.iter().find(|flight| flight.id == id).map_or(0, |flight| flight.moved as u64)
    }

    pub fn take_over(&mut self) -> Option<(u64, End)> {
        if self.over.is_empty() { None } else { Some(self.over.remove(0)) }
    }

    fn moves(&self, flight: &Flight) -> bool {
        self.is_up() && flight.phase == Phase::Moving && flight.not_before <= self.now
    }

    /// Bytes in a millisecond for each that moves.
    fn share(&self) -> f64 {
        let count = self.flights.iter().filter(|flight| self.moves(flight)).count().max(1);
        (self.cell.rate_at(self.now) / count as f64).min(self.cell.most_per_connection)
    }

    pub fn next_event(&self) -> u64 {
        let share = self.share();
        let mut next =
            self.turns.get(self.turned).copied().unwrap_or(u64::MAX).min(self.cell.next_shift(self.now));
        for flight in &self.flights {
            let at = match flight.phase {
                Phase::Greeting(at) | Phase::Answering(at) => {
                    if flight.silent_until.is_none() {
                        at
                    } else {
                        u64::MAX
                    }
                }
                Phase::Moving if self.moves(flight) => {
                    self.now + (((flight.length - flight.moved) / share).ceil() as u64).max(1)
                }
                Phase::Moving if self.is_up() => flight.not_before.max(self.now + 1),
                Phase::Moving => u64::MAX,
            };
            next = next.min(at).min(flight.silent_until.unwrap_or(u64::MAX));
        }
        next.max(self.now + 1)
    }

    /// Time passes, at most to the next event.
    pub fn advance(&mut self, to: u64) {
        let share = self.share() * (to - self.now) as f64;
        let moving: Vec<bool> = self.flights.iter().map(|flight| self.moves(flight)).collect();
        for (flight, moves) in self.flights.iter_mut().zip(moving) {
            if moves {
                let more = share.min(flight.length - flight.moved);
                flight.moved += more;
                self.sent += more;
            }
        }
        self.now = to;
        for flight in &mut self.flights {
            let is_up = self.turned % 2 == 0;
            match flight.phase {
                Phase::Greeting(at) if at <= to && flight.silent_until.is_none() => {
                    flight.phase = Phase::Moving
                }
                Phase::Moving if is_up && flight.length - flight.moved < 0.5 => {
                    self.unlost += flight.length;
                    if self.cell.how == How::LostAnswers && self.unlost >= ANSWER_LOST_EVERY {
                        (self.unlost, flight.is_answer_lost) = (0.0, true);
                    }
                    flight.phase = Phase::Answering(to + ANSWER + self.cell.round_trip / 2);
                }
                _ => {}
            }
        }
        let (over, flights): (Vec<Flight>, Vec<Flight>) =
            std::mem::take(&mut self.flights).into_iter().partition(|flight| {
                let is_answered =
                    matches!(flight.phase, Phase::Answering(at) if at <= to && flight.silent_until.is_none());
                is_answered || flight.silent_until.is_some_and(|at| at <= to)
            });
        self.flights = flights;
        for flight in over {
            let is_answered = flight.silent_until.is_none();
            let end = match (is_answered, self.cell.how) {
                (true, _) if flight.is_answer_lost => End::Lost(FIO_E_RESET),
                (true, _) => End::Answered,
                (false, How::Silence) => End::Lost(FIO_E_TIMEOUT),
                (false, _) => End::Lost(FIO_E_CONNECT),
            };
            self.idle += u32::from(end == End::Answered);
            self.over.push((flight.id, end));
        }
        if self.turns.get(self.turned) == Some(&to) {
            self.turned += 1;
            if self.is_up() { self.come_back() } else { self.go_down() }
        }
    }

    fn go_down(&mut self) {
        self.breaks += 1;
        self.idle = 0;
        if self.cell.how == How::Silence {
            for flight in &mut self.flights {
                flight.silent_until = Some(self.now + SILENCE);
            }
            return;
        }
        for flight in std::mem::take(&mut self.flights) {
            self.over.push((flight.id, End::Lost(FIO_E_RESET)));
        }
    }

    fn come_back(&mut self) {
        let since = self.turned.checked_sub(2).and_then(|at| self.turns.get(at)).copied().unwrap_or(self.now);
        for flight in &mut self.flights {
            // Those that were silent: TCP's own pauses have grown with the silence.
            let has_begun = flight.moved > 0.0 || !matches!(flight.phase, Phase::Greeting(_));
            if has_begun && flight.silent_until.is_some() {
                flight.not_before = self.now + (self.now - since) / 2;
                flight.silent_until = None;
                if let Phase::Answering(at) = &mut flight.phase {
                    *at = (*at).max(flight.not_before);
                }
            } else if flight.silent_until.is_some() {
                flight.silent_until = None;
                flight.phase = Phase::Greeting(self.now + 500 + GREETING * self.cell.round_trip);
            }
        }
    }

    /// The device has lost its power: what it sent finds nobody.
    pub fn clear(&mut self) {
        self.flights.clear();
        self.over.clear();
        self.idle = 0;
    }
}
