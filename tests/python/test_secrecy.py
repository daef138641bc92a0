"""No secret leaves the library by a log line, an event, or an error."""

import json
import unittest
from typing import List

from support import PATIENCE, Clock, MemoryStore, RigTest, fio_c2c
from fio_c2c.emulator import Emulator

JSON = "application/json"


class Secrecy(RigTest):
    """The service's answers are ordered by the test, so that all secrets are known."""

    CLIENT_SECRET = "model-secret-7d1c"
    DEVICE_CODE = "device-code-5b02"

    def setUp(self) -> None:
        super().setUp()
        self.service.close()
        self.service = Emulator("--client-secret", self.CLIENT_SECRET)
        self.addCleanup(self.service.close)
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
            self.assertTrue([line for line in told if words in line], words)
        for secret in self.secrets:
            # Also in parts, as a cut or an escape would show it.
            for part in (secret, secret[:12], secret[4:]):
                self.assertEqual([line for line in told if part in line], [])

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
        self.assertEqual(client.access_token(), "access-first-91aa")
        # A 401, a refresh that has to be repeated, and the repetition of the call.
        self.service.fault("heartbeat", "status", status=401)
        self.service.fault("token", "reset", times=2)
        self.answers("token", self.tokens("second"), grant="refresh_token")
        self.service.fault("me", "status", status=500)
        self.service.fault("heartbeat", "status", status=204)
        client.heartbeat().wait(PATIENCE)
        self.assertEqual(client.access_token(), "access-second-91aa")
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
        self.assertGreaterEqual(len(self.secrets), 2 + 6)
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
        self.assertEqual(len(self.told), 6)
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
            with self.assertRaises(fio_c2c.FioError) as caught:
                self.client(**settings)
            self.assertNotIn(self.CLIENT_SECRET, str(caught.exception))
            self.assertNotIn("a-store-key", str(caught.exception))


class Log(RigTest):
    def test_levels(self) -> None:
        counts = []
        for level in (fio_c2c.FIO_LOG_OFF, fio_c2c.FIO_LOG_INFO, fio_c2c.FIO_LOG_DEBUG, fio_c2c.FIO_LOG_TRACE):
            lines = []
            client = self.client(on_log=lambda level, line: lines.append((level, line)), log_level=level)
            self.service.fault("code", "status", status=500)
            self.fails(fio_c2c.FIO_E_SERVER, client.request_code)
            client.request_code().wait(PATIENCE)
            self.assertTrue(all(0 < found <= level for found, _ in lines))
            self.assertFalse([line for _, line in lines if "\n" in line or "\r" in line or "\x00" in line])
            counts.append(len(lines))
        self.assertEqual(counts[0], 0)
        self.assertEqual(counts, sorted(set(counts)))

    def test_a_server_cannot_forge_lines(self) -> None:
        client = self.client()
        self.service.fault("code", "body", status=418, content_type="application/json",
                           body=json.dumps({"message": "one\ntwo\r\n\x1b[31mthree", "error": None}))
        error = self.fails(fio_c2c.FIO_E_HTTP, client.request_code)
        for line in (*client.log, error.message):
            self.assertFalse(any(ord(character) < 32 for character in line), repr(line))


if __name__ == "__main__":
    unittest.main()
