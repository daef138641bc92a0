"""Writes the two modules of the Python package that say again what the header says: constants.py and _signatures.py."""

from __future__ import annotations

import re
import textwrap
from typing import Dict, List

from interface import ROOT, Constant, Interface, Signature

FOLDER = ROOT / "python" / "fio_c2c"

_CONSTANTS = '''"""The constants of fio_c2c.h, with the same names and values.

Made from include/fio_c2c.json by `make header`. Listed rather than read at run time, so that the module works where only
the library is installed."""
'''
_SIGNATURES = '''"""The structures, callbacks and functions of fio_c2c.h as ctypes sees them.

Made from include/fio_c2c.json by `make header`. Handles are opaque: c_void_p stands for them, and for `void *user`."""

from __future__ import annotations

import ctypes
from ctypes import CFUNCTYPE, POINTER, c_char_p, c_double, c_int32, c_int64, c_size_t, c_uint8, c_uint32, c_uint64, c_void_p
from typing import Any, Dict, List, Tuple
'''
_SCALARS = {"int32_t": "c_int32", "uint32_t": "c_uint32", "int64_t": "c_int64", "uint64_t": "c_uint64", "double": "c_double",
            "size_t": "c_size_t", "uint8_t": "c_uint8", "char": "c_char", "void": "None"}
# A buffer to be written is no string: ctypes must not convert it.
_POINTERS = {"const char": "c_char_p", "char": "c_void_p", "void": "c_void_p", "const void": "c_void_p"}


def constants(interface: Interface) -> str:
    return _CONSTANTS + "".join(map(_constant, interface.constants))


def _constant(constant: Constant) -> str:
    comment = textwrap.wrap(constant.text, 115, initial_indent="#: ", subsequent_indent="#: ")
    return "\n".join(["", *comment, f"{constant.name} = {constant.value}", ""])


def signatures(interface: Interface) -> str:
    return _Signatures(interface).text()


class _Signatures:
    def __init__(self, interface: Interface) -> None:
        self._interface = interface
        self._names = {type_.name: _SCALARS[type_.type] for type_ in interface.types}
        self._names.update(_SCALARS)
        self._names.update({struct.name: f"{_words(struct.name)}Struct" for struct in interface.structs})
        self._names.update({callback.name: f"{_words(callback.name[:-len('_cb')])}Callback" for callback in interface.callbacks})
        self._handles = {handle.name for handle in interface.handles}

    def text(self) -> str:
        interface = self._interface
        lines = [_SIGNATURES]
        for struct in interface.structs:
            lines += ["", f"class {self._names[struct.name]}(ctypes.Structure):", f'    """``{struct.name}``"""', "", "    _fields_ = [",
                      *(f'        ("{part.name}", {self._type(part.type)}),' for part in struct.fields), "    ]", ""]
        lines += ["", *(f"{self._names[callback.name]} = CFUNCTYPE({', '.join([self._type(callback.result), *self._arguments(callback)])})"
                  for callback in interface.callbacks), ""]
        lines += ["# Every function of the header: what it returns and what it takes.",
                  "PROTOTYPES: Dict[str, Tuple[Any, List[Any]]] = {", *map(self._prototype, interface.functions), "}", ""]
        lines += [f"# What a library may be built without.\nLEFT_OUT = {{\n{self._left_out()}}}", ""]
        lines += ["# In the words of the header: each declaration, by its name.", "DECLARATIONS = {",
                  *(f'    "{name}": {text!r},' for name, text in interface.declarations.items()), "}", ""]
        return "\n".join(lines)

    def _left_out(self) -> str:
        return "".join(f'    "{name}",\n' for names in self._interface.features().values() for name in names)

    def _prototype(self, function: Signature) -> str:
        line = f'"{function.name}": ({self._type(function.result)}, [{", ".join(self._arguments(function))}]),'
        return "\n".join(textwrap.wrap(line, 119, initial_indent="    ", subsequent_indent="        "))

    def _arguments(self, signature: Signature) -> List[str]:
        return [self._type(parameter.type) for parameter in signature.parameters]

    def _type(self, type_: str) -> str:
        type_ = re.sub(r"\bstruct ", "", type_)
        if not type_.endswith("*"):
            return self._names[type_.replace("const ", "")]
        to = type_[:-1].strip()
        if to in _POINTERS or to.replace("const ", "") in self._handles:
            return _POINTERS.get(to, "c_void_p")
        return f"POINTER({self._type(to[:-len('const')].strip() if to.endswith('const') else to)})"


def _words(name: str) -> str:
    """`fio_show_code` becomes `ShowCode`."""
    return "".join(word.capitalize() for word in name.split("_")[1:])


def written(interface: Interface) -> Dict[str, str]:
    """The text of each file, by its name."""
    return {"constants.py": constants(interface), "_signatures.py": signatures(interface)}
