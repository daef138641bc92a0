"""What a network, or something in it, can do to a request: each with a status of its own, at the first
attempt."""

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any, Callable

import pytest

from servers import Closing, refused_port
from support import PATIENCE, SECRET, TLS, Clock, RigTest, fio_c2c, in_subprocess

JSON = "application/json"


class Connections(RigTest):
    def test_a_name_that_does_not_exist(self) -> None:
        error = self.fails(fio_c2c.FIO_E_DNS, self.client(base_url="https://nonexistent.invalid").request_code)
        assert (error.curl_code, error.http_status, error.retry) == (6, 0, fio_c2c.FIO_RETRY_LATER)

    def test_nobody_listens(self) -> None:
        client = self.client(base_url=f"https://127.0.0.1:{refused_port()}")
        assert self.fails(fio_c2c.FIO_E_CONNECT, client.request_code).curl_code == 7

    @pytest.mark.parametrize("fault", ({"kind": "reset"}, {"kind": "close"}, {"kind": "reset", "after_bytes": 10},
                                       {"kind": "truncate", "bytes": 10}, {"kind": "truncate", "bytes": 0}))
    def test_the_connection_breaks(self, fault) -> None:
        self.service.fault("code", **fault)
        # A fresh client, because libcurl itself repeats what broke on a kept connection.
        self.fails(fio_c2c.FIO_E_RESET, self.client().request_code)

    @pytest.mark.parametrize("fault", ({"kind": "stall"}, {"kind": "stall", "after_bytes": 10}, {"kind": "delay", "ms": 2000}))
    def test_no_answer_in_time(self, fault) -> None:
        self.service.fault("code", **fault)
        error = self.fails(fio_c2c.FIO_E_TIMEOUT, self.client(timeouts=(2000, 150)).request_code)
        assert error.retry == fio_c2c.FIO_RETRY_LATER

    def test_a_slow_answer_is_an_answer(self) -> None:
        self.service.fault("code", "delay", ms=150)
        self.client().request_code().wait(PATIENCE)

    def test_a_request_that_is_given_up_does_not_spoil_the_next(self) -> None:
        client = self.client(timeouts=(2000, 150))
        self.service.fault("code", "stall", after_bytes=5)
        self.fails(fio_c2c.FIO_E_TIMEOUT, client.request_code)
        assert re.search(r"^\d{6}$", client.request_code().wait(PATIENCE).user_code)

    def test_a_proxy_in_the_environment_is_not_used(self) -> None:
        proxy = Closing()
        self.at_end(proxy.close)
        program = """
import sys, fio_c2c
url, ca_file, secret = sys.argv[1:]
with fio_c2c.Client(client_id="P", client_secret=secret, base_url=url, ca_file=ca_file) as client:
    print(client.request_code().wait().interval_ms)
"""
        address = f"http://127.0.0.1:{proxy.port}"
        names = {name: address for name in ("http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")}
        run = in_subprocess(program, self.service.url, self.service.ca_file, SECRET, no_proxy="", NO_PROXY="", **names)
        assert (run.stdout, run.stderr) == ("50\n", "")
        assert proxy.accepted == 0


class SlowNames(RigTest):
    """The system looks up a name without end, as it does where no server answers."""

    LIBRARY = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netdb.h>
#include <string.h>
#include <unistd.h>
int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **found) {
    int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **) = dlsym(RTLD_NEXT, "getaddrinfo");
    if (name && strstr(name, "slow.invalid"))
        sleep(600);
    return real(name, service, hints, found);
}
"""
    PROGRAM = """
import sys, time, fio_c2c
ca_file, = sys.argv[1:]
client = fio_c2c.Client(client_id="S", client_secret="s", base_url="https://slow.invalid", ca_file=ca_file, timeouts=(200, 400))
began = time.monotonic()
try:
    client.request_code().wait(20)
except fio_c2c.FioError as error:
    print(error.name)
