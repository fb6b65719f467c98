"""The report of an evaluation as one HTML file that needs nothing else (extra ``report``)."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import cache
from html import escape
from importlib.resources import files
from io import StringIO
from math import ceil
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from junheng._arrays import Ints
from junheng._card import amount, money, plan_part, plan_sentences, plan_state, plan_things
from junheng._data import STAGES, read_toml
from junheng._explain import _failing as failing
from junheng._explain import _nothing_known as nothing_known
from junheng._explain import _overall_reason as overall_reason
from junheng._explain import find_county, finding, number, part_reasons
from junheng._files import write_bytes
from junheng._labels import check_language, word
from junheng._progress import Progress, reporting
from junheng.errors import InputError
from junheng.indicators.compliance import MET, UNDETERMINED, UNMET, VERDICTS
from junheng.planning import Plan
from junheng.planning._needs import Shortages
from junheng.planning.optimise import WHY
from junheng.planning.shortfalls import county_totals
from junheng.reports import plots
from junheng.reports.plots import _canvas
from junheng.results import REASONS, Data, Evaluation
from junheng.schools import base_column, columns
from junheng.standards.model import Threshold

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["html_report", "write_report"]

#: Counties of a report of several that are shown one by one, and pictures a county has at most.
DETAILED, PICTURES, PICTURES_OF_MANY = 12, 16, 3
#: Pictures of what a plan changes that a county has at most.
PLANNED, PLANNED_OF_MANY = 4, 2
#: Counties of which a picture names every one.
RANKED = 40
#: What is listed before the rest is only counted.
LISTED = 50
#: Columns of figures a table has at most, so that it fits a printed page.
ACROSS = 7

_OPS = {">=": "≥", "<=": "≤", ">": ">", "<": "<", "==": "="}
_MARKS = {"below": "▼", "unmet": "▼", "floor": "◆", "open": "□"}


def html_report(
    ev: Evaluation,
    *,
    county: Any = None,
    language: str = "zh",
    plan: Plan | None = None,
    progress: Progress = None,
) -> str:
    """Tell what was found in one HTML page: verdict first, then what fails and by how much, pictures, schools, clauses.

    Style and pictures are inside the page; it asks nothing of the network and runs no script to be read. Of several
    counties it gives the counts, a ranking, a table, and the details of up to twelve.

    Parameters
    ----------
    ev : Evaluation
        What :func:`junheng.evaluate` returned.
    county : object, optional
        A county as it stands in the table (with several ``by`` columns, a tuple of them); all without it.
    language : {"zh", "en"}
        Language of the page.
    plan : Plan, optional
        What :func:`junheng.plan` returned for this evaluation: the page then tells what to add, what that costs, who
        gets what, and shows the indicators that change most before and after. Without a plan it tells what is missing
        in all.
    progress : callable or bool, optional
        Called with how many counties are done, and of how many; ``False``: no bar on a terminal either.

    Returns
    -------
    str
        The page. The same evaluation gives the same page.

    Raises
    ------
    InputError
        On an unknown county or language, a plan of another evaluation, or when jinja2 or matplotlib is not installed.

    Examples
    --------
    >>> import junheng as jh
    >>> from junheng.reports import html_report
    >>> ev = jh.evaluate(jh.synthetic.county(seed=0, n_schools=5), "cn-quality-balance-2017")
    >>> page = html_report(ev, language="en")
    >>> page.startswith("<!DOCTYPE html>"), "http" in page
    (True, False)
    """
    text = _Words(check_language(language))
    d = ev.data
    chosen = find_county(d, county)
    if plan is not None and not _is_of(plan, d):
        raise InputError("the plan was made for another evaluation; give the report plan.evaluation, or plan(ev, …)")
    templates = _templates()
    reasons = part_reasons(d, language)
    with reporting(min(len(chosen), DETAILED) + 1, "report", progress) as done:
        draw = _Drawing()
        common = {
            "t": text,
            "language": language,
            "style": files("junheng.reports.page").joinpath("report.css").read_text(encoding="utf-8"),
            "standard": text("standard", label=getattr(d.standard.label, language), number=d.standard.number),
            "provenance": _provenance(ev, text),
        }
        if len(chosen) == 1:
            lacking = {} if plan is not None else county_totals(ev, chosen)
            one = _county(d, chosen[0], reasons, text, draw, PICTURES)
            one |= _planning(d, chosen[0], plan, lacking, text, draw, PLANNED)
            body = templates.get_template("county.html").render(t=text, c=one, level=2)
            done(1)
            title = text("title", what=getattr(d.standard.label, language), county=one["name"])
            page = {"heading": one["name"], "verdict": one["verdict"], "sentence": one["sentence"], "sections": body}
            whole = {"problems": one["problems"]}
            return str(templates.get_template("page.html").render(**common, **page, **whole, title=title))
        where = text("several", n=len(chosen))
        title = text("title", what=getattr(d.standard.label, language), county=where)
        view = _province(d, chosen, text, draw)
        view["plan"] = None if plan is None else _plan_of_all(d, chosen, plan, view["order"], text)
        done(1)
        shown = view["order"][:DETAILED]
        lacking = {} if plan is not None else county_totals(ev, shown)
        details = []
        for i, c in enumerate(shown):
            one = _county(d, c, reasons, text, draw, PICTURES_OF_MANY)
            one |= _planning(d, c, plan, lacking, text, draw, PLANNED_OF_MANY)
            details.append((one, templates.get_template("county.html").render(t=text, c=one, level=4)))
            done(i + 2)
        left = [c for c in view["order"] if c not in set(shown)]
        more = text("more", n=len(left), county=_place(d, left[0])) if left else ""
        sections = templates.get_template("province.html").render(t=text, v=view, details=details, more=more)
        page = {"heading": where, "verdict": None, "sentence": view["sentence"], "sections": sections}
        whole = {"problems": _problems(d, None, text)}
        return str(templates.get_template("page.html").render(**common, **page, **whole, title=title))


def write_report(
    ev: Evaluation,
    path: str | os.PathLike[str],
    *,
    county: Any = None,
    language: str = "zh",
    plan: Plan | None = None,
    progress: Progress = None,
) -> Path:
    """Write the page of :func:`html_report` to a file.

    Parameters
    ----------
    ev : Evaluation
        What :func:`junheng.evaluate` returned.
    path : str or path
        The file, such as ``"report.html"``. An existing file is replaced once the page is complete.
    county : object, optional
        As in :func:`html_report`.
    language : {"zh", "en"}
        Language of the page.
    plan : Plan, optional
        As in :func:`html_report`.
    progress : callable or bool, optional
        As in :func:`html_report`.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    InputError
        As :func:`html_report`, and when the name of the file does not end in ``.html`` or ``.htm``.
    OutputFileError
        The file cannot be written. What was there before is unchanged.

    Examples
    --------
    >>> import tempfile, junheng as jh
    >>> from pathlib import Path
    >>> from junheng.reports import write_report
    >>> ev = jh.evaluate(jh.synthetic.county(seed=0, n_schools=5), "cn-quality-balance-2017")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_report(ev, Path(folder) / "report.html").name
    'report.html'
    """
    target = Path(path)
    if target.suffix.lower() not in (".html", ".htm"):
        raise InputError(f"{target.name}: a report is an HTML page; give the file a name that ends in .html")
    page = html_report(ev, county=county, language=language, plan=plan, progress=progress)
    write_bytes(target, page.encode("utf-8"))
    return target


class _Words:
    """Words of the report in one language."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.words = read_toml("reports/words.toml")

    def __call__(self, key: str, **values: Any) -> str:
        return str(self.words["report"][key][self.language]).format(**values)

    def label(self, group: str, key: Any) -> str:
        """Return a label that all results share."""
        return str(word(group, key, self.language))

    def own(self, group: str, key: str) -> str:
        """Return a label of the report's own; the key where there is none."""
        found = self.words[group].get(key)
        return key if found is None else str(found[self.language])

    def amount(self, value: float | Decimal, unit: str, *, whole: bool) -> str:
        """Write an amount with its unit, rounded up: less would not do."""
        exact = Decimal(str(value))
        if whole or exact >= 100:
            up = ceil(exact)
            return self("amount", n=f"{up:,}", unit=self.unit(unit, up))
        return self("amount", n=_canvas.short(ceil(100 * exact) / 100), unit=self.own("unit", unit))

    def unit(self, unit: str, n: float) -> str:
        """Return a unit as it stands beside a number."""
        one = self.words["unit"].get(unit, {}).get("one")
        return one if one and n == 1 and self.language == "en" else self.own("unit", unit)

    def join(self, names: Sequence[str]) -> str:
        """Write a list."""
        return self("list").join(names)


