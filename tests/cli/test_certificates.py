"""Certificates on the command line."""

import hashlib
import json
from pathlib import Path

import pytest
from command_line import in_chinese, run, table
from small_tables import BASIC, QUALITY


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "学校.csv"
    in_chinese(table()).to_csv(path, index=False, encoding="utf-8-sig")
    return path


@pytest.fixture
def certificate(source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    path = tmp_path / "凭证.json"
    code, out, _ = run(capsys, "evaluate", source, "--standard", QUALITY, "--certificate", path)
    assert code == 0 and out.splitlines()[-1].count(str(path)) == 2
    return path


@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_was_evaluated_can_be_verified(
    certificate: Path, capsys: pytest.CaptureFixture[str], language: str
) -> None:
    for more in ([], ["--standard", QUALITY]):
        code, out, err = run(capsys, "verify", certificate, *more, "--language", language)
        assert (code, err) == (0, "") and out


@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_does_not_follow_ends_with_one(
    certificate: Path, capsys: pytest.CaptureFixture[str], language: str
) -> None:
    assert run(capsys, "verify", certificate, "--standard", BASIC, "--language", language)[0] == 1
    content = json.loads(certificate.read_text(encoding="utf-8"))
    content["counties"][0]["claims"][-1][2] = "met"
    certificate.write_text(json.dumps(content), encoding="utf-8")
    code, out, _ = run(capsys, "verify", certificate, "--language", language)
    assert code == 1 and "claims[" in out


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"certificate": NaN}', '{"certificate": "junheng", "version": 9}', "[" * 1000]
)
def test_what_cannot_be_checked_ends_with_two(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(text, encoding="utf-8")
    assert run(capsys, "verify", path)[0] == 2


def test_a_file_that_is_not_there_is_told_as_such(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, "verify", tmp_path / "none.json", "--language", "en")
    assert code == 2 and "none.json: file not found; check the path" in err and "JSON" not in err
    code, _, err = run(capsys, "verify", tmp_path / "none.json", "--language", "zh")
    assert code == 2 and "none.json：文件不存在；请核对路径" in err
    assert run(capsys, "verify", tmp_path, "--language", "en")[0] == 2


def test_an_unknown_standard_ends_with_two(certificate: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, "verify", certificate, "--standard", "cn-quality-balance-2071")
    assert code == 2 and QUALITY in err


def test_a_certificate_is_json_and_no_input(source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = source.read_bytes()
    for path in (tmp_path / "x.csv", source):
        code, _, err = run(capsys, "evaluate", source, "--standard", QUALITY, "--certificate", path)
        assert code == 2 and "--certificate" in err
    assert source.read_bytes() == before


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_report_names_the_certificate_beside_it(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], language: str
) -> None:
    pytest.importorskip("jinja2", reason="reports are filled in with jinja2")
    page, path = tmp_path / "报告.html", tmp_path / "凭证.json"
    given = ["report", source, "--standard", QUALITY, "--out", page, "--certificate", path, "--language", language]
    assert run(capsys, *given)[0] == 0
    text = page.read_text(encoding="utf-8")
    assert path.name in text and hashlib.sha256(path.read_bytes()).hexdigest() in text
