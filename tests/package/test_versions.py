"""What `fio_version_details` tells is what is inside."""

import re
from typing import Dict

import pytest

from case import Case
from installation import ROOT
from test_libcurl import sources
import fio_c2c


def locked() -> Dict[str, str]:
    """The version of each crate; there may be one of each of these only."""
    found = re.findall(r'^name = "(.*)"\nversion = "(.*)"$', (ROOT / "Cargo.lock").read_text(), re.MULTILINE)
    for crate in ("rustls", "rustls-ffi", "aws-lc-sys", "curl-sys", "libz-sys"):
        assert len([name for name, _ in found if name == crate]) == 1, f"there is not one {crate}"
    return dict(found)


class Versions(Case):
    def test_the_bundled_ones_are_those_of_the_lock_file(self) -> None:
        details = fio_c2c.version_details()
        if "AWS-LC" not in details:
            pytest.skip("this is not the bundled library")
        told = dict(re.findall(r"([\w-]+)/([\d.]+)", details))
        lock = locked()
        cryptography, zlib = sources("aws-lc-sys", "libz-sys")
        base = (cryptography / "aws-lc/include/openssl/base.h").read_text()
        header = (zlib / "src/zlib/zlib.h").read_text()
        aws_lc = re.search(r'AWSLC_VERSION_NUMBER_STRING "(.*)"', base)
        z = re.search(r'ZLIB_VERSION "(.*)"', header)
        assert aws_lc and z
        assert told == {"fio-c2c": fio_c2c.version(), "libcurl": lock["curl-sys"].split("+curl-")[1],
                        "rustls-ffi": lock["rustls-ffi"], "rustls": lock["rustls"], "AWS-LC": aws_lc[1], "zlib": z[1]}
