"""The client for asyncio: operations, cancellation, events, uploads, failures and the end."""

import asyncio
import contextlib
import gc
import hashlib
import os
import tempfile
import time
import unittest
import warnings
from pathlib import Path
from typing import Any, AsyncIterator, Callable, Dict, List
from unittest import mock

import installation  # noqa: F401  (the path to the package)
import fio_c2c
from fio_c2c.aio import AsyncClient, AsyncUpload
from fio_c2c.emulator import Emulator

#: Seconds after which a wait has failed. Nothing takes nearly so long.
PATIENCE = 20.0


class AsyncTest(unittest.IsolatedAsyncioTestCase):
    """A test with a service of its own, at whose end nothing may have been reported to the loop.

    The one that is unittest's: pytest has no loop of its own, and no plugin is needed for one file."""

    async def asyncSetUp(self) -> None:
        self.service = Emulator()
        self.addCleanup(self.service.close)
        self.service.person("approve", after_polls=0)
        self.reported: List[Dict[str, Any]] = []
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda loop, context: self.reported.append(context))
        # These loops are in debug mode; a busy machine is no news.
        loop.slow_callback_duration = PATIENCE
        folder = tempfile.TemporaryDirectory(prefix="fio-c2c-test-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    async def asyncTearDown(self) -> None:
        gc.collect()
        self.assertEqual(self.reported, [])

    def camera(self, client_id: str = "CAM-1", **settings: Any) -> AsyncClient:
        return AsyncClient(**{**self.service.identity(client_id), **settings})

    def clip(self, name: str = "A001.mov", size: int = 100_000) -> Path:
        path = self.folder / name
        path.write_bytes(os.urandom(size))
        return path

    async def soon(self, awaitable: Any) -> Any:
        return await asyncio.wait_for(awaitable, PATIENCE)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Waits for something of which only the service knows."""
        deadline = time.monotonic() + PATIENCE
        while not condition():
            self.assertLess(time.monotonic(), deadline, "it did not happen")
            await asyncio.sleep(0.001)

    @contextlib.asynccontextmanager
    async def fails(self, status: int) -> AsyncIterator[Any]:
        with self.assertRaises(fio_c2c.FioError) as caught:
            yield caught
        self.assertEqual(caught.exception.name, fio_c2c.status_name(status), str(caught.exception))


class Operations(AsyncTest):
    async def test_everything_a_device_does(self) -> None:
        async with self.camera() as camera:
            code = await self.soon(camera.request_code())
            self.assertRegex(code.user_code, r"^\d{6}$")
            await self.soon(camera.poll())
            device = await self.soon(camera.device_info())
            self.assertEqual(device.project_name, "Feature A")
            self.assertEqual(camera.auth_state(), fio_c2c.FIO_AUTH_AUTHORIZED)
            await self.soon(camera.refresh())
            self.assertTrue(camera.access_token())
            camera.set_online(True)
            await self.soon(camera.heartbeat())
            await self.soon(camera.revoke())
            self.assertEqual(camera.auth_state(), fio_c2c.FIO_AUTH_UNPAIRED)
        self.assertEqual(self.service.violations(), [])

    async def test_several_clients_in_one_loop(self) -> None:
        async def life(client_id: str) -> str:
            async with self.camera(client_id) as camera:
                await camera.pair()
                clip = self.clip(f"{client_id}.mov")
                await camera.upload(path=clip).wait()
                return hashlib.sha256(clip.read_bytes()).hexdigest()

        names = [f"CAM-{number}" for number in range(8)]
        sums = await self.soon(asyncio.gather(*map(life, names)))
        arrived = {upload["client_id"]: upload["sha256"] for upload in self.service.uploads(state="complete")}
        self.assertEqual(arrived, dict(zip(names, sums)))
        self.assertEqual(len(os.listdir("/proc/self/task")), 1)

    async def test_a_task_that_is_canceled_cancels_its_operation(self) -> None:
        async with self.camera() as camera:
            for _ in range(3):
                self.service.fault("code", "stall")
                pairing = asyncio.create_task(camera.pair())
                await self.until(lambda: self.service.faults_left() == 0)
                pairing.cancel()
                with self.assertRaises(asyncio.CancelledError):
                    await pairing
                # It is over at once: otherwise this would be FIO_E_IN_PROGRESS.
                await camera.pair()

    async def test_a_time_out(self) -> None:
        async with self.camera() as camera:
            self.service.fault("code", "stall")
            with self.assertRaises(asyncio.TimeoutError):
                await asyncio.wait_for(camera.request_code(), 0.05)
            await self.soon(camera.request_code())

    async def test_what_showing_a_code_raises_is_raised_by_the_pairing(self) -> None:
        self.service.person("ignore")

        def show(code: fio_c2c.Code) -> None:
            raise LookupError("no display")

        async with self.camera() as camera:
            with self.assertRaisesRegex(LookupError, "no display"):
                await self.soon(camera.pair(show))
            self.service.person("approve", after_polls=0)
            await self.soon(camera.pair())

    async def test_an_idle_client_leaves_the_loop_alone(self) -> None:
        async with self.camera() as camera:
            await self.soon(camera.pair())
            # What the pairing leaves to do is done when the project is known.
            with mock.patch.object(fio_c2c.Client, "drive", autospec=True, side_effect=fio_c2c.Client.drive) as drive:
                await asyncio.sleep(0.2)
            self.assertLess(drive.call_count, 5)

    async def test_a_clock_that_is_moved(self) -> None:
        class Clock:
            ahead = 0

            def monotonic_ms(self) -> int:
                return int(time.monotonic() * 1000) + self.ahead * 1000

            def wall_seconds(self) -> int:
                return int(time.time()) + self.ahead

        clock = Clock()
        self.service.settings(interval=60)
        shown = asyncio.Event()
        async with self.camera(clock=clock) as camera:
            pairing = asyncio.create_task(camera.pair(lambda code: shown.set()))
            await self.soon(shown.wait())
            clock.ahead = 61
            self.service.advance(61)
            camera.wakeup()
            await self.soon(pairing)


class Events(AsyncTest):
    async def test_they_are_told_from_the_moment_they_are_asked_for_until_the_end(self) -> None:
        heard: List[fio_c2c.Event] = []
        async with self.camera(on_event=heard.append) as camera:
            first = camera.events()
            await self.soon(camera.pair())
            second = camera.events()
            await self.soon(camera.refresh())
            self.assertEqual((await self.soon(first.__anext__())).kind, fio_c2c.FIO_EVENT_AUTHORIZED)
        rest = [event.kind async for event in first]
        self.assertEqual([fio_c2c.FIO_EVENT_AUTHORIZED, *rest], [event.kind for event in heard])
        later = [event.kind async for event in second]
        self.assertIn(fio_c2c.FIO_EVENT_REFRESHED, later)
        self.assertNotIn(fio_c2c.FIO_EVENT_AUTHORIZED, later)
        with self.assertRaises(StopAsyncIteration):
            await first.__anext__()

    async def test_a_task_that_waits_for_one_ends_with_the_client(self) -> None:
        async with self.camera() as camera:
            events = camera.events()

            async def count() -> int:
                return len([event async for event in events])

            counting = asyncio.create_task(count())
            await self.soon(camera.pair())
        self.assertGreater(await self.soon(counting), 0)

    async def test_one_that_nobody_reads_any_more_is_forgotten(self) -> None:
        async with self.camera() as camera:
            events = camera.events()
            self.assertEqual(len(camera._streams), 1)
            del events
            self.assertEqual(len(camera._streams), 0)


class Uploads(AsyncTest):
    async def test_they_are_awaited(self) -> None:
        clips = [self.clip(f"A00{number}.mov") for number in range(5)]
        async with self.camera() as camera:
            await self.soon(camera.pair())
            uploads = [camera.upload(path=clip) for clip in clips]
            self.assertEqual(list(camera.queue), uploads)
            infos = await self.soon(asyncio.gather(*(upload.wait() for upload in uploads)))
            self.assertEqual({info.state for info in infos}, {fio_c2c.FIO_UPLOAD_DONE})
            # Also when it is over already, and by a second one that stands for it.
            again = await self.soon(next(iter(camera.queue)).wait())
            await self.soon(camera.comment(again.asset_id or "", "slate", frame=24))
        self.assertEqual(len(self.service.uploads(state="complete")), 5)

    async def test_a_failure_is_raised(self) -> None:
        async with self.camera() as camera:
            await self.soon(camera.pair())
            camera.queue.pause()
            clip = self.clip()
            upload = camera.upload(path=clip)
            clip.unlink()
            waiting = asyncio.create_task(upload.wait())
            await asyncio.sleep(0)
            camera.queue.resume()
            async with self.fails(fio_c2c.FIO_E_SOURCE_MISSING):
                await self.soon(waiting)

    async def test_one_that_is_canceled(self) -> None:
        async with self.camera() as camera:
            await self.soon(camera.pair())
            camera.queue.pause()
            upload = camera.upload(path=self.clip())
            waiting = [asyncio.create_task(upload.wait()) for _ in range(2)]
            await asyncio.sleep(0)
            upload.cancel()
            for task in waiting:
                async with self.fails(fio_c2c.FIO_E_CANCELED):
                    await self.soon(task)

    async def test_giving_the_wait_up_leaves_the_upload_alone(self) -> None:
        async with self.camera() as camera:
            await self.soon(camera.pair())
            camera.queue.pause()
            upload = camera.upload(path=self.clip())
            with self.assertRaises(asyncio.TimeoutError):
                await asyncio.wait_for(upload.wait(), 0.05)
            camera.queue.resume()
            await self.soon(upload.wait())

    async def test_pushing_waits_for_room(self) -> None:
        chunk, count = bytes(8 << 20), 12
        refused = 0
        push = AsyncUpload._push

        def counted(upload: AsyncUpload, *arguments: Any) -> None:
            nonlocal refused
            try:
                push(upload, *arguments)
            except fio_c2c.FioError:
                refused += 1
                raise

        async with self.camera() as camera:
            await self.soon(camera.pair())
            upload = camera.upload(pushed=True, name="A001.mov", recording=fio_c2c.Recording())
            with mock.patch.object(AsyncUpload, "_push", counted):
                for number in range(count):
                    await self.soon(upload.push(number * len(chunk), chunk))
            upload.finish()
            await self.soon(upload.wait())
        self.assertGreater(refused, 0)
        self.assertEqual(self.service.upload("A001.mov")["size"], count * len(chunk))


class Ends(AsyncTest):
    async def test_what_is_awaited_ends_with_the_client(self) -> None:
        self.service.person("ignore")
        async with self.camera() as camera:
            pairing = asyncio.create_task(camera.pair())
            uploading = asyncio.create_task(camera.upload(path=self.clip()).wait())
            await asyncio.sleep(0)
        for task in (pairing, uploading):
            async with self.fails(fio_c2c.FIO_E_CANCELED):
                await self.soon(task)
        async with self.fails(fio_c2c.FIO_E_CLOSED):
            await camera.heartbeat()

    async def test_before_the_block_there_is_no_client(self) -> None:
        camera = self.camera()
        async with self.fails(fio_c2c.FIO_E_CLOSED):
            await camera.pair()
        async with camera:
            with self.assertRaises(RuntimeError):
                await camera.__aenter__()
            await self.soon(camera.pair())
        # The same settings make another client.
        async with camera:
            await self.soon(camera.pair())

    async def test_wrong_settings(self) -> None:
        async with self.fails(fio_c2c.FIO_E_URL):
            async with self.camera(base_url="http://127.0.0.1"):
                pass
        with self.assertRaises(TypeError):
            async with self.camera(bas_url=""):
                pass

    async def test_a_poller_without_a_descriptor_is_refused(self) -> None:
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            async with self.fails(fio_c2c.FIO_E_UNSUPPORTED):
                async with self.camera(poller=fio_c2c.FIO_POLLER_PORTABLE):
                    pass
            gc.collect()
        self.assertEqual([str(warning.message) for warning in warned], [])

    async def test_a_client_that_cannot_be_driven_any_more(self) -> None:
        broken = fio_c2c.FioError.from_status(fio_c2c.FIO_E_POISONED)
        self.service.person("ignore")
        async with self.camera() as camera:
            events = camera.events()
            pairing = asyncio.create_task(camera.pair())
            await asyncio.sleep(0)
            with mock.patch.object(fio_c2c.Client, "drive", side_effect=broken) as drive:
                async with self.fails(fio_c2c.FIO_E_POISONED):
                    await self.soon(pairing)
                async with self.fails(fio_c2c.FIO_E_POISONED):
                    await camera.heartbeat()
                async with self.fails(fio_c2c.FIO_E_POISONED):
                    async for _ in events:
                        pass
                # It is not tried again and again.
                rounds = drive.call_count
                await asyncio.sleep(0.05)
                self.assertEqual(drive.call_count, rounds)

    async def test_what_listeners_raise_goes_to_the_loop(self) -> None:
        for failure in (LookupError("not interested"), fio_c2c.FioError.from_status(fio_c2c.FIO_E_STATE)):
            listener = mock.Mock(side_effect=failure)
            async with self.camera(on_event=listener, on_log=listener, log_level=fio_c2c.FIO_LOG_TRACE) as camera:
                await self.soon(camera.pair())
            self.assertEqual([context["exception"] for context in self.reported], [failure] * listener.call_count)
            self.reported.clear()


if __name__ == "__main__":
    unittest.main()
