"""The language of a site, for what its pages run: one code, printed in Chinese on Chinese pages.

The library has no global language: it gives ids and English unless it is asked. The Chinese site asks everywhere:
functions and methods that take ``language=`` take Chinese unless the page says another, sentences in frames are
Chinese, and a frame is shown with the labels of its columns and words.
No figure changes, nor what code sees in a frame.
"""

import inspect
from collections.abc import Iterator
from functools import cache
from typing import Any

import pandas as pd
from pandas.api.types import is_float_dtype

import junheng as jh
from junheng.indicators.catalog import catalogue
from junheng.reading.report import FileReport
from junheng.results import frames
from junheng.words import label_of_column, word

#: The language of the site that is being built.
LANGUAGE = "en"
#: What is made of the pages: html, or gettext messages.
BUILDER = "html"
#: Columns whose cells are ids, and the groups of labels that have them.
WORDS = {
    **dict.fromkeys(("verdict", "floor_verdict", "before", "after", "was", "now", "previous"), "verdict"),
    **{name: name for name in ("stage", "part", "severity", "standing", "reason", "left_out_of", "change", "subject")},
    **{name: name for name in ("unit", "why", "cause", "turns", "method")},
    "code": "problem",
    "kind": "plausibility",
    "name": "part",
    "reason": "reason left_out_row",
    "promise": "verdict",
}
_MODULES = (jh, jh.changes, jh.engines, jh.planning, jh.reports, jh.reports.plots, jh.schools, jh.standards)


def speak(language: str, builder: str) -> None:
    """Build in a language."""
    globals().update(LANGUAGE=language, BUILDER=builder)
    if language == "zh":
        _speak_chinese()


@cache
def _speak_chinese() -> None:
    for thing in _functions():
        given = inspect.signature(thing).parameters.get("language")
        if given is not None and given.kind is given.KEYWORD_ONLY:
            thing.__kwdefaults__ = {**thing.__kwdefaults__, "language": "zh"}
    made = frames.Frames.__init__

    def make(self: Any, found: Any, language: Any, *spoken: str) -> None:
        made(self, found, language, *(spoken or (language or "zh",)))

    frames.Frames.__init__ = make  # type: ignore[method-assign]
    described = FileReport.__init__

    def describe(self: Any, *given: Any, **named: Any) -> None:
        described(self, *given, **{"language": "zh", **named})

    FileReport.__init__ = describe  # type: ignore[method-assign]


def _functions() -> Iterator[Any]:
    for module in _MODULES:
        for name in module.__all__:
            thing = getattr(module, name)
            yield from [thing] if inspect.isfunction(thing) else []
            yield from (
                (f for n, f in vars(thing).items() if inspect.isfunction(f) and n[0] != "_")
                if inspect.isclass(thing)
                else []
            )


def only_messages() -> bool:
    """Tell whether only the messages of the pages are wanted: then nothing needs to be run or drawn."""
    return BUILDER == "gettext"


def told(error: Exception) -> str:
    """Return the text of an error."""
    return error.text(LANGUAGE) if isinstance(error, jh.JunhengError | jh.ReadingWarning) else str(error)


def shown(frame: Any) -> Any:
    """Return a frame with the labels of its words, if the site is Chinese and they are ids."""
    if LANGUAGE != "zh" or not isinstance(frame, pd.DataFrame):
        return frame
    known = catalogue()
    out = frame.copy()
    for name in frame.columns:
        if name in WORDS:
            out[name] = [_spoken(WORDS[name], v) for v in frame[name]]
        if name in ("indicator", "name", "column") and "factor" not in frame:
            # beside factors stand the columns that headers are read as: there the ids are what is shown
            out[name] = [known[v].zh if v in known else _column(v) for v in out[name]]
    return out


def _spoken(groups: str, value: Any) -> Any:
    """Return the label of an id from the first group that has it."""
    for group in groups.split() if isinstance(value, str) else ():
        if (label := word(group, value, "zh")) != value:
            return label
    return value


def _column(name: Any) -> Any:
    return label_of_column(name) if isinstance(name, str) else name


def heads(frame: Any) -> list[tuple[str, str]]:
    """Return the id of each column, by which text and code call it, and on the Chinese site its label, else nothing."""
    return [(str(name), _label(frame, i) if LANGUAGE == "zh" else "") for i, name in enumerate(frame.columns)]


def _label(frame: Any, i: int) -> str:
    name = str(frame.columns[i])
    # a name above figures is a level that was compared; only schools have a kind of school
    is_level = name in ("school", "county") and is_float_dtype(frame.iloc[:, i])
    if is_level or (name == "kind" and "students" not in frame):
        return ""
    groups = ("file_column", "column") if "factor" in frame else ("column", "file_column")
    label = next((label for group in groups if (label := word(group, name, "zh")) != name), label_of_column(name))
    return "" if label == name else str(label)
