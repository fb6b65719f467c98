"""Every page is there in Chinese, and nothing of it is stale."""

import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"
pytest.importorskip("sphinx_intl", reason="the extra 'docs' is not installed")
sys.path.insert(0, str(DOCS))
translations = pytest.importorskip("translations", reason="the documentation is not beside the tests")


def test_nothing_is_untranslated_or_stale() -> None:
    assert not translations.check()


@pytest.mark.parametrize(
    ("chinese", "said"),
    [
        ("见 `jh.plan`。", []),
        ("见 `jh.plans`。", ["lacks `jh.plan`", "adds `jh.plans`"]),
        ("见 `jh.plan`, 下文", []),
        ("见下文,`jh.plan`", ["half-width punctuation: 文,"]),
        ("见 [`jh.plan`](api.md)", ["adds ](api.md)"]),
    ],
)
def test_a_translation_keeps_code_and_links(chinese: str, said: list[str]) -> None:
    assert list(translations.problems_of("See `jh.plan`.", chinese)) == said


def test_the_first_sentences_of_an_api_page_are_those_of_the_docstrings() -> None:
    found = dict(translations.entries(DOCS / "api" / "evaluation.md"))
    assert found["evaluate"].startswith("Judge the schools") and found["Evaluation.explain"].startswith("Explain")
