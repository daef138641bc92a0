"""Pairing: the code, the polls, the decision."""

import re

import pytest

from support import Clock, PATIENCE, RigTest, fio_c2c


class Codes(RigTest):
    def test_a_code_has_six_digits_and_a_page(self) -> None:
        client = self.client()
        assert client.auth_state() == fio_c2c.FIO_AUTH_UNPAIRED
        code = client.request_code().wait(PATIENCE)
        assert re.search(r"^[0-9]{6}$", code.user_code)
        assert code.verification_uri == self.service.pair_url
        assert code.verification_uri_complete == f"{self.service.pair_url}/{code.user_code}"
        assert code.device_name
        assert code.interval_ms == 50
        assert 110_000 < code.expires_in_ms <= 120_000
        assert code.number == 1
        assert client.auth_state() == fio_c2c.FIO_AUTH_PENDING

    def test_what_the_service_may_leave_out(self) -> None:
        for setting in ("null", "absent"):
            self.service.settings(verification_complete=setting)
            code = self.client().request_code().wait(PATIENCE)
            assert code.verification_uri_complete is None
        self.service.settings(omit_name=True, omit_interval=True)
        code = self.client().request_code().wait(PATIENCE)
        assert code.device_name is None
        assert code.interval_ms == 5000

    def test_url_pairing_is_asked_for_unless_switched_off(self) -> None:
        self.client().request_code().wait(PATIENCE)
        self.client(url_pairing=False).request_code().wait(PATIENCE)
        on, off = [dict(request["headers"]) for request in self.service.requests("code")]
        assert on["x-client-platypus-enabled"] == "true"
        assert "x-client-platypus-enabled" not in off

    def test_a_wrong_secret_is_told_by_its_name(self) -> None:
        error = self.fails(fio_c2c.FIO_E_INVALID_CLIENT, self.client(client_secret="wrong").request_code)
        assert (error.oauth_error, error.http_status, error.retry) == ("invalid_client", 400, fio_c2c.FIO_RETRY_NEVER)

    def test_the_legacy_path_is_found_and_remembered_over_a_restart(self) -> None:
        self.service.settings(code_path="legacy")
        store = str(self.scratch() / "store")
        client = self.client(store_dir=store)
        client.request_code().wait(PATIENCE)
        assert ([(r["path"], r["status"]) for r in self.service.requests()]
                == [("/v2/auth/device/code", 404), ("/v2/device/code", 200)])
        self.service.forget_requests()
        client.request_code().wait(PATIENCE)
        client = self.restarted(client, store_dir=store)
        client.request_code().wait(PATIENCE)
        assert [r["path"] for r in self.service.requests()] == ["/v2/device/code"] * 2
        # The service was updated: the new path is found again.
        self.service.settings(code_path="new")
        client.request_code().wait(PATIENCE)
        assert self.service.requests()[-1]["path"] == "/v2/auth/device/code"


