"""Arguments that are wrong, given as C gives them."""

import ctypes
from typing import Any

import pytest

from support import PATIENCE, SECRET, RigTest, fio_c2c
from fio_c2c import _abi

TEXT_SETTERS = {"client_id": 255, "client_version": 127, "base_url": 255, "ca_file": 4095, "store_dir": 4095}


class RawTest(RigTest):
    """A test that calls the C functions directly."""

    @pytest.fixture(autouse=True)
    def raw_ready(self, rig_ready: None) -> None:
        self.library = _abi.load()
        self.raw_config = ctypes.c_void_p()
        self.says(fio_c2c.FIO_OK, "fio_config_new", ctypes.byref(self.raw_config))
        self.at_end(lambda: self.library.fio_config_free(self.raw_config))

    def says(self, status: int, function: str, *arguments: Any) -> None:
        found = getattr(self.library, function)(*arguments)
        assert fio_c2c.status_name(found) == fio_c2c.status_name(status), f"{function}{arguments}"

    def setter_says(self, status: int, name: str, *arguments: Any) -> None:
        """Checks a setter's answer, and that the configuration remembers the same."""
        self.says(status, f"fio_config_set_{name}", self.raw_config, *arguments)
        if status != fio_c2c.FIO_OK:
            error = fio_c2c.FioError.from_pointer(self.library.fio_config_error(self.raw_config))
            assert (error.status, error.op) == (status, fio_c2c.FIO_OP_NONE)


class Texts(RawTest):
    @pytest.mark.parametrize("name, longest", TEXT_SETTERS.items())
    def test_null_empty_too_long_and_not_utf8(self, name, longest) -> None:
        self.setter_says(fio_c2c.FIO_E_NULL, name, None)
        self.setter_says(fio_c2c.FIO_E_ARGUMENT, name, b"")
        self.setter_says(fio_c2c.FIO_E_ARGUMENT, name, b"x" * (longest + 1))
        self.setter_says(fio_c2c.FIO_E_UTF8, name, b"caf\xe9")
        self.setter_says(fio_c2c.FIO_E_ARGUMENT, name, b"two\nlines")

    def test_the_longest_that_is_allowed(self) -> None:
        self.setter_says(fio_c2c.FIO_OK, "client_id", b"x" * 255)
        self.setter_says(fio_c2c.FIO_OK, "client_secret", b"x" * 1023, 1023)
        self.setter_says(fio_c2c.FIO_OK, "client_version", b"1.0.0-" + b"x" * 121)

    def test_a_secret(self) -> None:
        for status, secret, length in ((fio_c2c.FIO_E_NULL, None, 5), (fio_c2c.FIO_E_ARGUMENT, None, 0),
                                       (fio_c2c.FIO_E_ARGUMENT, b"", 0), (fio_c2c.FIO_E_ARGUMENT, b"x" * 1024, 1024),
                                       (fio_c2c.FIO_E_UTF8, b"\xff\xfe", 2), (fio_c2c.FIO_E_ARGUMENT, b"a\x00b", 3),
                                       (fio_c2c.FIO_E_ARGUMENT, b"x", 2**63)):
            self.setter_says(status, "client_secret", secret, length)

    def test_a_secret_is_counted_not_terminated(self) -> None:
        self.client(client_id="COUNTED").request_code().wait(PATIENCE)
        longer = SECRET + "-and-more"
        self.setter_says(fio_c2c.FIO_OK, "client_secret", longer.encode(), len(SECRET))
        self.setter_says(fio_c2c.FIO_OK, "client_id", b"COUNTED")
        self.setter_says(fio_c2c.FIO_OK, "base_url", self.service.url.encode())
        self.setter_says(fio_c2c.FIO_OK, "ca_file", self.service.ca_file.encode())
        client = ctypes.c_void_p()
        self.says(fio_c2c.FIO_OK, "fio_client_new", self.raw_config, ctypes.byref(client))
        self.at_end(self.library.fio_client_free, client)
        op = ctypes.c_uint64()
        ignore = _abi.CodeCallback(lambda user, error, code: None)
        self.says(fio_c2c.FIO_OK, "fio_request_code", client, ignore, None, ctypes.byref(op))
        self.says(fio_c2c.FIO_OK, "fio_wait", client, op)
        # The end of an operation is known for a while.
        self.says(fio_c2c.FIO_OK, "fio_wait", client, op)
        assert len({dict(r["fields"])["client_secret"] for r in self.service.requests("code")}) == 1

    def test_versions(self) -> None:
        for version in ("2.16.4", "0.0.0", "1.0.0-alpha.1", "1.0.0+build.5", "10.20.30-rc.1+x"):
            self.setter_says(fio_c2c.FIO_OK, "client_version", version.encode())
        for version in ("2.16", "v2.16.4", "2.16.4.1", "01.0.0", "2.16.4 ", "latest", "1.0.0-", "1.0.0-01"):
            self.setter_says(fio_c2c.FIO_E_VERSION, "client_version", version.encode())

    def test_urls(self) -> None:
        for url in ("https://api.frame.io", "HTTPS://API.FRAME.IO/", "https://127.0.0.1:8443", "https://[::1]:8443"):
            self.setter_says(fio_c2c.FIO_OK, "base_url", url.encode())
        for url in ("http://api.frame.io", "http://localhost", "http://127.0.0.1:8080", "http://[::1]", "api.frame.io",
                    "ftp://api.frame.io", "https://", "https://user:word@api.frame.io", "https://api.frame.io/v2",
                    "https://api.frame.io?x", "https://api.frame.io#x", "https://api.frame.io:0", "https://api.frame.io:65536",
                    "https://api frame io", "file:///etc/passwd", "https:api.frame.io", "https://ä.example"):
            self.setter_says(fio_c2c.FIO_E_URL, "base_url", url.encode())


