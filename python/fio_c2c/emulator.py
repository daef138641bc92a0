"""Starts the service emulator for a test and steers it.

    with Emulator() as service:
        service.person("approve", after_polls=2)
        with Client(**service.identity("CAM-1")) as client:
            client.pair().wait()
        service.assert_clean("polling_pace", "device_information")

Only the standard library is used, and the C library is not needed for it. The emulator ends with the process
that started it, however that ends. ``python3 -m fio_c2c.emulator --help`` runs it by hand.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any, Callable, Iterable, TypedDict, TypeVar

from ._program import EmulatorError, Program, find_emulator
from .checklist import Checklist, Row, quoted
from .scenario import Order, play

__all__ = ["SECRET", "Emulator", "EmulatorError", "Identity", "find_emulator"]

#: The model secret the emulator accepts, unless it is started with others.
SECRET = "emulator-secret"

#: How long one call waits for a change: less than calls may take in all.
_LONG_POLL = 10.0

T = TypeVar("T")


class Identity(TypedDict):
    """What a client needs to be a device of an emulator."""

    client_id: str
    client_secret: str
    client_version: str
    base_url: str
    ca_file: str


class Emulator(Program):
    """One running emulator; a context manager. `arguments` are options of the program; with a folder for its
    `state` it can be stopped and started again, and devices go on with it."""

    def __init__(self, *arguments: str, interval: float = 0.05, binary: str | None = None,
                 state: str | os.PathLike[str] | None = None) -> None:
        kept = [] if state is None else ["--state", os.fspath(state)]
        command = [binary or find_emulator(), "--exit-with-stdin", "--interval", str(interval), *kept, *arguments]
        super().__init__(command, keeps_state=state is not None)

    def identity(self, client_id: str = "CAM-1") -> Identity:
        """What makes a client a device of this service: ``Client(**service.identity())``."""
        return {"client_id": client_id, "client_secret": SECRET, "client_version": "1.0.0", "base_url": self.url,
                "ca_file": self.ca_file}

    def state(self) -> Any:
        """How it stands: clock, settings, person, codes, devices. No secrets."""
        return self.call("GET", "/emulator/state")

    def requests(self, endpoint: str | None = None, *, since: int = 0, **fields: Any) -> list[dict[str, Any]]:
        """Every device request seen after `since`, oldest first; of one endpoint, or with such fields
        (`grant="refresh_token"`), if that is asked for. Secrets are masked."""
        if endpoint is not None:
            fields["endpoint"] = endpoint
        seen = self.call("GET", f"/emulator/requests?since={since}")["requests"]
        return [request for request in seen if all(request[name] == value for name, value in fields.items())]

    def violations(self) -> list[str]:
        """What the client did against the rules of the service, over all requests."""
        return [violation for request in self.requests() for violation in request["violations"]]

    def forget_requests(self) -> None:
        """Empties the log of requests."""
        self.call("DELETE", "/emulator/requests")

    def approve(self, user_code: str | None = None, project: str | None = None) -> None:
        """Approves a code, by default the newest one, and connects the device to a project."""
        self._decide("approve", user_code=user_code, project=project)

    def deny(self, user_code: str | None = None) -> None:
        """Denies a code, by default the newest one."""
        self._decide("deny", user_code=user_code)

    def expire(self, user_code: str | None = None) -> None:
        """Lets a code run out, by default the newest one."""
        self._decide("expire", user_code=user_code)

    def _decide(self, what: str, **fields: Any) -> None:
        self.call("POST", f"/emulator/{what}", {name: value for name, value in fields.items() if value is not None})

    def person(self, decision: str, after_polls: int = 1, project: str | None = None) -> None:
        """A scripted person who decides every code after so many polls: approve, deny or ignore."""
        body: dict[str, Any] = {"decision": decision, "after_polls": after_polls}
        if project is not None:
            body["project"] = project
        self.call("POST", "/emulator/person", body)

    def advance(self, seconds: float) -> None:
        """Moves the emulator's clock."""
        self.call("POST", "/emulator/clock", {"advance_seconds": seconds})

    def settings(self, **fields: Any) -> Any:
        """Changes settings; see the emulator's README for them. Returns all of them."""
        return self.call("POST", "/emulator/settings", fields)

    def fault(self, endpoint: str, kind: str, *, times: int = 1, skip: int = 0, grant: str | None = None,
              asset: str | None = None, part: int | None = None, processed: bool = False, **fields: Any) -> None:
        """Injects a fault into the next calls of an endpoint; see the emulator's README for kinds. `asset`
        is the name of one, `part` the number of a part to be sent to the storage. Any error of S3's list is
        ``fault("part", "s3", code="SlowDown")``."""
        body: dict[str, Any] = {"endpoint": endpoint, "times": times, "skip": skip, "processed": processed,
                                "fault": {"kind": kind, **fields}}
        narrowed = {"grant": grant, "name": asset, "part": part}
        body.update({name: value for name, value in narrowed.items() if value is not None})
        self.call("POST", "/emulator/faults", body)

    def clear_faults(self) -> None:
        """Takes back every fault that has not struck yet."""
        self.call("DELETE", "/emulator/faults")

    def faults_left(self) -> int:
        """How many ordered faults have not struck yet."""
        return sum(fault["times"] for fault in self.call("GET", "/emulator/faults")["faults"])

    def uploads(self, name: str | None = None, **fields: Any) -> list[dict[str, Any]]:
        """Every upload the service knows, oldest first; those of one name, or with such fields
        (`state="complete"`), if that is asked for."""
        if name is not None:
            fields["name"] = name
        seen = self.call("GET", "/emulator/uploads")["uploads"]
        return [upload for upload in seen if all(upload[key] == value for key, value in fields.items())]

    def upload(self, name: str) -> dict[str, Any]:
        """The only upload of that name."""
        found = self.uploads(name)
        if len(found) != 1:
            raise EmulatorError(f"{len(found)} uploads are called {name}")
        return found[0]

    def parts_received(self, name: str | None = None) -> int:
        """How many parts the storage has taken, those it took twice counted twice."""
        return sum(part["times_received"] for upload in self.uploads(name) for part in upload["parts"])

    def content(self, id: str) -> bytes:
        """The bytes of an assembled file, if `keep_content` was set before its last part came."""
        return self.raw("GET", f"/emulator/uploads/{id}/content")

    def listener(self, certificate: str) -> int:
        """Opens a further port with a flawed certificate and returns its number."""
        return int(self.call("POST", "/emulator/listeners", {"certificate": certificate})["port"])

    def flawed(self, certificate: str) -> str:
        """The base URL of such a port."""
        return f"https://127.0.0.1:{self.listener(certificate)}"

    def device(self, client_id: str, action: str, **fields: Any) -> None:
        """project, pause, resume, revoke or expiry, as the user would on the web: ``device("CAM-1", "expiry",
        in_seconds=3600)`` gives the connection an end, without a field it has none."""
        self.call("POST", f"/emulator/devices/{client_id}/{action}", fields)


    def network(self, link: str) -> None:
        """"down": every connection of a device is reset, and so is every new one; "up" again. This object still
        reaches the emulator."""
        self.call("POST", "/emulator/network", {"state": link})

    # Waiting

    def wait_until(self, condition: Callable[[], T], timeout: float = 20.0, *, what: str = "what was waited for",
                   drive: Callable[[], object] | None = None) -> T:
        """Waits until a condition is true, and returns what made it so. It is looked at when something has happened
        at the emulator or, with `drive`, after each call of that: a camera in this thread goes on meanwhile
        (``drive=lambda: client.drive(50)``); False from it says that it has nothing to do. Raises TimeoutError."""
        deadline = time.monotonic() + timeout
        while True:
            changes = self.call("GET", "/emulator/changes")["changes"]
            found = condition()
            if found:
                return found
            left = deadline - time.monotonic()
            if left <= 0:
                last = [quoted(request) for request in self.requests()[-10:]] or ["no request came"]
                raise TimeoutError("\n  ".join([f"{what} did not come within {timeout} s; the last requests:", *last]))
            if drive is None or drive() is False:
                self.call("GET", f"/emulator/changes?seen={changes}&wait={min(left, _LONG_POLL):.3f}")

    def wait_for_request(self, endpoint: str | None = None, *, times: int = 1, since: int = 0, timeout: float = 20.0,
                         drive: Callable[[], object] | None = None, **fields: Any) -> dict[str, Any]:
        """Waits for the request that `requests` with these arguments would find; for the second or third one with
        `times`. It may be without its answer yet: wait for one that has it with a field like `status=200`."""
        def found() -> list[dict[str, Any]]:
            return self.requests(endpoint, since=since, **fields)[times - 1:]

        what = f"request {times} to {endpoint or 'any endpoint'}{_in_words(fields)}"
        return self.wait_until(found, timeout, what=what, drive=drive)[0]

    def wait_for_upload(self, name: str | None = None, *, state: str = "complete", timeout: float = 20.0,
                        drive: Callable[[], object] | None = None, **fields: Any) -> dict[str, Any]:
        """Waits for an upload in a state: complete, open or broken."""
        what = f"an upload{'' if name is None else ' called ' + name}{_in_words({'state': state, **fields})}"
        return self.wait_until(lambda: self.uploads(name, state=state, **fields), timeout, what=what, drive=drive)[0]

    # The checklist

    def checklist(self) -> Checklist:
        """How the devices stand to the integrator checklist by now."""
        return Checklist(self.call("GET", "/emulator/checklist"))

    def assert_clean(self, *fulfilled: str, may_break: Iterable[str] = ()) -> None:
        """Raises an AssertionError that quotes the requests if a device broke a row of the checklist, or one of the
        rows that are named is not fulfilled: for the end of a test."""
        self.checklist().assert_clean(*fulfilled, may_break=may_break)

    def told(self, what: str, client_id: str = "CAM-1", name: str | None = None) -> None:
        """Tells the checklist what was done at a device, which the emulator cannot see: power_cut, network_changed,
        pairing_canceled or upload_canceled (of a file's name, or of all)."""
        body = {"client_id": client_id, "what": what, "name": name}
        self.call("POST", "/emulator/told", {key: value for key, value in body.items() if value is not None})

    def answer(self, row: str, answer: str | None, note: str | None = None) -> Row:
        """Answers what the checklist asks the engineer: yes, no or not_applicable, or None to take it back."""
        return Row.of(self.call("POST", "/emulator/answers", {"row": row, "answer": answer, "note": note}))

    def report(self, path: str | os.PathLike[str] | None = None, format: str | None = None) -> str:
        """The checklist as text, json or junit, and into a file if there is one, as the ending of its name says."""
        ending = "" if path is None else os.path.splitext(os.fspath(path))[1]
        chosen = format or {".json": "json", ".xml": "junit"}.get(ending, "text")
        text = self.raw("GET", f"/emulator/report?format={chosen}").decode()
        if path is not None:
            Path(path).write_text(text, encoding="utf-8")
        return text

    # Scenarios

    def scenarios(self) -> dict[str, str]:
        """The titles of the built-in scenarios, by their names."""
        return {known["name"]: known["title"] for known in self.call("GET", "/emulator/scenario")["known"]}

    def scenario(self, scenario: str | os.PathLike[str], operator: Callable[[Order], object], *,
                 timeout: float = 900.0) -> dict[str, Any]:
        """Plays a scenario until it has passed, and returns how the emulator tells of it; raises ScenarioFailed
        with the reason if it fails. It is the name of a built-in one, a file, or the text of one. The operator, an
        ``Operator`` or a function, does at the device what it is asked to; its `drive`, if it has one, is called
        while nothing is to be done."""
        return play(self, scenario, operator, timeout)


def _in_words(fields: dict[str, Any]) -> str:
    return "".join(f", {name}={value!r}" for name, value in fields.items())


if __name__ == "__main__":
    os.execv(find_emulator(), ["fio-emulator", *sys.argv[1:]])
