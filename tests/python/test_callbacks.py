"""Calls from inside callbacks, from other threads, and after a fork."""

import gc
import os
import re
import threading
import time

import pytest

from support import PATIENCE, Clock, MemoryStore, RigTest, fio_c2c, in_child
from fio_c2c import _callbacks


class Reentrance(RigTest):
    def statuses(self, *calls: object) -> list:
        found = []
        for call in calls:
            try:
                call()
                found.append("FIO_OK")
            except fio_c2c.FioError as error:
                found.append(error.name)
        return found

    def test_a_completion_may_call_everything_but_drive_and_wait(self) -> None:
        found = []

        def then(operation: fio_c2c.Operation) -> None:
            found.extend(self.statuses(lambda: client.drive(0), lambda: client.wait(operation.id), client.auth_state, client.fd,
                                       client.timeout_ms, client.wakeup, client.poll))

        client = self.client()
        client.request_code(then).wait(PATIENCE)
        assert found == ["FIO_E_REENTRANT"] * 2 + ["FIO_OK"] * 5

    def test_operations_chained_by_their_completions(self) -> None:
        self.service.person("approve", after_polls=0)
        order = []

        def after_code(operation: fio_c2c.Operation) -> None:
            order.append(operation.result().user_code)
            client.poll(after_poll)

        def after_poll(operation: fio_c2c.Operation) -> None:
            operation.result()
            order.append("paired")
            client.heartbeat(lambda operation: order.append("seen"))

        client = self.client()
        client.request_code(after_code)
        client.drive_until(lambda: len(order) == 3)
        assert order[1:] == ["paired", "seen"]

    def test_an_event_may_start_operations(self) -> None:
        started = []

        def on_event(event: fio_c2c.Event) -> None:
            if event.kind == fio_c2c.FIO_EVENT_AUTHORIZED:
                started.append(client.heartbeat())

        self.service.person("approve", after_polls=0)
        client = self.client(on_event=on_event)
        client.pair().wait(PATIENCE)
        started[0].wait(PATIENCE)

    def test_a_log_callback_may_only_wake_and_cancel(self) -> None:
        found = set()

        def on_log(level: int, line: str) -> None:
            # Not while the client is being made.
            if made:
                found.add(tuple(self.statuses(client.auth_state, client.heartbeat, lambda: client.drive(0), client.wakeup,
                                              lambda: client.cancel(99))))

        made = False
        client = self.client(on_log=on_log)
        made = True
        client.request_code().wait(PATIENCE)
        assert found == {("FIO_E_REENTRANT",) * 3 + ("FIO_OK", "FIO_E_UNKNOWN_OP")}

    def test_canceling_in_a_callback(self) -> None:
        client = self.client()
        operation = client.pair(lambda code: operation.cancel())
        self.fails(fio_c2c.FIO_E_CANCELED, operation.wait, PATIENCE)


