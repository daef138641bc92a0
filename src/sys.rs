//! The system calls for which the standard library has no safe function. Every `unsafe` outside the C
//! boundary and the libcurl wrapper is here.

pub mod dir;
pub mod fork;

use std::ffi::CString;
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

fn check(result: libc::c_int) -> io::Result<libc::c_int> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

/// Whether a file system cannot do what it was asked for, whatever its state.
pub fn is_unable(error: &io::Error) -> bool {
    let unable = [libc::EINVAL, libc::ENOSYS, libc::EOPNOTSUPP, libc::ENOTSUP, libc::EBADF, libc::ENOTTY];
    error.raw_os_error().is_some_and(|code| unable.contains(&code))
}

/// Whether the descriptor is not one for this: not open, or not for writing.
pub fn is_descriptor_refused(error: &io::Error) -> bool {
    error.raw_os_error() == Some(libc::EBADF)
}

/// Takes an exclusive advisory lock without waiting.
pub fn flock_exclusive(file: &File) -> io::Result<()> {
    // SAFETY: the descriptor is open for the duration of the call, and no memory is passed.
    check(unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_EX | libc::LOCK_NB) }).map(drop)
}

/// Gives a lock of [`flock_exclusive`] back, also if another process has the same opening of the file.
pub fn unlock(file: &File) {
    // SAFETY: as above. A file that is not locked, or is a socket, is none the worse for it.
    unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_UN) };
}

/// Takes a name that no other process of this machine can have at the same time: that of a socket in the
/// abstract namespace, which goes with its last descriptor. `AddrInUse` if somebody has it.
#[cfg(target_os = "linux")]
pub fn own_name(name: &[u8]) -> io::Result<File> {
    // SAFETY: no memory is passed; the result is a new descriptor that nobody else owns.
    let socket = check(unsafe { libc::socket(libc::AF_UNIX, libc::SOCK_DGRAM | libc::SOCK_CLOEXEC, 0) })
        .map(|fd| unsafe { File::from_raw_fd(fd) })?;
    // SAFETY: addresses are plain data.
    let mut address: libc::sockaddr_un = unsafe { std::mem::zeroed() };
    address.sun_family = libc::AF_UNIX as libc::sa_family_t;
    // The first byte stays zero: that makes it abstract.
    for (place, byte) in address.sun_path[1..].iter_mut().zip(name) {
        *place = *byte as libc::c_char;
    }
    let length = std::mem::offset_of!(libc::sockaddr_un, sun_path) + 1 + name.len();
    let length = length.min(size_of_val(&address)) as libc::socklen_t;
    // SAFETY: the address is as long as is said, and lives through the call.
    check(unsafe { libc::bind(socket.as_raw_fd(), (&raw const address).cast(), length) })?;
    Ok(socket)
}

#[cfg(not(target_os = "linux"))]
pub fn own_name(_: &[u8]) -> io::Result<File> {
    Err(io::ErrorKind::Unsupported.into())
}

/// The user and the group that this process acts as.
pub fn effective_ids() -> (u32, u32) {
    // SAFETY: both calls always succeed and pass no memory.
    unsafe { (libc::geteuid(), libc::getegid()) }
}

/// What a file system can be relied upon for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileSystem {
    /// Each file has an owner and a mode of its own.
    pub keeps_modes: bool,
    /// A file has the same number (inode) as long as it is there, and a time of its last change of any kind.
    pub keeps_numbers: bool,
}

impl FileSystem {
    pub const FULL: FileSystem = FileSystem { keeps_modes: true, keeps_numbers: true };
    const CARD: FileSystem = FileSystem { keeps_modes: false, keeps_numbers: false };
}

/// What the file system of a file can be relied upon for, told from its kind. What is not known is a full one.
#[cfg(target_os = "linux")]
pub fn file_system_of(file: &File) -> FileSystem {
    // SAFETY: plain data.
    let mut about: libc::statfs = unsafe { std::mem::zeroed() };
    // SAFETY: `about` is a valid place for the result.
    if check(unsafe { libc::fstatfs(file.as_raw_fd(), &mut about) }).is_err() {
        return FileSystem::FULL;
    }
    file_system_of_kind(about.f_type as u32)
}

