"""No secret leaves the library by a log line, an event, or an error."""

import json
import unicodedata
from typing import List
from urllib.parse import quote, quote_plus

import pytest

from support import PATIENCE, Clock, MemoryStore, RigTest, fio_c2c
from fio_c2c.emulator import Emulator

JSON = "application/json"


class Secrecy(RigTest):
    """The service's answers are ordered by the test, so that all secrets are known."""

    CLIENT_SECRET = "model-secret-7d1c"
    DEVICE_CODE = "device-code-5b02"

    @pytest.fixture(autouse=True)
    def secrecy_ready(self, rig_ready: None) -> None:
        self.service.close()
        self.service = Emulator("--client-secret", self.CLIENT_SECRET)
        self.at_end(self.service.close)
        self.told: List[str] = []
        self.secrets = [self.CLIENT_SECRET, self.DEVICE_CODE]

    def tokens(self, name: str) -> str:
        """The body of a token answer; what is in it is a secret from now on."""
        tokens = {"access_token": f"access-{name}-91aa", "refresh_token": f"refresh-{name}-04fe"}
        self.secrets += tokens.values()
        return json.dumps({**tokens, "expires_in": 28800, "token_type": "bearer"})

    def answers(self, endpoint: str, body: str, **fields: object) -> None:
        self.service.fault(endpoint, "body", body=body, content_type=JSON, **fields)

    def told_by(self, client: fio_c2c.Client) -> List[str]:
        errors = [event.error for event in client.events if event.error]
        return [*client.log, *(f"{e.name} {e.message} {e.advice} {e.oauth_error}" for e in errors), *self.told]

    def attempt(self, operation: fio_c2c.Operation) -> None:
        try:
            operation.wait(PATIENCE)
        except fio_c2c.FioError as error:
            self.told.append(f"{error!r} {error.message} {error.oauth_error}")

    def check(self, client: fio_c2c.Client, *expected: str) -> None:
        told = self.told_by(client)
        for words in expected:
            assert [line for line in told if words in line], words
        for secret in self.secrets:
            # Also in parts, as a cut or an escape would show it.
            for part in (secret, secret[:12], secret[4:]):
                assert [line for line in told if part in line] == []

    def code(self) -> str:
        return json.dumps({"device_code": self.DEVICE_CODE, "user_code": "041772", "expires_in": 120, "interval": 0.02})

    def test_a_whole_session(self) -> None:
        clock = Clock()
        client = self.client(client_secret=self.CLIENT_SECRET, store=MemoryStore(), clock=clock, impatient=clock)
        self.answers("code", self.code())
        self.answers("token", '{"error":"authorization_pending"}', status=400)
        self.answers("token", self.tokens("first"))
        self.answers("me", '{"project_id":"p","project":{"name":"Feature A"}}')
        client.pair().wait(PATIENCE)
        assert client.access_token() == "access-first-91aa"
        # A 401, a refresh that has to be repeated, and the repetition of the call.
        self.service.fault("heartbeat", "status", status=401)
        self.service.fault("token", "reset", times=2)
        self.answers("token", self.tokens("second"), grant="refresh_token")
        self.service.fault("me", "status", status=500)
        self.service.fault("heartbeat", "status", status=204)
        client.heartbeat().wait(PATIENCE)
        assert client.access_token() == "access-second-91aa"
        client.revoke().wait(PATIENCE)
        self.check(client, "/v2/auth/token", "HTTP/1.1", "Authorization: (not shown)", "FIO_E_RESET")

    def test_a_session_of_the_real_service(self) -> None:
        store = MemoryStore()
        clock = Clock()
        client = self.paired(client_secret=self.CLIENT_SECRET, store=store, clock=clock)
        for _ in range(2):
            # A refresh leaves once in a second at most.
            clock.advance(1000)
            client.refresh().wait(PATIENCE)
            client.heartbeat().wait(PATIENCE)
            client.drive(0)
        self.service.device(client.client_id, "revoke")
        self.attempt(client.heartbeat())
        records = [json.loads(value[10:]) for key, value in store.saved if key == "auth"]
        self.secrets += {record[name] for record in records for name in ("access_token", "refresh_token")}
        assert len(self.secrets) >= 2 + 6
        self.check(client, "curl", "FIO_E_AUTHORIZATION_LOST")

    def test_answers_that_cannot_be_read(self) -> None:
        client = self.client(client_secret=self.CLIENT_SECRET)
        for body in (self.code()[:-5], self.code().replace("041772", "12\\n34"), f'"{self.DEVICE_CODE}"'):
            self.answers("code", body)
            self.attempt(client.request_code())
        for body in (self.tokens("third")[:-5], self.tokens("fourth").replace("access-fourth", "access-fourth\\n"),
                     "[" + self.tokens("fifth") + "]"):
            self.answers("code", self.code())
            client.request_code().wait(PATIENCE)
            self.answers("token", body)
            self.attempt(client.poll())
        assert len(self.told) == 6
        self.check(client, "FIO_E_PROTOCOL")

    def test_an_answer_over_a_portal(self) -> None:
        client = self.client(client_secret=self.CLIENT_SECRET)
        self.service.fault("code", "redirect", location=f"https://portal.example/?from={self.CLIENT_SECRET}")
        self.attempt(client.request_code())
        self.service.fault("code", "status", status=503, headers={"Set-Cookie": self.CLIENT_SECRET, "X-Echo": self.CLIENT_SECRET})
        self.attempt(client.request_code())
        self.check(client, "FIO_E_REDIRECT", "HTTP 503")

    def test_settings_that_are_refused(self) -> None:
        for settings in ({"client_secret": self.CLIENT_SECRET + "\n"}, {"store_key": b"a-store-key-too-short"},
                         {"base_url": f"https://user:{self.CLIENT_SECRET}@x"}):
            with pytest.raises(fio_c2c.FioError) as caught:
                self.client(**settings)
            assert self.CLIENT_SECRET not in str(caught.value)
            assert "a-store-key" not in str(caught.value)


