"""What holds for every Python test of the project."""

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

# What tests share: their assertions are explained like those of the tests.
pytest.register_assert_rewrite("support", "raw_service", "harness", "installation", "programs", "archives", "copies", "page")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A test that was skipped fails the run where skips are not allowed."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("FIO_NO_SKIPS") == "1" and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
