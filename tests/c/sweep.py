"""Writes the sweep of NULLs: a C program that calls every function of the interface with every pointer NULL,
with each pointer NULL singly, and with handles that are none. What a call may answer comes from its
documentation, which names the statuses and says where NULL is allowed."""

from __future__ import annotations
import re

import harness  # noqa: F401  (it says where the interface is)
from interface import Function, Parameter, load

TEXTS = {
    "client_id": '"sweep"', "client_secret": '"emulator-secret"', "version": '"1.2.3"', "url": "test_url", "host": '"example.com"',
    "name": '"clip.mov"', "extension": '".mov"', "media_type": '"video/quicktime"', "asset_id": '"b1f2-0"',
    "address": '"127.0.0.1"', "text": '"https://example.com"', "pem": '"-----BEGIN CERTIFICATE-----\\nAAAA\\n-----END CERTIFICATE-----\\n"',
}
NUMBERS = {
    "level": "FIO_LOG_OFF", "encoding": "FIO_ENCODING_FORM", "enabled": "1", "connect_ms": "1000", "request_ms": "1000",
    "port": "443", "poller": "FIO_POLLER_DEFAULT", "earliest": "1000", "timeout_ms": "0", "op": "1", "max_codes": "1",
    "stall_ms": "1000", "interval_ms": "1000", "offset": "0", "id": "sweep_id",
    "capacity": "sizeof buffer", "status": "FIO_E_DNS",
}
LENGTHS = {"client_secret": "15", "key": "32", "pem": "62", "tag": "2", "data": "4"}
HANDLES = ("config", "client", "upload")


def valid(function: Function, parameter: Parameter) -> str:
    """An expression for a value that is right."""
    name, kind = parameter.name, parameter.type.replace("struct ", "").replace("const ", "").replace(" ", "")
    handle = next((handle for handle in HANDLES if kind.rstrip("*") == f"fio_{handle}"), None)
    if handle is not None:
        return f"&made_{handle}" if kind.endswith("**") else f"sweep_{handle}"
    if kind.endswith("_cb"):
        return f"a_{kind}"
    if kind == "void*":
        return "&sweep_user"
    if parameter.type == "const char *":
        if name == "path":
            return "test_ca" if "ca_file" in function.name else "test_folder"
        return TEXTS[name]
    if kind in ("uint8_t*", "char*"):
        return f"({kind})buffer"
    if kind == "char**":
        return '(const char *const[]){"lo"}'
    if kind.endswith("*"):
        return f"&({parameter.type[:-1]}){{0}}"
    if name == "length":
        return next(LENGTHS[other.name] for other in function.parameters if other.name in LENGTHS)
    return NUMBERS.get(name, "1")


def rule_for(parameter: Parameter) -> str:
    """Whether NULL, with everything else right, must be refused as FIO_E_NULL."""
    text = parameter.text.replace("set to NULL first", "")
    if re.search(r"NULL (is allowed|means|gives)|may be NULL|\bor NULL for\b", text) and "must not be NULL" not in text:
        return "NULL_ALLOWED"
    return "NULL_REFUSED"


def size_beside(function: Function, parameter: Parameter) -> str | None:
    """The parameter that must be 0 for NULL to be allowed, if the documentation says so."""
    found = re.search(r"NULL with (capacity|length|count) 0", parameter.text)
    return found[1] if found else None


def call(function: Function, name: str, changed: dict[str, str], rule: str) -> list[str]:
    """One call, as lines of C."""
    arguments = ", ".join(changed.get(p.name, valid(function, p)) for p in function.parameters)
    invoked = f"{function.name}({arguments})"
    first = function.parameters[0].name if function.parameters else ""
    lines = ["    sweep_begin();", *(f"    made_{handle} = NULL;" for handle in HANDLES)]
    if function.result in ("fio_status", "int32_t"):
        results = {"0"} if function.result == "int32_t" else set()
        statuses = ", ".join(sorted({*function.statuses, *results})) or "0"
        lines += [f"    answer = {invoked};", "    {", f"        static const int documented[] = {{{statuses}}};",
                  f'        sweep_check("{function.name} {name}", answer, {rule}, documented, sizeof documented / sizeof documented[0]);', "    }"]
    elif "*" in function.result and "char" in function.result:
        lines.append(f"    CHECK({invoked} != NULL);")
    elif "*" in function.result:
        lines.append(f"    CHECK({invoked} == NULL);")
    else:
        lines.append(f"    (void){invoked};")
    if function.name.endswith("_free") and first not in changed:
        lines.append(f"    sweep_{first} = NULL;")
    return [*lines, *(f"    fio_{handle}_free(made_{handle});" for handle in reversed(HANDLES)), "    sweep_end();"]


def calls(function: Function) -> list[str]:
    pointers = [p for p in function.parameters if p.is_pointer]
    everything = {p.name: "NULL" if p.is_pointer else "0" for p in function.parameters}
    refused = any(rule_for(p) == "NULL_REFUSED" and size_beside(function, p) is None for p in pointers)
    lines = call(function, "with nothing", everything, "NULL_REFUSED" if refused else "NULL_EITHER")
    lines += call(function, "with everything", {}, "NULL_ALLOWED")
    for pointer in pointers:
        lines += call(function, f"without {pointer.name}", {pointer.name: "NULL"}, rule_for(pointer))
        size = size_beside(function, pointer)
        if size is not None:
            lines += call(function, f"without {pointer.name} and {size}", {pointer.name: "NULL", size: "0"}, "NULL_ALLOWED")
        if re.fullmatch(r"(const )?struct fio_(client|config|upload) \*", pointer.type):
            lines += call(function, "with a handle that is none", {pointer.name: "sweep_garbage"}, "NULL_ALLOWED")
            if function.result in ("fio_status", "int32_t"):
                lines.insert(len(lines) - len(HANDLES) - 1, "    CHECK_EQUAL(answer, FIO_E_HANDLE);")
    return lines


def program() -> str:
    interface = load()
    lines = ["/* Made by sweep.py from include/fio_c2c.json. */", '#include "sweep.h"', "", "static uint8_t buffer[40000];", ""]
    for callback in interface.callbacks:
        if any(callback.name == p.type for function in interface.functions for p in function.parameters):
            unused = " ".join(f"(void){p.name};" for p in callback.parameters)
            value = "" if callback.result == "void" else " return 0;"
            lines.append(f"static {callback.result} a_{callback.name}({callback.arguments}) {{ {unused}{value} }}")
    for function in interface.functions:
        lines += ["", f"static void sweep_{function.name}(void)", "{", *(f"    fio_{handle} *made_{handle};" for handle in HANDLES),
                  "    long answer = 0;", *calls(function), "    (void)answer;", "}"]
    lines += ["", "void sweep_all(void)", "{", *(f"    sweep_{name}();" for name in interface.exports), "}"]
    return "\n".join(lines) + "\n"
