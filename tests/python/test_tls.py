"""What can be wrong with a server's TLS, told apart at the first attempt, whichever TLS library is
inside."""

import json
import subprocess
from pathlib import Path
from typing import Callable, Dict

import pytest

from raw_service import RawService
from servers import AncientTls, Closing, OldTls, PlainHttp, Refusing, Resetting, Server, Silent
from support import PATIENCE, RigTest, fio_c2c, in_subprocess, variants
from fio_c2c.emulator import Emulator

PROBE = "import runpy, sys; sys.argv[0] = 'probe'; runpy.run_module('probe', run_name='__main__', alter_sys=False)"


class Handshakes(RigTest):
    CERTIFICATES = {
        "valid": "FIO_OK",
        "expired": "FIO_E_TLS_EXPIRED",
        "not_yet_valid": "FIO_E_TLS_NOT_YET_VALID",
        "wrong_host": "FIO_E_TLS_HOST",
        "self_signed": "FIO_E_TLS_UNTRUSTED",
        "other_ca": "FIO_E_TLS_UNTRUSTED",
    }
    SERVERS: Dict[str, "tuple[Callable[[], Server], str]"] = {
        "tls_1_1_only": (OldTls, "FIO_E_TLS_VERSION"),
        "tls_1_1_chosen": (AncientTls, "FIO_E_TLS_VERSION"),
        "handshake_failure": (lambda: Refusing(Refusing.HANDSHAKE_FAILURE), "FIO_E_TLS"),
        "internal_error": (lambda: Refusing(Refusing.INTERNAL_ERROR), "FIO_E_TLS"),
        "plain_http": (PlainHttp, "FIO_E_TLS"),
        "reset_in_handshake": (Resetting, "FIO_E_RESET"),
        "closed_in_handshake": (Closing, "FIO_E_RESET"),
    }

    def test_each_flaw_has_its_own_status_in_every_variant(self) -> None:
        expected = dict(self.CERTIFICATES)
        targets = {name: self.service.flawed(name) for name in self.CERTIFICATES}
        servers = {}
        for name, (make, status) in self.SERVERS.items():
            servers[name] = make()
            self.at_end(servers[name].close)
            targets[name], expected[name] = servers[name].url, status
        for tls in variants():
            accepted = {name: server.accepted for name, server in servers.items()}
            run = in_subprocess(PROBE, self.service.ca_file, *(f"{name}={url}" for name, url in targets.items()), tls=tls)
            assert run.stderr == ""
            found = json.loads(run.stdout)
            assert {name: answer["name"] for name, answer in found.items()} == expected, run.stdout
            for name, answer in found.items():
                assert answer["seconds"] < 3
                assert (answer["curl_code"] == 0) == (answer["name"] == "FIO_OK")
                if name in servers:
                    assert servers[name].accepted - accepted[name] == 1

    def test_what_only_openssl_accepts(self) -> None:
        """As the table "Bundled or system" in docs/tls.md has it."""
        folder = self.scratch()

        def openssl(*arguments: str) -> None:
            subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

        key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
        openssl("req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=authority", "-days", "5")
        for name, extension in (("named", "subjectAltName=DNS:localhost"), ("common", "basicConstraints=CA:FALSE")):
            (folder / "extensions").write_text(extension)
            openssl("req", *key, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", "/CN=localhost")
            openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "5",
                    "-extfile", "extensions", "-out", f"{name}.pem")
        for certificate, trusted, refused in (("named", "ca", "FIO_OK"), ("common", "ca", "FIO_E_TLS_HOST"),
                                              ("named", "named", "FIO_E_TLS_UNTRUSTED")):
            service = RawService()
            self.at_end(service.close)
            service.certificate(folder / f"{certificate}.pem", folder / f"{certificate}.key")
            for tls in variants():
                run = in_subprocess(PROBE, str(folder / f"{trusted}.pem"), f"it=https://localhost:{service.port}", tls=tls)
                assert run.stderr == ""
                assert json.loads(run.stdout)["it"]["name"] == ("FIO_OK" if tls == "system" else refused)

    def test_a_handshake_that_stands_still(self) -> None:
        server = Silent()
        self.at_end(server.close)
        client = self.client(base_url=server.url, timeouts=(200, 5000))
        self.fails(fio_c2c.FIO_E_TIMEOUT, client.request_code)