class Freeing(RigTest):
    def test_running_operations_are_told(self) -> None:
        client = self.client()
        ended = []
        client.pair(then=ended.append)
        client.close()
        assert [operation.error.status for operation in ended] == [fio_c2c.FIO_E_CANCELED]
        client.close()
        for call in (client.auth_state, client.pair, client.wakeup, lambda: client.drive(0)):
            self.fails(fio_c2c.FIO_E_CLOSED, call)

    def test_in_a_completion(self) -> None:
        ended = []

        def then(operation: fio_c2c.Operation) -> None:
            client.close()
            ended.append(operation)

        client = self.paired()
        other = client.heartbeat(ended.append)
        operation = client.device_info(then)
        self.fails(fio_c2c.FIO_E_CLOSED, lambda: client.drive_until(lambda: False))
        assert len(ended) == 2
        assert operation.is_over and other.is_over

    def test_the_result_is_there_all_the_same(self) -> None:
        client = self.client()
        code = client.request_code(lambda operation: client.close()).wait(PATIENCE)
        assert re.search(r"^\d{6}$", code.user_code)

    def test_in_an_event_and_while_a_code_is_shown(self) -> None:
        self.service.person("approve", after_polls=0)
        client = self.client(on_event=lambda event: client.close())
        self.fails(fio_c2c.FIO_E_CANCELED, client.pair().wait, PATIENCE)
        client = self.client()
        self.fails(fio_c2c.FIO_E_CANCELED, client.pair(lambda code: client.close()).wait, PATIENCE)

    def test_in_a_log_callback(self) -> None:
        made = False

        def on_log(level: int, line: str) -> None:
            if made:
                client.close()

        client = self.client(on_log=on_log)
        made = True
        with pytest.raises(fio_c2c.FioError) as caught:
            client.request_code().wait(PATIENCE)
        assert caught.value.status in (fio_c2c.FIO_E_CLOSED, fio_c2c.FIO_E_CANCELED)

    def test_everything_held_for_c_is_let_go(self) -> None:
        gc.collect()
        before = len(_callbacks.registry)
        for _ in range(3):
            client = fio_c2c.Client(**self.config(store=MemoryStore(), clock=Clock(), on_event=lambda event: None,
                                                  on_log=lambda level, line: None, entropy=os.urandom))
            client.pair()
            client.drive(0)
            assert len(_callbacks.registry) > before
            client.close()
        with pytest.raises(fio_c2c.FioError):
            fio_c2c.Client(**self.config(store=MemoryStore(), on_event=print, base_url="http://x"))
        assert len(_callbacks.registry) == before

    def test_a_config_may_go_before_its_clients(self) -> None:
        store, lines = MemoryStore(), []
        config = fio_c2c.Config(**self.config(store=store, on_log=lambda level, line: lines.append(line),
                                              log_level=fio_c2c.FIO_LOG_DEBUG))
        self.service.person("approve", after_polls=0)
        with fio_c2c.Client(config) as client:
            config.close()
            gc.collect()
            client.pair().wait(PATIENCE)
            assert "auth" in store.records
            assert lines
        self.fails(fio_c2c.FIO_E_HANDLE, lambda: fio_c2c.Client(config))

    def test_a_forgotten_client_is_freed_and_complained_of(self) -> None:
        store = str(self.scratch() / "store")
        settings = self.config(store_dir=store)
        with pytest.warns(ResourceWarning):
            fio_c2c.Client(**settings)
            gc.collect()
        fio_c2c.Client(**settings).close()


class Raising(RigTest):
    """What a Python callback raises comes out of the call in which it ran."""

    def test_a_completion(self) -> None:
        client = self.client()

        def then(operation: fio_c2c.Operation) -> None:
            raise LookupError("in a completion")

        operation = client.request_code(then)
        with pytest.raises(LookupError, match="in a completion"):
            operation.wait(PATIENCE)
        assert operation.result().user_code

    def test_several_at_once_hang_on_the_first(self) -> None:
        client = self.paired()

        def then(operation: fio_c2c.Operation) -> None:
            raise LookupError(operation.id)

        operations = [client.heartbeat(then), client.device_info(then)]
        with pytest.raises(LookupError) as caught:
            client.close()
        raised = [caught.value, caught.value.__context__]
        assert {error.args[0] for error in raised} == {operation.id for operation in operations}

    def test_while_a_code_is_shown(self) -> None:
        self.service.person("approve", after_polls=0)

        def show(code: fio_c2c.Code) -> None:
            raise OSError("no screen")

        client = self.client()
        operation = client.pair(show)
        with pytest.raises(OSError, match="no screen"):
            operation.wait(PATIENCE)
        # The pairing goes on.
        operation.wait(PATIENCE)

    def test_events_log_and_clock(self) -> None:
        failing = set()

        class FailingClock(Clock):
            def monotonic_ms(self) -> int:
                if "clock" in failing:
                    raise ArithmeticError("clock")
                return super().monotonic_ms()

        def on_event(event: fio_c2c.Event) -> None:
            if "event" in failing:
                raise ArithmeticError("event")

        def on_log(level: int, line: str) -> None:
            if "log" in failing:
                raise ArithmeticError("log")

        client = self.client(on_event=on_event, on_log=on_log, clock=FailingClock())
        self.service.person("approve", after_polls=0)
        for name in ("event", "log", "clock"):
            operation = client.pair()
            failing.add(name)
            with pytest.raises(ArithmeticError, match=name):
                operation.wait(PATIENCE)
            failing.clear()
            operation.wait(PATIENCE)

    def test_an_interrupt(self) -> None:
        client = self.client()

        def then(operation: fio_c2c.Operation) -> None:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            client.request_code(then).wait(PATIENCE)


