"""The network changes while uploads wait for it: in a network namespace, as root."""

import ctypes
import subprocess
from typing import Callable

import pytest

from support import RigClient, UploadTest, in_child

CLONE_NEWNET = 0x40000000
NOTICED = "the network has changed"


def can_have_own_network() -> bool:
    """Whether this user may have a network of its own."""

    def attempt() -> None:
        assert ctypes.CDLL(None).unshare(CLONE_NEWNET) == 0

    return in_child(attempt) == ""


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)


class NetworkWatch(UploadTest):
    def setup_class(self) -> None:
        if not can_have_own_network():
            pytest.skip("a network of its own needs root")

    def without_network(self, attempt: Callable[[RigClient], None], **settings: object) -> None:
        """Runs it in a child with a client that is paired, and whose network is gone then: connections that are there go
        on, and there is nobody to make new ones to. An upload waits for that."""
        media = self.media()

        def child() -> None:
            client = self.paired(**settings)
            assert ctypes.CDLL(None).unshare(CLONE_NEWNET) == 0
            ip("link", "set", "lo", "up")
            client.upload(path=media)
            client.drive_until(lambda: attempts_failed(client) > 0)
            attempt(client)

        assert in_child(child) == ""

    def test_what_comes_and_goes_is_noticed_and_nothing_else(self) -> None:
        def attempt(client: RigClient) -> None:
            assert noticed(client) == 0
            ip("address", "add", "192.0.2.1/32", "dev", "lo")
            client.drive_until(lambda: noticed(client) == 1)
            # It is confirmed, as a router does every few minutes; and a route that is no way out.
            ip("address", "replace", "192.0.2.1/32", "dev", "lo", "valid_lft", "600", "preferred_lft", "600")
            ip("route", "add", "198.51.100.0/24", "dev", "lo")
            failed = attempts_failed(client)
            client.drive_until(lambda: attempts_failed(client) > failed)
            assert noticed(client) == 1
            ip("route", "add", "default", "dev", "lo")
            client.drive_until(lambda: noticed(client) == 2)
            ip("address", "del", "192.0.2.1/32", "dev", "lo")
            client.drive_until(lambda: noticed(client) == 3)

        self.without_network(attempt)

    def test_it_can_be_switched_off(self) -> None:
        def attempt(client: RigClient) -> None:
            ip("address", "add", "192.0.2.1/32", "dev", "lo")
            failed = attempts_failed(client)
            client.drive_until(lambda: attempts_failed(client) > failed + 1)
            assert noticed(client) == 0

        self.without_network(attempt, network_watch=False)

    def test_the_application_may_still_say_so(self) -> None:
        def attempt(client: RigClient) -> None:
            client.network_changed()
            client.drive_until(lambda: noticed(client) == 1)

        self.without_network(attempt, network_watch=False)


def noticed(client: RigClient) -> int:
    return sum(NOTICED in line for line in client.log)


def attempts_failed(client: RigClient) -> int:
    return sum(line.startswith("answer ") and ": none: " in line for line in client.log)