class Requests(RigTest):
    def test_encodings_are_as_documented(self) -> None:
        client = self.paired()
        client.revoke().wait(PATIENCE)
        types = {r["endpoint"]: (r["content_type"] or "").split(";")[0] for r in self.service.requests()}
        assert types == {"code": "multipart/form-data", "token": "application/x-www-form-urlencoded", "me": "",
                         "revoke": types["revoke"]}
        assert types["revoke"] in ("multipart/form-data", "application/x-www-form-urlencoded")

    def test_a_server_that_refuses_multipart(self) -> None:
        self.service.settings(refuse_multipart=True)
        with pytest.raises(fio_c2c.FioError):
            self.client(encoding=fio_c2c.FIO_ENCODING_MULTIPART).request_code().wait(PATIENCE)
        client = self.paired(encoding=fio_c2c.FIO_ENCODING_FORM)
        client.refresh().wait(PATIENCE)
        client.revoke().wait(PATIENCE)
        bodies = [r["content_type"] for r in self.service.requests(client_id=client.client_id) if r["method"] == "POST"]
        assert set(bodies) == {"application/x-www-form-urlencoded"}

    def content_types(self, endpoint: str) -> "list[str]":
        """How the requests to an endpoint came, since that was last asked."""
        seen = [(r["content_type"] or "").split(";")[0].split("/")[1] for r in self.service.requests(endpoint)]
        self.service.forget_requests()
        return seen

    def test_a_refused_encoding_is_found_out_by_itself_and_remembered(self) -> None:
        self.service.settings(refuse_multipart=True)
        store = str(self.scratch() / "store")
        client = self.client(store_dir=store)
        client.request_code().wait(PATIENCE)
        assert self.content_types("code") == ["form-data", "x-www-form-urlencoded"]
        client.request_code().wait(PATIENCE)
        client = self.restarted(client, store_dir=store)
        client.request_code().wait(PATIENCE)
        assert self.content_types("code") == ["x-www-form-urlencoded"] * 2

    def test_a_token_endpoint_that_takes_multipart_only(self) -> None:
        store = str(self.scratch() / "store")
        self.service.person("approve", after_polls=0)
        self.service.fault("token", "body", status=400, body='{"error":"invalid_request"}', content_type="application/json")
        client = self.client(store_dir=store)
        client.pair().wait(PATIENCE)
        event, = client.heard(fio_c2c.FIO_EVENT_RETRYING)
        assert (event.error.name, event.error.retry) == ("FIO_E_INVALID_REQUEST", fio_c2c.FIO_RETRY_LATER)
        assert self.content_types("token") == ["x-www-form-urlencoded", "form-data"]
        client = self.restarted(client, store_dir=store)
        client.refresh().wait(PATIENCE)
        assert self.content_types("token") == ["form-data"]

    def test_a_used_refresh_token_is_no_matter_of_encoding(self) -> None:
        client = self.paired()
        self.service.forget_requests()
        self.service.fault("token", "body", status=400, body='{"error":"invalid_request"}', content_type="application/json")
        self.fails(fio_c2c.FIO_E_AUTHORIZATION_LOST, client.refresh)
        assert self.content_types("token") == ["x-www-form-urlencoded"]

    def test_multipart_everywhere(self) -> None:
        client = self.paired(encoding=fio_c2c.FIO_ENCODING_MULTIPART, client_id='a "quoted" çamera\\1')
        client.revoke().wait(PATIENCE)
        bodies = [r["content_type"] for r in self.service.requests() if r["method"] == "POST"]
        assert all(body.startswith("multipart/form-data; boundary=") for body in bodies), bodies
        assert {r["client_id"] for r in self.service.requests()} == {'a "quoted" çamera\\1'}

    def test_every_request_names_the_firmware(self) -> None:
        client = self.paired(client_version="10.0.1-rc.2+build.7")
        client.heartbeat().wait(PATIENCE)
        client.refresh().wait(PATIENCE)
        client.drive_until_heard(fio_c2c.FIO_EVENT_DEVICE)
        client.revoke().wait(PATIENCE)
        seen = self.service.requests()
        assert {r["endpoint"] for r in seen} == {"code", "token", "me", "heartbeat", "revoke"}
        assert {dict(r["headers"]).get("x-client-version") for r in seen} == {"10.0.1-rc.2+build.7"}
        assert self.service.violations() == []

    def test_a_whole_pairing_needs_one_connection(self) -> None:
        self.service.person("approve", after_polls=6)
        client = self.client()
        client.pair().wait(PATIENCE)
        seen = self.service.requests()
        assert [r["oauth_error"] for r in seen if r["endpoint"] == "token"] == ["authorization_pending"] * 6 + [None]
        assert len({r["connection"] for r in seen}) == 1
        assert {r["http_version"] for r in seen} == {"HTTP/1.1"}

    def test_nothing_is_sent_before_it_is_asked_for(self) -> None:
        client = self.client()
        client.drive(0)
        assert client.timeout_ms() is None
        assert self.service.requests() == []


