//! Notices by itself that the network is another one: an interface, an address or a default route came or went
//! (rtnetlink(7)).

use super::interface;
use crate::sys::netlink;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};

pub(crate) struct NetworkWatch {
    socket: OwnedFd,
    /// What the network looked like.
    seen: u64,
}

impl NetworkWatch {
    /// An error where a process may not use netlink, as in sandboxes.
    pub(crate) fn new() -> io::Result<NetworkWatch> {
        let socket = netlink::open()?;
        Ok(NetworkWatch { socket, seen: fingerprint() })
    }

    /// Readable when the kernel has something to tell.
    pub(crate) fn descriptor(&self) -> RawFd {
        self.socket.as_raw_fd()
    }

    /// Takes in what the kernel tells. Whether something that counts is different now: it also tells that an address is
    /// still good, how a radio is, and of routes that matter to nobody.
    pub(crate) fn has_changed(&mut self) -> bool {
        netlink::drain(&self.socket);
        let now = fingerprint();
        std::mem::replace(&mut self.seen, now) != now
    }
}

/// The same for the same usable interfaces, addresses and default routes.
fn fingerprint() -> u64 {
    let mut hasher = DefaultHasher::new();
    for (name, address) in interface::usable_addresses() {
        (name, address).hash(&mut hasher);
    }
    let routes = fs::read_to_string("/proc/net/route").unwrap_or_default();
    let routes_of_ipv6 = fs::read_to_string("/proc/net/ipv6_route").unwrap_or_default();
    default_routes(&routes, &routes_of_ipv6).hash(&mut hasher);
    hasher.finish()
}

/// Interface, gateway and metric of each default route, as proc_net(5) has them. What is counted in them changes with
/// every packet.
fn default_routes<'a>(routes: &'a str, routes_of_ipv6: &'a str) -> Vec<[&'a str; 3]> {
    let fields = |line: &'a str| line.split_ascii_whitespace().collect::<Vec<&str>>();
    let ipv4 = routes.lines().map(fields).filter_map(|fields| match fields[..] {
        [interface, "00000000", gateway, _, _, _, metric, "00000000", ..] => {
            Some([interface, gateway, metric])
        }
        _ => None,
    });
    let ipv6 = routes_of_ipv6.lines().map(fields).filter_map(|fields| match fields[..] {
        ["00000000000000000000000000000000", "00", _, _, gateway, metric, _, _, _, interface]
            if interface != "lo" =>
        {
            Some([interface, gateway, metric])
        }
        _ => None,
    });
    ipv4.chain(ipv6).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_default_routes_count_and_nothing_that_is_counted_in_them() {
        let routes = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n\
                      wlan0\t00000000\t0101A8C0\t0003\t7\t99\t600\t00000000\t0\t0\t0\n\
                      wlan0\t0001A8C0\t00000000\t0001\t0\t0\t600\t00FFFFFF\t0\t0\t0\n";
        let zeros = "0".repeat(32);
        let routes_of_ipv6 = format!(
            "{zeros} 00 {zeros} 00 fe80000000000000020000fffe000001 00000400 00000005 00000009 00000003    wwan0\n\
             {zeros} 00 {zeros} 00 {zeros} ffffffff 00000001 00000000 00200200       lo\n\
             fe800000000000000000000000000000 40 {zeros} 00 {zeros} 00000100 00000001 00000000 00000001    wwan0\n"
        );
        let found = default_routes(routes, &routes_of_ipv6);
        let ipv6 = ["wwan0", "fe80000000000000020000fffe000001", "00000400"];
        assert_eq!(found, [["wlan0", "0101A8C0", "600"], ipv6]);
        assert!(default_routes("", "garbage\n\n").is_empty());
    }

    #[test]
    fn nothing_has_changed_where_nothing_was_told() {
        // Sandboxes may have no netlink.
        let Ok(mut watch) = NetworkWatch::new() else { return };
        assert!(!watch.has_changed());
        watch.seen ^= 1;
        assert!(watch.has_changed() && !watch.has_changed());
    }
}