class Quoted(Secrecy):
    """A service that repeats what it was sent, in every form a program would write it, gets it into no error."""

    CLIENT_SECRET = 'correct "horse" battery'
    DEVICE_CODE = "the device/code of this test"
    ACCESS = "an-access-token"
    REFRESH = "a/refresh+token"

    def forms(self, secret: str) -> List[str]:
        """As they stand in a JSON text."""
        escaped = "".join(f"\\u{ord(character):04X}" for character in secret)
        return [json.dumps(text)[1:-1] for text in (secret, quote(secret), quote(secret, safe=""), quote_plus(secret))] + [
            escaped, json.dumps(secret)[1:-1].replace("/", "\\/"), json.dumps(json.dumps(secret)[1:-1])[1:-1],
            "".join(f"%{byte:02x}" for byte in secret.encode())]

    def quoting(self, secret: str) -> List[str]:
        shapes = ('{"message":"you sent %s to me"}', '{"errors":[{"detail":"%s"}]}', '{"error":"%s"}', '{"message":"' + "x" * 150 + ' %s"}')
        return [shape % form for form in self.forms(secret) for shape in shapes]

    def check_quotes(self, client: fio_c2c.Client, *secrets: str) -> None:
        told = self.told_by(client)
        assert [line for line in told if "(not shown)" in line]
        for secret in secrets:
            parts = [form for form in (secret, quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1])]
            for part in [*parts, secret[:10], "\\u00", "%6"]:
                assert [line for line in told if part in line] == [], part

    def test_the_client_secret(self) -> None:
        client = self.client(client_secret=self.CLIENT_SECRET)
        for body in self.quoting(self.CLIENT_SECRET):
            self.answers("code", body, status=400)
            self.attempt(client.request_code())
        assert len(self.told) == 32
        self.check_quotes(client, self.CLIENT_SECRET)

    def test_the_device_code(self) -> None:
        client = self.client(client_secret=self.CLIENT_SECRET)
        for body in self.quoting(self.DEVICE_CODE):
            self.answers("code", self.code())
            client.request_code().wait(PATIENCE)
            self.answers("token", body, status=400)
            self.attempt(client.poll())
        self.check_quotes(client, self.DEVICE_CODE)

    def test_the_tokens(self) -> None:
        clock = Clock()
        client = self.client(client_secret=self.CLIENT_SECRET, clock=clock, impatient=clock)
        self.answers("code", self.code())
        self.answers("token", json.dumps({"access_token": self.ACCESS, "refresh_token": self.REFRESH, "expires_in": 28800}))
        self.answers("me", "{}")
        client.pair().wait(PATIENCE)
        client.drive_until_settled()
        for secret in (self.ACCESS, self.REFRESH):
            for body in self.quoting(secret):
                self.answers("heartbeat", body, status=418)
                self.attempt(client.heartbeat())
        self.check_quotes(client, self.ACCESS, self.REFRESH)


    def test_in_what_is_no_error(self) -> None:
        """A success is shown as well: a name on the screen, a link as a QR code."""
        client = self.client(client_secret=self.CLIENT_SECRET)
        link = "https://frame.example/pair?" + quote(self.CLIENT_SECRET)
        self.answers("code", json.dumps({**json.loads(self.code()), "name": f"camera {self.CLIENT_SECRET}", "verification_uri": link,
                                         "verification_uri_complete": link.replace("pair", "pair/041772")}))
        code = client.request_code().wait(PATIENCE)
        assert (code.device_name, code.verification_uri, code.verification_uri_complete) == ("camera (not shown)", None, None)
        self.answers("token", json.dumps({"access_token": self.ACCESS, "refresh_token": self.REFRESH, "expires_in": 28800}))
        self.answers("me", "{}")
        client.poll().wait(PATIENCE)
        client.drive_until_settled()
        for secret in (self.CLIENT_SECRET, self.ACCESS, self.REFRESH):
            for form in self.forms(secret):
                named = '{"id": "%s", "name": "%s"}' % (form, form)
                self.answers("me", '{"id": "%s", "name": "a %s b", "timezone": "%s", "project_id": "%s", "channels": [%s], "project": %s, '
                                   '"authorization": {"creator": %s}}' % (form, form, form, form, named, named, named))
                device = client.device_info().wait(PATIENCE)
                assert (device.name, device.channels[0].name) == ("a (not shown) b", "(not shown)"), form
                self.told += [str(value) for shown in (device, device.channels[0]) for value in vars(shown).values()]
        # With such an id an asset would show it.
        self.answers("asset", json.dumps({"id": self.ACCESS, "upload_urls": ["https://storage.example/1"]}))
        path = self.scratch() / "A001.mov"
        path.write_bytes(b"clip")
        upload = client.upload(path=path)
        client.drive_until(lambda: upload.info().reason)
        info = upload.info()
        assert (info.asset_id, info.reason and info.reason.name) == (None, "FIO_E_PROTOCOL")
        self.check_quotes(client, self.CLIENT_SECRET, self.ACCESS, self.REFRESH)


