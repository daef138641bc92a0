"""What the library does to the process around it: nothing."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Optional

import pytest

from support import PATIENCE, ROOT, RigTest, in_subprocess, variants
from fio_c2c.emulator import Emulator

PAIR = """
import sys, fio_c2c
def pair(url, ca_file, **settings):
    with fio_c2c.Client(client_id="P", client_secret="emulator-secret", base_url=url, ca_file=ca_file, **settings) as client:
        client.pair().wait(20)
        client.refresh().wait(20)
        client.revoke().wait(20)
"""


class Process(RigTest):
    @pytest.fixture(autouse=True)
    def process_ready(self, rig_ready: None) -> None:
        self.service.person("approve", after_polls=1)

    def run_program(self, program: str, *arguments: str, tls: Optional[str] = None, **environment: str) -> str:
        run = in_subprocess(PAIR + program, self.service.url, self.service.ca_file, *arguments, tls=tls, **environment)
        assert (run.returncode, run.stderr) == (0, ""), run.stderr
        return run.stdout

    def test_nothing_is_printed(self) -> None:
        assert self.run_program("pair(*sys.argv[1:])") == ""

    def test_nothing_is_printed_when_things_fail(self) -> None:
        program = """
import contextlib
for settings in ({"base_url": "https://nonexistent.invalid"}, {"base_url": "https://127.0.0.1:1"}, {"client_secret": "wrong"}):
    given = {"client_id": "P", "client_secret": "emulator-secret", "base_url": sys.argv[1], "ca_file": sys.argv[2], **settings}
    with contextlib.suppress(fio_c2c.FioError), fio_c2c.Client(**given) as client:
        client.request_code().wait(20)
    with contextlib.suppress(fio_c2c.FioError), fio_c2c.Client(**given) as client:
        pairing = client.pair()
        client.drive(200)
        pairing.cancel()
        pairing.wait(20)
"""
        assert self.run_program(program) == ""

    def test_pushed_data_without_memory_is_refused(self) -> None:
        program = """
import resource
with fio_c2c.Client(client_id="P", client_secret="emulator-secret", base_url=sys.argv[1], ca_file=sys.argv[2]) as client:
    upload = client.upload(pushed=True, name="p.mov", recording=fio_c2c.Recording())
    data = bytes(40 << 20)
    in_use = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
    # Room for the copy that Python hands over, not for the library's.
    resource.setrlimit(resource.RLIMIT_AS, (in_use + (60 << 20), resource.RLIM_INFINITY))
    try:
        upload.push(0, data)
    except fio_c2c.FioError as error:
        print(error.name)
    resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    # Nothing of it was taken, and the upload goes on.
    upload.push(0, data)
    print(upload.info().size)
"""
        assert self.run_program(program) == f"FIO_E_NOMEM\n{40 << 20}\n"

    def test_the_environment_is_left_alone(self) -> None:
        program = """
import ctypes
def environment():
    pointer = ctypes.POINTER(ctypes.c_char_p).in_dll(ctypes.CDLL(None), "environ")
    entries, index = [], 0
    while pointer[index]:
        entries.append(pointer[index]); index += 1
    return ctypes.cast(pointer, ctypes.c_void_p).value, entries
before = environment()
import fio_c2c
fio_c2c.version()
loaded = environment()
pair(*sys.argv[1:])
assert before == loaded == environment(), "changed"
"""
        for tls in variants():
            self.run_program(program, tls=tls)

    def test_signal_handlers_and_masks_are_left_alone(self) -> None:
        program = """
import signal
def signals():
    return signal.pthread_sigmask(signal.SIG_BLOCK, []), [open("/proc/self/status").read().split(name)[1].split()[0]
                                                         for name in ("SigBlk:", "SigIgn:", "SigCgt:")]
before = signals()
pair(*sys.argv[1:])
assert before == signals(), (before, signals())
"""
        self.run_program(program)

    def test_a_connection_that_is_gone_raises_no_signal(self) -> None:
        # SIGPIPE at its default would end the process.
        program = """
