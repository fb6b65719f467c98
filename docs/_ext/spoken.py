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
    """Return a frame with the labels of its columns and words, if the site is Chinese and they are ids."""
    if LANGUAGE != "zh" or not isinstance(frame, pd.DataFrame):
        return frame
    known = catalogue()
    out = frame.copy()
    for name in frame.columns:
        if name in WORDS:
            out[name] = [_spoken(WORDS[name], v) for v in frame[name]]
        elif name in ("indicator", "column"):
            labels = {v: known[v].zh if v in known else label_of_column(v) for v in frame[name] if isinstance(v, str)}
            out[name] = [labels.get(v, v) for v in frame[name]]
    return out.rename(columns={name: _header(name) for name in frame.columns})


def _spoken(groups: str, value: Any) -> Any:
    """Return the label of an id from the first group that has it."""
    for group in groups.split() if isinstance(value, str) else ():
        if (label := word(group, value, "zh")) != value:
            return label
    return value


def _header(name: Any) -> Any:
    label = word("column", name, "zh")
    return label if label != name else label_of_column(str(name))