class Values(RawTest):
    def test_outside_the_range(self) -> None:
        for name, allowed, refused in (
            ("encoding", [(0,), (1,), (2,)], [(-1,), (3,)]),
            ("url_pairing", [(0,), (1,)], [(-1,), (2,)]),
            ("poller", [(0,), (1,)], [(-1,), (2,)]),
            ("timeouts", [(1, 1), (600_000, 600_000)], [(0, 1), (1, 0), (-1, 1), (600_001, 1), (1, 600_001)]),
        ):
            for arguments in allowed:
                self.setter_says(fio_c2c.FIO_OK, name, *arguments)
            for arguments in refused:
                self.setter_says(fio_c2c.FIO_E_ARGUMENT, name, *arguments)
        for level in (-1, 6):
            self.setter_says(fio_c2c.FIO_E_ARGUMENT, "log", level, _abi.LogCallback(), None, _abi.DestroyCallback())

    def test_an_address_by_hand(self) -> None:
        for host, port, address in ((b"camera.example", 443, b"127.0.0.1"), (b"x", 1, b"::1"), (b"x", 65535, b"2001:db8::1")):
            self.setter_says(fio_c2c.FIO_OK, "resolve", host, port, address)
        for host, port, address in ((b"", 443, b"::1"), (b"a b", 443, b"::1"), (b"x:1", 443, b"::1"), (b"x", 0, b"::1"),
                                    (b"x", 65536, b"::1"), (b"x", -1, b"::1"), (b"x", 443, b"localhost"), (b"x", 443, b"")):
            self.setter_says(fio_c2c.FIO_E_ARGUMENT, "resolve", host, port, address)

    def test_a_store_key(self) -> None:
        def key(length: int) -> Any:
            return (ctypes.c_uint8 * length)(), length

        self.setter_says(fio_c2c.FIO_OK, "store_key", *key(32))
        self.setter_says(fio_c2c.FIO_OK, "store_key", None, 0)
        for length in (1, 16, 31, 33, 64):
            self.setter_says(fio_c2c.FIO_E_ARGUMENT, "store_key", *key(length))
        self.setter_says(fio_c2c.FIO_E_NULL, "store_key", None, 32)

    def test_a_store_with_a_function_missing(self) -> None:
        destroyed = []
        destroy = _abi.DestroyCallback(lambda user: destroyed.append(user))
        functions = [_abi.StoreLoadCallback(lambda *a: 1), _abi.StoreSaveCallback(lambda *a: 0), _abi.StoreEraseCallback(lambda *a: 0),
                     _abi.StoreListCallback(lambda *a: 0)]
        for missing in range(4):
            given = [type(f)() if i == missing else f for i, f in enumerate(functions)]
            self.setter_says(fio_c2c.FIO_E_NULL, "store", *given, 7, destroy)
        assert destroyed == []
        self.setter_says(fio_c2c.FIO_OK, "store", *functions, 7, destroy)
        self.setter_says(fio_c2c.FIO_OK, "store", *functions, 8, destroy)
        assert destroyed == [7]
        self.says(fio_c2c.FIO_OK, "fio_config_free", self.raw_config)
        self.raw_config = None
        assert destroyed == [7, 8]

    def test_certificates(self) -> None:
        directory = self.scratch()
        self.setter_says(fio_c2c.FIO_E_CA, "ca_file", b"/nonexistent/ca.pem")
        self.setter_says(fio_c2c.FIO_E_CA, "ca_file", str(directory).encode())
        for name, content in (("empty", b""), ("text", b"no certificate"), ("key", b"-----BEGIN PRIVATE KEY-----\nMIIB\n"),
                              ("der", b"\x30\x82\x01\x0a"), ("half", b"-----BEGIN CERTIFICATE-----\nMIIB")):
            (directory / name).write_bytes(content)
            self.setter_says(fio_c2c.FIO_E_CA, "ca_file", str(directory / name).encode())
            self.setter_says(fio_c2c.FIO_E_CA, "ca_pem", content, len(content))
        self.setter_says(fio_c2c.FIO_E_NULL, "ca_pem", None, 10)
        # Well-formed on the outside only: told when it is used, never trusted.
        outside = b"-----BEGIN CERTIFICATE-----\nMIIBAAAA\n-----END CERTIFICATE-----\n"
        self.setter_says(fio_c2c.FIO_OK, "ca_pem", outside, len(outside))
        with pytest.raises(fio_c2c.FioError) as caught:
            self.client(ca_file=None, ca_pem=outside).request_code().wait(PATIENCE)
        assert caught.value.status in (fio_c2c.FIO_E_CA, fio_c2c.FIO_E_TLS_UNTRUSTED)


