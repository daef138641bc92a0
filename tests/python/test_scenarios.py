"""Scenarios that Python plays: what the operator is asked for, and what becomes of one that fails."""

import re
from typing import Any, List

import pytest

from support import RigTest
from fio_c2c.emulator import EmulatorError
from fio_c2c.scenario import CLIP, CLIP_BYTES, Operator, Order, ScenarioFailed

BUTTONS = """
title = "All buttons"
step = [
  { operate = "switch_on" },
  { operate = "record", name = "A001.wav", bytes = 5000 },
  { operate = "record" },
  { operate = "cancel_upload", name = "A001.wav" },
  { operate = "cancel_upload" },
  { operate = "cancel_all_uploads" },
  { operate = "pair" },
  { operate = "cancel_pairing" },
  { operate = "change_network" },
  { operate = "cut_power" },
  { operate = "switch_off" },
]
"""

WAITS = """
title = "Waits"
step = [{ await = { device = "paired" }, within = 0.1 }]
"""


class Pressed(Operator):
    """Notes each button, and what was said with it."""

    def __init__(self) -> None:
        self.noted: List[Any] = []

    def switch_on(self) -> None:
        self.noted.append("switch_on")

    def record(self, name: str, size: int) -> None:
        self.noted.append(("record", name, size))

    def cancel_upload(self, name: Any) -> None:
        self.noted.append(("cancel_upload", name))


for word in ("switch_off", "cut_power", "pair", "cancel_pairing", "cancel_all_uploads", "change_network"):
    setattr(Pressed, word, lambda self, word=word: self.noted.append(word))


class Scenarios(RigTest):
    def test_each_operation_is_a_method(self) -> None:
        pressed = Pressed()
        played = self.service.scenario(BUTTONS, pressed)
        assert (played["state"], played["title"]) == ("passed", "All buttons")
        assert pressed.noted == [
    "switch_on", ("record", "A001.wav", 5000), ("record", CLIP, CLIP_BYTES), ("cancel_upload", "A001.wav"),
    ("cancel_upload", None), "cancel_all_uploads", "pair", "cancel_pairing", "change_network", "cut_power", "switch_off"]

    def test_a_function_operates_too(self) -> None:
        orders: List[Order] = []
        self.service.scenario(BUTTONS, orders.append)
        assert [order.id for order in orders] == sorted({order.id for order in orders})
        assert (orders[1].operate, orders[1].name, orders[1].bytes) == ("record", "A001.wav", 5000)
        assert "Record a clip" in orders[1].words

    def test_a_file(self) -> None:
        path = self.scratch() / "buttons.toml"
        path.write_text(BUTTONS)
        for scenario in (path, str(path)):
            assert self.service.scenario(scenario, Pressed())["state"] == "passed"

    def test_what_the_operator_raises_fails_it(self) -> None:
        def broken(order: Order) -> None:
            raise OSError("the relay is gone")

        with pytest.raises(ScenarioFailed, match=r"^All buttons: step 1, .*: it could not be done: the relay is gone$") as caught:
            self.service.scenario(BUTTONS, broken)
        assert isinstance(caught.value.__cause__, OSError)
        with pytest.raises(ScenarioFailed, match="Operator does not say how the device is to be switched on"):
            self.service.scenario(BUTTONS, Operator())

    def test_what_does_not_happen_fails_it(self) -> None:
        with pytest.raises(ScenarioFailed, match="^Waits: step 1, .*: not within 0.1 s"):
            self.service.scenario(WAITS, Pressed())

    def test_it_is_ended_when_nobody_waits_for_it_any_more(self) -> None:
        with pytest.raises(TimeoutError, match="the end of the scenario did not come"):
            self.service.scenario(WAITS.replace("0.1", "60"), Pressed(), timeout=0.1)
        assert self.service.call("GET", "/emulator/scenario")["played"][-1]["why"][-12:] == "it was ended"

        def interrupted(order: Order) -> None:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            self.service.scenario(BUTTONS, interrupted)
        assert self.service.call("GET", "/emulator/scenario")["scenario"] is None

    def test_an_operator_with_work_of_its_own(self) -> None:
        class Working(Pressed):
            turns = 0

            def drive(self) -> bool:
                """Something to do, then nothing any more."""
                self.turns += 1
                return self.turns < 3

        working = Working()
        with pytest.raises(ScenarioFailed):
            self.service.scenario(WAITS, working)
        assert working.turns >= 3

    def test_one_that_somebody_else_ends(self) -> None:
        with pytest.raises(ScenarioFailed, match="All buttons: step 1, .*: it was ended"):
            self.service.scenario(BUTTONS, lambda order: self.service.call("DELETE", "/emulator/scenario"))

    def test_one_that_somebody_else_helps_with(self) -> None:
        def help(order: Order) -> None:
            self.service.call("POST", "/emulator/scenario/operated", {"id": order.id})

        assert self.service.scenario(BUTTONS, help)["state"] == "passed"

    def test_a_mistake_in_a_file_is_told_with_its_place(self) -> None:
        with pytest.raises(EmulatorError, match="400 scenario: step 1: .*dance"):
            self.service.scenario('title = "x"\n[[step]]\noperate = "dance"\n', Pressed())
        with pytest.raises(EmulatorError, match="404 There is no such scenario"):
            self.service.scenario("dance", Pressed())
        assert "lost_refresh_reply" in self.service.scenarios()

    def test_two_at_once(self) -> None:
        refusals: List[str] = []

        def another(order: Order) -> None:
            try:
                self.service.scenario(WAITS, Pressed())
            except EmulatorError as refusal:
                refusals.append(str(refusal))

        self.service.scenario(BUTTONS, another)
        assert re.search("409 Another scenario is at work", refusals[0])
        assert len(refusals) == 11
