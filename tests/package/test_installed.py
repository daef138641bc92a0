"""The installed package, used as its README says, in an empty folder."""

import hashlib
import re

from case import Case
from installation import PACKAGE, ROOT, PackageTest, bare, run
from fio_c2c.emulator import SECRET, Emulator

BLOCKS = re.findall(r"^```python\n(.*?)^```$", (PACKAGE / "README.md").read_text(), re.M | re.S)


class Installed(PackageTest):
    def test_it_is_of_the_version_of_its_library(self) -> None:
        said = self.python("-c", "import fio_c2c as f, importlib.metadata as m; "
                           "print(f.__version__, f.version(), m.version('fio-c2c'), f.__file__)").split()
        assert len(set(said[:3])) == 1, said
        assert said[3].startswith(str(bare().parents[1])), said

    def test_importing_loads_no_library(self) -> None:
        self.python("-c", "import fio_c2c, fio_c2c.aio, fio_c2c.emulator; "
                    "assert 'libfio_c2c' not in open('/proc/self/maps').read()")

    def test_the_examples_of_the_readme(self) -> None:
        programs = [block for block in BLOCKS if "def test_" not in block]
        assert len(programs) == 3
        for program in programs:
            (self.folder / "program.py").write_text(program)
            said = self.python("-W", "error", "program.py")
            assert re.search(r"Connected to Feature A\n|FIO_E_ACCESS_DENIED", said)

    def test_the_asyncio_example(self) -> None:
        clips = {f"A00{number}.mov": bytes([number]) * 300_000 for number in (1, 2, 3)}
        for name, content in clips.items():
            (self.folder / name).write_bytes(content)
        with Emulator() as service:
            service.person("approve", after_polls=2, project="Feature B")
            said = self.python("-X", "dev", "-W", "error", str(PACKAGE / "examples" / "pair_asyncio.py"), "CAM-1", SECRET,
                               *clips, "--base-url", service.url, "--ca-file", service.ca_file)
            assert "Connected to Feature B\n" in said
            assert "A003.mov: FIO_UPLOAD_DONE, 300000 of 300000 bytes\n" in said
            arrived = {upload["name"]: upload["sha256"] for upload in service.uploads(state="complete")}
            assert arrived == {name: hashlib.sha256(content).hexdigest() for name, content in clips.items()}
            assert service.violations() == []

    def test_the_emulator_by_hand(self) -> None:
        assert "--ca-dir" in self.python("-m", "fio_c2c.emulator", "--help")


class Signatures(PackageTest):
    def compared(self, header: str) -> "tuple[int, str]":
        (self.folder / "changed.h").write_text(header)
        done = run([str(self.have(bare)), "-m", "fio_c2c", "changed.h"], self.folder)
        return done.returncode, done.stdout

    def test_the_package_declares_what_the_header_it_carries_declares(self) -> None:
        said = self.python("-m", "fio_c2c")
        assert re.search(r"_native/fio_c2c\.h: declares the same as this package\n", said)

    def test_a_changed_header_is_found_out(self) -> None:
        header = (ROOT / "include" / "fio_c2c.h").read_text()
        assert self.compared(header)[0] == 0
        for old, new, named in (
            ("fio_status fio_drive(struct fio_client *client,\n                     int32_t timeout_ms);",
             "fio_status fio_drive(struct fio_client *client,\n                     int64_t timeout_ms);", "fio_drive"),
            ("int32_t curl_code;", "int64_t curl_code;", "fio_error"),
            ("#define FIO_E_DNS (-60)", "#define FIO_E_DNS (-59)", "FIO_E_DNS"),
            ("uint32_t fio_version_number(void);", "", "fio_version_number"),
        ):
            assert old in header
            code, said = self.compared(header.replace(old, new))
            assert code == 1, said
            assert re.search(rf": 1 differences\n  the .*\b{named}\b", said)

    def test_a_header_that_is_not_there(self) -> None:
        said = self.fails("-m", "fio_c2c", "nowhere.h")
        assert "nowhere.h" in said
        assert "Traceback" not in said


class Documented(Case):
    def test_everything_public_says_what_it_is(self) -> None:
        import importlib
        import inspect
        import pkgutil

        import fio_c2c

        silent = []
        for found in pkgutil.iter_modules(fio_c2c.__path__):
            if found.name.startswith("_") and found.name not in ("_handle", "_streams"):
                continue
            module = importlib.import_module(f"fio_c2c.{found.name}")
            for name, thing in vars(module).items():
                if name.startswith("_") or getattr(thing, "__module__", None) != module.__name__:
                    continue
                if not inspect.isclass(thing) and not inspect.isfunction(thing):
                    continue
                if not inspect.getdoc(thing):
                    silent.append(f"{module.__name__}.{name}")
                for method, member in vars(thing).items() if inspect.isclass(thing) else ():
                    function = member.fget if isinstance(member, property) else getattr(member, "__func__", member)
                    if inspect.isfunction(function) and not method.startswith("_") and not inspect.getdoc(function):
                        silent.append(f"{module.__name__}.{name}.{method}")
        assert silent == []