@cache
def _templates() -> Any:
    try:
        from jinja2 import Environment, FunctionLoader, StrictUndefined
    except ImportError:
        raise InputError('a report needs the extra "report": python -m pip install "junheng[report]"') from None

    def load(name: str) -> str:
        return files("junheng.reports.page").joinpath("templates", name).read_text(encoding="utf-8")

    # everything that comes from a table is text: a school may be called <script>
    return Environment(
        loader=FunctionLoader(load), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )


# ------------------------------------------------------------------------------------------ pictures

_LOCK = Lock()


class _Drawing:
    """Draws pictures for a page, as wide as a telephone, each with a name and a description for who cannot see it."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, draw: Callable[[], Axes], title: str) -> Any:
        _canvas.matplotlib_or_advice()
        import matplotlib
        from markupsafe import Markup

        self.count += 1
        salt = f"p{self.count}"
        # what the user has set for pictures of their own must not change the page
        with _LOCK, matplotlib.rc_context(), warnings.catch_warnings():
            matplotlib.rcdefaults()
            matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": salt})
            # letters are the browser's: that the machine lacks a font only makes their width a guess
            warnings.filterwarnings("ignore", message="Glyph .* missing from")
            with _canvas.setting(width=344.0, size=11.5, title=False, browser=True):
                axes = draw()
                out = StringIO()
                figure: Any = axes.figure
                figure.savefig(out, format="svg", metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
                legend = axes.get_legend()
                said = [] if legend is None else [t.get_text() for t in legend.get_texts()]
        return Markup(_inline(out.getvalue(), salt, title, "; ".join(said)))


def _inline(svg: str, salt: str, title: str, description: str) -> str:
    """Make a file of matplotlib part of a page: only the drawing, ids that occur once, the letters of the page."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r"<!--.*?-->", "", svg, flags=re.DOTALL)
    # inside tags only: words of the table stand between them, and are escaped
    svg = re.sub(r"<[^>]*>", _tag, svg)
    view = re.search(r'viewBox="[^"]*"', svg)
    assert view is not None
    head = f'<svg {view[0]} role="img" aria-labelledby="{salt}t {salt}d">'
    named = f'<title id="{salt}t">{escape(title)}</title><desc id="{salt}d">{escape(description)}</desc>'
    svg = head + named + svg[svg.index(">") + 1 :]
    return re.sub(r"\s*\n\s*", "\n", svg).strip()


