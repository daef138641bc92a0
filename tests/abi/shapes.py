"""What a library is like, out of abidw's XML: its functions, its structs and what its names stand for.

Either `as_declared`, in the words of the header; or as the machine sees it, in words that are the same whether
C or Rust was compiled: how wide a number is, where a field lies, what a pointer leads to.
"""

from __future__ import annotations
import re
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, field
from typing import Optional

SIGNED = re.compile(r"i(8|16|32|64|128|size)|((signed|short|long|int|char|__int128)( |$))+")
UNSIGNED = re.compile(r"u(8|16|32|64|128|size)|unsigned( (short|long|int|char|__int128))*")
FLOATING = re.compile(r"f32|f64|float|double|long double")


@dataclass(frozen=True)
class Field:
    offset: int
    type: str
    name: str

    def __str__(self) -> str:
        return f"{self.type} {self.name} at byte {self.offset}"


@dataclass
class Struct:
    size: int
    fields: list[Field]


@dataclass
class Shapes:
    functions: dict[str, str] = field(default_factory=dict)
    structs: dict[str, Struct] = field(default_factory=dict)
    # Callbacks and the other types that are no structs.
    types: dict[str, str] = field(default_factory=dict)


def read_shapes(abi_xml: str, *, as_declared: bool = False) -> Shapes:
    return _Reader(abi_xml, as_declared).shapes()


class _Reader:
    def __init__(self, abi_xml: str, as_declared: bool) -> None:
        self._root = ElementTree.fromstring(abi_xml)
        self._as_declared = as_declared
        self._types = {element.attrib["id"]: element for element in self._root.iter() if "id" in element.attrib}

    def shapes(self) -> Shapes:
        found = Shapes()
        for element in self._root.iter():
            name = element.get("name", "")
            if element.tag == "function-decl" and "elf-symbol-id" in element.attrib:
                found.functions[name] = self._signature(element)
            elif element.tag == "class-decl" and name.startswith("fio_") and element.get("is-declaration-only") != "yes":
                found.structs[name] = self._struct(element)
            elif element.tag == "typedef-decl" and name.startswith("fio_"):
                stands_for = self._shape(element.attrib["type-id"])
                # `typedef struct fio_error fio_error` says nothing.
                if stands_for != name:
                    found.types[name] = stands_for
        return found

    def _struct(self, element: ElementTree.Element) -> Struct:
        fields = []
        for member in element.findall("data-member"):
            declared = member.find("var-decl")
            assert declared is not None
            offset = int(member.get("layout-offset-in-bits", "0")) // 8
            fields.append(Field(offset, self._shape(declared.attrib["type-id"]), declared.attrib["name"]))
        return Struct(int(element.get("size-in-bits", "0")) // 8, fields)

    def _signature(self, function: ElementTree.Element) -> str:
        parameters = ["..." if parameter.get("is-variadic") == "yes" else self._shape(parameter.attrib["type-id"])
                      for parameter in function.findall("parameter")]
        result = function.find("return")
        returned = self._shape(result.attrib["type-id"]) if result is not None else "void"
        return f"{returned} ({', '.join(parameters) or 'void'})"

    def _shape(self, type_id: str) -> str:
        element = self._types[type_id]
        name = element.get("name", "")
        if element.tag == "typedef-decl":
            return name if self._as_declared else self._shape(element.attrib["type-id"])
        if element.tag == "qualified-type-def":
            shape = self._shape(element.attrib["type-id"])
            is_const = self._as_declared and element.get("const") == "yes"
            if not is_const:
                return shape
            return f"{shape}const" if shape.endswith("*") else f"const {shape}"
        if element.tag == "pointer-type-def":
            shape = self._shape(element.attrib["type-id"])
            if self._types[element.attrib["type-id"]].tag == "function-type":
                return shape
            return shape + ("*" if shape.endswith("*") else " *")
        if element.tag == "function-type":
            return f"callback {self._signature(element)}"
        if element.tag == "type-decl":
            return name if self._as_declared else self._number(name, int(element.get("size-in-bits", "0")))
        if name.startswith("Option<"):
            # NULL in C is None in Rust, and the pointer is what Some holds.
            held = self._held(element)
            return self._shape(held) if held else name
        # An enum stands for `void` behind Rust's pointers.
        return "void" if name == "c_void" else name or element.tag

    @staticmethod
    def _held(option: ElementTree.Element) -> Optional[str]:
        for inner in option.iter("class-decl"):
            if inner.get("name") == "Some":
                return next((variable.get("type-id") for variable in inner.iter("var-decl")), None)
        return None

    @staticmethod
    def _number(name: str, bits: int) -> str:
        if name in ("void", "()"):
            return "void"
        # `char` is signed on one processor and not on another.
        if bits == 8 and (SIGNED.fullmatch(name) or UNSIGNED.fullmatch(name)):
            return "byte"
        for kind, word in ((SIGNED, "int"), (UNSIGNED, "uint"), (FLOATING, "float")):
            if kind.fullmatch(name):
                return f"{word}{bits}"
        return name