#[cfg(target_os = "linux")]
fn file_system_of_kind(kind: u32) -> FileSystem {
    const MSDOS: u32 = 0x4d44;
    const EXFAT: u32 = 0x2011_bab0;
    const FUSE: u32 = 0x6573_5546;
    const SMB: u32 = 0x517b;
    const CIFS: u32 = 0xff53_4d42;
    const SMB2: u32 = 0xfe53_4d42;
    const VBOXSF: u32 = 0x786f_4256;
    const V9FS: u32 = 0x0102_1997;
    const SDCARDFS: u32 = 0x5dca_2df5;
    const NTFS: u32 = 0x5346_544e;
    const NTFS3: u32 = 0x7366_746e;
    match kind {
        MSDOS | EXFAT | FUSE | SMB | CIFS | SMB2 | VBOXSF | V9FS | SDCARDFS => FileSystem::CARD,
        NTFS | NTFS3 => FileSystem { keeps_modes: false, ..FileSystem::FULL },
        _ => FileSystem::FULL,
    }
}

#[cfg(not(target_os = "linux"))]
pub fn file_system_of(_: &File) -> FileSystem {
    FileSystem::FULL
}

fn clear_errno() {
    #[cfg(target_os = "linux")]
    // SAFETY: the place of this thread's error number is always valid.
    unsafe {
        *libc::__errno_location() = 0
    };
    #[cfg(not(target_os = "linux"))]
    // SAFETY: as above.
    unsafe {
        *libc::__error() = 0
    };
}

/// Makes a directory, but not its parents. (The standard library's way brings that of
/// the parents along.)
pub fn make_directory(path: &Path, mode: u32) -> io::Result<()> {
    let path = CString::new(path.as_os_str().as_bytes())?;
    // SAFETY: the path is terminated and lives through the call.
    check(unsafe { libc::mkdir(path.as_ptr(), mode as libc::mode_t) }).map(drop)
}

/// For opening files: a pipe or a device is not waited for, and nothing becomes the terminal.
pub const OPEN_WITHOUT_WAITING: i32 = libc::O_NONBLOCK | libc::O_NOCTTY;

pub fn process_id() -> u32 {
    std::process::id()
}

/// Milliseconds on a monotonic clock; on Linux one that goes on while the device sleeps.
pub fn monotonic_ms() -> u64 {
    #[cfg(target_os = "linux")]
    const CLOCK: libc::clockid_t = libc::CLOCK_BOOTTIME;
    #[cfg(not(target_os = "linux"))]
    const CLOCK: libc::clockid_t = libc::CLOCK_MONOTONIC;
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is a valid place for the result. A clock that exists cannot fail.
    unsafe { libc::clock_gettime(CLOCK, &mut time) };
    time.tv_sec as u64 * 1000 + time.tv_nsec as u64 / 1_000_000
}

#[cfg(target_os = "linux")]
pub mod linux {
    use super::*;
    use std::time::Duration;

