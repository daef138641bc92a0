"""The base of the tests that are classes: what one of them starts, it gives back at its end, whatever happens."""

import shutil
from contextlib import ExitStack
from typing import Any, Callable, ContextManager, Iterator, TypeVar

import pytest

T = TypeVar("T")


class Case:
    @pytest.fixture(autouse=True)
    def ending(self) -> Iterator[None]:
        """Fixtures of a test that start something name this one, or one that names it."""
        with ExitStack() as self._ending:
            yield

    def at_end(self, call: Callable[..., Any], *arguments: Any) -> None:
        """Calls a function when the test is over; the last is called first."""
        self._ending.callback(call, *arguments)

    def enter(self, context: ContextManager[T]) -> T:
        """Enters a context that the test leaves at its end."""
        return self._ending.enter_context(context)


def need(program: str, package: str) -> str:
    """Where a program is; a test that lacks it is skipped."""
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"{program} is not there: install the Debian package {package}")
    return found