class Handles(RawTest):
    def test_null(self) -> None:
        handle = ctypes.c_void_p(1)
        self.says(fio_c2c.FIO_E_NULL, "fio_config_new", None)
        self.says(fio_c2c.FIO_E_NULL, "fio_client_new", None, ctypes.byref(handle))
        assert handle.value is None
        self.says(fio_c2c.FIO_E_NULL, "fio_client_new", self.raw_config, None)
        self.says(fio_c2c.FIO_OK, "fio_config_free", None)
        self.says(fio_c2c.FIO_OK, "fio_client_free", None)
        assert not self.library.fio_config_error(None)
        assert not self.library.fio_client_error(None)
        for function, (_, arguments) in _abi.PROTOTYPES.items():
            if function.startswith("fio_config_set_") or (
                    arguments[:1] == [ctypes.c_void_p] and not function.endswith(("_free", "_new", "_error"))):
                if function == "fio_pair":
                    continue
                # Zeros and NULLs in all other places.
                values = [None, *(kind() for kind in arguments[1:])]
                self.says(fio_c2c.FIO_E_NULL, function, *values)
        self.says(fio_c2c.FIO_E_NULL, "fio_pair", None, 1, _abi.ShowCodeCallback(lambda *a: None), _abi.DeviceCallback(),
                  None, None)

    def test_a_pointer_to_something_else(self) -> None:
        other = (ctypes.c_uint64 * 512)()
        aligned = ctypes.addressof(other) + (-ctypes.addressof(other) % 64)
        for address in (aligned, aligned + 1):
            self.says(fio_c2c.FIO_E_HANDLE, "fio_drive", address, 0)
            self.says(fio_c2c.FIO_E_HANDLE, "fio_client_free", address)
            self.says(fio_c2c.FIO_E_HANDLE, "fio_config_set_client_id", address, b"x")
            self.says(fio_c2c.FIO_E_HANDLE, "fio_config_free", address)
        client = self.client()
        self.says(fio_c2c.FIO_E_HANDLE, "fio_config_free", client._handle)
        self.says(fio_c2c.FIO_E_HANDLE, "fio_drive", self.raw_config, 0)

    def test_incomplete(self) -> None:
        for settings in ({}, {"client_id": "x"}, {"client_secret": "x"}):
            with pytest.raises(fio_c2c.FioError) as caught:
                fio_c2c.Client(ca_file=self.service.ca_file, **settings)
            assert caught.value.status == fio_c2c.FIO_E_INCOMPLETE

    def test_operations(self) -> None:
        client = self.client()
        handle = client._handle
        self.says(fio_c2c.FIO_E_NULL, "fio_request_code", handle, _abi.CodeCallback(), None, None)
        self.says(fio_c2c.FIO_E_NULL, "fio_pair", handle, 1, _abi.ShowCodeCallback(), _abi.DeviceCallback(), None, None)
        for codes in (0, -1, 1001):
            self.fails(fio_c2c.FIO_E_ARGUMENT, lambda: client.pair(max_codes=codes))
        self.fails(fio_c2c.FIO_E_NO_CODE, client.poll)
        for start in (client.refresh, client.revoke, client.device_info, client.heartbeat, client.access_token):
            self.fails(fio_c2c.FIO_E_NOT_AUTHORIZED, start)
        for op in (0, 1, 12345, 2**64 - 1):
            self.fails(fio_c2c.FIO_E_UNKNOWN_OP, client.cancel, op)
            self.fails(fio_c2c.FIO_E_UNKNOWN_OP, client.wait, op)
        error = fio_c2c.FioError.from_pointer(self.library.fio_client_error(handle))
        assert error.status == fio_c2c.FIO_E_UNKNOWN_OP

    def test_operations_that_nobody_waits_for(self) -> None:
        self.service.person("approve", after_polls=0)
        client = self.client()
        client.request_code().wait(PATIENCE)
        op = ctypes.c_uint64()
        self.says(fio_c2c.FIO_OK, "fio_poll", client._handle, _abi.DoneCallback(), None, None)
        client.drive_until_heard(fio_c2c.FIO_EVENT_DEVICE)
        self.says(fio_c2c.FIO_OK, "fio_heartbeat", client._handle, _abi.DoneCallback(), None, ctypes.byref(op))
        client.wait(op.value)
        assert self.service.requests("heartbeat")[0]["status"] == 204

    def test_an_access_token_and_its_buffer(self) -> None:
        client = self.paired()
        token = client.access_token().encode()
        length = ctypes.c_size_t()
        arguments = (client._handle, None, 0, ctypes.byref(length))
        self.says(fio_c2c.FIO_E_BUFFER, "fio_access_token", *arguments)
        assert length.value == len(token)
        buffer = ctypes.create_string_buffer(b"#" * 200, 200)
        self.says(fio_c2c.FIO_E_BUFFER, "fio_access_token", client._handle, buffer, len(token) - 1, ctypes.byref(length))
        assert buffer.raw == b"#" * 200
        self.says(fio_c2c.FIO_OK, "fio_access_token", client._handle, buffer, len(token), ctypes.byref(length))
        assert buffer.raw[:len(token) + 1] == token + b"#"
        self.says(fio_c2c.FIO_E_NULL, "fio_access_token", client._handle, None, 100, ctypes.byref(length))
        self.says(fio_c2c.FIO_E_NULL, "fio_access_token", client._handle, buffer, 200, None)