def _tag(found: re.Match[str]) -> str:
    tag = re.sub(r' xmlns(:\w+)?="[^"]*"', "", found[0]).replace("xlink:href", "href")
    tag = re.sub(r'^<g id="[^"]*"', "<g", tag)
    return re.sub(r"font: ([\d.]+px)[^;\"]*", r"font-size: \1", tag)


# -------------------------------------------------------------------------------------------- county


def _place(d: Data, county: int) -> str:
    return str(d.county_words[0][1][county])


def _verdict(code: int, text: _Words) -> dict[str, str]:
    return {"code": VERDICTS[code], "word": text.label("verdict", VERDICTS[code])}


def _sentence(reason: str) -> str:
    return reason[:1].upper() + reason[1:]


def _county(d: Data, c: int, reasons: list[str], text: _Words, draw: _Drawing, most: int) -> dict[str, Any]:
    parts = list(d.part_verdicts)
    mine = dict(zip(parts, reasons[c * len(parts) : (c + 1) * len(parts)], strict=True))
    verdict = _verdict(int(d.part_verdicts["overall"][c]), text)
    name = d.county_name(c)
    cells = [_Cells(d, c, s, text) for s in range(len(STAGES)) if d.has_stage(c, s)]
    clauses, opened = _clauses(d, c, text)
    pictures, undrawn = _pictures(d, c, cells, text, draw, most)
    return {
        "id": f"c{c}",
        "name": name,
        "verdict": verdict,
        "sentence": text(
            "county_sentence", county=name, verdict=verdict["word"], reason=_sentence(_in_short(d, c, text))
        ),
        "parts": [
            {
                "name": text.label("part", p),
                "verdict": _verdict(int(d.part_verdicts[p][c]), text),
                "reason": _sentence(_part_in_short(d, c, p, mine[p], text)),
            }
            for p in parts
            if p != "overall"
        ],
        "fails": _fails(d, c, cells, text),
        "rule": _rule(d, text) if any((d.school[x.rows] == UNMET).any() for x in cells) else "",
        "pictures": pictures,
        "undrawn": text("pictures_left", n=len(undrawn), names=text.join(undrawn)) if undrawn else "",
        "stages": [x.tables() for x in cells],
        "judged": bool(d.standard.thresholds),
        "clauses": clauses,
        "open": opened,
        "thresholds": _thresholds(d, text),
        "left_out": _left_out(d, c, text),
        "problems": _problems(d, c, text),
    }


def _in_short(d: Data, c: int, text: _Words) -> str:
    """Say what decides the whole, without the names of all that is open."""
    said = [overall_reason(d, c, text.language)]
    for verdict, key in ((UNMET, "unmet_items"), (UNDETERMINED, "beside_open")):
        items = [r.item for r in d.items if r.item.part == "overall" and r.verdict[c] == verdict]
        if items and verdict == d.part_verdicts["overall"][c]:
            said.append(text(key, n=len(items), names=text.join([str(getattr(i.label, text.language)) for i in items])))
    return text("join").join(s for s in said if s)


def _part_in_short(d: Data, c: int, part: str, reason: str, text: _Words) -> str:
    """Say why a part is open in short: what was not given is named once, further down."""
    own = [r for r in d.items if r.item.part == part and r.item.rule == "conditions" and r.verdict[c] == UNDETERMINED]
    blank = [r for r in own if nothing_known(d, r, c)]
    if d.part_verdicts[part][c] != UNDETERMINED or not blank:
        return reason
    rest = [str(getattr(r.item.label, text.language)) for r in own if not any(r is b for b in blank)]
    said = [text("open_items", n=len(rest), names=text.join(rest))] if rest else []
    return text("join").join([*said, text("blank", n=len(blank))])


def _rule(d: Data, text: _Words) -> str:
    rule = d.standard.school_rule
    if rule is None or rule.kind != "at_least":
        return ""
    key = "rule_at_least" if rule.floor_ratio is None else "rule_at_least_floor"
    return text("complies", rule=text(key, k=rule.k))


