"""The pytest plugin of fio_c2c: an emulator of the service for a test, and devices that talk to it.

    @pytest.mark.fio_clean("device_information")
    def test_pairing(fio_emulator, fio_client):
        fio_emulator.person("approve")
        assert fio_client().pair().wait().project_name == "Feature A"

When a test fails, what its emulator saw is told with it. A module of its own, so that a run of pytest that uses
none of this loads none of the package.
"""

from __future__ import annotations

import contextlib
import itertools
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable, Dict, Generator, Iterator, cast

import pytest

if TYPE_CHECKING:
    from _pytest.terminal import TerminalReporter
    from pluggy import Result

    from fio_c2c import Client, Settings
    from fio_c2c.checklist import Checklist
    from fio_c2c.emulator import Emulator

    ClientFactory = Callable[..., Client]

#: How many of the last requests are told when a test fails.
TOLD = 40

SERVICE: "pytest.StashKey[Emulator]" = pytest.StashKey()


@pytest.fixture
def fio_emulator(request: pytest.FixtureRequest) -> "Iterator[Emulator]":
    """An emulator of the service that only this test uses (a ``fio_c2c.emulator.Emulator``). The marker
    ``fio_emulator`` has arguments for it."""
    from fio_c2c.emulator import Emulator

    marker = request.node.get_closest_marker("fio_emulator")
    arguments = list(marker.args) if marker else []
    answers = request.config.getini("fio_answers")
    if answers:
        arguments += ["--answers", str(request.config.rootpath / answers)]
    with tempfile.TemporaryDirectory(prefix="fio-emulator-") as state:
        settings: Dict[str, Any] = {"state": state, **(marker.kwargs if marker else {})}
        with Emulator(*arguments, **settings) as service:
            request.node.stash[SERVICE] = service
            yield service
            del request.node.stash[SERVICE]


@pytest.fixture
def fio_client(fio_emulator: "Emulator") -> "Iterator[ClientFactory]":
    """Makes a ``fio_c2c.Client`` of ``fio_emulator``, a new device each time. Takes the settings of a client;
    closes all of them at the end of the test."""
    from fio_c2c import Client

    serial = itertools.count(1)
    with contextlib.ExitStack() as clients:

        def make(**settings: object) -> "Client":
            usual = fio_emulator.identity(f"CAM-{next(serial)}")
            return clients.enter_context(Client(**cast("Settings", {**usual, **settings})))

        yield make


def pytest_addoption(parser: pytest.Parser) -> None:
    """What can be set for a whole run."""
    parser.getgroup("fio_c2c").addoption(
        "--fio-report", metavar="FILE", type=Path,
        help="the integrator checklist over all tests with fio_emulator: JSON for .json, text otherwise")
    parser.addini("fio_fail_on_broken_rows", type="bool", default=False,
                  help="a test fails if a device broke a row of the checklist at its fio_emulator")
    parser.addini("fio_answers", help="a file with the engineer's answers, for every fio_emulator (as fio-emulator --answers)")


def pytest_configure(config: pytest.Config) -> None:
    """Markers, and the report of the run."""
    config.addinivalue_line("markers", "fio_emulator(*arguments, **settings): arguments of Emulator for the test's "
                                       "fio_emulator, such as '--strict' or interval=1")
    config.addinivalue_line("markers", "fio_clean(*rows, may_break=()): the test fails if a device broke a row of the "
                                       "checklist, but for those it may break, or did not fulfil one of these rows")
    path = config.getoption("--fio-report")
    # The workers of pytest-xdist send their part to the process that started them.
    if path is not None and not hasattr(config, "workerinput"):
        if not path.absolute().parent.is_dir():
            raise pytest.UsageError(f"--fio-report: {path.absolute().parent} is no directory")
        config.pluginmanager.register(Collector(path), "fio_report")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_call(item: pytest.Item) -> "Generator[None, Result[None], None]":
    """Fails a test that went well but for the checklist."""
    outcome = yield
    service = item.stash.get(SERVICE, None)
    marker = item.get_closest_marker("fio_clean")
    if service is None or outcome.excinfo is not None or not (marker or item.config.getini("fio_fail_on_broken_rows")):
        return
    try:
        service.checklist().assert_clean(*(marker.args if marker else ()), **(marker.kwargs if marker else {}))
    except Exception as problem:
        # How this came about inside pytest tells nothing.
        why = str(problem) if isinstance(problem, AssertionError) else repr(problem)
        outcome.force_exception(pytest.fail.Exception(why, pytrace=False))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: "pytest.CallInfo[None]") -> "Generator[None, Result[pytest.TestReport], None]":
    """Tells what the emulator saw with a test that failed, and how its devices stand with the report of the run."""
    outcome = yield
    service = item.stash.get(SERVICE, None)
    if service is None or call.when != "call":
        return
    report = outcome.get_result()
    from fio_c2c.checklist import quoted
    from fio_c2c.emulator import EmulatorError

    # It may have been stopped by the test, or be what has failed.
    with contextlib.suppress(EmulatorError, OSError):
        if report.failed:
            requests = service.requests()[-TOLD:]
            report.sections.append(("fio_emulator: the last requests", "\n".join(map(quoted, requests)) or "none"))
            report.sections.append(("fio_emulator: checklist", str(service.checklist())))
        if item.config.getoption("--fio-report") is not None:
            # An attribute that pytest-xdist carries along.
            setattr(report, "fio_checklist", service.checklist().report)


class Collector:
    """Gathers the checklists of a run."""

    def __init__(self, path: Path) -> None:
        self._path = path.absolute()
        self._found: "Dict[str, Checklist]" = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Takes what came with a test."""
        found = getattr(report, "fio_checklist", None)
        if found is not None:
            from fio_c2c.checklist import Checklist

            self._found[report.nodeid] = Checklist(found)

    def pytest_terminal_summary(self, terminalreporter: "TerminalReporter") -> None:
        """Writes the report."""
        from fio_c2c.summary import Summary

        summary = Summary(self._found)
        self._path.write_text(summary.json() if self._path.suffix == ".json" else summary.text(), encoding="utf-8")
        terminalreporter.write_line(f"integrator checklist: {summary}: {self._path}")
