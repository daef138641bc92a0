//! The engine against a simulated world: a service that keeps its own rules and counts who breaks
//! them, a network that loses and mangles, a store that loses its power, and a clock that is told.
//! Nothing here sleeps, opens a socket or asks for the time, so a year takes milliseconds.
//!
//! | file | what is inside |
//! | --- | --- |
//! | `service/` | the emulator's model of the service, and who breaks its rules |
//! | `ask.rs` | what a request asks for, and whether it may travel as it does |
//! | `faults.rs`, `network.rs` | what may happen to a request, and those on their way |
//! | `store.rs` | a disk that refuses, and that power is cut from at the worst moments |
//! | `device.rs` | one life of the device, its clock, and the promise of one completion each |
//! | `world.rs` | all of them around one engine, and the passing of time |
//! | `schedule.rs` | random lives of a device |
//! | `seeds.rs` | running many of them, and one again: `FIO_SEED=<n> cargo test --test simulation <name>` |
//! | `content.rs`, `files.rs`, `delivery.rs` | bytes, the card they are on, and their way to the storage |
//! | `links/` | the engine on lines that are slow, shared and break, against fixed settings |
//! | `uploads/` | what must hold for uploads at every step, and their tests |
//! | the rest | the tests |

// A failure here is a failed test, in helpers as well; and nobody else sees what its modules show each other.
#![allow(clippy::expect_used, clippy::unwrap_used, unreachable_pub)]

mod ask;
mod content;
mod delivery;
mod device;
mod faults;
mod files;
mod network;
mod schedule;
mod seeds;
mod service;
mod store;
mod world;

mod calls;
mod completion;
mod idle;
mod links;
mod pairing;
mod power_cuts;
mod presence;
mod refresh;
mod restored_records;
mod revocation;
mod store_failures;
mod uploads;
mod year;
