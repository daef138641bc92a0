"""The ways to wait: an event loop that watches the descriptor, one that counts milliseconds, and the
portable poller."""

import asyncio
import select
import signal
import time

import pytest

from case import Case
from support import PATIENCE, Clock, RigTest, fio_c2c
from fio_c2c.aio import AsyncClient
from fio_c2c.emulator import Emulator


class Descriptor(RigTest):
    def test_it_says_when_there_is_work(self) -> None:
        self.service.person("approve", after_polls=3)
        client = self.client()
        operation = client.pair()
        fd = client.fd()
        deadline = time.monotonic() + PATIENCE
        rounds = 0
        while not operation.is_over and time.monotonic() < deadline:
            ready, _, _ = select.select([fd], [], [], PATIENCE)
            assert ready, "nothing to do, but not over"
            client.drive(0)
            rounds += 1
        assert operation.result().project_id
        assert client.fd() == fd
        # No spinning: a few rounds for each of seven requests and their handshake.
        assert rounds < 150

    def test_an_idle_client_is_silent(self) -> None:
        client = self.paired()
        client.drive(0)
        ready, _, _ = select.select([client.fd()], [], [], 0.1)
        assert ready == []
        client.wakeup()
        ready, _, _ = select.select([client.fd()], [], [], PATIENCE)
        assert ready

    def test_waiting_by_the_milliseconds(self) -> None:
        self.service.person("approve", after_polls=2)
        client = self.client(poller=fio_c2c.FIO_POLLER_PORTABLE)
        self.fails(fio_c2c.FIO_E_UNSUPPORTED, client.fd)
        assert client.timeout_ms() is None
        operation = client.pair()
        deadline = time.monotonic() + PATIENCE
        while not operation.is_over and time.monotonic() < deadline:
            wanted = client.timeout_ms()
            assert wanted is not None
            time.sleep(min(wanted, 100) / 1000)
            client.drive(0)
        assert operation.result().project_id


class Signals(RigTest):
    class Rang(Exception):
        """What the handler of these tests raises, as Ctrl-C raises KeyboardInterrupt."""

    def alarm(self, signum: int, frame: object) -> None:
        raise self.Rang

    @pytest.mark.parametrize("poller", (fio_c2c.FIO_POLLER_DEFAULT, fio_c2c.FIO_POLLER_PORTABLE))
    def test_a_signal_ends_a_wait(self, poller) -> None:
        client = self.client(poller=poller)
        self.service.fault("code", "stall")
        operation = client.request_code()
        previous = signal.signal(signal.SIGALRM, self.alarm)
        try:
            signal.setitimer(signal.ITIMER_REAL, 0.1)
            with pytest.raises(self.Rang):
                operation.wait(PATIENCE)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, previous)
        assert not operation.is_over
        operation.cancel()
        self.fails(fio_c2c.FIO_E_CANCELED, operation.wait, PATIENCE)


class Portable(RigTest):
    def test_a_whole_session(self) -> None:
        self.service.person("approve", after_polls=3)
        client = self.client(poller=fio_c2c.FIO_POLLER_PORTABLE)
        client.pair().wait(PATIENCE)
        client.refresh().wait(PATIENCE)
        # Until the fetch that follows the refresh is over, a heartbeat would need another connection.
        client.drive_until_heard(fio_c2c.FIO_EVENT_DEVICE, times=2)
        client.heartbeat().wait(PATIENCE)
        client.revoke().wait(PATIENCE)
        assert len({r["connection"] for r in self.service.requests()}) == 1
        assert self.service.violations() == []

    def test_failures(self) -> None:
        client = self.client(poller=fio_c2c.FIO_POLLER_PORTABLE, base_url=self.service.flawed("expired"))
        self.fails(fio_c2c.FIO_E_TLS_EXPIRED, client.request_code)

    def test_a_wake_up_is_not_lost(self) -> None:
        client = self.client(poller=fio_c2c.FIO_POLLER_PORTABLE)
        client.wakeup()
        start = time.monotonic()
        client.drive(int(PATIENCE * 1000))
        assert time.monotonic() - start < PATIENCE / 2


class Clocks(RigTest):
    def test_a_clock_before_the_earliest_possible_time(self) -> None:
        clock = Clock()
        floor = clock.wall_seconds() + 3600
        client = self.client(clock=clock, clock_floor=floor)
        for start in (client.request_code, client.pair):
            error = self.fails(fio_c2c.FIO_E_CLOCK, start)
            assert error.http_status == 0
        assert self.service.requests() == []
        # Somebody sets the clock.
        clock.wall_offset = 7200
        client.request_code().wait(PATIENCE)

    def test_without_a_declaration_any_time_is_possible(self) -> None:
        clock = Clock()
        clock.wall_offset = -clock.wall_seconds()
        self.client(clock=clock, clock_floor=0).request_code().wait(PATIENCE)


class Asyncio(Case):
    def test_it_pairs_while_the_loop_does_other_things(self) -> None:
        ticks = []
        shown = []

        async def tick() -> None:
            while True:
                ticks.append(time.monotonic())
                await asyncio.sleep(0.005)

        async def main(service: Emulator) -> fio_c2c.Device:
            ticking = asyncio.create_task(tick())
            async with AsyncClient(**service.identity("ASYNC")) as camera:
                device = await asyncio.wait_for(camera.pair(shown.append), PATIENCE)
                await asyncio.wait_for(camera.heartbeat(), PATIENCE)
                with pytest.raises(fio_c2c.FioError):
                    await camera.pair(lambda code: service.deny(code.user_code))
                service.fault("code", "stall")
                with pytest.raises(asyncio.TimeoutError):
                    await asyncio.wait_for(camera.request_code(), 0.05)
            ticking.cancel()
            return device

        with Emulator() as service:
            service.person("approve", after_polls=3, project="Feature B")
            device = asyncio.run(main(service))
        assert device.project_name == "Feature B"
        assert len(shown) == 1
        assert len(ticks) > 20
        # The loop was never held up.
        assert max(later - earlier for earlier, later in zip(ticks, ticks[1:])) < 0.2
