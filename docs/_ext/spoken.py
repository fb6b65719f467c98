"""The language of a site, for what its pages run: one code, printed in Chinese on Chinese pages.

The library has no global language: it gives ids and English unless it is asked. The Chinese site asks everywhere:
functions and methods that take ``language=`` take Chinese unless the page says another, sentences in frames are
Chinese, and a frame is shown with the labels of its columns and words.
No figure changes, nor what code sees in a frame.
"""

import inspect
from collections.abc import Iterator
from functools import cache, wraps
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
#: Heads for which the package has no label, or that of another frame; by a column that only such frames have.
HEADS = {
    "standard_error": {
        "estimate": "估计值",
        "low": "区间下限",
        "high": "区间上限",
        "standard_error": "标准误",
        "schools": "学校数",
    },
    "elasticity": {"correlation": "相关系数", "slope": "斜率", "elasticity": "弹性"},
    "influence": {"error in books": "图书册数的误差", "error in students": "学生人数的误差"},
    "field": {"table": "类别", "entry": "条目", "field": "内容", "this": "本标准", "other": "对方标准"},
    "groups": {"groups": "组数", "added": "增加"},
    "between": {"level": "层次", "between": "组间", "within": "组内", "overlap": "重叠"},
    "theil_t": {
        "level": "层次",
        "theil_t": "泰尔指数 T",
        "theil_l": "泰尔指数 L",
        "ge2": "广义熵指数（2）",
        "cv2": "差异系数的平方",
    },
    "expected": {"kind": "线索种类", "expected": "参照值", "p_value": "p值"},
    "columns": {"kind": "线索种类", "columns": "涉及项目"},
    "counties": {"counties": "县数"},
}
#: Levels that were compared, as heads above figures and as cells.
LEVELS = {"county": "县", "area_type": "城乡类型", "school": "学校"}
_MODULES = (jh, jh.changes, jh.engines, jh.planning, jh.reports, jh.reports.plots, jh.schools, jh.standards)


def speak(language: str, builder: str) -> None:
    """Build in a language."""
    globals().update(LANGUAGE=language, BUILDER=builder)
    if language == "zh":
        _speak_chinese()


@cache
def _speak_chinese() -> None:
    for thing in _functions():
        own = inspect.signature(thing)
        given = own.parameters.get("language")
        if given is not None and given.kind is given.KEYWORD_ONLY:
            thing.__signature__ = own  # the pages of the API print what the library has
            thing.__kwdefaults__ = {**thing.__kwdefaults__, "language": "zh"}
    made = frames.Frames.__init__

    @wraps(made)
    def make(self: Any, found: Any, language: Any, *spoken: str) -> None:
        made(self, found, language, *(spoken or (language or "zh",)))

    frames.Frames.__init__ = make  # type: ignore[method-assign]
    described = FileReport.__init__

    @wraps(described)
    def describe(self: Any, *given: Any, **named: Any) -> None:
        described(self, *given, **{"language": "zh", **named})
        said = [self._found[i].sentence(self.language) for i in self.problems.index]
        object.__setattr__(self, "problems", self.problems.assign(message=said))

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
        if name == "level":
            out[name] = [LEVELS.get(v, v) for v in frame[name]]
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
    # a name above figures is a level that was compared
    if name in LEVELS and is_float_dtype(frame.iloc[:, i]):
        return LEVELS[name]
    for only, labels in HEADS.items():
        if only in frame and name in labels:
            return labels[name]
    # only schools have a kind of school
    if name == "kind" and "students" not in frame:
        return ""
    if name == "row" and set(frame.columns) & set(catalogue()):
        return "统计项"
    if name in catalogue():
        return str(catalogue()[name].zh)
    groups = ("file_column", "column") if "factor" in frame else ("column", "file_column")
    label = next((label for group in groups if (label := word(group, name, "zh")) != name), label_of_column(name))
    return "" if label == name else str(label)
