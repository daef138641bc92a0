"""The life of the tokens: renewed, lost, given back, taken up again."""

import pytest
from support import Clock, MemoryStore, PATIENCE, RigTest, fio_c2c

HOUR = 3_600_000


class Refresh(RigTest):
    def refreshes(self, client: fio_c2c.Client) -> list:
        return self.service.requests("token", client_id=client.client_id, grant="refresh_token")

    def test_gives_a_new_token_and_then_the_device(self) -> None:
        client = self.paired()
        old = client.access_token()
        client.refresh().wait(PATIENCE)
        assert client.access_token() != old
        assert client.heard(fio_c2c.FIO_EVENT_REFRESHED)
        client.drive_until_heard(fio_c2c.FIO_EVENT_DEVICE, times=2)
        assert [r["endpoint"] for r in self.service.requests()] == ["code", "token", "me", "token", "me"]
        bearer = [dict(r["headers"])["authorization"] for r in self.service.requests("me")]
        assert bearer[0] != bearer[1]

    def test_many_at_once_share_one_request(self) -> None:
        client = self.paired()
        running = [client.refresh() for _ in range(20)]
        for operation in running:
            operation.wait(PATIENCE)
        assert len(self.refreshes(client)) == 1
        assert len({operation.id for operation in running}) == 20

    def test_comes_by_itself_before_the_token_ends(self) -> None:
        clock = Clock()
        client = self.paired(clock=clock)
        old = client.access_token()
        due = client.timeout_ms()
        assert 7 * HOUR < due < 8 * HOUR, due
        self.service.advance(due / 1000)
        clock.advance(due)
        client.drive_until_heard(fio_c2c.FIO_EVENT_REFRESHED)
        assert client.access_token() != old
        assert client.auth_state() == fio_c2c.FIO_AUTH_AUTHORIZED

    def test_a_401_is_answered_by_a_refresh_and_a_repetition(self) -> None:
        client = self.paired()
        self.service.forget_requests()
        self.service.advance(8 * 3600)
        running = [client.device_info(), client.heartbeat(), client.device_info()]
        for operation in running:
            operation.wait(PATIENCE)
        assert len(self.refreshes(client)) == 1
        bearers = [(r["status"], dict(r["headers"])["authorization"]) for r in self.service.requests()
                   if r["endpoint"] in ("me", "heartbeat")]
        assert [status for status, _ in bearers].count(401) >= 1
        refused = {bearer for status, bearer in bearers if status == 401}
        accepted = {bearer for status, bearer in bearers if status != 401}
        assert (len(refused), len(accepted)) == (1, 1)
        assert refused != accepted

    def test_a_401_in_spite_of_a_new_token(self) -> None:
        client = self.paired()
        # The call, its repetition, and the fetch that follows every refresh.
        self.service.fault("me", "status", status=401, times=10)
        error = self.fails(fio_c2c.FIO_E_UNAUTHORIZED, client.device_info)
        assert error.http_status == 401
        assert len(self.refreshes(client)) == 1
        assert client.auth_state() == fio_c2c.FIO_AUTH_AUTHORIZED

    @pytest.mark.parametrize("kind", ("reset", "close"))
    def test_a_lost_answer_is_asked_for_again_with_the_same_token(self, kind) -> None:
        clock = Clock()
        client = self.paired(clock=clock, impatient=clock)
        clock.advance(2000)
        # More than libcurl's own second attempt on a new connection would hide.
        self.service.fault("token", kind, grant="refresh_token", times=2)
        client.refresh().wait(PATIENCE)
        sent = {dict(r["fields"])["refresh_token"] for r in self.refreshes(client)}
        assert len(sent) == 1
        assert self.refreshes(client)[-1]["status"] == 200
        assert client.auth_state() == fio_c2c.FIO_AUTH_AUTHORIZED
        self.service.clear_faults()

    @pytest.mark.parametrize("kind", ("reset", "close", "truncate"))
    def test_an_answer_lost_after_the_work_was_done_ends_the_authorization(self, kind) -> None:
        clock = Clock()
        store = MemoryStore()
        client = self.paired(clock=clock, impatient=clock, store=store)
        self.service.fault("token", kind, grant="refresh_token", processed=True)
        error = self.fails(fio_c2c.FIO_E_AUTHORIZATION_LOST, client.refresh)
        assert (error.oauth_error, error.retry) == ("invalid_request", fio_c2c.FIO_RETRY_AFTER_PAIRING)
        event = client.drive_until_heard(fio_c2c.FIO_EVENT_AUTHORIZATION_LOST)
        assert event.error.status == fio_c2c.FIO_E_AUTHORIZATION_LOST
        assert client.auth_state() == fio_c2c.FIO_AUTH_UNPAIRED
        assert "auth" not in store.records
        self.fails(fio_c2c.FIO_E_NOT_AUTHORIZED, client.refresh)

    def test_a_network_that_is_down_is_told_after_three_attempts_and_costs_nothing(self) -> None:
        clock = Clock()
        client = self.paired(clock=clock, impatient=clock)
        self.service.fault("token", "status", grant="refresh_token", status=503, times=3)
        error = self.fails(fio_c2c.FIO_E_SERVER, client.refresh)
        assert (error.http_status, error.retry) == (503, fio_c2c.FIO_RETRY_LATER)
        assert len(self.refreshes(client)) == 3
        assert client.auth_state() == fio_c2c.FIO_AUTH_AUTHORIZED
        # The library itself goes on.
        client.drive_until_heard(fio_c2c.FIO_EVENT_REFRESHED)

    @pytest.mark.parametrize("status, body", (
        (401, "<html>Log in</html>"), (400, "{}"), (403, "no"), (200, "<html>Welcome</html>")))
    def test_a_proxys_words_do_not_end_the_authorization(self, status, body) -> None:
        clock = Clock()
        client = self.paired(clock=clock)
        self.service.fault("token", "body", grant="refresh_token", status=status, body=body, content_type="text/html")
        with pytest.raises(fio_c2c.FioError):
            client.refresh().wait(PATIENCE)
        assert client.auth_state() == fio_c2c.FIO_AUTH_AUTHORIZED
        clock.advance(client.heard(fio_c2c.FIO_EVENT_RETRYING)[-1].wait_ms)
        client.drive_until_heard(fio_c2c.FIO_EVENT_REFRESHED)

    def test_a_refused_secret_keeps_the_pairing(self) -> None:
        client = self.paired()
        self.service.fault("token", "body", grant="refresh_token", status=400, body='{"error":"invalid_client"}',
                           content_type="application/json")
        self.fails(fio_c2c.FIO_E_INVALID_CLIENT, client.refresh)
        assert client.drive_until_heard(fio_c2c.FIO_EVENT_REFRESH_REFUSED).error.status == fio_c2c.FIO_E_INVALID_CLIENT
        assert client.auth_state() == fio_c2c.FIO_AUTH_AUTHORIZED
        client.heartbeat().wait(PATIENCE)

    def test_the_pace_of_a_server_that_says_when(self) -> None:
        clock = Clock()
        client = self.paired(clock=clock)
        self.service.fault("token", "status", grant="refresh_token", status=429, headers={"Retry-After": "77"})
        error = self.fails(fio_c2c.FIO_E_RATE_LIMITED, client.refresh)
        assert error.retry_after_ms == 77_000
        assert client.heard(fio_c2c.FIO_EVENT_RETRYING)[-1].wait_ms >= 77_000
        assert client.timeout_ms() > 70_000


