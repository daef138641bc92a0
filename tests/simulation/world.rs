//! One engine, and around it the service, the network, the store and the passing of time.

use crate::ask::{Ask, CLIENT_ID, CLIENT_SECRET};
use crate::device::{Device, DeviceClock};
use crate::files::Card;
use crate::network::Network;
use crate::service::{Refusal, Rules, Service};
use crate::store::Disk;
use crate::uploads::watch::Watch;
use fio_c2c::api::EncodingPolicy;
use fio_c2c::engine::effects::{Command, Event, Notice, OpId, Outcome};
use fio_c2c::engine::transport::Answer;
use fio_c2c::engine::{AuthState, Engine, Operation, Settings, UploadSettings};
use fio_c2c::error::Error;
use fio_c2c::log::Log;
use fio_c2c::secret::Secret;
use fio_c2c::status::{FIO_E_RESET, FIO_OK};
use fio_c2c::store::records::{Records, SEAL_KEY_LENGTH, SealKey};

pub const ORIGIN: &str = "https://api.example";
pub const SECOND: u64 = 1000;
pub const MINUTE: u64 = 60 * SECOND;
pub const HOUR: u64 = 60 * MINUTE;
pub const DAY: u64 = 24 * HOUR;

/// A key to seal records with.
pub fn seal_key(byte: u8) -> SealKey {
    SealKey::new(vec![byte; SEAL_KEY_LENGTH])
}

pub struct World {
    /// Milliseconds since the world began.
    pub time: u64,
    pub random: fastrand::Rng,
    pub service: Service,
    pub network: Network,
    pub disk: Disk,
    pub card: Card,
    pub watch: Watch,
    pub log: Log,
    /// `None` while the power is off.
    pub device: Option<Device>,
    pub settings: Settings,
    pub seal_key: Option<SealKey>,
    /// What the device starts with: `None` if its clock survives being off, otherwise how many
    /// seconds after 1970 it believes it is.
    pub boots_in_1970: Option<i64>,
    /// What the engine told in this life, oldest first, until somebody clears it.
    pub notices: Vec<Notice>,
    /// Every operation that was completed, and how.
    pub completed: Vec<(Operation, i32)>,
    /// Why authorizations ended, as the service knows it.
    pub losses: Vec<Refusal>,
    pub trace: bool,
}

impl World {
    /// A world with a device that is switched on, not paired, in clear weather.
    pub fn new(seed: u64, rules: Rules) -> World {
        let mut world = World::switched_off(seed, rules);
        world.boot();
        world
    }

    pub fn switched_off(seed: u64, rules: Rules) -> World {
        let mut random = fastrand::Rng::with_seed(seed);
        World {
            time: 0,
            service: Service::new(rules, random.fork()),
            network: Network::new(random.fork()),
            disk: Disk::default(),
            card: Card::default(),
            watch: Watch::default(),
            log: Log::off(),
            device: None,
            settings: Settings {
                origin: ORIGIN.into(),
                client_id: CLIENT_ID.into(),
                client_secret: Secret::new(CLIENT_SECRET),
                encoding: EncodingPolicy::AsDocumented,
                url_pairing: true,
                clock_floor: None,
                seed: 0,
                uploads: UploadSettings::default(),
            },
            seal_key: None,
            boots_in_1970: None,
            notices: Vec::new(),
            completed: Vec::new(),
            losses: Vec::new(),
            trace: false,
            random,
        }
    }

    pub fn tell(&self, line: impl FnOnce() -> String) {
        if self.trace {
            println!("{:>12.3} s  {}", self.time as f64 / 1000.0, line());
        }
    }

    // Power.

    /// Switches the device on. Power that goes again during the start leaves it off.
    pub fn boot(&mut self) {
        assert!(self.device.is_none(), "the device is on already");
        self.tell(|| "power on".into());
        // Ids start over with every engine.
        self.notices.clear();
        self.disk.power_on();
        let mut clock = DeviceClock::at_boot(self.time, self.random.u64(1..100_000));
        if let Some(seconds) = self.boots_in_1970 {
            clock.reset_to_1970(self.time, seconds);
        }
        self.settings.seed = self.random.u64(..);
        self.settings.uploads.tag_key = u128::to_le_bytes(self.settings.seed.into());
        let records = Records::new(Box::new(self.disk.clone()), self.seal_key.clone());
        let is_amnesic = !self.disk.is_readable();
        let card = Box::new(self.card.clone());
        let engine = Engine::new(
            self.settings.clone(),
            Box::new(records),
            card,
            self.log.clone(),
            clock.now(self.time),
        );
        self.device = Some(Device::new(engine, clock, is_amnesic));
        self.watch_boot();
        self.after_call();
    }

    /// The power goes: nobody is told anything any more.
    pub fn cut_power(&mut self) {
        self.tell(|| "power cut".into());
        self.device = None;
        self.network.orphan_all(&mut self.service);
        self.watch_power_off();
        self.note_what_is_stored();
    }