    pub fn epoll_create() -> io::Result<OwnedFd> {
        // SAFETY: no memory is passed; the result is a new descriptor that nobody else owns.
        check(unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) })
            .map(|fd| unsafe { OwnedFd::from_raw_fd(fd) })
    }

    /// A timer on the clock of [`monotonic_ms`].
    pub fn timerfd_create() -> io::Result<OwnedFd> {
        // SAFETY: as for `epoll_create`.
        check(unsafe { libc::timerfd_create(libc::CLOCK_BOOTTIME, libc::TFD_NONBLOCK | libc::TFD_CLOEXEC) })
            .map(|fd| unsafe { OwnedFd::from_raw_fd(fd) })
    }

    /// Arms the timer to fire at a moment of [`monotonic_ms`]; 0 disarms it.
    pub fn timerfd_set(timer: &OwnedFd, at_ms: u64) -> io::Result<()> {
        let value = libc::timespec {
            tv_sec: (at_ms / 1000).try_into().unwrap_or(libc::time_t::MAX),
            tv_nsec: ((at_ms % 1000) * 1_000_000) as _,
        };
        let spec =
            libc::itimerspec { it_interval: libc::timespec { tv_sec: 0, tv_nsec: 0 }, it_value: value };
        // SAFETY: `spec` lives through the call; the old value is not asked for.
        check(unsafe {
            libc::timerfd_settime(timer.as_raw_fd(), libc::TFD_TIMER_ABSTIME, &spec, std::ptr::null_mut())
        })
        .map(drop)
    }

    pub fn eventfd_create() -> io::Result<OwnedFd> {
        // SAFETY: as for `epoll_create`.
        check(unsafe { libc::eventfd(0, libc::EFD_NONBLOCK | libc::EFD_CLOEXEC) })
            .map(|fd| unsafe { OwnedFd::from_raw_fd(fd) })
    }

    /// Makes an eventfd readable. A counter that is full is readable already.
    pub fn eventfd_signal(event: &OwnedFd) {
        let one = 1u64;
        // SAFETY: eight bytes are read from `one`, which is eight bytes long.
        unsafe { libc::write(event.as_raw_fd(), (&raw const one).cast(), 8) };
    }

    /// Takes back what made an eventfd or a timerfd readable.
    pub fn drain_counter(fd: &OwnedFd) {
        let mut count = 0u64;
        // SAFETY: at most eight bytes are written to `count`, which is eight bytes long. The
        // descriptors do not block.
        unsafe { libc::read(fd.as_raw_fd(), (&raw mut count).cast(), 8) };
    }

    #[derive(Clone, Copy, PartialEq)]
    pub enum Change {
        Add,
        Modify,
        Delete,
    }

    pub fn epoll_change(epoll: RawFd, change: Change, fd: RawFd, events: u32) -> io::Result<()> {
        let op = match change {
            Change::Add => libc::EPOLL_CTL_ADD,
            Change::Modify => libc::EPOLL_CTL_MOD,
            Change::Delete => libc::EPOLL_CTL_DEL,
        };
        let mut event = libc::epoll_event { events, u64: fd as u64 };
        // SAFETY: `event` lives through the call.
        check(unsafe { libc::epoll_ctl(epoll, op, fd, &mut event) }).map(drop)
    }

    pub const READABLE: u32 = libc::EPOLLIN as u32;
    pub const WRITABLE: u32 = libc::EPOLLOUT as u32;
    pub const BROKEN: u32 = (libc::EPOLLERR | libc::EPOLLHUP) as u32;

    /// Waits for events and tells each, at most as many as fit; `None` waits for ever. Spans are rounded up, so that
    /// a timer has expired when the wait ends. `Interrupted` is a signal of the application.
    pub fn epoll_wait(
        epoll: &OwnedFd,
        timeout: Option<Duration>,
        mut each: impl FnMut(RawFd, u32),
    ) -> io::Result<()> {
        const MOST: usize = 16;
        let mut events = [libc::epoll_event { events: 0, u64: 0 }; MOST];
        let timeout =
            timeout.map_or(-1, |span| span.as_micros().div_ceil(1000).try_into().unwrap_or(libc::c_int::MAX));
        // SAFETY: `events` has room for as many events as are asked for.
        let count =
            unsafe { libc::epoll_wait(epoll.as_raw_fd(), events.as_mut_ptr(), MOST as libc::c_int, timeout) };
        for event in &events[..check(count)? as usize] {
            each(event.u64 as RawFd, event.events);
        }
        Ok(())
    }
}

/// Whether the process, or the whole system, has no more descriptors or memory to give.
pub fn is_shortage(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EMFILE | libc::ENFILE | libc::ENOMEM | libc::ENOBUFS))
}

/// Whether a file may be readable again later: the card is busy or was pulled, a file server is away.
pub fn may_pass(error: &io::Error) -> bool {
    use libc::*;
    matches!(
        error.raw_os_error(),
        Some(
            EAGAIN
                | EBUSY
                | EINTR
                | EIO
                | ENODEV
                | ENXIO
                | ESTALE
                | ETIMEDOUT
                | ENOTCONN
                | EHOSTDOWN
                | ENETDOWN
        )
    )
}

/// How many bytes the other end of a TCP connection has not confirmed; `None` if the descriptor is not a
/// connection from that port, or the system does not say.
pub fn unconfirmed(socket: RawFd, port: u16) -> Option<u64> {
    if local_port(socket)? != port {
        return None;
    }
    let mut bytes: libc::c_int = 0;
    // SAFETY: the answer is an int.
    check(unsafe { libc::ioctl(socket, libc::TIOCOUTQ, &mut bytes) }).ok()?;
    u64::try_from(bytes).ok()
}

/// The port of a socket on this side; `None` if the descriptor is no socket of the Internet's.
pub fn local_port(socket: RawFd) -> Option<u16> {
    // SAFETY: addresses are plain data.
    let mut address: libc::sockaddr_storage = unsafe { std::mem::zeroed() };
    let mut length = size_of_val(&address) as libc::socklen_t;
    // SAFETY: the address has as much room as `length` says. A descriptor that is none is an error.
    check(unsafe { libc::getsockname(socket, (&raw mut address).cast(), &mut length) }).ok()?;
    // SAFETY: the storage is large enough for, and aligned as, the address of either family.
    let port = match libc::c_int::from(address.ss_family) {
        libc::AF_INET => unsafe { (*(&raw const address).cast::<libc::sockaddr_in>()).sin_port },
        libc::AF_INET6 => unsafe { (*(&raw const address).cast::<libc::sockaddr_in6>()).sin6_port },
        _ => return None,
    };
    Some(u16::from_be(port))
}