class EndOfAuthorization(RigTest):
    def test_the_user_disconnects_the_device_on_the_web(self) -> None:
        store = MemoryStore()
        client = self.paired(store=store)
        self.service.device(client.client_id, "revoke")
        self.fails(fio_c2c.FIO_E_AUTHORIZATION_LOST, client.device_info)
        assert len(client.heard(fio_c2c.FIO_EVENT_AUTHORIZATION_LOST)) == 1
        assert client.auth_state() == fio_c2c.FIO_AUTH_UNPAIRED
        assert "auth" not in store.records
        self.fails(fio_c2c.FIO_E_NOT_AUTHORIZED, client.access_token)

    def test_two_weeks_in_a_drawer(self) -> None:
        clock = Clock()
        store = MemoryStore()
        client = self.paired(store=store, clock=clock)
        self.service.advance(15 * 86400)
        clock.advance(15 * 24 * HOUR)
        client = self.restarted(client, store=store, clock=clock)
        assert client.auth_state() == fio_c2c.FIO_AUTH_EXPIRED
        self.fails(fio_c2c.FIO_E_TOKEN_EXPIRED, client.access_token)
        client.drive_until_heard(fio_c2c.FIO_EVENT_AUTHORIZATION_LOST)

    def test_revoking_tells_the_service(self) -> None:
        client = self.paired()
        assert [device["authorized"] for device in self.service.state()["devices"]] == [True]
        client.revoke().wait(PATIENCE)
        assert [device["authorized"] for device in self.service.state()["devices"]] == [False]
        assert client.auth_state() == fio_c2c.FIO_AUTH_UNPAIRED
        for start in (client.device_info, client.heartbeat, client.refresh, client.revoke, client.access_token):
            self.fails(fio_c2c.FIO_E_NOT_AUTHORIZED, start)

    def test_revoking_forgets_whatever_the_network_says(self) -> None:
        clock = Clock()
        store = MemoryStore()
        client = self.paired(store=store, clock=clock, impatient=clock)
        self.service.fault("revoke", "status", status=503, times=3)
        operation = client.revoke()
        # Before anything was sent.
        assert "auth" not in store.records
        assert client.auth_state() == fio_c2c.FIO_AUTH_UNPAIRED
        self.fails(fio_c2c.FIO_E_SERVER, operation.wait, PATIENCE)
        assert len(self.service.requests("revoke")) == 3

    def test_revoking_ends_what_needs_the_authorization(self) -> None:
        client = self.paired()
        self.service.fault("me", "stall")
        waiting = client.device_info()
        client.drive_until(lambda: len(self.service.requests("me")) == 2, step_ms=5)
        client.revoke().wait(PATIENCE)
        self.fails(fio_c2c.FIO_E_NOT_AUTHORIZED, waiting.wait, PATIENCE)


