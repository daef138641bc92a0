"""Compares what this package declares with ``fio_c2c.h``."""

from __future__ import annotations

import ctypes
import re
from typing import Any, Dict, List, Tuple

from . import _abi, constants

_SCALARS: Dict[str, Any] = {
    "void": None,
    "fio_status": ctypes.c_int32,
    "int32_t": ctypes.c_int32,
    "uint32_t": ctypes.c_uint32,
    "int64_t": ctypes.c_int64,
    "uint64_t": ctypes.c_uint64,
    "double": ctypes.c_double,
    "fio_op": ctypes.c_uint64,
    "fio_upload_id": ctypes.c_uint64,
    "size_t": ctypes.c_size_t,
    "char*": ctypes.c_char_p,
    "uint8_t*": ctypes.POINTER(ctypes.c_uint8),
    "void*": ctypes.c_void_p,
    "fio_client*": ctypes.c_void_p,
    "fio_config*": ctypes.c_void_p,
    "fio_upload*": ctypes.c_void_p,
}

# A buffer to be written is no string: ctypes must not convert it.
_WRITTEN_BUFFERS = {("fio_access_token", "buffer"): ctypes.c_void_p}


def differences(header: str) -> List[str]:
    """What the header says otherwise than this package, one sentence each; empty if nothing."""
    text = re.sub(r"/\*.*?\*/", " ", header, flags=re.S)
    return _constants(text) + _functions(text) + _callbacks(text) + _structs(text)


def _constants(text: str) -> List[str]:
    theirs = {name: int(value) for name, value in re.findall(r"^#define (FIO_\w+) \(?(-?\d+)\)?\s*$", text, re.M)
              if not name.startswith("FIO_VERSION")}
    ours = {name: value for name, value in vars(constants).items() if name.startswith("FIO_")}
    return _compare("constant", theirs, ours)


def _functions(text: str) -> List[str]:
    theirs = {}
    for result, name, arguments in re.findall(r"^FIO_API\s+([\w\s*]+?)\s*\b(fio_\w+)\((.*?)\);", text, re.M | re.S):
        theirs[name] = (_ctype(result), _arguments(name, arguments))
    return _compare("function", theirs, _abi.PROTOTYPES)


def _callbacks(text: str) -> List[str]:
    theirs = {}
    for result, name, arguments in re.findall(r"^typedef ([\w\s*]+?)\s*\(\*(fio_\w+)\)\((.*?)\);", text, re.M | re.S):
        theirs[name] = (_ctype(result), _arguments(name, arguments))
    ours = {name: (getattr(kind, "_restype_"), list(getattr(kind, "_argtypes_"))) for name, kind in _abi.CALLBACKS.items()}
    return _compare("callback", theirs, ours)


def _structs(text: str) -> List[str]:
    theirs = {}
    for name, body in re.findall(r"^typedef struct (fio_\w+) \{(.*?)\}", text, re.M | re.S):
        theirs[name] = [_declaration(name, field) for field in body.split(";") if field.strip()]
    ours = {name: list(struct._fields_) for name, struct in _abi.STRUCTS.items()}
    return _compare("struct", theirs, ours)


def _compare(what: str, theirs: Dict[str, Any], ours: Dict[str, Any]) -> List[str]:
    found = [f"the header lacks the {what} {name}" for name in sorted(ours.keys() - theirs.keys())]
    found += [f"the {what} {name} is not declared here" for name in sorted(theirs.keys() - ours.keys())]
    found += [f"the {what} {name} is {theirs[name]} in the header and {ours[name]} here"
              for name in sorted(theirs.keys() & ours.keys()) if theirs[name] != ours[name]]
    return found


def _arguments(function: str, text: str) -> List[Any]:
    if text.strip() == "void":
        return []
    return [_declaration(function, argument)[1] for argument in text.split(",")]


def _declaration(where: str, text: str) -> Tuple[str, Any]:
    # The name is the last word.
    kind, name = re.findall(r"^(.*?)\b(\w+)$", text.strip(), re.S)[0]
    return name, _WRITTEN_BUFFERS.get((where, name), None) or _ctype(kind)


def _ctype(text: str) -> Any:
    words = "".join(word for word in re.findall(r"\w+|\*", text) if word not in ("const", "struct"))
    if words in _SCALARS:
        return _SCALARS[words]
    if words in _abi.CALLBACKS:
        return _abi.CALLBACKS[words]
    if words in _abi.STRUCTS:
        return _abi.STRUCTS[words]
    if words.endswith("*"):
        return ctypes.POINTER(_ctype(words[:-1]))
    return f"unknown type {text.strip()}"
