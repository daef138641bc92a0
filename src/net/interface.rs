//! Which network interface a part takes.

use std::ffi::CStr;
use std::io;

const UP: libc::c_int = libc::IFF_UP | libc::IFF_RUNNING;

/// Which of the network interfaces, named in the order of preference, is the first that is up, has a
/// link, and has an address that reaches beyond it.
pub(crate) fn usable_interface(names: &[String]) -> Option<usize> {
    match listed(names) {
        Ok(best) => best,
        // Where a process may not use AF_NETLINK (RestrictAddressFamilies= of systemd, Android) there is no list.
        #[cfg(target_os = "linux")]
        Err(_) => by_name::first_usable(names),
        #[cfg(not(target_os = "linux"))]
        Err(_) => None,
    }
}

fn listed(names: &[String]) -> io::Result<Option<usize>> {
    let mut best = None;
    for_each(|name, entry| {
        let index = names.iter().position(|wanted| wanted.as_bytes() == name.to_bytes());
        if index.is_some_and(|index| best.is_none_or(|best| index < best)) && is_usable(entry) {
            best = index;
        }
    })?;
    Ok(best)
}

/// The names of the interfaces that can be used, with each of their addresses; none where there is no list.
#[cfg(target_os = "linux")]
pub(crate) fn usable_addresses() -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut found = Vec::new();
    let listed = for_each(|name, entry| {
        if is_usable(entry) {
            found.push((name.to_bytes().to_vec(), address_of(entry)));
        }
    });
    listed.map_or_else(|_| Vec::new(), |()| found)
}

/// Of an entry that has an address of one of the two families.
#[cfg(target_os = "linux")]
fn address_of(entry: &libc::ifaddrs) -> Vec<u8> {
    // SAFETY: the entry is usable: its address is valid, and as long as its family says; nothing is assumed about its
    // alignment.
    unsafe {
        match libc::c_int::from((*entry.ifa_addr).sa_family) {
            libc::AF_INET => {
                let address = entry.ifa_addr.cast::<libc::sockaddr_in>().read_unaligned();
                address.sin_addr.s_addr.to_ne_bytes().to_vec()
            }
            _ => entry.ifa_addr.cast::<libc::sockaddr_in6>().read_unaligned().sin6_addr.s6_addr.to_vec(),
        }
    }
}

fn for_each(mut each: impl FnMut(&CStr, &libc::ifaddrs)) -> io::Result<()> {
    let mut first = std::ptr::null_mut();
    // SAFETY: `first` is a valid place for the list.
    if unsafe { libc::getifaddrs(&mut first) } != 0 {
        return Err(io::Error::last_os_error());
    }
    let mut next = first;
    // SAFETY: the list lives until it is freed below; the system links entries that are NULL or valid,
    // and names that are terminated.
    while let Some(entry) = unsafe { next.as_ref() } {
        // SAFETY: as above; the name is a terminated text of the entry's.
        each(unsafe { CStr::from_ptr(entry.ifa_name) }, entry);
        next = entry.ifa_next;
    }
    // SAFETY: the list came from `getifaddrs` and is not used any more.
    unsafe { libc::freeifaddrs(first) };
    Ok(())
}

fn is_usable(entry: &libc::ifaddrs) -> bool {
    // SAFETY: the address is NULL or valid, and as long as its family says.
    entry.ifa_flags & UP as libc::c_uint == UP as libc::c_uint
        && match unsafe { entry.ifa_addr.as_ref() }.map(|address| libc::c_int::from(address.sa_family)) {
            Some(libc::AF_INET) => true,
            Some(libc::AF_INET6) => {
                // SAFETY: as above; nothing is assumed about its alignment.
                let address = unsafe { entry.ifa_addr.cast::<libc::sockaddr_in6>().read_unaligned() };
                reaches_beyond(address.sin6_addr.s6_addr)
            }
            _ => false,
        }
}

/// fe80::/10 ends at the link.
fn reaches_beyond([first, second, ..]: [u8; 16]) -> bool {
    (first, second & 0xc0) != (0xfe, 0x80)
}

/// What each interface says for itself when it is asked by its name.
#[cfg(target_os = "linux")]
mod by_name {
    use super::{UP, reaches_beyond};
    use std::net::UdpSocket;
    use std::os::fd::AsRawFd;

    pub(crate) fn first_usable(names: &[String]) -> Option<usize> {
        // Any socket will do to ask, and nothing is sent from it.
        let socket = UdpSocket::bind("0.0.0.0:0").or_else(|_| UdpSocket::bind("[::]:0")).ok()?;
        let addresses = std::fs::read_to_string("/proc/net/if_inet6").unwrap_or_default();
        names.iter().position(|name| {
            let flags = ask(&socket, libc::SIOCGIFFLAGS, name).map(|answer| {
                // SAFETY: what this request writes.
                libc::c_int::from(unsafe { answer.ifr_ifru.ifru_flags })
            });
            flags.is_some_and(|flags| flags & UP == UP)
                && (ask(&socket, libc::SIOCGIFADDR, name).is_some() || has_ipv6_address(&addresses, name))
        })
    }

    fn ask(socket: &UdpSocket, request: libc::c_ulong, name: &str) -> Option<libc::ifreq> {
        // SAFETY: plain data.
        let mut asked: libc::ifreq = unsafe { std::mem::zeroed() };
        if name.is_empty() || name.len() >= asked.ifr_name.len() {
            return None;
        }
        for (place, &byte) in asked.ifr_name.iter_mut().zip(name.as_bytes()) {
            *place = byte as libc::c_char;
        }
        // SAFETY: both requests take an ifreq with a terminated name and write their answer into it.
        let code = unsafe { libc::ioctl(socket.as_raw_fd(), request as _, &raw mut asked) };
        (code == 0).then_some(asked)
    }

    /// Each line of the kernel's list has an address in 32 digits, and the interface's name at its end.
    pub(crate) fn has_ipv6_address(list: &str, name: &str) -> bool {
        list.lines().any(|line| {
            let mut address = [0; 16];
            line.split_ascii_whitespace().next_back() == Some(name)
                && line.get(..4).is_some_and(|digits| {
                    let byte = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).unwrap_or(0);
                    address[..2].copy_from_slice(&[byte(0), byte(2)]);
                    reaches_beyond(address)
                })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn the_first_usable_interface_of_the_list_is_taken() {
        let loopback = if cfg!(target_os = "linux") { "lo" } else { "lo0" };
        assert_eq!(usable_interface(&names(&["none9", loopback, loopback])), Some(1));
        assert_eq!(usable_interface(&names(&["none9", ""])), None);
        assert_eq!(usable_interface(&[]), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn interfaces_can_be_asked_by_their_names() {
        let long = "n".repeat(40);
        assert_eq!(by_name::first_usable(&names(&["none9", &long, "", "lo"])), Some(3));
        assert_eq!(by_name::first_usable(&names(&["none9"])), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn an_address_of_the_link_alone_is_none() {
        let list = "fe80000000000000021122fffe334455 02 40 20 80   wlan0\n\
                    20010db8000000000000000000000001 03 40 00 80     eth0\n";
        assert!(by_name::has_ipv6_address(list, "eth0"));
        assert!(!by_name::has_ipv6_address(list, "wlan0") && !by_name::has_ipv6_address(list, "eth"));
    }
}
