//! Requests on their way. None is ever carried twice, and none is answered twice.

use crate::ask::Ask;
use crate::delivery::Delivery;
use crate::faults::{Fate, Twist, Weather, choose_for_part};
use crate::service::{Effect, Service};
use fio_c2c::api::part::PartRequest;
use fio_c2c::engine::effects::RequestId;
use fio_c2c::engine::transport::Answer;
use fio_c2c::error::Error;
use fio_c2c::status::FIO_E_TIMEOUT;
use std::collections::VecDeque;

/// When the transport gives a request up, in milliseconds.
const PATIENCE: u64 = 35_000;

enum Cargo {
    Ask(Ask),
    Part(Delivery),
}

struct Flight {
    id: RequestId,
    cargo: Cargo,
    fate: Fate,
    /// When the request reaches its end, and then when the answer is back. A part stops twice on its way,
    /// to have its bytes read.
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
    /// And of the next parts.
    planned_for_parts: VecDeque<(Fate, Twist)>,
    pub sent: u64,
    pub sent_parts: u64,
    pub sent_refreshes: u64,
    random: fastrand::Rng,
}

impl Network {
    pub fn new(random: fastrand::Rng) -> Network {
        Network {
            weather: Weather::clear(),
            flights: Vec::new(),
            planned: VecDeque::new(),
            planned_for_parts: VecDeque::new(),
            sent: 0,
            sent_parts: 0,
            sent_refreshes: 0,
            random,
        }
    }

    pub fn send(&mut self, id: RequestId, ask: Ask, clock_is_plausible: bool, time: u64, service: &Service) {
        self.check_lone_refresh(&ask, service);
        let planned = self.planned.pop_front();
        let fate =
            planned.unwrap_or_else(|| Fate::choose(&self.weather, clock_is_plausible, &mut self.random));
        self.sent += 1;
        self.sent_refreshes += u64::from(ask.is_refresh());
        let due = time + self.leg();
        self.flights.push(Flight { id, cargo: Cargo::Ask(ask), fate, due, answer: None, orphaned: false });
    }

    pub fn put(&mut self, id: RequestId, part: PartRequest, clock_is_plausible: bool, time: u64) {
        let planned = self.planned_for_parts.pop_front();
        let (fate, twist) = planned.unwrap_or_else(|| {
            choose_for_part(&self.weather, clock_is_plausible, part.verify, &mut self.random)
        });
        self.sent_parts += 1;
        let due = time + self.leg();
        let cargo = Cargo::Part(Delivery::new(part, twist));
        self.flights.push(Flight { id, cargo, fate, due, answer: None, orphaned: false });
    }

    /// How much of a part has left the device.
    pub fn sent_of(&self, id: RequestId) -> u64 {
        let flight = self.flights.iter().find(|flight| flight.id == id && !flight.orphaned);
        match flight.map(|flight| &flight.cargo) {
            Some(Cargo::Part(delivery)) => delivery.sent(),
            _ => 0,
        }
    }

    /// Most legs are quick; some take seconds.
    fn leg(&mut self) -> u64 {
        if self.random.u8(0..10) == 0 { self.random.u64(500..6_000) } else { self.random.u64(5..200) }
    }

    /// A refresh token must not be on its way twice: the second would use up what the first brings.
    fn check_lone_refresh(&self, ask: &Ask, service: &Service) {
        let Ask::Refresh { token } = ask else { return };
        let under_way = self.flights.iter().filter(|flight| !flight.orphaned);
        for flight in under_way {
            if let Cargo::Ask(Ask::Refresh { token: other }) = &flight.cargo {
                let grants = [token, other].map(|token| service.pair_of(token).0);
                assert_ne!(grants[0], grants[1], "two refreshes of one grant at the same time");
            }
        }
    }

    pub fn next_due(&self) -> Option<u64> {
        self.flights.iter().map(|flight| flight.due).min()
    }

    /// Moves on what is due first. An answer that somebody waits for comes back, with what it changes
    /// for the device.
    pub fn advance(
        &mut self,
        time: u64,
        service: &mut Service,
    ) -> Option<(RequestId, Answer, Option<Effect>)> {
        let first = (0..self.flights.len()).min_by_key(|&at| self.flights[at].due)?;
        if self.flights[first].answer.is_none() {
            match self.flights[first].cargo {
                Cargo::Ask(_) => self.arrive(first, service),
                Cargo::Part(_) => self.move_part(first, service),
            }
            return None;
        }
        let flight = self.flights.swap_remove(first);
        debug_assert!(flight.due <= time);
        let (answer, effect) = flight.answer?;
        if let Some(effect) = effect.clone() {
            service.delivered(effect);
        }
        (!flight.orphaned).then_some((flight.id, answer, effect))
    }