    /// The application frees its client in good order.
    pub fn shut_down(&mut self) {
        let Some(device) = self.device.as_mut() else { return };
        let now = device.clock.now(self.time);
        device.engine.shut_down(now);
        self.after_call();
        if let Some(device) = self.device.take() {
            self.tell(|| "shut down".into());
            assert!(device.live().is_empty(), "never completed: {:?}", device.live());
            assert_eq!(self.network.in_flight(), 0, "requests were left behind");
            self.watch_power_off();
            self.note_what_is_stored();
        }
    }

    pub fn restart(&mut self) {
        self.shut_down();
        self.boot();
    }

    /// From here on the device depends on its store; a pair that never got there is lost.
    fn note_what_is_stored(&mut self) {
        let stored = self.stored_refresh_token();
        self.service.left_with(stored.as_deref());
    }

    // The application.

    pub fn start(&mut self, operation: Operation) -> Result<OpId, Error> {
        let time = self.time;
        let device = self.on();
        let now = device.clock.now(time);
        let started = device.engine.start(operation, now);
        if let Ok(op) = started {
            device.started(op, operation);
        }
        self.tell(|| format!("start {operation:?}: {started:?}"));
        self.after_call();
        started
    }

    pub fn cancel(&mut self, op: OpId) -> Result<(), Error> {
        let time = self.time;
        let device = self.on();
        let now = device.clock.now(time);
        let was_live = device.live().contains_key(&op);
        let result = device.engine.cancel(op, now);
        assert_eq!(result.is_ok(), was_live, "canceling {op}: {result:?}");
        self.tell(|| format!("cancel {op}: {result:?}"));
        self.after_call();
        result
    }

    pub fn set_online(&mut self, online: bool) {
        let time = self.time;
        let device = self.on();
        let now = device.clock.now(time);
        device.engine.set_online(online, now);
        self.tell(|| format!("set online: {online}"));
        self.after_call();
    }

    /// A call for no reason, as when a descriptor woke somebody for nothing.
    pub fn tick(&mut self) {
        let Some(mut device) = self.device.take() else { return };
        device.tick(device.clock.now(self.time), |id| self.network.sent_of(id));
        self.device = Some(device);
        self.after_call();
    }

    pub fn state(&mut self) -> AuthState {
        let time = self.time;
        let device = self.on();
        device.engine.auth_state(device.clock.now(time))
    }

    /// The person decides on the code that was granted last.
    pub fn decide(&mut self, approve: bool) {
        self.service.decide(approve, self.time);
    }

    pub fn is_paired(&mut self) -> bool {
        matches!(self.state(), AuthState::Authorized | AuthState::Expired)
    }

    pub fn on(&mut self) -> &mut Device {
        self.device.as_mut().expect("the device is switched on")
    }

    pub fn set_clock_right(&mut self) {
        self.on().clock.set_right();
    }

    // Time.

    /// Lets the world go on until then.
    pub fn run_until(&mut self, end: u64) {
        loop {
            let arrival = self.network.next_due();
            let deadline = self.device.as_ref().and_then(Device::deadline);
            let Some(next) = arrival.into_iter().chain(deadline).min().filter(|&next| next <= end) else {
                break;
            };
            self.time = self.time.max(next);
            if arrival == Some(next) { self.carry() } else { self.tick_at_deadline() }
        }
        self.time = self.time.max(end);
    }

    pub fn run_for(&mut self, span: u64) {
        self.run_until(self.time + span);
    }

    /// The device sleeps: time passes, and everything that was due meanwhile comes at once.
    pub fn sleep_for(&mut self, span: u64) {
        self.tell(|| format!("sleep {} s", span / SECOND));
        self.time += span;
    }

    fn carry(&mut self) {
        let Some((id, answer, effect)) = self.network.advance(self.time, &mut self.service) else { return };
        let Some(mut device) = self.device.take() else { return };
        let now = device.clock.now(self.time);
        if self.trace {
            let shown = match &answer {
                Answer::Api(answer) => answer.as_ref().map(|response| response.status),
                Answer::Part(sent) => sent.answer.as_ref().map(|sent| sent.response.status),
            };
            let shown = shown.map_err(|error| error.name());
            println!("{:>12.3} s  answer to {id}: {shown:?}", self.time as f64 / 1000.0);
        }
        self.watch_answer(&mut device, id, answer, effect, now);
        self.device = Some(device);
        self.after_call();
    }

    fn tick_at_deadline(&mut self) {
        let Some(mut device) = self.device.take() else { return };
        device.tick_at_deadline(self.time, |id| self.network.sent_of(id));
        self.device = Some(device);
        self.after_call();
    }

    // What the engine wants and tells.