class _Cells:
    """The schools of one county and stage, the worst first, and how far each falls short."""

    def __init__(self, d: Data, c: int, s: int, text: _Words) -> None:
        self.d, self.s, self.text = d, s, text
        self.stage = text.label("stage", STAGES[s])
        rows = d.judged_by_place.at(d.place(c, s))
        unmet = ((d.verdicts[:, rows] == UNMET) & d.applies[:, rows]).sum(axis=0)
        # unmet, then undetermined, then met; within each those that miss most
        self.rows: Ints = rows[np.lexsort((np.arange(rows.size), -unmet, d.school[rows]))]
        self.judged = d.standard.school_rule is not None and bool(d.standard.thresholds)
        self.own = [j for j in range(len(d.indicators)) if d.threshold(j, s) is not None]
        self.shortages = Shortages(d)

    def kind(self, j: int, i: int) -> str:
        """Return the kind of a cell: met, floor, below, unmet, open."""
        d = self.d
        verdict = int(d.verdicts[j, i])
        if verdict != UNMET:
            return "met" if verdict == MET else "open"
        t = d.threshold(j, self.s)
        if t is None or t.floor is None:
            return "unmet"
        return {MET: "floor", UNMET: "below"}.get(int(d.floors[j, i]), "open")

    def lack(self, j: int, i: int) -> float | None:
        """Return what the school of a section must add to reach a threshold; None where that is no amount."""
        lack = self.shortages.find(j, i) if self.d.verdicts[j, i] == UNMET else None
        amount = np.nan if lack is None else lack.amount(lack.needs, of_school=True)
        return amount if amount > 0 else None

    def amount(self, j: int, value: float | Decimal) -> str:
        """Write an amount of what an indicator asks for."""
        ask = self.shortages.ask(j, self.s)
        assert ask is not None
        column = columns()[ask.column]
        return self.text.amount(value, column.unit or "", whole=column.whole)

    def shared(self, j: int, i: int) -> bool:
        """Tell whether what a section lacks is one thing for all stages of its school."""
        ask = self.shortages.ask(j, self.s)
        return ask is not None and bool(ask.thing.divided[i])

    def lack_text(self, j: int, i: int, lack: float | None) -> str:
        """Say what a school lacks, and where that is one thing for all its stages."""
        if lack is None:
            return ""
        return self.text("cell_lack_shared" if self.shared(j, i) else "cell_lack", amount=self.amount(j, lack))

    def fails(self) -> list[tuple[int, dict[str, str]]]:
        """Return a line for each indicator that schools miss, with how many do."""
        d, text, out = self.d, self.text, []
        for j in self.own:
            t = d.threshold(j, self.s)
            missing = [i for i in self.rows.tolist() if d.verdicts[j, i] == UNMET]
            if not missing or t is None:
                continue
            said = text("fail_schools", total=self.rows.size, n=len(missing))
            below = sum(self.kind(j, i) == "below" for i in missing)
            if below:
                said += text("fail_below", n=below)
            lacks = {i: x for i in missing if (x := self.lack(j, i)) is not None}
            if lacks:
                total = sum((Decimal(str(x)) for x in lacks.values()), Decimal(0))
                key = "fail_amount_shared" if any(self.shared(j, i) for i in lacks) else "fail_amount"
                said += text(key, amount=self.amount(j, total))
            with np.errstate(divide="ignore", invalid="ignore"):
                reach = d.values[j, missing] / d.required[j, missing]
            order = np.argsort(reach if t.op in (">=", ">") else -reach, kind="stable")
            worst = missing[int(order[0])]
            value, required = float(d.values[j, worst]), float(d.required[j, worst])
            if np.isfinite(value) and np.isfinite(required):
                said += text(
                    "fail_worst",
                    school=self.school(worst),
                    value=number(value, required),
                    op=_OPS[t.op],
                    required=number(required),
                )
                said += self.lack_text(j, worst, lacks.get(worst))
            head = text("fail_head", stage=self.stage, indicator=getattr(d.indicators[j], text.language))
            out.append((len(missing), {"head": head, "text": said + text("end")}))
        return out

    def school(self, i: int) -> str:
        """Name the school of a section."""
        return str(self.d.school_names[self.d.sections.rows[i]])

    def cell(self, j: int, i: int) -> dict[str, str]:
        """Say what a school misses of an indicator, in words."""
        d, text = self.d, self.text
        ind, t = d.indicators[j], d.threshold(j, self.s)
        assert t is not None
        name, kind = str(getattr(ind, text.language)), self.kind(j, i)
        value, required = float(d.values[j, i]), float(d.required[j, i])
        floor = ""
        if t.floor is not None and kind in ("floor", "below"):
            floor = text("cell_floor" if kind == "floor" else "cell_below", floor=number(float(t.floor)))
        # where the number was lost, what is known to be asked is some
        lost = bool(np.isnan(required)) and kind != "open"
        said = text(
            "cell",
            indicator=name,
            value=number(value, required),
            unit=" " + text.label("unit", ind.unit),
            op=_OPS[">" if lost else t.op],
            required=number(0.0 if lost else required),
            floor=floor,
            lack=self.lack_text(j, i, self.lack(j, i)),
        )
        return {"kind": kind, "mark": _MARKS[kind], "text": said}

    def _short(self, i: int) -> list[dict[str, str]]:
        """Say what a school misses, and in a line what is open for one reason."""
        d, text, out = self.d, self.text, []
        blank: dict[str, list[str]] = {}
        for j in self.own:
            if d.verdicts[j, i] == MET:
                continue
            if self.kind(j, i) == "open" and not (np.isfinite(d.values[j, i]) and np.isfinite(d.required[j, i])):
                reason = REASONS[int(d.reasons[j, i])] or "missing_value"
                blank.setdefault(reason, []).append(str(getattr(d.indicators[j], text.language)))
            else:
                out.append(self.cell(j, i))
        for reason, names in blank.items():
            said = text("cell_open", reason=_sentence(text.label("reason", reason)), indicator=text.join(names))
            out.append({"kind": "open", "mark": _MARKS["open"], "text": said})
        return out

    def tables(self) -> dict[str, Any]:
        """Return the schools that fall short in words, and all of them in figures."""
        d, text = self.d, self.text
        language = text.language
        lines: list[dict[str, Any]] = []
        for i in self.rows.tolist():
            verdict = int(d.school[i])
            applies = d.applies[:, i]
            lines.append(
                {
                    "school": self.school(i),
                    "students": number(float(d.sections.students[i])),
                    "verdict": _verdict(verdict, text),
                    "met": f"{int(((d.verdicts[:, i] == MET) & applies).sum())}/{int(applies.sum())}",
                    "short": [] if verdict == MET else self._short(i),
                    "values": [self._value(j, i) for j in self._columns()],
                }
            )
        counts = [int((d.school[self.rows] == v).sum()) for v in (MET, UNMET, UNDETERMINED)]
        chosen = self._columns()
        heads = []
        for j in chosen:
            t = d.threshold(j, self.s)
            required = ""
            if t is not None:
                required = text("by_classes") if t.value is None else _asked(t)
            unit = text.label("unit", d.indicators[j].unit)
            heads.append({"name": str(getattr(d.indicators[j], language)), "unit": unit, "required": required})
        groups = [(a, min(a + ACROSS, len(heads))) for a in range(0, len(heads), ACROSS)]
        falling = [x for x in lines if x["verdict"]["code"] != "met"]
        return {
            "head": text(
                "schools_stage" if self.judged else "schools_plain",
                stage=self.stage,
                total=self.rows.size,
                met=counts[0],
                unmet=counts[1],
                open=counts[2],
            ),
            "short": falling if self.judged else [],
            "folded": len(falling) > LISTED,
            "lines": lines,
            "heads": heads,
            "groups": groups,
            "marked": bool(self.own),
        }

    def _columns(self) -> list[int]:
        return self.own or list(range(len(self.d.indicators)))

    def _value(self, j: int, i: int) -> dict[str, str]:
        d = self.d
        value, required = float(d.values[j, i]), float(d.required[j, i])
        kind = self.kind(j, i) if d.applies[j, i] else "met"
        shown = "–" if np.isnan(value) else _canvas.short(value, required if np.isfinite(required) else None)
        return {"kind": kind, "mark": _MARKS.get(kind, ""), "text": shown}