class Decisions(RigTest):
    def test_a_code_and_a_poll(self) -> None:
        self.service.person("approve", after_polls=2, project="Feature B")
        client = self.client()
        client.request_code().wait(PATIENCE)
        client.poll().wait(PATIENCE)
        assert client.auth_state() == fio_c2c.FIO_AUTH_AUTHORIZED
        assert client.heard(fio_c2c.FIO_EVENT_AUTHORIZED)
        event = client.drive_until_heard(fio_c2c.FIO_EVENT_DEVICE)
        assert event.device.project_name == "Feature B"
        self.fails(fio_c2c.FIO_E_NO_CODE, client.poll)

    def test_a_whole_pairing(self) -> None:
        shown = []

        def show(code: fio_c2c.Code) -> None:
            shown.append(code)
            self.service.approve(code.user_code, project="Feature C")

        client = self.client()
        operation = client.pair(show)
        device = operation.wait(PATIENCE)
        assert (device.project_name, device.op) == ("Feature C", operation.id)
        assert device.project_id and device.creator_name and device.channels
        assert [code.number for code in shown] == [1]
        assert client.auth_state() == fio_c2c.FIO_AUTH_AUTHORIZED

    def test_denied(self) -> None:
        self.service.person("deny", after_polls=1)
        client = self.client()
        error = self.fails(fio_c2c.FIO_E_ACCESS_DENIED, client.pair)
        assert error.oauth_error == "access_denied"
        assert client.auth_state() == fio_c2c.FIO_AUTH_UNPAIRED
        self.fails(fio_c2c.FIO_E_NO_CODE, client.poll)

    def test_the_service_lets_a_code_run_out(self) -> None:
        client = self.client()
        self.fails(fio_c2c.FIO_E_EXPIRED_TOKEN, client.pair, lambda code: self.service.expire(code.user_code))
        assert client.auth_state() == fio_c2c.FIO_AUTH_UNPAIRED

    def test_the_device_knows_by_itself_when_a_code_runs_out(self) -> None:
        clock = Clock()
        client = self.client(clock=clock)
        code = client.request_code().wait(PATIENCE)
        clock.advance(code.expires_in_ms)
        assert client.auth_state() == fio_c2c.FIO_AUTH_UNPAIRED
        polls = len(self.service.requests("token"))
        self.fails(fio_c2c.FIO_E_EXPIRED_TOKEN, client.poll)
        assert len(self.service.requests("token")) == polls

    def test_new_codes_until_one_is_used(self) -> None:
        def show(code: fio_c2c.Code) -> None:
            if code.number < 3:
                self.service.expire(code.user_code)
            else:
                self.service.approve(code.user_code)

        client = self.client()
        operation = client.pair(show, max_codes=5)
        operation.wait(PATIENCE)
        assert [code.number for code in operation.codes] == [1, 2, 3]
        assert len({code.user_code for code in operation.codes}) == 3
        assert self.service.violations() == []

    def test_no_more_codes_than_asked_for(self) -> None:
        client = self.client()
        operation = client.pair(lambda code: self.service.expire(code.user_code), max_codes=2)
        self.fails(fio_c2c.FIO_E_EXPIRED_TOKEN, operation.wait, PATIENCE)
        assert len(operation.codes) == 2

    def test_pairing_again_replaces_the_pairing(self) -> None:
        client = self.paired()
        first = client.access_token()
        client.pair().wait(PATIENCE)
        assert client.access_token() != first
        assert client.heartbeat().wait(PATIENCE) == None

    def test_one_pairing_at_a_time(self) -> None:
        client = self.client()
        running = client.pair()
        for start in (client.pair, client.request_code, client.poll):
            self.fails(fio_c2c.FIO_E_IN_PROGRESS, start)
        running.cancel()
        self.fails(fio_c2c.FIO_E_CANCELED, running.wait, PATIENCE)


class Pace(RigTest):
    def test_canceling_and_starting_again_keeps_the_pace(self) -> None:
        client = self.client()
        client.request_code().wait(PATIENCE)
        for _ in range(5):
            operation = client.poll()
            polls = len(self.service.requests("token"))
            client.drive(60)
            operation.cancel()
            self.fails(fio_c2c.FIO_E_CANCELED, operation.wait, PATIENCE)
            assert len(self.service.requests("token")) <= polls + 2
        self.service.approve()
        client.poll().wait(PATIENCE)
        assert self.service.violations() == []
        assert not [r for r in self.service.requests() if r["oauth_error"] == "slow_down"]

    def test_slow_down_is_obeyed(self) -> None:
        clock = Clock()
        self.service.fault("token", "body", status=400, body='{"error":"slow_down"}', content_type="application/json")
        self.service.person("approve", after_polls=0)
        client = self.client(clock=clock)
        client.request_code().wait(PATIENCE)
        operation = client.poll()
        event = client.drive_until_heard(fio_c2c.FIO_EVENT_RETRYING)
        assert event.error.status == fio_c2c.FIO_E_SLOW_DOWN
        assert 4900 <= event.wait_ms <= 5050, event.wait_ms
        assert 4900 <= client.timeout_ms() <= 5050, client.timeout_ms()
        clock.advance(event.wait_ms)
        operation.wait(PATIENCE)
        assert self.service.violations() == []

    def test_an_approval_seen_while_nobody_polls_is_kept(self) -> None:
        client = self.client()
        client.request_code().wait(PATIENCE)
        self.service.approve()
        self.service.fault("token", "delay", ms=200)
        operation = client.poll()
        # The poll leaves, is canceled on its way, and brings tokens.
        client.drive_until(lambda: self.service.requests("token"), step_ms=5)
        operation.cancel()
        self.fails(fio_c2c.FIO_E_CANCELED, operation.wait, PATIENCE)
        client.drive_until_heard(fio_c2c.FIO_EVENT_AUTHORIZED)
        client.poll().wait(PATIENCE)
        assert client.auth_state() == fio_c2c.FIO_AUTH_AUTHORIZED

    def test_tokens_of_an_abandoned_pairing_are_given_back(self) -> None:
        self.service.fault("token", "delay", ms=200)
        client = self.client()
        operation = client.pair(lambda code: self.service.approve(code.user_code))
        client.drive_until(lambda: self.service.requests("token"), step_ms=5)
        operation.cancel()
        self.fails(fio_c2c.FIO_E_CANCELED, operation.wait, PATIENCE)
        client.drive_until(lambda: [r for r in self.service.requests("revoke") if r["status"] == 200], step_ms=5)
        assert client.auth_state() == fio_c2c.FIO_AUTH_UNPAIRED
        issued, = [r["issued"] for r in self.service.requests("token")]
        revoked = dict(self.service.requests("revoke")[0]["fields"])["token"]
        assert revoked == dict(issued)["refresh_token"]


