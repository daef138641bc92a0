"""The module and the header say the same."""

import ctypes
import re

import pytest

from case import Case
from support import fio_c2c
from fio_c2c import _abi, _header, _library
import interface
import python_modules


class Header(Case):
    @pytest.fixture(autouse=True)
    def header_ready(self, ending: None) -> None:
        self.header = _library.HEADER.read_text()

    def test_the_module_declares_what_the_header_declares(self) -> None:
        assert _header.differences(self.header) == []

    @pytest.mark.parametrize("name, text", python_modules.written(interface.load()).items())
    def test_what_is_made_of_the_description_is_current(self, name: str, text: str) -> None:
        assert (python_modules.FOLDER / name).read_text() == text, "run `make header`"

    def test_a_difference_would_be_noticed(self) -> None:
        for wrong in (
            self.header.replace("#define FIO_E_DNS (-60)", "#define FIO_E_DNS (-59)"),
            self.header.replace("fio_status fio_wakeup(", "fio_status fio_wake_up("),
            self.header.replace("fio_status fio_drive(struct fio_client *client,", "fio_status fio_drive("),
            self.header.replace("int32_t curl_code;", "int64_t curl_code;"),
            self.header.replace("typedef int64_t (*fio_wall_clock_cb)", "typedef int32_t (*fio_wall_clock_cb)"),
        ):
            assert wrong != self.header
            assert _header.differences(wrong) != []

    def test_the_library_is_of_the_headers_version(self) -> None:
        stated = interface.load().version
        assert fio_c2c.version() == stated
        major, minor, patch = map(int, stated.split("."))
        assert fio_c2c.version_number() == major * 65536 + minor * 256 + patch

    def test_structs_have_the_size_the_library_says(self) -> None:
        library = _abi.load()
        config = ctypes.c_void_p()
        assert library.fio_config_new(ctypes.byref(config)) == fio_c2c.FIO_OK
        self.at_end(library.fio_config_free, config)
        library.fio_config_set_client_id(config, b"")
        error = library.fio_config_error(config).contents
        assert error.struct_size == ctypes.sizeof(_abi.ErrorStruct)

    def test_every_status_speaks(self) -> None:
        for name, status in vars(fio_c2c.constants).items():
            if name.startswith("FIO_E_"):
                assert fio_c2c.status_name(status) == name
                for sentence in (fio_c2c.status_message(status), fio_c2c.status_advice(status)):
                    assert re.search(r"^\w.{3,}", sentence), name
        assert fio_c2c.status_name(12345) == "FIO_E_UNKNOWN"
        assert fio_c2c.status_message(-9999)