class Texts(Secrecy):
    """What acts on a terminal or a screen does not get there."""

    HOSTILE = "A\x1b[2J\x9b1m\x07\u202eB\u2066\u200f\u061c\r\nC"

    def check_plain(self, *texts: object) -> None:
        for text in texts:
            for character in str(text):
                assert not (unicodedata.category(character) in ("Cc", "Zl", "Zp")
                           or unicodedata.bidirectional(character) in ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
                           or character in "\u200e\u200f\u061c"), \
                    repr(text)

    def test_a_code(self) -> None:
        client = self.client(client_secret=self.CLIENT_SECRET)
        self.answers("code", json.dumps({**json.loads(self.code()), "name": self.HOSTILE,
                                         "verification_uri": "https://frame.io@example.com/" + self.HOSTILE,
                                         "verification_uri_complete": "https://frame.io\\@example.com/"}))
        code = client.request_code().wait(PATIENCE)
        assert code.device_name == "A[2J1mB  C"
        assert (code.verification_uri, code.verification_uri_complete) == (None, None)
        self.check_plain(*client.log)

    def test_a_device(self) -> None:
        client = self.paired(client_secret=self.CLIENT_SECRET)
        named = {"id": self.HOSTILE, "name": self.HOSTILE, "asset_type": self.HOSTILE}
        self.answers("me", json.dumps({**named, "timezone": self.HOSTILE, "project_id": self.HOSTILE, "channels": [named],
                                       "project": named, "authorization": {"creator": named}}))
        device = client.device_info().wait(PATIENCE)
        self.check_plain(device, *vars(device).values(), *(value for channel in device.channels for value in vars(channel).values()))
        assert device.name and device.project_name and device.channels[0].name

    def test_errors(self) -> None:
        client = self.client(client_secret=self.CLIENT_SECRET)
        for body in ({"message": self.HOSTILE}, {"errors": [{"title": self.HOSTILE}]}, {"error": self.HOSTILE}):
            self.answers("code", json.dumps(body), status=400)
            self.attempt(client.request_code())
        with pytest.raises(fio_c2c.FioError) as caught:
            self.client(ca_file="/nowhere/\u202egpj.mep")
        self.told.append(f"{caught.value}")
        self.check_plain(*self.told_by(client))


class Log(RigTest):
    def test_levels(self) -> None:
        counts = []
        for level in (fio_c2c.FIO_LOG_OFF, fio_c2c.FIO_LOG_INFO, fio_c2c.FIO_LOG_DEBUG, fio_c2c.FIO_LOG_TRACE):
            lines = []
            client = self.client(on_log=lambda level, line: lines.append((level, line)), log_level=level)
            self.service.fault("code", "status", status=500)
            self.fails(fio_c2c.FIO_E_SERVER, client.request_code)
            client.request_code().wait(PATIENCE)
            assert all(0 < found <= level for found, _ in lines)
            assert not [line for _, line in lines if "\n" in line or "\r" in line or "\x00" in line]
            counts.append(len(lines))
        assert counts[0] == 0
        assert counts == sorted(set(counts))

    def test_a_server_cannot_forge_lines(self) -> None:
        client = self.client()
        self.service.fault("code", "body", status=418, content_type="application/json",
                           body=json.dumps({"message": "one\ntwo\r\n\x1b[31mthree", "error": None}))
        error = self.fails(fio_c2c.FIO_E_HTTP, client.request_code)
        for line in (*client.log, error.message):
            assert not any(ord(character) < 32 for character in line), repr(line)