class WithoutNetwork(RigTest):
    def test_a_pairing_waits_for_a_network(self) -> None:
        clock = Clock()
        self.service.person("approve", after_polls=0)
        self.service.network("down")
        client = self.client(clock=clock)
        operation = client.pair()
        for number in range(1, 8):
            event = client.drive_until_heard(fio_c2c.FIO_EVENT_RETRYING, number)
            assert event.error.retry == fio_c2c.FIO_RETRY_LATER
            assert event.error.advice and 0 < event.wait_ms <= 30_000, event
            clock.advance(event.wait_ms)
        assert not (operation.is_over or operation.codes)
        self.service.network("up")
        client.drive_until(lambda: operation.codes or clock.advance(1000), step_ms=20)
        operation.wait(PATIENCE)
        assert client.auth_state() == fio_c2c.FIO_AUTH_AUTHORIZED

    def test_it_can_be_canceled(self) -> None:
        self.service.network("down")
        client = self.client()
        operation = client.pair()
        client.drive_until_heard(fio_c2c.FIO_EVENT_RETRYING)
        operation.cancel()
        self.fails(fio_c2c.FIO_E_CANCELED, operation.wait, PATIENCE)
        assert client.timeout_ms() is None

    def test_a_code_alone_does_not_wait(self) -> None:
        self.service.network("down")
        with pytest.raises(fio_c2c.FioError):
            self.client().request_code().wait(PATIENCE)


class Refusals(RigTest):
    REFUSALS = {
        "access_denied": fio_c2c.FIO_E_ACCESS_DENIED,
        "expired_token": fio_c2c.FIO_E_EXPIRED_TOKEN,
        "invalid_grant": fio_c2c.FIO_E_INVALID_GRANT,
        "invalid_client": fio_c2c.FIO_E_INVALID_CLIENT,
        "invalid_request": fio_c2c.FIO_E_INVALID_REQUEST,
        "invalid_scope": fio_c2c.FIO_E_INVALID_SCOPE,
        "unauthorized_client": fio_c2c.FIO_E_UNAUTHORIZED_CLIENT,
        "unsupported_grant_type": fio_c2c.FIO_E_UNSUPPORTED_GRANT_TYPE,
    }

    @staticmethod
    def times(name: str) -> int:
        """How often it is said before it is believed: the other encoding is tried first."""
        return 2 if name == "invalid_request" else 1

    def test_every_refusal_of_a_poll_has_its_own_status(self) -> None:
        client = self.client()
        for name, status in self.REFUSALS.items():
            for http in (400, 401):
                client.request_code().wait(PATIENCE)
                self.service.fault("token", "body", status=http, body=f'{{"error":"{name}","error_description":"x"}}',
                                   content_type="application/json", times=self.times(name))
                error = self.fails(status, client.poll)
                assert (error.oauth_error, error.http_status) == (name, http)

    def test_every_refusal_of_a_code_has_its_own_status(self) -> None:
        client = self.client()
        for name, status in {**self.REFUSALS, "something_new": fio_c2c.FIO_E_OAUTH}.items():
            self.service.fault("code", "body", status=400, body=f'{{"error":"{name}"}}', content_type="application/json",
                               times=self.times(name))
            assert self.fails(status, client.request_code).oauth_error == name
