"""The C interface as data. `load` has it from include/fio_c2c.json, which `make header` makes of the header (read.py) and
everything else is made of: what the libraries export, the signatures for Python, the manual, the tests of each function."""

from __future__ import annotations

import dataclasses
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Dict, List, Optional, Union

ROOT = Path(__file__).resolve().parents[2]
HEADER = ROOT / "include" / "fio_c2c.h"
DESCRIPTION = ROOT / "include" / "fio_c2c.json"


@dataclass
class Parameter:
    name: str
    type: str
    # in, out, or in,out
    direction: str = "in"
    text: str = ""
    # The function that frees what the caller is given here and owns.
    freed_by: str = ""

    @property
    def is_pointer(self) -> bool:
        return self.type.endswith(("*", "_cb"))

    @property
    def declaration(self) -> str:
        return self.type + ("" if self.type.endswith("*") else " ") + self.name


def _parameters(told: List[Any]) -> List[Parameter]:
    return [Parameter(**one) if isinstance(one, dict) else one for one in told]


@dataclass
class Signature:
    name: str
    result: str
    parameters: List[Parameter]
    text: str = ""

    def __post_init__(self) -> None:
        self.parameters = _parameters(self.parameters)

    @property
    def arguments(self) -> str:
        return ", ".join(parameter.declaration for parameter in self.parameters) or "void"


@dataclass
class Callback(Signature):
    @property
    def declaration(self) -> str:
        return f"typedef {self.result} (*{self.name})({self.arguments});"


@dataclass
class Function(Signature):
    # What is said below a heading: Returns, Callbacks, Threads and so on.
    headings: Dict[str, str] = field(default_factory=dict)
    # What it may return, the statuses that all functions have in common among them.
    statuses: List[str] = field(default_factory=list)
    since: str = ""
    # What a library may be built without; None for what is always there.
    feature: Optional[str] = None

    @property
    def prototype(self) -> str:
        return Parameter(f"{self.name}({self.arguments})", self.result).declaration

    @property
    def declaration(self) -> str:
        return f"{self.prototype};"


@dataclass
class Struct:
    name: str
    fields: List[Parameter]
    text: str = ""

    def __post_init__(self) -> None:
        self.fields = _parameters(self.fields)

    @property
    def declaration(self) -> str:
        return f"typedef struct {self.name} {{ {' '.join(f'{part.declaration};' for part in self.fields)} }} {self.name};"


@dataclass
class Type:
    """A handle, or another name for a number."""

    name: str
    type: str
    text: str = ""

    @property
    def declaration(self) -> str:
        return f"typedef {self.type} {self.name};"


@dataclass
class Constant:
    name: str
    # As the header has it, but for parentheses.
    value: str = ""
    text: str = ""
    # Of a status, what the library says of it: is a retry worth it, what happened, what can a person do?
    retry: str = ""
    message: str = ""
    advice: str = ""

    @property
    def is_status(self) -> bool:
        return re.match(r"FIO_OK$|FIO_E_", self.name) is not None

    @property
    def declaration(self) -> str:
        return f"#define {self.name} {f'({self.value})' if self.value.startswith('-') else self.value}"


Symbol = Union[Callback, Constant, Function, Struct, Type]


@dataclass
class Interface:
    """Each list in the order of the header."""

    version: str
    introduction: str
    constants: List[Constant]
    # Those that say which header it is and how it is compiled.
    macros: List[Constant]
    handles: List[Type]
    types: List[Type]
    structs: List[Struct]
    callbacks: List[Callback]
    functions: List[Function]

    @property
    def declarations(self) -> Dict[str, str]:
        """Everything but the macros, by its name and in the words of the header."""
        every: List[Symbol] = [*self.constants, *self.handles, *self.types, *self.structs, *self.callbacks, *self.functions]
        return {one.name: one.declaration for one in every}

    @property
    def statuses(self) -> Dict[str, int]:
        return {constant.name: int(constant.value) for constant in self.constants if constant.is_status}

    @property
    def values(self) -> Dict[str, str]:
        return {constant.name: constant.value for constant in self.constants}

    @property
    def exports(self) -> List[str]:
        return [function.name for function in self.functions]

    def features(self) -> Dict[str, List[str]]:
        """The functions that are not in every library, by what they belong to."""
        found: Dict[str, List[str]] = {}
        for function in self.functions:
            if function.feature:
                found.setdefault(function.feature, []).append(function.name)
        return found

    def as_json(self) -> str:
        """Without what is empty or goes without saying."""
        told = dataclasses.asdict(self, dict_factory=lambda pairs: {key: value for key, value in pairs if value not in ("", None, "in")})
        return json.dumps(told, indent=1, ensure_ascii=False) + "\n"


def from_json(text: str) -> Interface:
    kinds: Dict[str, Any] = {"constants": Constant, "macros": Constant, "handles": Type, "types": Type, "structs": Struct,
             "callbacks": Callback, "functions": Function}
    told: Dict[str, Any] = json.loads(text)
    told.update({name: [kind(**one) for one in told[name]] for name, kind in kinds.items()})
    return Interface(**told)


def load() -> Interface:
    return from_json(DESCRIPTION.read_text(encoding="utf-8"))
