"""The wheel holds the whole package and nothing else, the sdist what is needed to build and to test it."""

import email
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def built(kind: str, out: Path) -> Path:
    pytest.importorskip("hatchling", reason="wheel and sdist are built with hatchling, which is not installed")
    code = f"import sys; from hatchling.build import build_{kind} as build; print(build(sys.argv[1]))"
    done = subprocess.run(
        [sys.executable, "-c", code, str(out)], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return out / done.stdout.split()[-1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    return zipfile.ZipFile(built("wheel", tmp_path_factory.mktemp("wheel")))


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The files of the sdist, without the folder that holds them all."""
    found = {}
    with tarfile.open(built("sdist", tmp_path_factory.mktemp("sdist"))) as archive:
        for member in archive:
            content = archive.extractfile(member)
            folder, _, name = member.name.partition("/")
            assert folder == f"junheng-{PROJECT['version']}" and content is not None, member.name
            found[name] = content.read()
    return found


def tracked(folder: str, *options: str) -> list[str]:
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout: what belongs to the package is not known")
    done = subprocess.run([git, "ls-files", "-z", *options, folder], cwd=ROOT, capture_output=True, check=False)
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
    info = {Path(n).name: wheel.read(n).decode() for n in wheel.namelist() if ".dist-info/" in n}
    meta = email.message_from_string(info["METADATA"])
    assert (meta["Name"], meta["Version"]) == (PROJECT["name"], PROJECT["version"])
    assert meta["License-Expression"] == "BSD-3-Clause" and "LICENSE" in info
    required = [r.split(";")[0] for r in meta.get_all("Requires-Dist", []) if "extra ==" not in r]
    assert not [
        r for r in required if r.startswith(("openpyxl", "python-calamine", "xlsxwriter", "matplotlib", "polars"))
    ]
    assert "junheng = junheng.__main__:main" in info["entry_points.txt"]


@pytest.mark.slow
def test_the_wheel_alone_judges_and_draws_a_report(wheel: zipfile.ZipFile, tmp_path: Path) -> None:
    for library in ("jinja2", "matplotlib"):
        pytest.importorskip(library)
    wheel.extractall(tmp_path / "site")
    code = (
        "import pathlib, junheng as jh; ev = jh.evaluate(jh.synthetic.county(n_schools=5), 'cn-quality-balance-2017');"
        "[jh.load_standard(s).label for s in jh.list_standards()['id']];"
        "assert len(jh.read_schools(jh.examples.path('schools.csv'))) == 6;"
        "ev.to_html('a.html'); print(pathlib.Path(jh.__file__).parents[1])"
    )
    own = os.environ | {"PYTHONPATH": str(tmp_path / "site")}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], cwd=tmp_path, env=own, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()).samefile(tmp_path / "site") and (tmp_path / "a.html").stat().st_size > 50_000


def test_the_sdist_holds_what_is_tracked_and_nothing_else(sdist: dict[str, bytes]) -> None:
    files = {name for name in tracked(".") if (ROOT / name).is_file() and not name.startswith(".github/")}
    added = set(tracked(".", "--others", "--exclude-standard"))  # a file that is being written
    assert set(sdist) - {"PKG-INFO"} - added == files
    assert sdist["junheng/py.typed"] == b"" and "SECURITY.md" in sdist


def test_nothing_of_the_place_where_it_was_built_is_inside(wheel: zipfile.ZipFile, sdist: dict[str, bytes]) -> None:
    here = [str(p).encode() for p in (ROOT, Path.home()) if len(p.parts) > 2]
    for name, content in [*sdist.items(), *((n, wheel.read(n)) for n in wheel.namelist())]:
        assert not [place for place in here if place in content], name
        assert not re.search(r"(^|/)(__pycache__|\.\w+_cache|_build|\.hypothesis|\.venv)(/|$)", name), name


# ---------------------------------------------------------------------------------------- the version


def test_the_version_is_said_in_one_place_and_the_citation_agrees() -> None:
    version = PROJECT["version"]
    assert re.fullmatch(r"\d+\.\d+\.\d+", version)
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert re.search(r"^version: (.*)$", citation, flags=re.MULTILINE)[1] == version  # type: ignore[index]
    released = re.search(r"^date-released: (.*)$", citation, flags=re.MULTILINE)[1]  # type: ignore[index]
    log = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.findall(r"^## (\d.*)$", log, flags=re.MULTILINE)[0] == f"{version} – {released}"
    for path in (ROOT / "junheng").rglob("*.py"):
        assert not re.search(r"__version__ *=", path.read_text(encoding="utf-8")), path


def test_only_versions_of_python_that_the_workflow_runs_are_claimed() -> None:
    workflow = ROOT / ".github" / "workflows" / "checks.yml"
    if not workflow.is_file():
        pytest.skip("the workflow is not here")
    run = re.search(r"python: \[(.*)\]", workflow.read_text(encoding="utf-8"))
    assert run is not None
    tried = {v.strip(' "') for v in run[1].split(",")}
    claimed = {c.split(" :: ")[-1] for c in PROJECT["classifiers"] if re.search(r"Python :: 3\.", c)}
    assert claimed <= tried and PROJECT["requires-python"] == f">={min(claimed, key=lambda v: int(v[2:]))}"