class Screen(RawTest):
    def test_a_code_to_scan(self) -> None:
        modules = fio_c2c.qr_encode("https://next.frame.io/pair/041772")
        assert all(len(row) == len(modules) for row in modules)
        # The three finder patterns.
        finder = ["#######", "#.....#", "#.###.#", "#.###.#", "#.###.#", "#.....#", "#######"]
        drawn = ["".join("#" if dark else "." for dark in row) for row in modules]
        assert [row[:7] for row in drawn[:7]] == finder
        assert [row[-7:] for row in drawn[:7]] == finder
        assert [row[:7] for row in drawn[-7:]] == finder

    def test_sizes(self) -> None:
        assert len(fio_c2c.qr_encode("x")) == 21
        assert len(fio_c2c.qr_encode("x" * 1023)) <= 177
        for text in ("", "x" * 1024, "a\nb"):
            self.fails(fio_c2c.FIO_E_ARGUMENT, fio_c2c.qr_encode, text)

    def test_its_buffer(self) -> None:
        side = ctypes.c_int32()
        self.says(fio_c2c.FIO_E_BUFFER, "fio_qr_encode", b"x", None, 0, ctypes.byref(side))
        assert side.value == 21
        small = (ctypes.c_uint8 * 441)(*[9] * 441)
        self.says(fio_c2c.FIO_E_BUFFER, "fio_qr_encode", b"x", small, 440, ctypes.byref(side))
        assert set(small) == {9}
        self.says(fio_c2c.FIO_OK, "fio_qr_encode", b"x", small, 441, ctypes.byref(side))
        assert set(small) == {0, 1}
        self.says(fio_c2c.FIO_E_NULL, "fio_qr_encode", None, small, 441, ctypes.byref(side))
        self.says(fio_c2c.FIO_E_NULL, "fio_qr_encode", b"x", small, 441, None)
        self.says(fio_c2c.FIO_E_UTF8, "fio_qr_encode", b"\xff", small, 441, ctypes.byref(side))