class Impostors(RigTest):
    """Another server turns up at the service's address."""

    @pytest.fixture(autouse=True)
    def impostors_ready(self, rig_ready: None) -> None:
        # The emulator's own file goes when it ends.
        self.ca_file = self.scratch() / "ca.pem"
        self.ca_file.write_bytes(Path(self.service.ca_file).read_bytes())

    def replace_service(self) -> None:
        """Ends the service and starts another, of another CA, in its place."""
        port = self.service.port
        self.service.close()
        self.service = Emulator("--listen", f"127.0.0.1:{port}")
        self.at_end(self.service.close)

    def test_an_impostor_does_not_end_a_code(self) -> None:
        client = self.client(ca_file=self.ca_file)
        client.request_code().wait(PATIENCE)
        self.replace_service()
        operation = client.poll()
        event = client.drive_until_heard(fio_c2c.FIO_EVENT_RETRYING, 2)
        assert (event.error.name, event.error.retry) == ("FIO_E_TLS_UNTRUSTED", fio_c2c.FIO_RETRY_LATER)
        # The code is alive all the same: it is not the service that refused it.
        assert not operation.is_over
        assert client.auth_state() == fio_c2c.FIO_AUTH_PENDING

    def test_an_impostor_does_not_end_the_authorization(self) -> None:
        client = self.paired(ca_file=self.ca_file)
        self.replace_service()
        self.fails(fio_c2c.FIO_E_TLS_UNTRUSTED, client.refresh)
        self.fails(fio_c2c.FIO_E_TLS_UNTRUSTED, client.device_info)
        assert client.auth_state() == fio_c2c.FIO_AUTH_AUTHORIZED
        assert self.service.requests() == []

    def test_the_name_is_checked_even_if_the_address_was_given_by_hand(self) -> None:
        port = self.service.port
        good = self.client(base_url=f"https://api.frame.io:{port}", resolve={("api.frame.io", port): "127.0.0.1"})
        good.request_code().wait(PATIENCE)
        bad = self.client(base_url=f"https://camera.example:{port}", resolve={("camera.example", port): "127.0.0.1"})
        self.fails(fio_c2c.FIO_E_TLS_HOST, bad.request_code)


class Trust(RigTest):
    def test_certificates_from_memory(self) -> None:
        with open(self.service.ca_file, "rb") as file:
            pem = file.read()
        self.client(ca_file=None, ca_pem=pem).request_code().wait(PATIENCE)
        # Others around it do not disturb.
        self.client(ca_file=None, ca_pem=b"# a comment\n" + pem + pem).request_code().wait(PATIENCE)

    def test_nothing_is_trusted_but_what_was_given(self) -> None:
        # The system's own bundle does not know this service.
        try:
            client = self.client(ca_file=None)
        except fio_c2c.FioError as error:
            assert error.status == fio_c2c.FIO_E_CA
        else:
            self.fails(fio_c2c.FIO_E_TLS_UNTRUSTED, client.request_code)

    def test_a_file_that_vanishes_later(self) -> None:
        copy = self.scratch() / "ca.pem"
        with open(self.service.ca_file, "rb") as file:
            copy.write_bytes(file.read())
        client = self.client(ca_file=copy)
        pem = copy.read_bytes()
        copy.unlink()
        assert self.fails(fio_c2c.FIO_E_CA_FILE, client.request_code).retry == fio_c2c.FIO_RETRY_LATER
        # Half written by an update.
        copy.write_bytes(b"")
        self.fails(fio_c2c.FIO_E_CA_FILE, client.request_code)
        copy.write_bytes(pem)
        client.request_code().wait(PATIENCE)

    def test_an_ipv6_address(self) -> None:
        port = self.service.port
        # No listener there: what counts is that the URL is understood.
        client = self.client(base_url=f"https://[::1]:{port}/", timeouts=(1000, 1000))
        with pytest.raises(fio_c2c.FioError) as caught:
            client.request_code().wait(PATIENCE)
        assert caught.value.status in (fio_c2c.FIO_E_CONNECT, fio_c2c.FIO_E_TIMEOUT)