def _fails(d: Data, c: int, cells: list[_Cells], text: _Words) -> list[dict[str, Any]]:
    """Return what fails in three groups: the schools, the coefficients, the items of the county; the worst first."""
    out = []
    lines = [line for x in cells for line in x.fails()]
    lines.sort(key=lambda line: -line[0])
    if lines:
        out.append({"head": text("fails_schools"), "lines": [line for _, line in lines]})
    over: list[tuple[float, dict[str, str]]] = []
    for x in cells:
        g = int(d.group_at[c, x.s])
        for j in range(-1 if g >= 0 else len(d.indicators), len(d.indicators)):
            value, limit, verdict = plots.coefficient_of(d, j, g)
            if verdict == UNMET and np.isfinite(value) and np.isfinite(limit):
                name = text.label("indicator", "composite") if j < 0 else getattr(d.indicators[j], text.language)
                said = text(
                    "fail_coefficient",
                    value=number(value, limit),
                    limit=number(limit),
                    over=number(value - limit),
                )
                head = text("fail_head", stage=x.stage, indicator=name)
                over.append((limit - value, {"head": head, "text": said + text("end")}))
    if over:
        over.sort(key=lambda line: line[0])
        out.append({"head": text("fails_coefficients"), "lines": [line for _, line in over]})
    items = [
        {"head": str(getattr(r.item.label, text.language)), "text": finding(d, r, c, text.language) + text("end")}
        for r in d.items
        if r.item.rule == "conditions" and r.verdict[c] == UNMET
    ]
    if items:
        out.append({"head": text("fails_items"), "lines": items})
    return out


def _pictures(
    d: Data, c: int, cells: list[_Cells], text: _Words, draw: _Drawing, most: int
) -> tuple[list[dict[str, Any]], list[str]]:
    """Draw the coefficients, then indicator by indicator, the most missed first; return what was not drawn, too."""
    ev, key = Evaluation(data=d, provenance={}), tuple(str(w[c]) for _, w in d.county_words)
    language = text.language
    out, left = [], []
    cells = [x for x in cells if d.group_at[c, x.s] >= 0]
    if any(np.isfinite(d.coefficient[d.group_at[c, x.s]]).any() for x in cells):
        title = text("caption_coefficients")
        out.append(
            {
                "svg": draw(lambda: plots.coefficients(ev, county=key, language=language), title),
                "caption": title,
            }
        )
    wanted: list[tuple[int, int, _Cells, int]] = []
    for x in cells:
        for j in x.own or range(len(d.indicators)):
            if np.isfinite(d.values[j, x.rows]).any():
                unmet = int((d.verdicts[j, x.rows] == UNMET).sum())
                wanted.append((-unmet, len(wanted), x, j))
    for at, (_, _, x, j) in enumerate(sorted(wanted, key=lambda w: w[:2])):
        ind, stage = d.indicators[j], STAGES[x.s]
        unit = text.label("unit", ind.unit)
        title = text("caption", stage=x.stage, indicator=getattr(ind, language), unit=unit)
        if at >= most:
            left.append(text("fail_head", stage=x.stage, indicator=getattr(ind, language)))
            continue

        def one(indicator: str = ind.id, stage: str = stage) -> Axes:
            return plots.distribution(ev, indicator, stage=stage, county=key, language=language)

        out.append({"svg": draw(one, title), "caption": title})
    return out, left


