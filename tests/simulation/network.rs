//! Requests on their way. None is ever carried twice, and none is answered twice.

use crate::ask::Ask;
use crate::faults::{Fate, Weather};
use crate::service::{Effect, Service, grant_of};
use fio_c2c::api::Response;
use fio_c2c::engine::effects::RequestId;
use fio_c2c::error::Error;
use fio_c2c::status::FIO_E_TIMEOUT;
use std::collections::VecDeque;

pub type Answer = Result<Response, Error>;

/// When the transport gives a request up, in milliseconds.
const PATIENCE: u64 = 35_000;

struct Flight {
    id: RequestId,
    ask: Ask,
    fate: Fate,
    /// When the request reaches its end, and then when the answer is back.
    due: u64,
    answer: Option<(Answer, Option<Effect>)>,
    /// Nobody waits for the answer: it was aborted, or the power went.
    orphaned: bool,
}

pub struct Network {
    pub weather: Weather,
    flights: Vec<Flight>,
    /// What becomes of the next requests, before chance decides again.
    planned: VecDeque<Fate>,
    pub sent: u64,
    pub sent_refreshes: u64,
    random: fastrand::Rng,
}

impl Network {
    pub fn new(random: fastrand::Rng) -> Network {
        Network {
            weather: Weather::clear(),
            flights: Vec::new(),
            planned: VecDeque::new(),
            sent: 0,
            sent_refreshes: 0,
            random,
        }
    }

    pub fn send(&mut self, id: RequestId, ask: Ask, clock_is_plausible: bool, time: u64) {
        self.check_lone_refresh(&ask);
        let planned = self.planned.pop_front();
        let fate =
            planned.unwrap_or_else(|| Fate::choose(&self.weather, clock_is_plausible, &mut self.random));
        self.sent += 1;
        self.sent_refreshes += u64::from(ask.is_refresh());
        let due = time + self.leg();
        self.flights.push(Flight { id, ask, fate, due, answer: None, orphaned: false });
    }

    /// Most legs are quick; some take seconds.
    fn leg(&mut self) -> u64 {
        if self.random.u8(0..10) == 0 { self.random.u64(500..6_000) } else { self.random.u64(5..200) }
    }

    /// A refresh token must not be on its way twice: the second would use up what the first brings.
    fn check_lone_refresh(&self, ask: &Ask) {
        let Ask::Refresh { token } = ask else { return };
        let under_way = self.flights.iter().filter(|flight| !flight.orphaned);
        for flight in under_way {
            if let Ask::Refresh { token: other } = &flight.ask {
                assert_ne!(grant_of(token), grant_of(other), "two refreshes of one grant at the same time");
            }
        }
    }

    pub fn next_due(&self) -> Option<u64> {
        self.flights.iter().map(|flight| flight.due).min()
    }

    /// Moves on what is due first. An answer that somebody waits for comes back.
    pub fn advance(&mut self, time: u64, service: &mut Service) -> Option<(RequestId, Answer)> {
        let first = (0..self.flights.len()).min_by_key(|&at| self.flights[at].due)?;
        if self.flights[first].answer.is_none() {
            self.arrive(first, service);
            return None;
        }
        let flight = self.flights.swap_remove(first);
        debug_assert!(flight.due <= time);
        let (answer, effect) = flight.answer?;
        if let Some(effect) = effect {
            service.delivered(effect);
        }
        (!flight.orphaned).then_some((flight.id, answer))
    }

    fn arrive(&mut self, at: usize, service: &mut Service) {
        let leg = self.leg();
        let flight = &mut self.flights[at];
        let time = flight.due;
        flight.due += leg;
        // What the service issued or demanded is binding only if its answer comes back as it was.
        let act = |service: &mut Service| {
            let reply = service.handle(&flight.ask, time);
            if let Some(effect) = reply.effect {
                service.undeliverable(effect);
            }
            reply.response
        };
        let answer = match &flight.fate {
            Fate::Through if !flight.orphaned => {
                let reply = service.handle(&flight.ask, time);
                flight.answer = Some((Ok(reply.response), reply.effect));
                return;
            }
            Fate::Late(wait) if !flight.orphaned => {
                flight.due += wait;
                let reply = service.handle(&flight.ask, time);
                flight.answer = Some((Ok(reply.response), reply.effect));
                return;
            }
            Fate::Through | Fate::Late(_) => Ok(act(service)),
            Fate::NeverArrives(status) => Err(*status),
            Fate::AnsweredByOther(response) => Ok(response.clone()),
            Fate::AnswerLost(status) => {
                act(service);
                Err(*status)
            }
            Fate::AnswerReplaced(response) => {
                act(service);
                Ok(response.clone())
            }
            Fate::AnswerSpoilt(spoilt) => {
                let spoilt = *spoilt;
                Ok(spoilt.spoil(act(service), &mut self.random))
            }
        };
        if matches!(answer, Err(FIO_E_TIMEOUT)) {
            flight.due += PATIENCE;
        }
        flight.answer = Some((answer.map_err(Error::of), None));
    }

    /// The engine does not want the answer any more. Bytes that have left arrive all the same.
    pub fn abort(&mut self, id: RequestId, service: &mut Service) {
        let at = self.flights.iter().position(|flight| flight.id == id && !flight.orphaned);
        let at = at.unwrap_or_else(|| panic!("request {id} was aborted but is not on its way"));
        self.orphan(at, service);
    }

    fn orphan(&mut self, at: usize, service: &mut Service) {
        let flight = &mut self.flights[at];
        flight.orphaned = true;
        match &mut flight.answer {
            Some((_, effect)) => {
                if let Some(effect) = effect.take() {
                    service.undeliverable(effect);
                }
            }
            None if self.random.bool() => drop(self.flights.swap_remove(at)),
            None => {}
        }
    }

    /// The device lost its power: whatever comes back finds nobody.
    pub fn orphan_all(&mut self, service: &mut Service) {
        for at in (0..self.flights.len()).rev() {
            if !self.flights[at].orphaned {
                self.orphan(at, service);
            }
        }
    }

    /// Decides what becomes of the next requests, in order.
    pub fn plan(&mut self, fates: impl IntoIterator<Item = Fate>) {
        self.planned.extend(fates);
    }

    /// How many requests the engine still waits for.
    pub fn in_flight(&self) -> usize {
        self.flights.iter().filter(|flight| !flight.orphaned).count()
    }

    pub fn refresh_is_in_flight(&self) -> bool {
        self.flights.iter().any(|flight| !flight.orphaned && flight.ask.is_refresh())
    }
}