client.request_code()
client.drive(100)
client.close()
print("%.0f" % ((time.monotonic() - began) / 4))
"""

    def test_neither_a_request_nor_the_end_of_a_client_waits_for_them(self) -> None:
        folder = self.scratch()
        (folder / "slow.c").write_text(self.LIBRARY)
        compiler = os.environ.get("CC", "cc")
        subprocess.run([compiler, "-shared", "-fPIC", "-o", folder / "slow.so", folder / "slow.c", "-ldl"], check=True)
        run = in_subprocess(self.PROGRAM, self.service.ca_file, LD_PRELOAD=str(folder / "slow.so"))
        assert (run.stdout, run.stderr) == ("FIO_E_TIMEOUT\n0\n", "")


class Answers(RigTest):
    def ends_with(self, expected: int, /, **fault: Any) -> fio_c2c.FioError:
        """Checks what becomes of a code request that meets a fault."""
        self.service.fault("code", **fault)
        return self.fails(expected, self.client().request_code)

    @pytest.mark.parametrize("http, status", (
        (402, fio_c2c.FIO_E_PLAN_LIMIT), (403, fio_c2c.FIO_E_FORBIDDEN), (404, fio_c2c.FIO_E_NOT_FOUND),
        (408, fio_c2c.FIO_E_TIMEOUT), (409, fio_c2c.FIO_E_CONFLICT), (418, fio_c2c.FIO_E_HTTP),
        (422, fio_c2c.FIO_E_UNPROCESSABLE), (429, fio_c2c.FIO_E_RATE_LIMITED), (400, fio_c2c.FIO_E_BAD_REQUEST),
        (401, fio_c2c.FIO_E_UNAUTHORIZED), (500, fio_c2c.FIO_E_SERVER), (502, fio_c2c.FIO_E_SERVER),
        (503, fio_c2c.FIO_E_SERVER), (504, fio_c2c.FIO_E_SERVER)))
    def test_each_http_status_has_its_own(self, http, status) -> None:
        error = self.ends_with(status, kind="body", status=http, body="<html>no</html>", content_type="text/html",
                               times=2 if http == 404 else 1)
        assert (error.http_status, error.curl_code, error.retry_after_ms) == (http, 0, None)

    def test_401_after_pairing_is_told_when_a_new_token_does_not_help(self) -> None:
        client = self.paired()
        self.service.fault("heartbeat", "status", status=401, times=2)
        assert self.fails(fio_c2c.FIO_E_UNAUTHORIZED, client.heartbeat).http_status == 401

    def test_when_the_server_says_how_long_to_wait(self) -> None:
        for http, status in ((429, fio_c2c.FIO_E_RATE_LIMITED), (503, fio_c2c.FIO_E_SERVER)):
            for stated, expected in (("3", 3000), ("0", 0), ("Thu, 01 Jan 1970 00:00:00 GMT", 0), ("soon", None), ("-5", None)):
                error = self.ends_with(status, kind="status", status=http,
                                       headers={"Retry-After": stated, "Date": "Sun, 22 Nov 2026 10:00:00 GMT"})
                assert error.retry_after_ms == expected

    def test_redirects_are_not_followed(self) -> None:
        elsewhere = Closing()
        self.at_end(elsewhere.close)
        for http in (301, 302, 303, 307, 308):
            for location in (elsewhere.url, f"{self.service.url}/health", "/health"):
                error = self.ends_with(fio_c2c.FIO_E_REDIRECT, kind="redirect", status=http, location=location)
                assert error.http_status == http
        assert elsewhere.accepted == 0
        assert self.service.requests("health") == []

    def test_a_token_is_not_carried_to_where_a_redirect_points(self) -> None:
        elsewhere = Closing()
        self.at_end(elsewhere.close)
        client = self.paired()
        self.service.fault("me", "redirect", location=f"{elsewhere.url}/v2/devices/me", status=307)
        self.fails(fio_c2c.FIO_E_REDIRECT, client.device_info)
        assert elsewhere.accepted == 0

    NOT_THE_SERVICE = {
        "an empty object": "{}",
        "nothing": "",
        "a web page": "<!DOCTYPE html><html><body>Welcome to the hotel</body></html>",
        "half an answer": '{"device_code":"abc","user_code":"1234',
        "a list": "[]",
        "a word": '"ok"',
        "null": "null",
        "deep nesting": "[" * 100_000,
        "a NUL": '{"device_code":"a\x00b"}',
    }

    def test_what_is_not_the_services_answer(self) -> None:
        for what, body in self.NOT_THE_SERVICE.items():
            error = self.ends_with(fio_c2c.FIO_E_PROTOCOL, kind="body", body=body, content_type=JSON)
            assert error.http_status == 200

    def test_the_same_in_place_of_a_token(self) -> None:
        for what, body in self.NOT_THE_SERVICE.items():
            client = self.client()
            client.request_code().wait(PATIENCE)
            self.service.fault("token", "body", body=body, content_type=JSON)
            operation = client.poll()
            event = client.drive_until_heard(fio_c2c.FIO_EVENT_RETRYING)
            assert (event.error.name, event.error.retry) == ("FIO_E_PROTOCOL", fio_c2c.FIO_RETRY_LATER)
            assert client.auth_state() == fio_c2c.FIO_AUTH_PENDING
            operation.cancel()

    def test_the_same_in_place_of_the_device(self) -> None:
        client = self.paired()
        for what, body in self.NOT_THE_SERVICE.items():
            if body == "{}":
                continue  # Device information may name nothing: see the tests on projects.
            self.service.fault("me", "body", body=body, content_type=JSON)
            self.fails(fio_c2c.FIO_E_PROTOCOL, client.device_info)

    @pytest.mark.parametrize("start, endpoint", (("request_code", "code"), ("device_info", "me"), ("refresh", "token")))
    def test_ten_megabytes(self, start, endpoint) -> None:
        client = self.paired()
        self.service.fault(endpoint, "big", bytes=10_000_000)
        self.fails(fio_c2c.FIO_E_TOO_LARGE, getattr(client, start))


class Numbers(RigTest):
    def answer(self, **fields: Any) -> str:
        whole = {"device_code": "d", "user_code": "041772", "expires_in": 120, "interval": 5, **fields}
        return json.dumps({name: value for name, value in whole.items() if value is not ...})

    def code(self, **fields: Any) -> fio_c2c.Code:
        self.service.fault("code", "body", body=self.answer(**fields), content_type=JSON)
        return self.client().request_code().wait(PATIENCE)

    @pytest.mark.parametrize("stated, expected", (
        (0.25, 250), ("2", 2000), (1e300, 600_000), (2**64, 600_000), (0, 5000), (-1, 5000), (None, 5000), ([], 5000),
        ("x", 5000), (..., 5000), (True, 5000)))
    def test_an_interval(self, stated, expected) -> None:
        assert self.code(interval=stated).interval_ms == expected

    def test_a_life(self) -> None:
        for stated, expected in ((900, 900_000), (..., 120_000), (None, 120_000), (1e300, 3_600_000), (0.5, 500)):
            assert abs(self.code(expires_in=stated).expires_in_ms - expected) <= 100
        for stated in (0, -1, "never", [], {}):
            self.fails(fio_c2c.FIO_E_PROTOCOL, lambda: self.code(expires_in=stated))

    @pytest.mark.parametrize("fields", (
        {"device_code": 7}, {"device_code": ""}, {"device_code": ...}, {"user_code": 41772}, {"user_code": ""},
        {"user_code": "12\n34"}, {"device_code": "d" * 5000}, {"user_code": "1" * 100}))
    def test_wrong_types(self, fields) -> None:
        self.fails(fio_c2c.FIO_E_PROTOCOL, lambda: self.code(**fields))

    @pytest.mark.parametrize("text", ("http://example.com/pair", "javascript:alert(1)", "https://a b", 7, [], ""))
    def test_texts_that_are_no_links_are_not_shown(self, text) -> None:
        code = self.code(verification_uri=text, verification_uri_complete=text, name=7)
        assert (code.verification_uri, code.verification_uri_complete, code.device_name) == (None, None, None)

    def test_the_life_of_a_token(self) -> None:
        for stated in (0, -5, None, "x", [], ...):
            assert 7 * 3600 < self.refresh_due_after(stated) < 8 * 3600
        assert self.refresh_due_after(1e300) > 300 * 86400
        assert self.refresh_due_after(10) < 10

    def refresh_due_after(self, stated: Any) -> float:
        fields = {"access_token": "a", "refresh_token": "r", "expires_in": stated, "token_type": "bearer"}
        body = json.dumps({name: value for name, value in fields.items() if value is not ...})
        client = self.client()
        client.request_code().wait(PATIENCE)
        self.service.fault("me", "body", body='{"project_id":"p"}', content_type=JSON)
        self.service.fault("token", "body", body=body, content_type=JSON)
        client.poll().wait(PATIENCE)
        client.drive_until_heard(fio_c2c.FIO_EVENT_DEVICE)
        return client.timeout_ms() / 1000

    def test_a_device_of_strange_types(self) -> None:
        client = self.paired()
        strange = {"project_id": "p", "project": 7, "name": [], "status": "asleep", "channels": [
            {"id": "c", "external_index": -1e300}, {"id": 7}, "x", None, {"id": "d", "status": "paused", "name": "B"}]}
        self.service.fault("me", "body", body=json.dumps(strange), content_type=JSON)
        device = client.device_info().wait(PATIENCE)
        assert ((device.project_id, device.project_name, device.name, device.presence)
                == ("p", None, None, fio_c2c.FIO_PRESENCE_UNKNOWN))
        assert ([(c.id, c.index, c.presence) for c in device.channels]
                == [("c", 0, fio_c2c.FIO_PRESENCE_UNKNOWN), ("d", 0, fio_c2c.FIO_PRESENCE_PAUSED)])


class WhilePolling(RigTest):
    """Nothing but the person's decision, the service's refusal and the end of its life ends a code."""

    def poll(self, fault: Callable[[], None]) -> fio_c2c.Operation:
        clock = Clock()
        self.service.person("approve", after_polls=1)
        self.polling = self.client(clock=clock, impatient=clock, timeouts=(2000, 150))
        self.polling.request_code().wait(PATIENCE)
        fault()
        return self.polling.poll()

    @pytest.mark.parametrize("fault", (
        {"kind": "status", "status": 500}, {"kind": "status", "status": 503, "headers": {"Retry-After": "1"}},
        {"kind": "status", "status": 429}, {"kind": "status", "status": 408}, {"kind": "reset"}, {"kind": "close"},
        {"kind": "stall"}, {"kind": "truncate"}))
    def test_what_passes(self, fault) -> None:
        self.poll(lambda: self.service.fault("token", times=2, **fault)).wait(PATIENCE)
        assert self.polling.heard(fio_c2c.FIO_EVENT_RETRYING)
        assert self.polling.auth_state() == fio_c2c.FIO_AUTH_AUTHORIZED
        self.service.clear_faults()

    def test_the_pace_is_cut_while_the_network_is_down(self) -> None:
        self.poll(lambda: self.service.fault("token", "status", status=500, times=4)).wait(PATIENCE)
        waits = [event.wait_ms for event in self.polling.heard(fio_c2c.FIO_EVENT_RETRYING)]
        assert len(waits) == 4
        for wait, doubled in zip(waits, (100, 200, 400, 800)):
            assert abs(wait - doubled) <= 10

    def test_what_is_not_the_services_word(self) -> None:
        oauth = {"kind": "body", "content_type": JSON}
        for status, fault in (("FIO_E_REDIRECT", {"kind": "redirect", "location": "https://portal.example/"}),
                              ("FIO_E_PROTOCOL", {"kind": "body", "body": "<html>", "content_type": "text/html"}),
                              ("FIO_E_BAD_REQUEST", {"kind": "body", "body": "<html>", "status": 400}),
                              ("FIO_E_UNAUTHORIZED", {"kind": "body", "body": "", "status": 401}),
                              ("FIO_E_FORBIDDEN", {"kind": "body", "body": "", "status": 403}),
                              ("FIO_E_HTTP", {"kind": "body", "body": "", "status": 413}),
                              ("FIO_E_OAUTH", {**oauth, "body": '{"error":"temporarily_unavailable"}', "status": 400}),
                              ("FIO_E_ACCESS_DENIED", {**oauth, "body": '{"error":"access_denied"}', "status": 403}),
                              ("FIO_E_TOO_LARGE", {"kind": "big", "bytes": 10_000_000})):
            self.poll(lambda: self.service.fault("token", **fault)).wait(PATIENCE)
            event, = self.polling.heard(fio_c2c.FIO_EVENT_RETRYING)
            assert (event.error.name, event.error.retry) == (status, fio_c2c.FIO_RETRY_LATER)
            # The pace is cut.
            assert abs(event.wait_ms - 100) <= 10

    def test_the_file_of_certificates_is_away_for_a_moment(self) -> None:
        mine = self.scratch() / "ca.pem"
        mine.write_bytes(Path(self.service.ca_file).read_bytes())
        self.service.person("approve", after_polls=1)
        client = self.client(ca_file=str(mine), timeouts=(2000, 2000))
        client.request_code().wait(PATIENCE)
        away = mine.rename(mine.with_suffix(".away"))
        # With the connection, or the file would not be looked at.
        self.service.fault("token", "close", times=2)
        operation = client.poll()
        # libcurl with OpenSSL keeps what it has read of the file for its other connections: there it may just go on.
        if TLS == "bundled":
            client.drive_until(lambda: "FIO_E_CA_FILE" in [event.error.name for event in client.heard(fio_c2c.FIO_EVENT_RETRYING)])
            assert not operation.is_over
        away.rename(mine)
        self.service.clear_faults()
        operation.wait(PATIENCE)

    def test_a_lost_approval_cannot_be_had_again(self) -> None:
        self.service.person("approve", after_polls=0)
        client = self.client()
        client.request_code().wait(PATIENCE)
        self.service.fault("token", "truncate", processed=True)
        self.fails(fio_c2c.FIO_E_INVALID_GRANT, client.poll)
