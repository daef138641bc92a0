//! The two types everything else is said with.

/// What a function returns: `FIO_OK` (0) or a negative `FIO_E_…`. New values may appear: treat an
/// unknown negative value as a failure.
pub type fio_status = i32;

/// One started operation. Ids are never reused; 0 (`FIO_OP_NONE`) is no operation.
pub type fio_op = u64;

/// No operation.
pub const FIO_OP_NONE: u64 = 0;

/// One upload, for ever: on one store ids are never reused, also not after a restart. 0
/// (`FIO_UPLOAD_NONE`) is no upload.
pub type fio_upload_id = u64;

/// No upload.
pub const FIO_UPLOAD_NONE: u64 = 0;