import signal
signal.signal(signal.SIGPIPE, signal.SIG_DFL)
with fio_c2c.Client(client_id="P", client_secret="emulator-secret", base_url=sys.argv[1], ca_file=sys.argv[2]) as client:
    client.request_code().wait(20)
    sys.stdout.write("ready\\n"); sys.stdout.flush()
    sys.stdin.readline()
    try:
        client.request_code().wait(20)
    except fio_c2c.FioError as error:
        print(error.name)
"""
        environment = dict(os.environ, PYTHONPATH=str(ROOT / "python"))
        copy = self.scratch() / "ca.pem"
        copy.write_bytes(Path(self.service.ca_file).read_bytes())
        with subprocess.Popen([sys.executable, "-c", PAIR + program, self.service.url, str(copy)], env=environment, text=True,
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            self.service.close()
            told, complained = process.communicate("\n", timeout=PATIENCE)
        assert (process.returncode, told, complained) == (0, "FIO_E_CONNECT\n", "")

    def test_no_thread_is_left(self) -> None:
        program = """
import os
pair(*sys.argv[1:])
print(len(os.listdir("/proc/self/task")))
"""
        assert self.run_program(program) == "1\n"

    def test_no_descriptor_is_left_or_inherited(self) -> None:
        program = """
import os
fio_c2c.version()
before = os.listdir("/proc/self/fd")
with fio_c2c.Client(client_id="P", client_secret="emulator-secret", base_url=sys.argv[1], ca_file=sys.argv[2],
                    store_dir=sys.argv[3]) as client:
    client.pair().wait(20)
    own = {fd: os.readlink(f"/proc/self/fd/{fd}") for fd in set(os.listdir("/proc/self/fd")) - set(before)
           if os.path.exists(f"/proc/self/fd/{fd}")}
    # An old libcurl has a pair of sockets of its own to wake itself, which leads nowhere.
    pairs = {f"socket:[{line.split()[6]}]" for line in open("/proc/net/unix").readlines()[1:]}
    inheritable = [link for fd, link in own.items() if os.get_inheritable(int(fd)) and link not in pairs]
    assert len(own) > 4 and not inheritable, inheritable
assert os.listdir("/proc/self/fd") == before, (before, os.listdir("/proc/self/fd"))
"""
        self.run_program(program, str(self.scratch() / "store"))

    def test_certificates_in_the_environment_are_not_trusted(self) -> None:
        program = """
for ca in ({"ca_pem": open(sys.argv[3], "rb").read()}, {"ca_file": sys.argv[3]}):
    with fio_c2c.Client(client_id="P", client_secret="emulator-secret", base_url=sys.argv[1], **ca) as client:
        try:
            client.request_code().wait(20)
        except fio_c2c.FioError as error:
            print(error.name)
"""
        with Emulator() as other:
            for tls in variants():
                told = self.run_program(program, other.ca_file, tls=tls, SSL_CERT_FILE=self.service.ca_file,
                                        CURL_CA_BUNDLE=self.service.ca_file)
                assert told == "FIO_E_TLS_UNTRUSTED\n" * 2

    def test_keys_of_sessions_are_not_written_where_the_environment_says(self) -> None:
        # With the system's libcurl they are: docs/tls.md says so.
        keys = self.scratch() / "keys"
        if "bundled" not in variants():
            pytest.skip("the bundled library is not built")
        self.run_program("pair(*sys.argv[1:])", tls="bundled", SSLKEYLOGFILE=str(keys))
        assert not keys.exists()

    def test_variables_that_libcurl_and_openssl_know_are_not_needed(self) -> None:
        if "bundled" not in variants():
            pytest.skip("the bundled library is not built")
        nowhere = str(self.scratch() / "nowhere")
        self.run_program("pair(*sys.argv[1:])", tls="bundled", https_proxy="http://127.0.0.1:1", ALL_PROXY="socks5://127.0.0.1:1",
                         CURL_SSL_BACKEND="none", OPENSSL_CONF=nowhere, OPENSSL_MODULES=nowhere, CURL_HOME=nowhere)

    def test_no_other_certificates_are_looked_for(self) -> None:
        client = self.client()
        client.request_code().wait(PATIENCE)
        assert not [line for line in client.log if "CApath: /" in line]
