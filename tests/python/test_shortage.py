"""A process that has too few descriptors left, or very many open: told as what it is, and passed when they are back."""

import os
import resource
from contextlib import contextmanager
from typing import Iterator

import pytest

from raw_service import RawTest
from support import PATIENCE, RigTest, fio_c2c


@contextmanager
def descriptors_left(count: int) -> Iterator[None]:
    """Lets the process open only so many more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    highest = max(map(int, os.listdir("/proc/self/fd")))
    held = []
    # The limit is on the number of a descriptor: those below it that are free are taken.
    while not held or held[-1] <= highest:
        held.append(os.open("/dev/null", os.O_RDONLY))
    resource.setrlimit(resource.RLIMIT_NOFILE, (held[-1] + 1 + count, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        for descriptor in held:
            os.close(descriptor)


def sockets() -> int:
    """How many this process has open, the service of the test included."""
    count = 0
    for name in os.listdir("/proc/self/fd"):
        try:
            count += os.readlink(f"/proc/self/fd/{name}").startswith("socket:")
        except FileNotFoundError:
            pass  # The folder itself.
    return count


class Requests(RawTest):
    def test_no_descriptor_for_a_connection(self) -> None:
        # As many as were needed: the last ones are for the socket, the certificates and the names.
        for name in ("127.0.0.1", "localhost"):
            statuses = []
            for left in range(8):
                client = self.client(base_url=self.service.url.replace("127.0.0.1", name))
                with descriptors_left(left):
                    try:
                        client.request_code().wait(PATIENCE)
                    except fio_c2c.FioError as error:
                        statuses.append(error.name)
                        assert "no descriptor is left" in error.message
                        assert error.retry == fio_c2c.FIO_RETRY_LATER
                # It passes as soon as there are some.
                client.request_code().wait(PATIENCE)
                client.close()
            assert "FIO_E_NOMEM" in statuses
            assert set(statuses) == {"FIO_E_NOMEM"}
            assert len(statuses) < 8

    def test_a_poll_goes_on_when_they_are_back(self) -> None:
        # A connection that is kept would need none.
        self.raw.answers["code"] = self.last
        client = self.client(base_url=self.raw.url, ca_file=str(self.raw.ca_file))
        before = sockets()
        client.request_code().wait(PATIENCE)
        self.raw.await_closed()
        # A descriptor that the client gives back later would be enough for a connection.
        client.drive_until(lambda: sockets() == before)
        with descriptors_left(0):
            operation = client.poll()
            event = client.drive_until_heard(fio_c2c.FIO_EVENT_RETRYING)
        assert (event.error and event.error.name) == "FIO_E_NOMEM"
        operation.wait(PATIENCE)

    def test_an_upload_waits_for_descriptors(self) -> None:
        for endpoint in ("code", "token", "me"):
            self.raw.answers[endpoint] = self.last
        client = self.paired(clock=self.clock, impatient=self.clock)
        client.drive_until_settled()
        self.raw.await_closed()
        content = bytes(range(256)) * 100
        with descriptors_left(0):
            upload = client.upload(name="A.mov", size=len(content), reader=lambda offset, size: content[offset:offset + size])
            client.drive_until(lambda: "FIO_E_NOMEM" in client.reasons(upload))
        upload.wait(PATIENCE)
        assert [request.body for request in self.raw.seen("part")] == [content]

    def test_a_setter_says_so(self) -> None:
        config = self.config()
        with descriptors_left(0):
            self.fails(fio_c2c.FIO_E_NOMEM, lambda: fio_c2c.Client(**config))


class Many(RigTest):
    def test_more_than_select_knows(self) -> None:
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if hard != resource.RLIM_INFINITY and hard < 2048:
            pytest.skip(f"only {hard} descriptors are allowed")

        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2048), hard))
        self.at_end(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        held = [os.open("/dev/null", os.O_RDONLY) for _ in range(1100)]
        try:
            for portable in (False, True):
                client = self.paired(**({"poller": fio_c2c.FIO_POLLER_PORTABLE} if portable else {}))
                client.device_info().wait(PATIENCE)
                client.close()
        finally:
            for descriptor in held:
                os.close(descriptor)
