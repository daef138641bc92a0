"""The licences that are installed: of everything inside, each with its text; and what has none is an error."""

from __future__ import annotations
import re
import sys
from pathlib import Path

import pytest

from case import Case
from installation import ROOT, TLS, VERSION, installation

sys.path.insert(0, str(ROOT / "packaging"))

import licences  # noqa: E402
from licence_part import MissingLicence, prefer_mit  # noqa: E402

MIT = "Permission is hereby granted, free of charge, to any person"
RULE = "=" * 80


class TheFile(Case):
    @classmethod
    def setup_class(cls) -> None:
        text = (installation() / "share" / "licenses" / "fio-c2c" / "LICENSES.txt").read_text()
        table = text.partition(f"\n{RULE}\n")[0].partition("\n\n")[2]
        cls.rows = re.findall(r"^(.+?)  +(\S+|of Rust \S+)  +(\S.*)$", table, re.M)
        # Between two rules: whom a text is for. After them: the text.
        pieces = text.split(f"{RULE}\n")[1:]
        cls.texts = [(" ".join(who.split()), what) for who, what in zip(pieces[::2], pieces[1::2])]

    def text_of(self, part: str) -> str:
        return "\n".join(what for who, what in self.texts if part in who.split(", "))

    def test_what_is_inside_is_in_the_table(self) -> None:
        inside = {name: (version, licence) for name, version, licence in self.rows}
        assert inside["fio-c2c"] == (VERSION, "MIT")
        for name in ("curl", "serde_json", "chacha20poly1305", "Rust standard library", "hashbrown"):
            assert name in inside
        for name in ("libcurl", "zlib", "AWS-LC", "rustls", "rustls-ffi"):
            assert (name in inside) == (TLS == "bundled"), name
        # What only helps to compile is not.
        for name in ("cbindgen", "serde_derive", "syn", "cc", "fio-emulator"):
            assert name not in inside

    def test_every_part_has_a_text(self) -> None:
        assert len(self.rows) > 40
        for name, version, _ in self.rows:
            assert len(self.text_of(f"{name} {version}")) > 300, name

    def test_the_texts_are_the_right_ones(self) -> None:
        expected = {"fio-c2c": "fio-c2c developers", "qrcodegen": "Project Nayuki", "Rust standard library": "The Rust Project Developers"}
        if TLS == "bundled":
            expected.update({"libcurl": "Daniel Stenberg", "zlib": "Jean-loup Gailly", "AWS-LC": "fiat-crypto authors", "subtle": "Isis Agora Lovecruft"})
        for name, holder in expected.items():
            version = next(version for part, version, _ in self.rows if part == name)
            assert holder in self.text_of(f"{name} {version}")


class Crates(Case):
    @pytest.fixture(autouse=True)
    def crates_ready(self, ending: None, tmp_path: Path) -> None:
        self.crate = tmp_path

    def write(self, name: str, text: str) -> None:
        (self.crate / name).parent.mkdir(parents=True, exist_ok=True)
        (self.crate / name).write_text(text)

    def test_one_without_a_licence_is_named(self) -> None:
        self.write("src/lib.rs", "/* Nothing about rights. */")
        with pytest.raises(MissingLicence, match="the crate bare .*without a licence text"):
            licences.crate_texts(self.crate, "bare", "MIT")

    def test_one_that_says_no_licence_is_named(self) -> None:
        self.write("LICENSE", MIT)
        with pytest.raises(MissingLicence, match="the crate silent .*none said"):
            licences.crate_texts(self.crate, "silent", "")

    def test_the_text_may_be_at_the_top_of_the_source(self) -> None:
        self.write("src/lib.rs", f"/*\n * Copyright somebody\n * {MIT}\n */\nfn f() {{}}\n")
        assert licences.crate_texts(self.crate, "small", "MIT")[0].strip() == f"Copyright somebody\n{MIT}"

    def test_of_a_choice_it_is_mit_and_otherwise_everything(self) -> None:
        texts = ["the other licence", MIT]
        for licence in ("MIT OR Apache-2.0", "Apache-2.0 OR ISC OR MIT", "MIT/Apache-2.0", "MIT"):
            assert prefer_mit(licence, texts) == [MIT], licence
        for licence in ("MIT AND Apache-2.0", "ISC AND (Apache-2.0 OR MIT OR ISC)", "Apache-2.0", "MIT-0"):
            assert prefer_mit(licence, texts) == texts, licence
        assert prefer_mit("MIT OR Apache-2.0", texts[:1]) == texts[:1]

    def test_one_that_may_carry_c_code_has_to_be_looked_at(self) -> None:
        self.write("Cargo.toml", '[package]\nname = "new-sys"\nlinks = "new"\n')
        with pytest.raises(MissingLicence, match="new-sys links a library"):
            licences.carried_code(self.crate, "new-sys", "bundled")

    def test_c_code_whose_licence_went_is_named(self) -> None:
        self.write("src/zlib/zlib.h", '#define ZLIB_VERSION "9.9"\n')
        with pytest.raises(MissingLicence, match="zlib is not where it was"):
            licences.carried_code(self.crate, "libz-sys", "bundled")
        self.write("src/zlib/LICENSE", "as you like")
        assert ([(part.name, part.version) for part in licences.carried_code(self.crate, "libz-sys", "bundled")]
                == [("zlib", "9.9")])
        assert licences.carried_code(self.crate, "libz-sys", "system") == []
