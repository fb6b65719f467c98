"""How pages are set: where lines break, what scrolls, bars over letters, heads of frames on the Chinese site."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import junheng as jh

ROOT = Path(__file__).resolve().parents[2]
EXTENSIONS = ROOT / "docs" / "_ext"
pytest.importorskip("sphinx")


@pytest.fixture(autouse=True)
def extensions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(EXTENSIONS))


def test_numbers_do_not_break_and_columns_are_not_wrapped() -> None:
    import typeset

    said = "327 200 of 1 000 000 are 85 % of 12 or 1234 5678"
    assert typeset.unbroken(said).replace("\u00a0", "_") == "327_200 of 1_000_000 are 85_% of 12 or 1234 5678"
    assert typeset.aligned("  -h, --help   show this\n  --version    the version")
    assert typeset.aligned("Error\n├─ one\n└─ two")
    assert not typeset.aligned("one  gap alone\nis no column\n    nor is what stands further in")
    assert typeset.width("ab 均衡") == 7


def test_only_text_is_changed_not_code(tmp_path: Path) -> None:
    import typeset
    from docutils import nodes
    from docutils.utils import new_document

    document = new_document(str(tmp_path / "page.md"))
    text, code = nodes.paragraph("", "85 % of "), nodes.literal("", "85 %")
    text += code
    long, short = nodes.entry("", nodes.paragraph("", "a sentence that is not short")), nodes.entry()
    long += nodes.paragraph("", "at all")
    document += [text, long, short, nodes.literal_block("", "a  b\nc  d", language="text")]
    for transform in (typeset.WholeNumbers, typeset.Columns, typeset.Sentences):
        transform(document).run()
    assert text.astext() == "85\u00a0% of 85 %"
    assert (long["classes"], short["classes"], document[3]["classes"]) == (["roomy"], [], ["aligned"])


def test_a_bar_over_a_letter_is_drawn_by_the_style() -> None:
    import mathml

    said = "".join(mathml.formula(r"\bar X_{g} + \overline{CV} < \hat Y \sin x", as_block=False).split())
    assert '<msub><mrowclass="bar"><mi>X</mi></mrow><mi>g</mi></msub>' in said
    assert '<mrowclass="bar"><mrow><mi>C</mi><mi>V</mi></mrow></mrow>' in said
    assert "<mo>&lt;</mo><mover><mi>Y</mi>" in said and "&ApplyFunction;" in said
    assert said.startswith('<mathxmlns="http://www.w3.org/1998/Math/MathML"') and "munder" not in said


def test_an_option_stays_whole() -> None:
    import names

    page = '<span class="pre">--out</span> <span class="pre">-1</span>'
    assert (
        names.breakable(page) == '<span class="pre"><span class="whole">--out</span></span> <span class="pre">-1</span>'
    )


def test_heads_of_frames_on_the_chinese_site(monkeypatch: pytest.MonkeyPatch) -> None:
    import spoken

    monkeypatch.setattr(spoken, "LANGUAGE", "zh")

    def labels(*columns: str) -> list[str]:
        return [label for _, label in spoken.heads(pd.DataFrame(columns=list(columns)))]

    assert labels("estimate", "standard_error", "schools") == ["估计值", "标准误", "学校数"]
    assert labels("sheet", "row", "schools") == ["工作表", "行号", "读入行数"]
    assert labels("row", "backbone_teachers_per_hundred_students")[0] == "统计项"
    assert labels("kind", "expected", "p_value") == ["线索种类", "参照值", "p值"]
    shares: Any = pd.DataFrame({"indicator": ["books_per_student"], "county": [0.1], "school": [0.9]})
    assert [label for _, label in spoken.heads(shares)] == ["指标", "县", "学校"]
    assert spoken.shown(pd.DataFrame({"level": ["school"]}))["level"].tolist() == ["学校"]
    monkeypatch.setattr(spoken, "LANGUAGE", "en")
    assert labels("estimate", "standard_error") == ["", ""]


def test_facts_asked_for_by_provisos_and_hints_are_asked_for() -> None:
    from catalogue import facts

    items = jh.load_standard("cn-quality-balance-2017").items
    asked = {fact for item in items for fact in facts.facts_of(item)}
    assert "monitored_chinese" in asked
    asked = {fact for item in jh.load_standard("cn-basic-balance-2012").items for fact in facts.facts_of(item)}
    assert {"survey_parents_sent", "population"} <= asked


def test_a_relaxation_names_the_schools_of_what_it_replaces() -> None:
    from bilingual import Words
    from catalogue import standards

    standard = jh.load_standard("cn-quality-balance-2017")
    (size,) = [r for r in standard.relaxations if r.id == "older-school-size"]
    lines = standards.instead(Words("en"), standard, size)
    assert "not nine-year school (九年一贯制) or twelve-year school" in lines[1]


def test_the_chinese_site_prints_signatures_as_they_are() -> None:
    """Its blocks speak Chinese without being asked; what the pages of the API say of defaults must stay true."""
    code = """
import inspect, junheng as jh, spoken
spoken.speak("zh", "html")
print(*map(inspect.signature, (jh.check_schools, jh.FileReport, jh.Evaluation.explain)))
"""
    path = os.pathsep.join(map(str, (EXTENSIONS, ROOT)))
    command, env = [sys.executable, "-c", code], {**os.environ, "PYTHONPATH": path}
    told = subprocess.run(command, capture_output=True, text=True, check=True, env=env).stdout
    assert "'zh'" not in told and "language: 'Language' = 'en'" in told and "*given" not in told
