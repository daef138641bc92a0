"""The package and its examples are typed, for Python 3.8 as well, and wrong uses are found by mypy."""

import re
from pathlib import Path
from typing import List

from installation import PACKAGE, PackageTest, scratch, tools

HERE = Path(__file__).resolve().parent

#: A package of other people's, for a Python that is newer than ours must be.
NEWER = """
def kind(of: int) -> str:
    match of:
        case _:
            return "any"
"""

USES_NEWER = """
import newer
from fio_c2c import Client

print(newer.kind(1))
Client(client_idd="CAM-1")
"""

WRONG = """
from fio_c2c import Client
from fio_c2c.aio import AsyncClient

Client(client_idd="CAM-1")
AsyncClient(client_id=1)


async def clip(camera: AsyncClient) -> str:
    return await camera.upload(path="A001.mov", prioritty=3).wait()
"""


class Types(PackageTest):
    def mypy(self) -> List[str]:
        return ["-m", "mypy", "--config-file", str(HERE / "mypy.ini"), "--cache-dir", str(scratch() / "mypy")]

    def test_the_package_is_typed(self) -> None:
        said = self.python(*self.mypy(), "-p", "fio_c2c", python=self.have(tools))
        assert "Success: no issues found" in said

    def test_what_uses_it_is_typed_and_mistakes_are_found(self) -> None:
        wrong = self.folder / "wrong.py"
        wrong.write_text(WRONG)
        examples = [str(path) for path in (PACKAGE / "examples").glob("*.py")]
        assert len(examples) >= 2
        said = self.fails(*self.mypy(), *examples, str(PACKAGE / "pytest_fio_c2c.py"), str(wrong),
                          python=self.have(tools))
        errors = [line for line in said.splitlines() if " error: " in line]
        assert all(line.startswith("wrong.py:") for line in errors), said
        assert re.search(r'wrong\.py:5: error: Unexpected keyword argument "client_idd"', said)
        assert re.search(r'wrong\.py:6: error: Argument "client_id" to "AsyncClient" has incompatible type "int"', said)
        assert re.search(r'wrong\.py:10: error: Unexpected keyword argument "prioritty"', said)
        assert re.search(r"wrong\.py:10: error: Incompatible return value type \(got .*UploadInfo", said)

    def test_packages_of_other_people_are_not_read(self) -> None:
        packages = self.folder / "packages" / "newer"
        packages.mkdir(parents=True)
        (packages / "__init__.py").write_text(NEWER)
        (packages / "py.typed").write_text("")
        (self.folder / "uses.py").write_text(USES_NEWER)
        said = self.fails(*self.mypy(), "uses.py", python=self.have(tools), MYPYPATH=str(packages.parent))
        errors = [line for line in said.splitlines() if " error: " in line]
        assert len(errors) == 1, said
        assert re.search(r'^uses\.py:6: error: Unexpected keyword argument "client_idd"', errors[0])
