"""Playing a certification session with a device: an operator does what the emulator asks for."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable, Dict, Optional, Union

from ._program import EmulatorError

if TYPE_CHECKING:
    from .emulator import Emulator

#: What is recorded when a scenario does not care.
CLIP = "A001.mov"
CLIP_BYTES = 1_000_000


class ScenarioFailed(AssertionError):
    """A scenario did not pass; the message says at which step and why."""


@dataclass(frozen=True)
class Order:
    """Something to be done at the device."""

    id: int
    #: switch_on, switch_off, cut_power, pair, cancel_pairing, record, cancel_upload, cancel_all_uploads,
    #: change_network or idle.
    operate: str
    #: Of the file. A camera that chooses its names itself looks at the extension only.
    name: Optional[str]
    bytes: Optional[int]
    #: The same for a person.
    words: str


class Operator:
    """Who does it: a robot's finger, a relay in the battery's place, or a camera in software. Override what your
    device can do; what a method raises fails the scenario with that reason."""

    #: Called again and again while nothing is to be done, if it is not None: a camera that lives in this thread
    #: goes on with its own work meanwhile. It should return within some 50 ms, with False if there is none.
    drive: Optional[Callable[[], object]] = None

    def switch_on(self) -> None:
        """Switches the device on, unless it is on."""
        self._cannot("be switched on")

    def switch_off(self) -> None:
        """Switches it off as one should."""
        self._cannot("be switched off")

    def cut_power(self) -> None:
        """Pulls its battery."""
        self._cannot("lose its power")

    def pair(self) -> None:
        """Begins a pairing, unless the device shows a code already."""
        self._cannot("begin a pairing")

    def cancel_pairing(self) -> None:
        """Cancels it at the device."""
        self._cannot("cancel a pairing")

    def record(self, name: str, size: int) -> None:
        """Records a clip of about so many bytes, which uploads by itself or is made to."""
        self._cannot("record")

    def cancel_upload(self, name: Optional[str]) -> None:
        """Cancels the upload of that name or, without one, that at work."""
        self._cannot("cancel an upload")

    def cancel_all_uploads(self) -> None:
        """Cancels all that are not over."""
        self._cannot("cancel its uploads")

    def change_network(self) -> None:
        """Moves the device to another network."""
        self._cannot("change its network")

    def idle(self) -> None:
        """Leaves the device alone, switched on. One whose clock can be moved need not be waited for."""

    def _cannot(self, what: str) -> None:
        raise NotImplementedError(f"{type(self).__name__} does not say how the device is to {what}")

    def __call__(self, order: Order) -> None:
        """Does what is asked for."""
        if order.operate == "record":
            self.record(order.name or CLIP, order.bytes or CLIP_BYTES)
        elif order.operate == "cancel_upload":
            self.cancel_upload(order.name)
        else:
            getattr(self, order.operate)()


def play(service: "Emulator", scenario: Union[str, "os.PathLike[str]"], operator: Callable[[Order], object],
         timeout: float) -> Dict[str, Any]:
    """Plays a scenario to its end; ``Emulator.scenario`` calls this."""
    deadline = time.monotonic() + timeout
    service.call("POST", "/emulator/scenario", _start(scenario))
    try:
        return _follow(service, operator, deadline)
    except BaseException:
        if _now(service)["state"] == "running":
            service.call("DELETE", "/emulator/scenario")
        raise


def _follow(service: "Emulator", operator: Callable[[Order], object], deadline: float) -> Dict[str, Any]:
    drive = getattr(operator, "drive", None)
    failure: Optional[Exception] = None
    ordered = 0

    def asked(now: Dict[str, Any]) -> int:
        return 0 if now["operation"] is None else int(now["operation"]["id"])

    def next_news() -> Dict[str, Any]:
        now = _now(service)
        return now if now["state"] != "running" or asked(now) not in (0, ordered) else {}

    while True:
        now = service.wait_until(next_news, deadline - time.monotonic(), what="the end of the scenario", drive=drive)
        if now["state"] == "passed":
            return now
        if now["state"] == "failed":
            raise ScenarioFailed(f"{now['title']}: {now['why']}") from failure
        order = _order(now["operation"])
        ordered = order.id
        told: Dict[str, Any] = {"id": order.id}
        try:
            operator(order)
        except Exception as error:
            failure = error
            told["failed"] = str(error) or type(error).__name__
        try:
            service.call("POST", "/emulator/scenario/operated", told)
        except EmulatorError:
            # It took too long and the scenario is over, or somebody else said that it was done.
            if asked(_now(service)) == order.id:
                raise


def _now(service: "Emulator") -> Dict[str, Any]:
    """The scenario that runs, or that did."""
    told = service.call("GET", "/emulator/scenario")
    found: Dict[str, Any] = told["scenario"] or {"operation": None, **told["played"][-1]}
    return found


def _start(scenario: Union[str, "os.PathLike[str]"]) -> Dict[str, str]:
    """What starts it: the name of a built-in one; a file, if it is a path or ends in .toml; or the text of one."""
    if isinstance(scenario, str) and "\n" in scenario:
        return {"toml": scenario}
    if not isinstance(scenario, str) or scenario.endswith(".toml"):
        return {"toml": Path(scenario).read_text(encoding="utf-8")}
    return {"name": scenario}


def _order(found: Dict[str, Any]) -> Order:
    return Order(found["id"], found["operate"], found.get("name"), found.get("bytes"), found["words"])
