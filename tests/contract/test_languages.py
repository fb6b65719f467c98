"""Whatever speaks a language refuses one it does not know in the same sentence."""

from collections.abc import Callable
from typing import Any

import pytest
from small_tables import frame, school

import junheng as jh
from junheng.errors import AlignmentError
from junheng.words import message

PROBLEM = jh.Problem(code=jh.ProblemCode.EMPTY_TABLE, message="nothing", row=3, column="books")
WORDS = message("schools.percentage")
#: What goes wrong is often shown inside an error handler, where another error hides the first.
SPEAKERS: dict[str, Callable[[Any], Any]] = {
    "InputError": jh.InputError(WORDS).text,
    "of plain text": jh.InputError("nothing").text,
    "without a message": jh.JunhengError().text,
    "AlignmentError": AlignmentError(WORDS).text,
    "UnknownStandardError": jh.UnknownStandardError(WORDS).text,
    "InputDataError": jh.InputDataError([PROBLEM]).text,
    "without problems": jh.InputDataError([]).text,
    "OutputFileError": jh.OutputFileError(jh.ProblemCode.OUTPUT_FAILED, "a.xlsx", WORDS).text,
    "OutputFileError of plain text": jh.OutputFileError(jh.ProblemCode.OUTPUT_FAILED, "a.xlsx", "full").text,
    "StandardDataError": jh.StandardDataError("x.toml", [WORDS, "nothing"]).text,
    "ReadingWarning": jh.ReadingWarning(WORDS).text,
    "Problem": PROBLEM.text,
    "Problem.sentence": PROBLEM.sentence,
    "Problem.place": PROBLEM.place,
    "a problem without a place": jh.Problem(code=jh.ProblemCode.EMPTY_TABLE, message=WORDS).place,
    "check_schools": lambda language: jh.check_schools(frame(school("一小")), language=language),
    "Evaluation": lambda language: jh.evaluate(frame(school("一小")), "cn-quality-balance-2017").relabel(language),
}


@pytest.mark.parametrize("language", ["zh-CN", "fr", "ZH", "", None, 3, ["zh"]])
@pytest.mark.parametrize("name", SPEAKERS)
def test_an_unknown_language_is_refused_in_a_sentence(name: str, language: Any) -> None:
    if name == "Evaluation" and language is None:
        return  # labels taken away: ids
    with pytest.raises(jh.InputError, match=r"^language must be one of en, zh, not ") as caught:
        SPEAKERS[name](language)
    assert caught.value.text("zh").startswith("language 须为en、zh之一")


@pytest.mark.parametrize("name", [n for n in SPEAKERS if n[0].isupper() and n != "Evaluation"])
def test_both_languages_are_spoken(name: str) -> None:
    assert SPEAKERS[name]("en") and SPEAKERS[name]("zh")