    /// Reads a part's bytes, one half after the other, and hands them over.
    fn move_part(&mut self, at: usize, service: &mut Service) {
        let leg = self.leg();
        let flight = &mut self.flights[at];
        let time = flight.due;
        flight.due += leg;
        let Cargo::Part(delivery) = &mut flight.cargo else { return };
        let answer = match &flight.fate {
            Fate::NeverArrives(status) => Err(Error::of(*status)),
            Fate::AnsweredByOther(response) => Ok(delivery.answered(response.clone())),
            _ => match delivery.read_on() {
                Err(error) => Err(error),
                Ok(false) => return,
                Ok(true) => {
                    let sent = delivery.arrive(service, time);
                    match &flight.fate {
                        Fate::AnswerLost(status) => Err(Error::of(*status)),
                        Fate::AnswerReplaced(response) => Ok(delivery.answered(response.clone())),
                        Fate::Late(wait) => {
                            flight.due += wait;
                            Ok(sent)
                        }
                        _ => Ok(sent),
                    }
                }
            },
        };
        if answer.as_ref().is_err_and(|error| error.status == FIO_E_TIMEOUT) {
            flight.due += PATIENCE;
        }
        flight.answer = Some((Answer::Part(delivery.outcome(answer)), None));
    }

    fn arrive(&mut self, at: usize, service: &mut Service) {
        let leg = self.leg();
        let flight = &mut self.flights[at];
        let time = flight.due;
        flight.due += leg;
        let Cargo::Ask(ask) = &flight.cargo else { return };
        // What the service issued or demanded is binding only if its answer comes back as it was.
        let act = |service: &mut Service| {
            let reply = service.handle(ask, time);
            if let Some(effect) = reply.effect {
                service.undeliverable(effect);
            }
            reply.response
        };
        let answer = match &flight.fate {
            Fate::Through if !flight.orphaned => {
                let reply = service.handle(ask, time);
                flight.answer = Some((Answer::Api(Ok(reply.response)), reply.effect));
                return;
            }
            Fate::Late(wait) if !flight.orphaned => {
                flight.due += wait;
                let reply = service.handle(ask, time);
                flight.answer = Some((Answer::Api(Ok(reply.response)), reply.effect));
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
                if let Ask::Create { asset, .. } = ask {
                    *service.assets.denied.entry(asset.key.clone()).or_insert(0) += 1;
                }
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
        flight.answer = Some((Answer::Api(answer.map_err(Error::of)), None));
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
        if let Cargo::Part(delivery) = &mut flight.cargo {
            // Damage is seen by anybody who reads the answer, and that is nobody.
            if flight.answer.is_none() {
                delivery.heal();
            } else if delivery.is_damaged() {
                service.assets.unseen_damage.insert(delivery.key().to_owned());
            }
        }
        match &mut flight.answer {
            Some((_, effect)) => {
                if let Some(effect) = effect.take() {
                    service.undeliverable(effect);
                }
            }
            None => {
                // What has not been read from the device by now never leaves it.
                let is_cut_off = matches!(&flight.cargo, Cargo::Part(delivery) if !delivery.is_read());
                if is_cut_off || self.random.bool() {
                    self.flights.swap_remove(at);
                }
            }
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

    /// From here on chance decides again.
    pub fn forget_plans(&mut self) {
        self.planned.clear();
        self.planned_for_parts.clear();
    }

    pub fn plan_for_parts(&mut self, fates: impl IntoIterator<Item = (Fate, Twist)>) {
        self.planned_for_parts.extend(fates);
    }

    /// How many parts and requests about uploads the engine still waits for.
    pub fn in_flight_for_uploads(&self) -> usize {
        let is_one = |flight: &&Flight| match &flight.cargo {
            Cargo::Ask(ask) => ask.is_of_an_upload(),
            Cargo::Part(_) => true,
        };
        self.flights.iter().filter(|flight| !flight.orphaned).filter(is_one).count()
    }

    /// How many requests the engine still waits for.
    pub fn in_flight(&self) -> usize {
        self.flights.iter().filter(|flight| !flight.orphaned).count()
    }

    pub fn refresh_is_in_flight(&self) -> bool {
        self.flights
            .iter()
            .any(|flight| !flight.orphaned && matches!(&flight.cargo, Cargo::Ask(ask) if ask.is_refresh()))
    }
}
