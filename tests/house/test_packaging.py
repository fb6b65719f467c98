"""The wheel holds the whole package: code, vocabularies, standards, the marker of types."""

import email
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    pytest.importorskip("hatchling", reason="the wheel is built with hatchling, which is not installed")
    out = tmp_path_factory.mktemp("wheel")
    code = "import sys; from hatchling.build import build_wheel; print(build_wheel(sys.argv[1]))"
    done = subprocess.run(
        [sys.executable, "-c", code, str(out)], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return zipfile.ZipFile(out / done.stdout.split()[-1])


def tracked(folder: str) -> list[str]:
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout: what belongs to the package is not known")
    done = subprocess.run([git, "ls-files", "-z", folder], cwd=ROOT, capture_output=True, check=False)
    if done.returncode:
        pytest.skip(f"git cannot list the files of this checkout: {done.stderr.decode(errors='replace').strip()}")
    return [name for name in done.stdout.decode().split("\0") if name]


def test_every_tracked_file_of_the_package_is_in_the_wheel(wheel: zipfile.ZipFile) -> None:
    files = [name for name in tracked("junheng") if (ROOT / name).is_file()]
    assert len(files) > 20
    assert set(files) - set(wheel.namelist()) == set()


def test_data_and_types_are_in_the_wheel_and_nothing_else_is(wheel: zipfile.ZipFile) -> None:
    names = wheel.namelist()
    wanted = {p.relative_to(ROOT).as_posix() for p in (ROOT / "junheng").rglob("*.toml")} | {"junheng/py.typed"}
    assert len(wanted) > 5 and wanted <= set(names)
    assert {n.split("/")[0] for n in names if ".dist-info/" not in n} == {"junheng"}
    assert not [n for n in names if n.endswith((".pyc", "~"))]
    for name in wanted:
        assert wheel.read(name) == (ROOT / name).read_bytes()


def test_the_metadata_names_version_licence_and_program(wheel: zipfile.ZipFile) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    info = {Path(n).name: wheel.read(n).decode() for n in wheel.namelist() if ".dist-info/" in n}
    meta = email.message_from_string(info["METADATA"])
    assert (meta["Name"], meta["Version"]) == (project["name"], project["version"])
    assert meta["License-Expression"] == "BSD-3-Clause" and "LICENSE" in info
    required = [r.split(";")[0] for r in meta.get_all("Requires-Dist", []) if "extra ==" not in r]
    assert not [
        r for r in required if r.startswith(("openpyxl", "python-calamine", "xlsxwriter", "matplotlib", "polars"))
    ]
    assert "junheng = junheng.__main__:main" in info["entry_points.txt"]