    pub fn after_call(&mut self) {
        if self.disk.power_is_gone() {
            return self.cut_power();
        }
        let Some(mut device) = self.device.take() else { return };
        let clock_is_plausible = device.clock.is_plausible(self.time);
        while let Some(command) = device.engine.next_command() {
            match command {
                Command::Send(id, request) => {
                    let can_read = self.service.can_read(&request);
                    let ask = if can_read { Ask::read(&request) } else { Ask::Unreadable };
                    self.tell(|| format!("request {id}: {ask:?}"));
                    self.watch_leaving(&device, id, &ask);
                    if let Ask::Refresh { token } = &ask {
                        self.service.check_leaving(token);
                    }
                    self.network.send(id, ask, clock_is_plausible, self.time, &self.service);
                }
                Command::Put(id, part) => {
                    self.tell(|| format!("request {id}: {part:?} to {}", part.url.expose()));
                    self.watch_leaving_part(&device, id, &part);
                    self.network.put(id, part, clock_is_plausible, self.time);
                }
                Command::LimitUploads(limits) => self.tell(|| format!("{limits:?}")),
                Command::Abort(id) => {
                    self.tell(|| format!("abort {id}"));
                    // The answer may already be waiting behind the command; it must change nothing.
                    if self.random.u8(0..4) == 0 {
                        let late = Answer::Api(Err(Error::of(FIO_E_RESET)));
                        device.engine.respond(id, late, device.clock.now(self.time));
                    }
                    self.watch_abort(id);
                    self.network.abort(id, &mut self.service);
                }
            }
        }
        while let Some(notice) = device.engine.next_notice() {
            self.tell(|| format!("{notice:?}"));
            if let (Some(operation), Notice::Complete(_, result)) = (device.hear(&notice), &notice) {
                let status = result.as_ref().map_or_else(|error| error.status, |_| FIO_OK);
                self.completed.push((operation, status));
            }
            self.note_loss(&notice);
            self.watch_notice(&notice);
            self.notices.push(notice);
        }
        self.device = Some(device);
        if self.disk.power_is_gone() {
            return self.cut_power();
        }
        self.watch_step();
    }

    /// An authorization is only ever lost by the service's own word.
    fn note_loss(&mut self, notice: &Notice) {
        if let Notice::Event(Event::AuthorizationLost(error)) = notice {
            let refusal = self.service.ledger.last_refusal.take();
            self.losses
                .push(refusal.unwrap_or_else(|| panic!("lost without a refusal of the service: {error}")));
        }
    }

    // For tests to read.

    /// The completion of an operation, if there was one since the notices were last cleared.
    pub fn result(&self, op: OpId) -> Option<&Result<Outcome, Error>> {
        self.notices.iter().find_map(|notice| match notice {
            Notice::Complete(completed, result) if *completed == op => Some(result),
            _ => None,
        })
    }

    pub fn status(&self, op: OpId) -> Option<i32> {
        self.result(op).map(|result| result.as_ref().map_or_else(|error| error.status, |_| FIO_OK))
    }

    pub fn message(&self, op: OpId) -> String {
        match self.result(op) {
            Some(Err(error)) => error.message.to_string(),
            other => panic!("{op} has not failed: {other:?}"),
        }
    }

    pub fn events(&self) -> impl Iterator<Item = &Event> {
        self.notices.iter().filter_map(|notice| match notice {
            Notice::Event(event) => Some(event),
            _ => None,
        })
    }

    pub fn count_events(&self, is_meant: impl Fn(&Event) -> bool) -> usize {
        self.events().filter(|event| is_meant(event)).count()
    }

    /// Runs until the operation is over, at most this long.
    pub fn finish(&mut self, op: OpId, at_most: u64) -> i32 {
        let end = self.time + at_most;
        while self.time < end && self.status(op).is_none() {
            self.run_for(50);
        }
        self.status(op).expect("the operation ends in time")
    }

    /// Starts an operation that can be started and runs until it is over.
    pub fn run(&mut self, operation: Operation) -> i32 {
        let op = self.start(operation).expect("the operation can be started");
        self.finish(op, 10 * MINUTE)
    }

    /// Why an operation cannot be started.
    pub fn refusal(&mut self, operation: Operation) -> i32 {
        self.start(operation).expect_err("the operation is refused").status
    }

    pub fn stored_refresh_token(&self) -> Option<String> {
        self.disk.stored_refresh_token(self.seal_key.as_ref())
    }

    /// Pairs the device the way a person does.
    pub fn pair(&mut self) {
        let codes = self.service.count_codes();
        let op = self.start(Operation::Pair { codes: 1 }).expect("a pairing can be started");
        while self.service.count_codes() == codes {
            assert_eq!(self.status(op), None, "a pairing in clear weather shows a code");
            self.run_for(SECOND);
        }
        self.decide(true);
        assert_eq!(self.finish(op, MINUTE), FIO_OK);
        self.run_for(10 * SECOND);
        self.notices.clear();
    }
}
