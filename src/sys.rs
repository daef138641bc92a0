//! The system calls for which the standard library has no function, by rustix. Every `unsafe` outside the C boundary
//! and the libcurl wrapper is here: what rustix has not (masks of signals, `pthread_atfork`, TIOCOUTQ), and descriptors
//! that are known by their number only, because they are libcurl's.
//!
//! rustix calls the C library (`use-libc`), as the standard library does, and not the kernel: that would be 4,088 bytes
//! more on x86_64 (it reads the vDSO itself), more than the library that only pairs may have; and tools that watch the C
//! library's calls (ThreadSanitizer, a firmware's own wrappers) would see nothing.

pub mod dir;
pub mod fork;
#[cfg(all(feature = "uploads", target_os = "linux"))]
pub mod netlink;

use rustix::fd::BorrowedFd;
use rustix::fs::{FlockOperation, Mode};
use rustix::io::Errno;
use rustix::ioctl::{Getter, Opcode, ioctl};
use rustix::time::{ClockId, clock_gettime};
use std::fs::File;
use std::io;
use std::mem::ManuallyDrop;
use std::net::TcpStream;
use std::os::fd::{FromRawFd, OwnedFd, RawFd};
use std::path::Path;

/// Whether a file system cannot do what it was asked for, whatever its state.
pub fn is_unable(error: &io::Error) -> bool {
    let unable = [libc::EINVAL, libc::ENOSYS, libc::EOPNOTSUPP, libc::ENOTSUP, libc::EBADF, libc::ENOTTY];
    error.raw_os_error().is_some_and(|code| unable.contains(&code))
}

/// Whether the descriptor is not one for this: not open, or not for writing.
pub fn is_descriptor_refused(error: &io::Error) -> bool {
    error.raw_os_error() == Some(libc::EBADF)
}

/// Whether a processor of the eighth architecture runs this program of the seventh, with its instructions for AES and for
/// the multiplication of GCM. The numbers are the kernel's (asm/hwcap.h).
#[cfg(all(target_arch = "arm", target_os = "linux"))]
pub fn has_aes_on_arm() -> bool {
    const AES_AND_PMULL: libc::c_ulong = 0b11;
    // SAFETY: any number may be asked for.
    let has = unsafe { libc::getauxval(libc::AT_HWCAP2) };
    has & AES_AND_PMULL == AES_AND_PMULL
}

/// Takes an exclusive advisory lock without waiting.
pub fn flock_exclusive(file: &File) -> io::Result<()> {
    Ok(rustix::fs::flock(file, FlockOperation::NonBlockingLockExclusive)?)
}

/// Gives a lock of [`flock_exclusive`] back, also if another process has the same opening of the file.
pub fn unlock(file: &File) {
    // A file that is not locked, or is a socket, is none the worse for it.
    let _ = rustix::fs::flock(file, FlockOperation::Unlock);
}

/// Takes a name that no other process of this machine can have at the same time: that of a socket in the
/// abstract namespace, which goes with its last descriptor. `AddrInUse` if somebody has it.
#[cfg(target_os = "linux")]
pub fn own_name(name: &[u8]) -> io::Result<File> {
    use std::os::linux::net::SocketAddrExt;
    use std::os::unix::net::{SocketAddr, UnixDatagram};
    let socket = UnixDatagram::bind_addr(&SocketAddr::from_abstract_name(name)?)?;
    Ok(OwnedFd::from(socket).into())
}

#[cfg(not(target_os = "linux"))]
pub fn own_name(_: &[u8]) -> io::Result<File> {
    Err(io::ErrorKind::Unsupported.into())
}

