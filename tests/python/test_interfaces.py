"""Parts that take a network interface where the system does not let a process do all of it."""

import ctypes
import errno
import platform
import struct

import pytest

from support import PATIENCE, UploadTest, fio_c2c, in_child

#: The numbers of `socket` and `setsockopt`.
CALLS = {"x86_64": (41, 54), "aarch64": (198, 208)}
AF_NETLINK, SO_BINDTODEVICE = 16, 25


def deny(call: int, argument: int, value: int, error: int) -> None:
    """Lets a system call fail where an argument has a value, in this process for good."""
    load, jump_if_equal, give = 0x20, 0x15, 0x06
    steps = [(load, 0, 0, 0), (jump_if_equal, 0, 3, call), (load, 0, 0, 16 + 8 * argument), (jump_if_equal, 0, 1, value),
             (give, 0, 0, 0x00050000 | error), (give, 0, 0, 0x7FFF0000)]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
    program = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", len(steps), ctypes.addressof(code)))
    libc = ctypes.CDLL(None, use_errno=True)
    set_no_new_privileges, set_seccomp, filter_mode = 38, 22, 2
    if libc.prctl(set_no_new_privileges, 1, 0, 0, 0) or libc.prctl(set_seccomp, filter_mode, program, 0, 0):
        raise OSError(ctypes.get_errno(), "no filter of system calls")


@pytest.mark.skipif(not (platform.machine() in CALLS), reason="the numbers of system calls are not known here")
class Denied(UploadTest):
    def sent(self, call: int, argument: int, value: int, error: int) -> None:
        media = self.media()

        def body() -> None:
            deny(call, argument, value, error)
            with fio_c2c.Client(**self.config(interfaces=["none9", "lo"])) as client:
                client.pair().wait(PATIENCE)
                client.upload(path=media).wait(PATIENCE)

        self.service.person("approve", after_polls=0)
        assert in_child(body) == ""
        self.arrived("A001.mov", media)

    def test_no_list_of_interfaces(self) -> None:
        """As with RestrictAddressFamilies= of systemd."""
        self.sent(CALLS[platform.machine()][0], 0, AF_NETLINK, errno.EAFNOSUPPORT)

    def test_a_socket_may_not_be_bound_to_an_interface(self) -> None:
        """As before Linux 5.7 without CAP_NET_RAW."""
        self.sent(CALLS[platform.machine()][1], 2, SO_BINDTODEVICE, errno.EPERM)