class Restart(RigTest):
    def test_still_paired(self) -> None:
        store = str(self.scratch() / "store")
        client = self.paired(store_dir=store)
        token = client.access_token()
        client = self.restarted(client, store_dir=store)
        assert client.auth_state() == fio_c2c.FIO_AUTH_AUTHORIZED
        assert client.access_token() == token
        self.service.forget_requests()
        client.drive(0)
        assert self.service.requests() == []
        client.device_info().wait(PATIENCE)

    def test_an_old_token_is_renewed_first(self) -> None:
        clock = Clock()
        store = MemoryStore()
        client = self.paired(store=store, clock=clock)
        self.service.advance(9 * 3600)
        clock.advance(9 * HOUR)
        client = self.restarted(client, store=store, clock=clock)
        assert client.auth_state() == fio_c2c.FIO_AUTH_EXPIRED
        self.service.forget_requests()
        client.device_info().wait(PATIENCE)
        assert [(r["endpoint"], r["status"]) for r in self.service.requests()][:2] == [("token", 200), ("me", 200)]

    def test_a_clock_that_says_1970(self) -> None:
        store = MemoryStore()
        client = self.paired(store=store)
        clock = Clock()
        clock.wall_offset = -clock.wall_seconds() + 60
        client = self.restarted(client, store=store, clock=clock)
        assert client.auth_state() == fio_c2c.FIO_AUTH_AUTHORIZED
        # How old the token is nobody can tell, so it is renewed before it is relied on.
        client.drive_until_heard(fio_c2c.FIO_EVENT_REFRESHED)
        client.device_info().wait(PATIENCE)
        # And when the clock has been set meanwhile, nothing is lost.
        client = self.restarted(client, store=store)
        client.device_info().wait(PATIENCE)

    def test_a_refresh_that_was_cut_off_is_explained(self) -> None:
        store = MemoryStore()
        client = self.paired(store=store)
        self.service.fault("token", "stall", grant="refresh_token", processed=True)
        client.refresh()
        client.drive_until(lambda: self.service.requests("token", grant="refresh_token"), step_ms=5)
        assert store.authorization()["refreshing"]
        client = self.restarted(client, store=store)
        error = self.fails(fio_c2c.FIO_E_AUTHORIZATION_LOST, client.refresh)
        assert "earlier refresh" in error.message

    def test_the_tokens_are_stored_before_anyone_hears_of_them(self) -> None:
        store = MemoryStore()
        client = self.paired(store=store)
        old = store.authorization()
        seen = []
        client.refresh(then=lambda operation: seen.append(store.authorization())).wait(PATIENCE)
        assert seen[0]["refresh_token"] != old["refresh_token"]
        assert seen[0]["access_token"] == client.access_token()
        assert not seen[0]["refreshing"]


class Projects(RigTest):
    def test_a_move_to_another_project_is_told(self) -> None:
        client = self.paired()
        self.service.device(client.client_id, "project", project="Feature B")
        device = client.device_info().wait(PATIENCE)
        assert device.project_name == "Feature B"
        event = client.heard(fio_c2c.FIO_EVENT_PROJECT_CHANGED)[-1]
        assert event.device.project_id == device.project_id
        assert event.previous_project_id not in (None, device.project_id)
        client.device_info().wait(PATIENCE)
        assert len(client.heard(fio_c2c.FIO_EVENT_PROJECT_CHANGED)) == 1

    def test_a_move_while_the_device_was_off_is_told(self) -> None:
        store = MemoryStore()
        client = self.paired(store=store)
        self.service.device(client.client_id, "project", project="Feature B")
        client = self.restarted(client, store=store)
        client.device_info().wait(PATIENCE)
        assert len(client.heard(fio_c2c.FIO_EVENT_PROJECT_CHANGED)) == 1

    def test_a_pause_is_seen(self) -> None:
        client = self.paired()
        self.service.device(client.client_id, "pause")
        assert client.device_info().wait(PATIENCE).presence == fio_c2c.FIO_PRESENCE_PAUSED
        self.service.device(client.client_id, "resume")
        assert client.device_info().wait(PATIENCE).presence != fio_c2c.FIO_PRESENCE_PAUSED
