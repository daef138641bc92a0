//! The model of the service, which here keeps the bytes of parts in files.

pub use fio_emulator_service::*;

use crate::storage::files::KeptPart;

pub type Service = fio_emulator_service::Service<KeptPart>;
pub type Upload = uploads::upload::Upload<KeptPart>;
