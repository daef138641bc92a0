"""The bill of materials of one archive, in CycloneDX: cargo-cyclonedx describes the crates, this adds what it cannot
see, the C code in some of them and Rust's standard library."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import licences  # noqa: E402
import licences_of_rust  # noqa: E402
from licence_part import Part  # noqa: E402

Bom = dict[str, Any]


@dataclass(frozen=True)
class Variant:
    """One archive's library."""

    root: Path
    target: str
    tls: str
    features: list[str]  # cargo's options


@dataclass(frozen=True)
class Alias:
    """What those who look for known weaknesses call something."""

    purl: str
    cpe: str | None  # None: it is not certain


ALIASES = {
    "libcurl": Alias("pkg:generic/curl@{}", "cpe:2.3:a:haxx:libcurl:{}:*:*:*:*:*:*:*"),
    "zlib": Alias("pkg:generic/zlib@{}", "cpe:2.3:a:zlib:zlib:{}:*:*:*:*:*:*:*"),
    "AWS-LC": Alias("pkg:github/aws/aws-lc@v{}", None),
    "Rust standard library": Alias("pkg:generic/rust@{}", "cpe:2.3:a:rust-lang:rust:{}:*:*:*:*:*:*:*"),
}


def make(variant: Variant, cyclonedx: Path, epoch: int) -> Bom:
    """Parts of scope `required` are in the library, parts of scope `excluded` only help to build it."""
    bom = _of_crates(variant, cyclonedx, epoch)
    _keep_what_is_compiled(bom, variant)
    for crate in [component for component in bom["components"] if component["scope"] == "required"]:
        if crate["bom-ref"].startswith("fio-c2c#"):
            continue  # of this folder, and all Rust
        folder = licences.crate_folder(crate["name"], crate["version"])
        for part in licences.carried_code(folder, crate["name"], variant.tls):
            _add(bom, crate, part)
    for part in licences_of_rust.parts(variant.target):
        _add(bom, bom["metadata"]["component"], part)
    return bom


def _of_crates(variant: Variant, cyclonedx: Path, epoch: int) -> Bom:
    # In a workspace, cargo unites the features that its members ask for. The emulator's are not the library's, so
    # the library is described alone. The tool writes its file beside the manifest: one more reason for a copy.
    with tempfile.TemporaryDirectory() as folder:
        alone = Path(folder).resolve()
        manifest = (variant.root / "Cargo.toml").read_text()
        manifest = re.sub(r"^members = .*$", 'members = ["core"]', manifest, flags=re.M)
        # What tests use of the emulator is not in the library.
        (alone / "Cargo.toml").write_text(re.sub(r"^fio-emulator-service = .*\n", "", manifest, flags=re.M))
        shutil.copy(variant.root / "Cargo.lock", alone)
        for crate in (alone, alone / "core"):
            (crate / "src").mkdir(parents=True)
            (crate / "src" / "lib.rs").touch()
        shutil.copy(variant.root / "core" / "Cargo.toml", alone / "core")
        subprocess.run([str(cyclonedx), "cyclonedx", "--quiet", "--format", "json", "--spec-version", "1.5",
                        "--manifest-path", str(alone / "Cargo.toml"), "--override-filename", "sbom",
                        "--target", variant.target, *variant.features],
                       check=True, env={**os.environ, "SOURCE_DATE_EPOCH": str(epoch)})
        text = (alone / "sbom.json").read_text()
        bom: Bom = json.loads(re.sub(rf"path\+file://{re.escape(str(alone))}(/core)?#", "fio-c2c#", text)
                              .replace("?download_url=file://core", "").replace("?download_url=file://.", ""))
    # A random number, which would make two archives of the same sources different.
    bom.pop("serialNumber", None)
    return bom


def _keep_what_is_compiled(bom: Bom, variant: Variant) -> None:
    """The tool goes by what Cargo.lock would allow, which is more: ring for example, and procedural macros as parts."""
    compiled = set(_tree(variant, "normal,build"))
    linked = set(_tree(variant, "normal,no-proc-macro"))
    bom["components"] = [part for part in bom["components"] if (part["name"], part["version"]) in compiled]
    for part in bom["components"]:
        part["scope"] = "required" if (part["name"], part["version"]) in linked else "excluded"
    references = {part["bom-ref"] for part in [bom["metadata"]["component"], *bom["components"]]}
    bom["dependencies"] = [entry for entry in bom["dependencies"] if entry["ref"] in references]
    for entry in bom["dependencies"]:
        entry["dependsOn"] = [reference for reference in entry.get("dependsOn", []) if reference in references]


def _tree(variant: Variant, edges: str) -> list[tuple[str, str]]:
    """Name and version of what cargo compiles."""
    command = [os.environ.get("CARGO", "cargo"), "tree", "--offline", "--locked", "--package", "fio-c2c", "--prefix", "none",
               "--edges", edges, "--target", variant.target, "--format", "{p}", *variant.features]
    said = subprocess.run(command, cwd=variant.root, check=True, stdout=subprocess.PIPE, text=True).stdout
    return re.findall(r"^(\S+) v(\S+)", said, re.M)


def _add(bom: Bom, whole: dict[str, Any], part: Part) -> None:
    """A part that no Cargo.lock names, as something that `whole` depends on."""
    reference = f"{whole['name']}#{part.name}@{part.version}".replace(" ", "-")
    component = {
        "type": "library",
        "bom-ref": reference,
        "name": part.name,
        "version": part.version,
        "description": f"Compiled from the sources in the crate {whole['name']}" if whole["name"] != "fio-c2c"
                       else "Comes with the Rust compiler",
        "scope": "required",
        "licenses": [{"expression": part.licence}],
    }
    alias = ALIASES.get(part.name)
    if alias is not None:
        component["purl"] = alias.purl.format(part.version)
        if alias.cpe is not None:
            component["cpe"] = alias.cpe.format(part.version)
    elif re.fullmatch(r"[0-9.]+", part.version):
        component["purl"] = f"pkg:cargo/{part.name}@{part.version}"
    bom["components"].append(component)
    entry = next(entry for entry in bom["dependencies"] if entry["ref"] == whole["bom-ref"])
    entry["dependsOn"].append(reference)
    bom["dependencies"].append({"ref": reference, "dependsOn": []})