def _clauses(d: Data, c: int, text: _Words) -> tuple[list[dict[str, Any]], list[dict[str, str]]]:
    """Return every item with its clause, part by part, and by name those for which nothing was given."""
    language = text.language
    groups, opened = [], []
    for part in d.part_verdicts:
        lines, blank = [], []
        for r in d.items:
            if r.item.part != part:
                continue
            label = str(getattr(r.item.label, language))
            if r.stage >= 0:
                if not d.is_about(r, c):
                    continue
                label = text("fail_head", stage=text.label("stage", STAGES[r.stage]), indicator=label)
            elif nothing_known(d, r, c):
                blank.append(label)
                continue
            reference = d.facts.reference(r.item, c)
            lines.append(
                {
                    "label": label,
                    "verdict": _verdict(int(r.verdict[c]), text),
                    "scored": r.item.rule == "scored",
                    "finding": _sentence(finding(d, r, c, language)) + text("end"),
                    "clause": _clause(d, r.item, text),
                    "reference": text("reference", text=reference) if reference else "",
                    "schools": [line.strip() for line in failing(d, r, c, None, language)],
                }
            )
        name = text.label("part", part)
        if part == "overall":
            name = text("beside")
        if lines:
            groups.append({"name": name, "lines": lines})
        if blank:
            said = text("open_given", n=len(blank), names=text("join").join(blank))
            opened.append({"name": name, "text": said})
    return groups, opened


def _clause(d: Data, entry: Any, text: _Words) -> str:
    source = d.standard.sources[entry.source].title
    return text("clause", clause=entry.clause, source=source, standing=text.label("standing", str(entry.standing)))


def _asked(t: Threshold) -> str:
    """Write the number of a threshold, and those that hold for some schools instead."""
    return _OPS[t.op] + "/".join(number(float(v)) for v in (t.value, *(o.value for o in t.instead)) if v is not None)


def _thresholds(d: Data, text: _Words) -> list[dict[str, Any]]:
    out = []
    for t in d.standard.thresholds:
        ind = next(i for i in d.indicators if i.id == t.indicator)
        full = d.standard.find(t.indicator, t.stage)
        required = text("by_classes") if t.value is None else _asked(t)
        floor = number(float(full.floor)) if full is not None and full.floor is not None else ""
        name = str(getattr(ind, text.language))
        out.append((text.label("stage", t.stage), name, required, floor, _clause(d, t, text)))
    for x in d.standard.limits:
        name = text("limit_each" if x.kind == "each" else "limit_composite")
        out.append(
            (text.label("stage", x.stage), name, f"{_OPS[x.op]}{number(float(x.value))}", "", _clause(d, x, text))
        )
    names = ("stage", "name", "required", "floor", "clause")
    return [dict(zip(names, line, strict=True)) for line in out]


def _left_out(d: Data, c: int, text: _Words) -> list[str]:
    """Name the units that do not count, reason by reason."""
    by: dict[str, list[str]] = {}
    for at in d.left_out.at(c).tolist():
        i = int(d.leaving[0][at])
        stage = text.label("stage", STAGES[int(d.sections.stage[i])])
        name = text("left_out_name", school=d.school_names[d.sections.rows[i]], stage=stage)
        by.setdefault(d.left_out_reason(at, text.language), []).append(name)
    return [text("left_out_line", reason=r, n=len(names), names=text.join(names)) for r, names in by.items()]


def _problems(d: Data, c: int | None, text: _Words) -> dict[str, Any]:
    """Return the problems of a county's rows and of the whole table, or of everything without a county."""
    reading = d.sections.reading
    mine = None if c is None else set(d.sections.rows[d.county == c].tolist())
    other = set() if c is None else set(d.sections.rows.tolist()) - (mine or set())
    found = [p for p in reading.problems if mine is None or p.row is None or p.row not in other]
    found.sort(key=lambda p: -1 if p.row is None else p.row)
    lines = []
    for p in found[:LISTED]:
        where = [] if p.row is None else [text("problem_row", row=p.row)]
        where += [x for x in (p.key, p.column, p.value) if x]
        code = str(p.code)
        label = text.label("problem", code)
        lines.append(
            {
                "where": " · ".join(where),
                "code": code.replace("_", " ") if label == code else label,
                "message": p.message,
            }
        )
    more = len(found) - len(lines)
    return {"lines": lines, "more": text("problems_more", n=more) if more else ""}


def _provenance(ev: Evaluation, text: _Words) -> list[tuple[str, str]]:
    out = []
    for key, value in ev.provenance.items():
        if isinstance(value, dict):
            group = "reason" if key == "sections_left_out" else "problem"
            said = [f"{text.label(group, k)}{text('colon')}{n}" for k, n in value.items()]
            shown = text("join").join(s.replace("_", " ") for s in said)
        elif key == "changes":
            shown = text.join([text("changed_cells", n=x["cells"], digest=x["digest"]) for x in value])
        elif isinstance(value, (list, tuple)):
            shown = text.join([text.label("column", v) for v in value])
        else:
            shown = "" if value is None else text.own("provenance", str(value)) if key == "missing" else str(value)
        out.append((text.own("provenance", key), shown or text.own("provenance", "none")))
    return out


# ---------------------------------------------------------------------------------------------- plan


def _is_of(plan: Plan, d: Data) -> bool:
    """Tell whether a plan was made for these figures."""
    own = plan.evaluation.data
    if own is d:
        return True
    same = own.standard.digest == d.standard.digest and own.n_counties == d.n_counties
    return bool(
        same
        and np.array_equal(own.sections.rows, d.sections.rows)
        and np.array_equal(own.values, d.values, equal_nan=True)
        and np.array_equal(own.sections.students, d.sections.students, equal_nan=True)
    )