/// The user and the group that this process acts as.
pub fn effective_ids() -> (u32, u32) {
    (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw())
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
    rustix::fs::fstatfs(file).map_or(FileSystem::FULL, |about| file_system_of_kind(about.f_type as u32))
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

/// Makes a directory, but not its parents. (The standard library's way brings that of
/// the parents along.)
pub fn make_directory(path: &Path, mode: u32) -> io::Result<()> {
    Ok(rustix::fs::mkdir(path, Mode::from_raw_mode(mode))?)
}

/// For opening files: a pipe or a device is not waited for, and nothing becomes the terminal.
pub const OPEN_WITHOUT_WAITING: i32 = libc::O_NONBLOCK | libc::O_NOCTTY;

pub fn process_id() -> u32 {
    std::process::id()
}

/// Milliseconds on a monotonic clock; on Linux one that goes on while the device sleeps.
pub fn monotonic_ms() -> u64 {
    #[cfg(target_os = "linux")]
    const CLOCK: ClockId = ClockId::Boottime;
    #[cfg(not(target_os = "linux"))]
    const CLOCK: ClockId = ClockId::Monotonic;
    let time = clock_gettime(CLOCK);
    time.tv_sec as u64 * 1000 + time.tv_nsec as u64 / 1_000_000
}

#[cfg(target_os = "linux")]
pub mod linux {
    use super::*;
    use rustix::event::epoll::{self, EventData, EventFlags};
    use rustix::event::{EventfdFlags, eventfd};
    use rustix::time::{Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec};
    use rustix::time::{timerfd_create as create, timerfd_settime};
    use std::mem::MaybeUninit;
    use std::time::Duration;

    pub fn epoll_create() -> io::Result<OwnedFd> {
        Ok(epoll::create(epoll::CreateFlags::CLOEXEC)?)
    }

    /// A timer on the clock of [`monotonic_ms`].
    pub fn timerfd_create() -> io::Result<OwnedFd> {
        Ok(create(TimerfdClockId::Boottime, TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC)?)
    }

    /// Arms the timer to fire at a moment of [`monotonic_ms`]; 0 disarms it.
    pub fn timerfd_set(timer: &OwnedFd, at_ms: u64) -> io::Result<()> {
        // As far as seconds of 32 bits go, which old systems have.
        let seconds = (at_ms / 1000).min(i32::MAX as u64) as i64;
        let it_value = Timespec { tv_sec: seconds, tv_nsec: ((at_ms % 1000) * 1_000_000) as _ };
        let once = Itimerspec { it_interval: Timespec::default(), it_value };
        timerfd_settime(timer, TimerfdTimerFlags::ABSTIME, &once)?;
        Ok(())
    }

    pub fn eventfd_create() -> io::Result<OwnedFd> {
        Ok(eventfd(0, EventfdFlags::NONBLOCK | EventfdFlags::CLOEXEC)?)
    }

    /// Makes an eventfd readable. A counter that is full is readable already.
    pub fn eventfd_signal(event: &OwnedFd) {
        let _ = rustix::io::write(event, &1u64.to_ne_bytes());
    }

    /// Takes back what made an eventfd or a timerfd readable. The descriptors do not block.
    pub fn drain_counter(fd: &OwnedFd) {
        let _ = rustix::io::read(fd, &mut [0; 8]);
    }

    #[derive(Clone, Copy, PartialEq)]
    pub enum Change {
        Add,
        Modify,
        Delete,
    }

    pub fn epoll_change(epoll: &OwnedFd, change: Change, fd: RawFd, events: u32) -> io::Result<()> {
        let (source, data) = (borrow(fd)?, EventData::new_u64(fd as u64));
        let events = EventFlags::from_bits_retain(events);
        Ok(match change {
            Change::Add => epoll::add(epoll, source, data, events),
            Change::Modify => epoll::modify(epoll, source, data, events),
            Change::Delete => epoll::delete(epoll, source),
        }?)
    }

    pub const READABLE: u32 = EventFlags::IN.bits();
    pub const WRITABLE: u32 = EventFlags::OUT.bits();
    pub const BROKEN: u32 = EventFlags::ERR.union(EventFlags::HUP).bits();

    /// Waits for events and tells each, at most as many as fit; `None` waits for ever. Spans are rounded up, so that
    /// a timer has expired when the wait ends. `Interrupted` is a signal of the application.
    pub fn epoll_wait(
        epoll: &OwnedFd,
        timeout: Option<Duration>,
        mut each: impl FnMut(RawFd, u32),
    ) -> io::Result<()> {
        // The system takes no longer ones.
        const LONGEST: Timespec = Timespec { tv_sec: i32::MAX as i64 / 1000, tv_nsec: 0 };
        let mut events = [MaybeUninit::uninit(); 16];
        let timeout = timeout.map(|span| Timespec::try_from(span).map_or(LONGEST, |span| span.min(LONGEST)));
        let (events, _) = epoll::wait(epoll, &mut events[..], timeout.as_ref())?;
        for event in events {
            let flags = event.flags;
            each(event.data.u64() as RawFd, flags.bits());
        }
        Ok(())
    }
}

/// A descriptor that is known by its number: libcurl's, which keeps it open while it is asked about.
fn borrow<'a>(number: RawFd) -> io::Result<BorrowedFd<'a>> {
    match number {
        0.. => {
            // SAFETY: it is no negative number, and used for no longer than a call. One that is not open, or is
            // another file meanwhile, is an error of the call, or has no effect on the file.
            Ok(unsafe { BorrowedFd::borrow_raw(number) })
        }
        _ => Err(Errno::BADF.into()),
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
    // SAFETY: the answer is an int.
    let getter = unsafe { Getter::<{ libc::TIOCOUTQ as Opcode }, libc::c_int>::new() };
    // SAFETY: the request changes nothing, and writes the answer only.
    let bytes = unsafe { ioctl(borrow(socket).ok()?, getter) }.ok()?;
    u64::try_from(bytes).ok()
}

/// What the kernel knows of a TCP connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TcpState {
    /// The other end has not answered the first word yet.
    pub is_unanswered: bool,
    /// Segments that were sent and not confirmed.
    pub unconfirmed: u32,
    /// Milliseconds since the other end last said anything.
    pub silent_for: u64,
    /// Milliseconds within which an answer is usual: the round trip and four times what it varies by.
    pub round_trip: u64,
    /// Bytes that the other end has confirmed since the connection was made; `None` before Linux 4.1.
    pub confirmed: Option<u64>,
}

/// `None` if the descriptor is no TCP connection, or the system does not say.
#[cfg(target_os = "linux")]
pub fn tcp_state(socket: RawFd) -> Option<TcpState> {
    /// The beginning of the kernel's `struct tcp_info`, as words: eight bytes, then numbers of 32 bits, and later of 64,
    /// which never change their places.
    const WORDS: usize = 32;
    const NEEDED: usize = 19;
    const UNACKED: usize = 6;
    const LAST_DATA_RECEIVED: usize = 13;
    const LAST_ACK_RECEIVED: usize = 14;
    const RTT: usize = 17;
    const RTTVAR: usize = 18;
    const BYTES_ACKED: usize = 30;
    const SYN_SENT: u8 = 2;
    let mut words = [0u32; WORDS];
    let mut length = size_of_val(&words) as libc::socklen_t;
    // SAFETY: the kernel writes at most `length` bytes into the words. A descriptor that is none is an error.
    let code = unsafe {
        libc::getsockopt(
            socket,
            libc::IPPROTO_TCP,
            libc::TCP_INFO,
            words.as_mut_ptr().cast(),
            &raw mut length,
        )
    };
    let known = if code == 0 { length as usize / size_of::<u32>() } else { 0 };
    if known < NEEDED {
        return None;
    }
    let wide = |at: usize| {
        let bytes = [words[at].to_ne_bytes(), words[at + 1].to_ne_bytes()].concat();
        bytes.try_into().map_or(0, u64::from_ne_bytes)
    };
    let [state, ..] = words[0].to_ne_bytes();
    Some(TcpState {
        is_unanswered: state == SYN_SENT,
        unconfirmed: words[UNACKED],
        silent_for: words[LAST_ACK_RECEIVED].min(words[LAST_DATA_RECEIVED]).into(),
        round_trip: (u64::from(words[RTT]) + 4 * u64::from(words[RTTVAR])) / 1_000,
        confirmed: (known >= WORDS).then(|| wide(BYTES_ACKED)),
    })
}

#[cfg(not(target_os = "linux"))]
pub fn tcp_state(_: RawFd) -> Option<TcpState> {
    None
}

/// The port of a socket on this side; `None` if the descriptor is no socket of the Internet's.
pub fn local_port(socket: RawFd) -> Option<u16> {
    borrow(socket).ok()?;
    // SAFETY: it is no negative number, and the owner that is made of it never closes it.
    let socket = ManuallyDrop::new(unsafe { TcpStream::from_raw_fd(socket) });
    socket.local_addr().ok().map(|address| address.port())
}

/// Keeps SIGPIPE from the application while libcurl may write to a connection the peer has closed:
/// blocked for this thread, taken back if it arose, and the mask restored. Signals belong to the
/// application, so its handler is never touched. (rustix has no masks of signals: they are the C library's.)
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