/// Keeps SIGPIPE from the application while libcurl may write to a connection the peer has closed:
/// blocked for this thread, taken back if it arose, and the mask restored. Signals belong to the
/// application, so its handler is never touched.
pub struct SigpipeGuard {
    previous: libc::sigset_t,
    was_pending: bool,
}

impl SigpipeGuard {
    pub fn new() -> SigpipeGuard {
        // SAFETY: sigset_t is plain data that `sigemptyset` and `pthread_sigmask` fill in; all
        // pointers are to locals.
        unsafe {
            let mut previous = std::mem::zeroed();
            let mut set = sigpipe_only();
            libc::pthread_sigmask(libc::SIG_BLOCK, &set, &mut previous);
            libc::sigpending(&mut set);
            SigpipeGuard { previous, was_pending: libc::sigismember(&set, libc::SIGPIPE) == 1 }
        }
    }
}

impl Default for SigpipeGuard {
    fn default() -> SigpipeGuard {
        SigpipeGuard::new()
    }
}

impl Drop for SigpipeGuard {
    fn drop(&mut self) {
        // SAFETY: as in `new`. `sigtimedwait` with a zero wait takes a pending signal or returns.
        unsafe {
            if !self.was_pending {
                let mut pending = std::mem::zeroed();
                libc::sigpending(&mut pending);
                if libc::sigismember(&pending, libc::SIGPIPE) == 1 {
                    let zero = libc::timespec { tv_sec: 0, tv_nsec: 0 };
                    libc::sigtimedwait(&sigpipe_only(), std::ptr::null_mut(), &zero);
                }
            }
            libc::pthread_sigmask(libc::SIG_SETMASK, &self.previous, std::ptr::null_mut());
        }
    }
}

fn sigpipe_only() -> libc::sigset_t {
    // SAFETY: `sigemptyset` makes the zeroed set valid before anything reads it.
    unsafe {
        let mut set = std::mem::zeroed();
        libc::sigemptyset(&mut set);
        libc::sigaddset(&mut set, libc::SIGPIPE);
        set
    }
}

/// The standard library's panic machinery can print backtraces, and brings a reader of debug
/// information for it: 170 KB of code that the C library, whose panics are silent, never runs. It is
/// reached only through this function of the unwinder, so with one that finds no frames the linker
/// leaves all of it out. Catching panics does not use it. Hidden: nobody outside is to find this one.
#[cfg(fio_c_library)]
mod no_backtraces {
    #[unsafe(export_name = "_Unwind_Backtrace")]
    extern "C" fn find_no_frames(_: *mut core::ffi::c_void, _: *mut core::ffi::c_void) -> core::ffi::c_int {
        const END_OF_STACK: core::ffi::c_int = 5;
        END_OF_STACK
    }
    core::arch::global_asm!(".hidden _Unwind_Backtrace");
}

#[cfg(test)]
pub mod tests {
    #[cfg(target_os = "linux")]
    use super::*;

    /// What a file's errors mean: `m`, nothing left; `b`, busy; `f`, for good.
    pub const ERRORS_OF_FILES: &[(i32, char)] = &[
        (libc::EMFILE, 'm'),
        (libc::ENFILE, 'm'),
        (libc::ENOMEM, 'm'),
        (libc::EIO, 'b'),
        (libc::EBUSY, 'b'),
        (libc::EAGAIN, 'b'),
        (libc::ESTALE, 'b'),
        (libc::ENODEV, 'b'),
        (libc::EACCES, 'f'),
        (libc::ELOOP, 'f'),
        (libc::EPERM, 'f'),
    ];

    #[cfg(target_os = "linux")]
    #[test]
    fn cards_and_foreign_file_systems_are_known_by_their_kind() {
        assert_eq!(file_system_of_kind(libc::MSDOS_SUPER_MAGIC as u32), FileSystem::CARD);
        assert_eq!(file_system_of_kind(0xff53_4d42), FileSystem::CARD);
        assert_eq!(file_system_of_kind(libc::EXT4_SUPER_MAGIC as u32), FileSystem::FULL);
        assert!(!file_system_of_kind(0x7366_746e).keeps_modes);
    }
}