def _planning(
    d: Data,
    c: int,
    plan: Plan | None,
    lacking: dict[int, list[dict[str, Any]]],
    text: _Words,
    draw: _Drawing,
    most: int,
) -> dict[str, Any]:
    """Return what a plan does for a county; without one, what it lacks in all."""
    if plan is None:
        return {"plan": None, "lacking": [_lacks(x, text) for x in lacking.get(c, [])]}
    lines = _who_gets(plan, c, text)
    unknown = _unplanned(plan, c, text)
    return {
        "lacking": [],
        "plan": {
            "said": plan_sentences(plan, text.language, [c]),
            "things": plan_things(plan, [c], text.language),
            "lines": lines,
            "folded": len(lines) > LISTED,
            "unknown": unknown[:LISTED],
            "n_unknown": len(unknown),
            "more": text("plan_missing_more", n=len(unknown) - LISTED) if len(unknown) > LISTED else "",
            "pictures": _changes_drawn(plan, c, text, draw, most),
        },
    }


def _lacks(row: dict[str, Any], text: _Words) -> dict[str, Any]:
    column = columns()[row["column"]]
    short, floor = float(row["total"]), float(row["total_of_floor"])
    return {
        "name": str(getattr(column, text.language)),
        "unit": text.label("unit", column.unit) if column.unit else "",
        "n": int(row["n_schools"]),
        "open": int(row["n_undetermined"]),
        "short": amount(short) if int(row["n_schools"]) else "–",
        "floor": amount(floor) if np.isfinite(floor) else "–",
    }


def _who_gets(plan: Plan, c: int, text: _Words) -> list[dict[str, Any]]:
    """Return school by school what a plan changes: those that fail first, then those that get most."""
    d, then = plan.evaluation.data, plan.after.data
    own = d.judged[d.county[d.judged] == c].tolist()
    rows = [r for r in plan._rows if int(d.county[r["section"]]) == c]
    order = [str(d.school_names[d.sections.rows[i]]) for i in own]
    verdicts: dict[str, list[tuple[int, int]]] = {}
    for i, name in zip(own, order, strict=True):
        verdicts.setdefault(name, []).append((int(d.school[i]), int(then.school[i])))
    judged = d.standard.school_rule is not None and bool(d.standard.thresholds)
    gets: dict[str, list[str]] = {}
    cost: dict[str, float] = {}
    for r in rows:
        name = str(d.school_names[d.sections.rows[r["section"]]])
        base = base_column(r["column"])
        assert base is not None
        thing = str(getattr(base[0], text.language))
        why = WHY[r["why"]]
        said = ("+" if r["change"] > 0 else "−") + amount(abs(r["change"]))
        unit = text.unit(base[0].unit or "", abs(r["change"]))
        stage = "" if r["stage"] < 0 else text.label("stage", STAGES[r["stage"]])
        note = text.label("why", why)
        brackets = "（{}）" if text.language == "zh" else " ({})"
        inside = text.join([x for x in (stage if len(verdicts.get(name, [])) > 1 else "", note) if x])
        line = text("plan_get", thing=thing, amount=f"{said} {unit}".strip()) + brackets.format(inside)
        gets.setdefault(name, []).append(line)
        cost[name] = cost.get(name, 0.0) + r["cost"]
    out: list[dict[str, Any]] = []
    for name, lines in gets.items():
        before = min((v for v, _ in verdicts.get(name, [])), default=UNDETERMINED)
        after = min((v for _, v in verdicts.get(name, [])), default=UNDETERMINED)
        out.append(
            {
                "school": name,
                "before": _verdict(before, text) if judged else None,
                "after": _verdict(after, text) if judged else None,
                "gets": lines,
                "cost": money(cost[name]),
                "key": (before if judged else 0, -cost[name]),
            }
        )
    out.sort(key=lambda x: x["key"])
    return out


def _unplanned(plan: Plan, c: int, text: _Words) -> list[str]:
    """Name what a plan leaves out, and why."""
    d = plan.evaluation.data
    out = []
    for answer in plan.answers:
        if answer.problem.county != c:
            continue
        for section, s, j, reason in answer.problem.unknown:
            whose = [] if section < 0 else [str(d.school_names[d.sections.rows[answer.problem.sections[section]]])]
            stage = [] if s < 0 else [text.label("stage", STAGES[s])]
            indicator = [] if j < 0 else [str(getattr(d.indicators[j], text.language))]
            what = " · ".join([*whose, *stage, *indicator])
            out.append(text("plan_missing_line", what=what, reason=text.label("reason", reason)))
    return out


def _changes_drawn(plan: Plan, c: int, text: _Words, draw: _Drawing, most: int) -> list[dict[str, Any]]:
    """Draw the indicators whose schools change most, measured by their mean."""
    d, then = plan.evaluation.data, plan.after.data
    key = tuple(str(w[c]) for _, w in d.county_words)
    found: list[tuple[float, int, int]] = []
    for s in range(len(STAGES)):
        g = int(d.group_at[c, s])
        if g < 0:
            continue
        rows = d.usable[d.group_codes == g]
        for j in range(len(d.indicators)):
            change = np.abs(then.values[j, rows] - d.values[j, rows])
            total = float(np.nansum(np.abs(d.values[j, rows]) * d.sections.students[rows]))
            moved = float(np.nansum(change * d.sections.students[rows]))
            if moved > 0:
                found.append((-(moved / total) if total else -np.inf, s, j))
    out = []
    for _, s, j in sorted(found)[:most]:
        ind = d.indicators[j]
        title = text(
            "caption",
            stage=text.label("stage", STAGES[s]),
            indicator=getattr(ind, text.language),
            unit=text.label("unit", ind.unit),
        )

        def one(indicator: str = ind.id, stage: str = STAGES[s]) -> Axes:
            return plots.before_and_after(plan, indicator, stage=stage, county=key, language=text.language)

        out.append({"svg": draw(one, title), "caption": title})
    return out