class Threads(RigTest):
    def blocked(self, client: fio_c2c.Client) -> threading.Thread:
        """A thread that has begun to wait inside drive."""
        self.outcomes: list = []

        def drive() -> None:
            # Looking whether it is there may itself get in its way.
            while True:
                try:
                    self.outcomes.append(client.drive(int(PATIENCE * 1000)))
                    return
                except fio_c2c.FioError as error:
                    assert error.status == fio_c2c.FIO_E_BUSY

        thread = threading.Thread(target=drive)
        thread.start()
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                client.auth_state()
            except fio_c2c.FioError as error:
                assert error.status == fio_c2c.FIO_E_BUSY
                return thread
        raise TimeoutError("the thread does not drive")

    def test_a_second_thread_is_told_that_the_client_is_busy(self) -> None:
        client = self.client()
        client.request_code().wait(PATIENCE)
        thread = self.blocked(client)
        for call in (client.auth_state, client.poll, client.fd, client.timeout_ms, client.access_token, client.close,
                     lambda: client.drive(0)):
            self.fails(fio_c2c.FIO_E_BUSY, call)
        # The refused close has not harmed it.
        client.wakeup()
        thread.join(PATIENCE)
        assert self.outcomes == [None]
        assert client.auth_state() == fio_c2c.FIO_AUTH_PENDING

    def test_canceling_from_another_thread(self) -> None:
        client = self.client()
        ended = []
        self.service.fault("code", "stall")
        operation = client.request_code(ended.append)
        thread = self.blocked(client)
        operation.cancel()
        thread.join(PATIENCE)
        assert [o.error.status for o in ended] == [fio_c2c.FIO_E_CANCELED]

    def test_a_wake_up_is_not_lost(self) -> None:
        client = self.client()
        client.wakeup()
        start = time.monotonic()
        client.drive(int(PATIENCE * 1000))
        assert time.monotonic() - start < PATIENCE / 2
        start = time.monotonic()
        client.drive(50)
        assert time.monotonic() - start >= 0.04

    def test_the_thread_may_change(self) -> None:
        client = self.client()
        self.service.person("approve", after_polls=0)
        operation = client.pair()
        failures = []

        def work() -> None:
            try:
                operation.wait(PATIENCE)
            except BaseException as failure:
                failures.append(failure)

        thread = threading.Thread(target=work)
        thread.start()
        thread.join(PATIENCE)
        assert failures == []
        client.heartbeat().wait(PATIENCE)

    def test_many_clients_on_many_threads(self) -> None:
        self.service.person("approve", after_polls=1)
        failures = []

        def session(client: fio_c2c.Client) -> None:
            try:
                client.pair().wait(PATIENCE)
                client.heartbeat().wait(PATIENCE)
                client.revoke().wait(PATIENCE)
                client.close()
            except BaseException as failure:
                failures.append(failure)

        threads = [threading.Thread(target=session, args=(self.client(),)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE)
        assert failures == []


class Fork(RigTest):
    def test_a_child_may_only_free_and_the_parent_goes_on(self) -> None:
        client = self.paired(store=MemoryStore())
        connections = {r["connection"] for r in self.service.requests()}
        freed = []

        def child() -> None:
            for call in (client.auth_state, client.heartbeat, client.fd, client.timeout_ms, client.wakeup, client.access_token,
                         lambda: client.drive(0), lambda: client.cancel(1), lambda: client.wait(1)):
                self.fails(fio_c2c.FIO_E_FORKED, call)
            client.close()
            freed.append(True)

        assert in_child(child) == ""
        # On the same connection, whose encryption the child has not disturbed.
        client.heartbeat().wait(PATIENCE)
        client.device_info().wait(PATIENCE)
        assert {r["connection"] for r in self.service.requests()} == connections

    def test_a_child_may_use_a_client_of_its_own(self) -> None:
        client = self.client()
        client.request_code().wait(PATIENCE)

        def child() -> None:
            with self.client() as own:
                own.request_code().wait(PATIENCE)
            client.close()

        assert in_child(child) == ""
        client.request_code().wait(PATIENCE)

    def test_running_operations_are_the_parents(self) -> None:
        client = self.client()
        ended = []
        operation = client.request_code(ended.append)
        def child() -> None:
            client.close()
            assert ended == []

        assert in_child(child) == ""
        operation.wait(PATIENCE)
        assert len(ended) == 1

    def test_the_store_stays_locked_for_the_parent(self) -> None:
        store = str(self.scratch() / "store")
        client = self.paired(store_dir=store)
        assert in_child(client.close) == ""
        self.fails(fio_c2c.FIO_E_STORE_LOCKED, lambda: self.client(store_dir=store))
        client.refresh().wait(PATIENCE)