def _plan_of_all(d: Data, chosen: list[int], plan: Plan, order: list[int], text: _Words) -> dict[str, Any]:
    """Return what a plan costs, county by county."""
    cost = dict.fromkeys(chosen, 0.0)
    for r in plan._rows:
        if (c := int(d.county[r["section"]])) in cost:
            cost[c] += r["cost"]
    bound = {a.problem.county: a.bound for a in plan.answers}
    then = plan.after.data
    rows = []
    for c in order:
        before, after = plan_state(d, c), plan_state(then, c)
        rows.append(
            {
                "name": d.county_name(c),
                "cost": money(cost[c]),
                "bound": money(bound[c]) if plan.whole and c in bound else "–",
                "schools": f"{before[0]} → {after[0]} / {after[1]}",
                "before": _verdict(before[3], text),
                "after": _verdict(after[3], text),
            }
        )
    return {
        "said": plan_sentences(plan, text.language, chosen),
        "things": plan_things(plan, chosen, text.language),
        "rows": rows,
        "part": plan_part(d, text.language),
    }


# ------------------------------------------------------------------------------------------ province


def _province(d: Data, counties: list[int], text: _Words, draw: _Drawing) -> dict[str, Any]:
    """Return the counts, a ranking a stage, and the table of the counties, the worst first."""
    overall = d.part_verdicts["overall"]
    counts = {v: int((overall[counties] == v).sum()) for v in (MET, UNMET, UNDETERMINED)} if counties else {}
    sentence = (
        text("province_sentence", n=len(counties), met=counts[MET], unmet=counts[UNMET], open=counts[UNDETERMINED])
        if counties
        else text("nothing")
    )
    parts = [p for p in d.part_verdicts if p != "overall"]
    by_part = []
    for p in [*parts, "overall"]:
        n = [int((d.part_verdicts[p][counties] == v).sum()) for v in (MET, UNMET, UNDETERMINED)]
        by_part.append({"name": text.label("part", p), "n": n})
    rows: list[dict[str, Any]] = []
    for c in counties:
        groups = [int(g) for g in d.group_at[c] if g >= 0]
        unmet, open_, met = (int(x) for x in d.schools_by_verdict[c].sum(axis=0))
        over = [
            plots.coefficient_of(d, j, g)[2]
            for g in groups
            for j in range(-1, len(d.indicators))
            if np.isfinite(plots.coefficient_of(d, j, g)[1])
        ]
        total = unmet + open_ + met
        rows.append(
            {
                "at": c,
                "id": f"c{c}",
                "name": d.county_name(c),
                "overall": _verdict(int(overall[c]), text),
                "parts": [_verdict(int(d.part_verdicts[p][c]), text) for p in parts],
                "schools": f"{met}/{total}" if d.standard.school_rule is not None and d.standard.thresholds else "–",
                "over": f"{sum(v == UNMET for v in over)}/{len(over)}" if over else "–",
                "key": (int(overall[c]), -sum(v == UNMET for v in over), met / total if total else 0.0, c),
            }
        )
    rows.sort(key=lambda r: r["key"])
    pictures = []
    language = text.language
    ev = Evaluation(data=d, provenance={}, language=language)
    # one county in several years is no ranking, but a history
    places = {tuple(str(w[c]) for name, w in d.county_words if name != "year") for c in counties}
    years = next(iter(places)) if len(places) == 1 and len(counties) > 1 and d.county_words[-1][0] == "year" else ()
    for s in range(len(STAGES)):
        at = d.group_at[counties, s] if counties else np.empty(0, np.int64)
        groups_ = at[at >= 0]
        j = _telling(d, groups_)
        if j is None:
            continue
        what = text.label("indicator", "composite") if j < 0 else getattr(d.indicators[j], language)
        caption = "caption_years" if years else "caption_ranking"
        title = text(caption, stage=text.label("stage", STAGES[s]), what=what)
        height = None if groups_.size <= RANKED else 460.0

        def one(j: int = j, s: int = s, height: float | None = height) -> Axes:
            if years:
                which = "composite" if j < 0 else d.indicators[j].id
                return plots.over_years(ev, which, stage=STAGES[s], county=years, language=language)
            return plots.rank_counties(d, j, s, counties, None, language, height)

        pictures.append({"svg": draw(one, title), "caption": title})
    detailed = {r["at"] for r in rows[:DETAILED]}
    for r in rows:
        r["linked"] = r["at"] in detailed
    return {
        "sentence": sentence,
        "by_part": by_part,
        "parts": [text.label("part", p) for p in parts],
        "rows": rows,
        "order": [r["at"] for r in rows],
        "pictures": pictures,
        "pictured": text("over_years" if years else "ranking"),
    }


def _telling(d: Data, groups: Ints) -> int | None:
    """Return the coefficient most counties exceed or come near to; the composite (-1) where it is limited."""
    if not groups.size:
        return None
    if np.isfinite(d.composite_limits[groups]).any() and np.isfinite(d.composite[groups]).any():
        return -1
    known = np.isfinite(d.coefficient[groups])
    if not known.any():
        return None
    exceeded = (d.coefficient_verdicts[groups] == UNMET) & np.isfinite(d.limits[groups])
    with np.errstate(invalid="ignore"):
        reach = np.nan_to_num(d.coefficient[groups] / np.where(np.isfinite(d.limits[groups]), d.limits[groups], 1.0))
    score = exceeded.sum(axis=0) + reach.max(axis=0) / (1 + reach.max())
    score[~known.any(axis=0)] = -1.0
    return int(score.argmax())
