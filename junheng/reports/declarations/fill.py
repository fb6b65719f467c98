"""The national declaration form, table by table, filled from an evaluation; and the workbook that prints it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import attrs
import numpy as np
from attrs import field, frozen
from numpy.typing import NDArray

from junheng._arrays import Ints
from junheng._data import STAGES, read_toml
from junheng._explain import _OPS as OPS
from junheng._explain import _figure as figure_label
from junheng._explain import find_county, finding, number, part_reasons
from junheng._frames import Backend, build_frame
from junheng._inclusion import LEFT_OUT
from junheng._labels import word
from junheng.errors import InputError
from junheng.facts import fact_columns
from junheng.indicators.compliance import MET, UNDETERMINED, UNMET, VERDICTS
from junheng.items import ConditionResult, ItemResult, Units
from junheng.results import LEFT_OUT_OF, REASONS
from junheng.results import _round_half_up as round_half_up
from junheng.results import _turns as turns
from junheng.schools import ALL_STAGES, Reading, base_column, category_words, columns, is_grade
from junheng.stages import INTEGRATED, Sections
from junheng.standards import Standard, load_standard
from junheng.standards.model import Test

if TYPE_CHECKING:
    from junheng.results import Data, Evaluation

__all__ = ["Cell", "Column", "Declaration", "FormTable", "declaration", "write_declaration"]

Mark = Literal["rounding", "open", "not_given"]

_OPEN = "无法判定"
_NOT_GIVEN = "未提供"
_NONE = "——"
_YES_NO = {MET: "是", UNMET: "否", UNDETERMINED: _OPEN}
#: How many schools a remark names before it counts the rest.
_NAMED = 5


# ------------------------------------------------------------------------------------------------- what it is


@frozen(kw_only=True)
class Cell:
    """One cell of a table.

    Attributes
    ----------
    value : float, int, str or None
        What stands behind it, unrounded; a share is a fraction. None where there is nothing, or nothing is known.
    text : str
        What is printed, half up to ``decimals``.
    decimals : int or None
        Decimals that are printed, of the percentage where ``percent``; None: as many as there are.
    percent : bool
        Whether it is printed as a percentage.
    note : str or None
        What to know about it: why it is open, or the unrounded figure.
    mark : {"rounding", "open", "not_given"} or None
        ``rounding``: the printed figure taken by itself would turn the verdict. ``open``: it cannot be decided or
        computed. ``not_given``: nobody gave it.
    """

    value: float | int | str | None = None
    text: str = ""
    decimals: int | None = None
    percent: bool = False
    note: str | None = None
    mark: Mark | None = None


@frozen(kw_only=True)
class Column:
    """One column of a table: an id, its header, and the code the form gives it (``L1``), empty where it has none."""

    id: str
    label: str
    code: str = ""


@frozen(kw_only=True)
class FormTable:
    """One table of the form.

    Attributes
    ----------
    id : str
        ``I``, ``II-1`` …, or a word where the form's number is not known.
    title : str
        As it is printed.
    columns : tuple of Column
        Columns in order.
    rows : tuple of tuple of Cell
        Rows of cells, one for each column.
    notes : tuple of str
        What is printed under it: footers, counts behind the figures, what is not known about the form.
    merged : tuple of str
        Columns in which the same entry on rows that follow each other belongs together.
    """

    id: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...] = ()
    merged: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the table as dicts and lists that strict JSON can hold."""
        return {
            "id": self.id,
            "title": self.title,
            "columns": [attrs.asdict(c) for c in self.columns],
            "rows": [[attrs.asdict(cell) for cell in row] for row in self.rows],
            "notes": list(self.notes),
        }


@frozen(kw_only=True, repr=False, slots=False)
class Declaration:
    """The declaration form of one county, filled in; made by :func:`declaration`.

    Attributes
    ----------
    county : str
        The county, and the year where the table has one.
    title : str
        Title of the form.
    standard : str
        Id of the standard judged by.
    tables : tuple of FormTable
        A summary, the tables of the form, what stands beside them (prerequisites, vetoes), the units that do not count.
    notes : tuple of str
        What to know about the form as a whole.
    provenance : mapping
        As :attr:`junheng.Evaluation.provenance`.
    """

    county: str
    title: str
    standard: str
    label: str
    document: str
    tables: tuple[FormTable, ...]
    notes: tuple[str, ...]
    provenance: Mapping[str, Any] = field(hash=False)
    backend: Backend = "pandas"

    def __repr__(self) -> str:
        return f"<Declaration of {self.county} under {self.standard}: {', '.join(t.id for t in self.tables)}>"

    def table(self, id: str) -> FormTable:
        """Return a table by its id; an unknown one is an InputError that names those there are."""
        for table in self.tables:
            if table.id == id:
                return table
        raise InputError(f"there is no table {id!r}; there are {', '.join(t.id for t in self.tables)}")

    def frame(self, id: str) -> Any:
        """Return a table as a frame in the library of the input: figures unrounded, texts as they are printed."""
        table = self.table(id)
        out: dict[str, Any] = {}
        for j, column in enumerate(table.columns):
            cells = [row[j] for row in table.rows]
            if any(isinstance(c.value, str) for c in cells) or all(c.value is None for c in cells):
                out[column.id] = [c.text or None for c in cells]
            else:
                out[column.id] = np.array([np.nan if c.value is None else c.value for c in cells], dtype=np.float64)
        return build_frame(out, self.backend)

    @cached_property
    def marks(self) -> dict[str, int]:
        """How many cells of the form's tables bear each mark."""
        cells = [c for t in self.tables if t.id not in ("summary", "left_out") for row in t.rows for c in row]
        return {m: sum(c.mark == m for c in cells) for m in ("rounding", "open", "not_given")}

    def to_dict(self) -> dict[str, Any]:
        """Return everything as dicts and lists that strict JSON can hold.

        Returns
        -------
        dict
            ``county``, ``title``, ``standard``, ``notes``, ``provenance`` and ``tables``: each with ``columns``,
            ``rows`` of cells and ``notes``.

        Examples
        --------
        >>> import json, junheng as jh
        >>> ev = jh.evaluate(jh.synthetic.county(seed=0), "cn-quality-balance-2017")
        >>> out = jh.reports.declaration(ev).to_dict()
        >>> [t["id"] for t in json.loads(json.dumps(out, allow_nan=False))["tables"]][1:4]
        ['I', 'II-1', 'II-2']
        """
        return {
            "county": self.county,
            "title": self.title,
            "standard": self.standard,
            "label": self.label,
            "document": self.document,
            "notes": list(self.notes),
            "tables": [t.to_dict() for t in self.tables],
            "provenance": dict(self.provenance),
        }


# ------------------------------------------------------------------------------------------------- public


def declaration(ev: Evaluation, *, county: Any = None) -> Declaration:
    """Fill the national declaration form (申报表) of a county from its evaluation.

    Verdicts are those of the evaluation, taken unrounded. Figures are printed as the form prints them, half up; where
    the printed figure taken by itself would turn a verdict, the cell is marked. What is not known stays blank or says
    无法判定, with the reason; nothing is made up.

    Parameters
    ----------
    ev : Evaluation
        Of one county, or of several.
    county : object, optional
        Which county, as it stands in the table; with several years ``(county, year)``. Needed where there are several.

    Returns
    -------
    Declaration
        Tables I, II-1, II-2, III, IV, V and VI for the scheme of 2017 and those that extend it; what is known of
        tables I to VII for the scheme of 2012. Texts are Chinese, as the form is.

    Raises
    ------
    InputError
        When the standard has no such form, when there are several counties and none is named, or no such county.

    References
    ----------
    义务教育优质均衡发展县申报表 (a city's copy); 全国义务教育发展基本均衡县(市、区)申报表 填报说明.

    Examples
    --------
    >>> import junheng as jh
    >>> ev = jh.evaluate(jh.synthetic.county(seed=0), "cn-quality-balance-2017")
    >>> form = jh.reports.declaration(ev)
    >>> [c.text for c in form.table("III").rows[1]][:4]
    ['小学', '差异系数', '0.184', '0.293']
    >>> bool(form.table("III").rows[1][2].value == ev.indicators["coefficient"].iloc[0])
    True
    """
    return _Filler.make(ev, county).fill()


def write_declaration(ev: Evaluation, path: str | os.PathLike[str], *, county: Any = None) -> Path:
    """Write the declaration form of a county as a workbook, ready to print on A4.

    Parameters
    ----------
    ev : Evaluation
        Of one county, or of several.
    path : str or path
        The file to write, ending in ``.xlsx``. An existing file is replaced once the workbook is complete.
    county : object, optional
        Which county; see :func:`declaration`.

    Returns
    -------
    pathlib.Path
        The file: a summary, a sheet for each table, the units that do not count, and where the figures come from.
        The same evaluation gives the same bytes.

    Raises
    ------
    InputError
        As :func:`declaration`; when the name does not end in ``.xlsx``, or the extra ``excel`` is not installed.
    OutputFileError
        The file cannot be written. What was there before is unchanged.

    Examples
    --------
    >>> import junheng as jh, pathlib, tempfile
    >>> ev = jh.evaluate(jh.synthetic.county(seed=0), "cn-quality-balance-2017")
    >>> jh.reports.write_declaration(ev, pathlib.Path(tempfile.mkdtemp()) / "form.xlsx").name
    'form.xlsx'
    """
    target = Path(path)
    if target.suffix.lower() != ".xlsx":
        raise InputError(f"a declaration is written as .xlsx, not {target.name!r}")
    form = declaration(ev, county=county)
    from junheng.reports.declarations.workbook import write

    write(form, target)
    return target


# ------------------------------------------------------------------------------------------------- cells


def _data() -> dict[str, Any]:
    return read_toml("reports/declarations/forms.toml")


def _text(value: Any, **more: Any) -> Cell:
    shown = "" if value is None else str(value)
    return Cell(value=shown or None, text=shown, **more)


def _open(note: str, mark: Mark = "open") -> Cell:
    return Cell(text=_OPEN if mark == "open" else "", note=note, mark=mark)


def _figure(value: float, decimals: int | None, *, percent: bool = False, note: str | None = None, **more: Any) -> Cell:
    return Cell(
        value=int(value) if decimals == 0 and float(value).is_integer() else float(value),
        text=printed(float(value), decimals, percent=percent),
        decimals=decimals,
        percent=percent,
        note=note,
        **more,
    )


def printed(value: float, decimals: int | None, *, percent: bool = False) -> str:
    """Write a figure as the form prints it: half up."""
    if decimals is None:
        return f"{number(100 * value)}%" if percent else number(value)
    if percent:
        return f"{100 * float(round_half_up(np.array([value]), decimals + 2)[0]):.{decimals}f}%"
    return f"{float(round_half_up(np.array([value]), decimals)[0]):.{decimals}f}"


def _judged(
    value: float,
    required: float,
    op: str,
    verdict: int,
    decimals: int | None,
    *,
    percent: bool = False,
    floor: tuple[float, int] | None = None,
    note: str | None = None,
) -> Cell:
    """Return a figure that is compared with a requirement, marked where printing it would turn the verdict."""

    def turned(limit: float, code: int) -> bool:
        if decimals is None or np.isnan(limit):
            return False
        digits = decimals + 2 if percent else decimals
        return bool(turns(np.array([value]), np.array([limit]), op, np.array([code], dtype=np.int8), digits)[0])

    limits = [("标准", required, verdict)]
    if floor is not None and verdict == UNMET:
        limits.append(("下限", *floor))
    said = [note] if note else []
    marked = False
    for name, limit, code in limits:
        if turned(limit, code):
            marked = True
            scale = 100 if percent else 1
            sign = "%" if percent else ""
            said.append(
                f"未取整为{number(scale * value, scale * limit)}{sign}，{name}{OPS[op]}{number(scale * limit)}{sign}，"
                f"结论为{word('verdict', VERDICTS[code], 'zh')}；取整后看似相反，以未取整的数值为准"
            )
    return _figure(value, decimals, percent=percent, note="；".join(said) or None, mark="rounding" if marked else None)


def _column(id: str, code: str = "") -> Column:
    return Column(id=id, label=_data()["columns"][id]["zh"], code=code)


def _columns(*ids: str) -> tuple[Column, ...]:
    return tuple(_column(i) for i in ids)


# ------------------------------------------------------------------------------------------------- filling


@frozen(eq=False, slots=False, kw_only=True)
class _Filler:
    """One county of an evaluation, with its rows read once more by themselves.

    Columns that no rule rests on (classes, owners, grades) may have cells that cannot be used; reading them again
    leaves the evaluation as it is.
    """

    ev: Evaluation
    form: Mapping[str, Any]
    county: int
    at: Ints
    """The sections of the county."""
    sub: Sections
    """The same, of a table that has no other county."""

    @classmethod
    def make(cls, ev: Evaluation, county: Any) -> _Filler:
        form = _find_form(ev.standard)
        c = _choose(ev.data, county)
        s = ev.data.sections
        at = np.flatnonzero(ev.data.county == c)
        rows, position = np.unique(s.rows[at], return_inverse=True)
        fresh = Reading(s.reading.table.take(rows).to_native(), by=list(ev.data.by))
        return cls(ev=ev, form=form, county=c, at=at, sub=s.part(at, fresh, position.reshape(-1).astype(np.int64)))

    @property
    def d(self) -> Data:
        return self.ev.data

    @property
    def std(self) -> Standard:
        return self.ev.standard

    def fill(self) -> Declaration:
        """Return the whole form."""
        kinds: dict[str, Callable[[Mapping[str, Any]], FormTable]] = {
            "county": self.county_table,
            "shares": self.share_table,
            "schools": self.school_table,
            "balance": self.balance_table,
            "items": self.item_table,
            "survey": self.survey_table,
        }
        tables = [self.summary(), *(kinds[t["kind"]](t) for t in self.form["tables"])]
        shown = {t["part"] for t in self.form["tables"] if "part" in t}
        beside = [r for r in self.d.items if r.item.part not in shown and r.item.rule in ("conditions", "scored")]
        if beside:
            spec = {
                "id": "beside",
                "title": {"zh": "前提条件、一票否决等其他项目"},
                "ratio_decimals": 1,
                "decimals": 0,
                "notes": ["申报表表号之外的判定内容，一并列出。"],
            }
            tables.append(self.item_table(spec, beside))
        tables.append(self.left_out())
        return Declaration(
            county=self.d.county_name(self.county),
            title=self.form["title"]["zh"],
            standard=self.std.id,
            label=self.std.label.zh,
            document=f"{self.std.document}（{self.std.number}）",
            tables=tuple(tables),
            notes=tuple(self.form.get("notes", ())),
            provenance=self.ev.provenance,
            backend=self.d.backend,
        )

    # -- what the tables share

    @cached_property
    def names(self) -> list[str]:
        """Name of every section of the county, with its stage where the school has several."""
        plain = school_names(self.d, self.at)
        out = []
        for name, kind, stage in zip(plain, self.sub.kind.tolist(), self.sub.stage.tolist(), strict=True):
            out.append(f"{name}（{word('stage', ALL_STAGES[stage], 'zh')}部）" if kind in INTEGRATED else name)
        return out

    @cached_property
    def owners(self) -> list[int | None]:
        """Owner code of every section, None where the table does not say."""
        codes = {k: int(v) for k, v in _data()["owner_codes"].items()}
        reading = self.sub.reading
        said = reading.category("owner_type")[self.sub.rows]
        private = reading.ownership[self.sub.rows] == "private"
        return [
            codes[o] if o is not None else codes["private"] if p else None
            for o, p in zip(said.tolist(), private.tolist(), strict=True)
        ]

    def counted(self, stage: int) -> Ints:
        """Return the sections of a stage that count, as positions in the county."""
        return np.flatnonzero(self.sub.counted & (self.sub.stage == stage))

    def indicator_columns(self, spec: Mapping[str, Any], first: int = 1) -> tuple[Column, ...]:
        """Return a column for each indicator, with the codes of the form where they are known."""
        coded = spec.get("codes") or "first_code" in spec
        return tuple(
            Column(id=ind.id, label=ind.zh, code=f"L{first + j}" if coded else "")
            for j, ind in enumerate(self.d.indicators)
        )

    def unit_notes(self, counted: NDArray[np.bool_]) -> list[str]:
        """Say how many schools stand behind the figures of each stage."""
        out = []
        for s, stage in enumerate(STAGES):
            mine = self.sub.stage == s
            n, students = int((counted & mine).sum()), self.sub.students[counted & mine]
            said = f"{word('stage', stage, 'zh')}：计入{n}所（部），在校生{number(float(np.nansum(students)))}人"
            gaps = int(np.isnan(students).sum())
            if gaps:
                said += f"（{gaps}所（部）缺学生数）"
            left = int((~counted & mine & ~self._not_ordinary).sum())
            out.append(said + (f"；不计入{left}个单位，见“不计入单位”" if left else "") + "。")
        return out

    # -- summary, what does not count

    def summary(self) -> FormTable:
        parts = list(self.d.part_verdicts)
        reasons = dict(zip(parts, part_reasons(self.d, "zh", [self.county]), strict=True))
        rows = []
        for part in ["overall", *(p for p in parts if p != "overall")]:
            verdict = int(self.d.part_verdicts[part][self.county])
            rows.append(
                (
                    _text(word("part", part, "zh")),
                    _text(word("verdict", VERDICTS[verdict], "zh"), mark="open" if verdict == UNDETERMINED else None),
                    _text(reasons[part]),
                )
            )
        return FormTable(id="summary", title="结论", columns=_columns("part", "verdict", "reason"), rows=tuple(rows))

    def left_out(self) -> FormTable:
        rows: list[tuple[Cell, ...]] = []
        apart = self._not_ordinary

        def add(i: int, reason: str) -> None:
            students = float(self.sub.students[i])
            rows.append(
                (
                    _figure(len(rows) + 1, 0),
                    _text(self.names[i]),
                    # a special or vocational school is of no stage that is judged
                    Cell(text=_NONE) if apart[i] else _text(word("stage", ALL_STAGES[int(self.sub.stage[i])], "zh")),
                    _open("缺学生数") if np.isnan(students) else _figure(students, 0),
                    _text(reason),
                )
            )

        place = {int(full): i for i, full in enumerate(self.at.tolist())}
        for at, full in enumerate(self.d.leaving[0].tolist()):
            if full in place:
                add(place[full], self.d.left_out_reason(at, "zh") + self._sort(place[full], at))
        return FormTable(
            id="left_out",
            title="不计入单位",
            columns=_columns("number", "school", "stage", "students", "reason"),
            rows=tuple(rows),
            notes=() if rows else ("没有不计入的单位。",),
        )

    def _sort(self, i: int, at: int) -> str:
        """Say in brackets what sort of unit the standard leaves out of the basic standard of schools."""
        by_standard = LEFT_OUT[int(self.d.leaving[1][at])] == "left_out_by_standard"
        if not by_standard or LEFT_OUT_OF[int(self.d.leaving[2][at])] == "all":
            return ""
        if self.sub.kind[i] == "teaching_point":
            return "（教学点）"
        return "（民办学校）" if self.owners[i] == _data()["owner_codes"]["private"] else "（非本县举办的学校）"

    # -- I: the county

    def county_table(self, spec: Mapping[str, Any]) -> FormTable:
        rows, blank = [], []
        for k, entry in enumerate(_data()[spec["rows"]], start=1):
            cell, source = self._basic(entry)
            label = entry["label"]["zh"]
            if cell.mark == "not_given":
                blank.append(label.removeprefix("其中："))
            code = (_text(f"L{k}"),) if spec.get("codes") else ()
            rows.append((*code, _text(label), _text(entry["unit"]), cell, _text(source)))
        notes = [*spec.get("notes", ())]
        if blank:
            notes.insert(0, f"{_NOT_GIVEN}（{len(blank)}项，留空）：{'、'.join(blank)}。")
        apart = self._not_ordinary
        if apart.any():
            notes.append(f"班级、学生、教职工不含特殊教育学校和职业学校（{int(apart.sum())}个单位）。")
        gone = ~self.sub.counted & ~apart & (self.sub.stage < len(STAGES))
        if gone.any():
            notes.append(f"学校表中不计入评估的{int(gone.sum())}个单位也计入本表。")
        ids = (
            ("code", "entry", "unit", "value", "source") if spec.get("codes") else ("entry", "unit", "value", "source")
        )
        return FormTable(
            id=spec["id"], title=spec["title"]["zh"], columns=_columns(*ids), rows=tuple(rows), notes=tuple(notes)
        )

    @property
    def _not_ordinary(self) -> Any:
        return np.isin(self.sub.kind.astype(str), ("special", "vocational"))

    def _basic(self, entry: Mapping[str, Any]) -> tuple[Cell, str]:
        decimals = int(entry.get("decimals", 0))
        if "fact" in entry:
            value = float(self.d.facts.number(entry["fact"])[self.county])
            if not np.isnan(value):
                return _figure(value / entry.get("divide", 1), decimals), "县情数据"
            if "schools" not in entry:
                return _open(f"县情数据未提供“{fact_columns()[entry['fact']].zh}”", "not_given"), ""
        cell = self._count(entry) if "schools" in entry else self._sum(entry)
        return cell, "" if cell.mark == "not_given" else "学校表"

    def _count(self, entry: Mapping[str, Any]) -> Cell:
        """Count schools of a kind; a school whose kind is not known may be of it."""
        kind = self.sub.kind
        unknown = np.unique(self.sub.school[[k is None for k in kind]]).size
        if unknown:
            return _open(f"{unknown}所学校未注明学校类型")
        mine = kind == entry["schools"]
        if "students_from" in entry:
            students = self.sub.students
            if (mine & np.isnan(students)).any():
                return _open(f"{int((mine & np.isnan(students)).sum())}个教学点缺学生数")
            mine = mine & (students >= entry["students_from"])
        n = int(np.unique(self.sub.school[mine]).size)
        if "fact" in entry and n == 0:
            # a table of schools that are judged need not list these
            return _open(f"县情数据未提供“{fact_columns()[entry['fact']].zh}”，学校表中也没有", "not_given")
        return _figure(n, 0)

    def _sum(self, entry: Mapping[str, Any]) -> Cell:
        name, stage = entry["sum"], STAGES.index(entry["stage"])
        mine = (self.sub.stage == stage) & ~self._not_ordinary
        values = (self.sub.students if name == "students" else self.sub.number(name))[mine]
        label = columns()[name].zh
        has = self.sub.reading.has
        if name != "students" and not has & {name, f"{name}_{STAGES[stage]}"}:
            return _open(f"学校表没有“{label}”列", "not_given")
        gaps = int(np.isnan(values).sum())
        if gaps:
            known = number(float(np.nansum(values)))
            return _open(f"{gaps}个单位缺{label}（或未分学段），其余{values.size - gaps}个合计{known}")
        return _figure(float(values.sum()), 0)

    # -- II-1: shares

    def share_table(self, spec: Mapping[str, Any]) -> FormTable:
        rows: list[tuple[Cell, ...]] = []
        k = len(self.d.indicators)
        for s, stage in enumerate(STAGES):
            mine = self.counted(s)
            full = self.at[mine]
            counts, shares = [], []
            for j in range(k + 1):
                if j < k and not self.d.applies[j, full].any() and mine.size:
                    counts.append(Cell(text=_NONE, note="标准未作规定"))
                    shares.append(Cell(text=_NONE, note="标准未作规定"))
                    continue
                verdicts = self.d.verdicts[j, full] if j < k else self.d.school[full]
                met, unmet, open_ = (int((verdicts == v).sum()) for v in (MET, UNMET, UNDETERMINED))
                if not mine.size:
                    why = word("reason", "no_schools", "zh")
                elif j == k and self.std.school_rule is None:
                    why = word("reason", "no_requirement", "zh")
                else:
                    why = f"达标{met}所（部）、不达标{unmet}所（部）、待定{open_}所（部）" if open_ else ""
                counts.append(_open(why) if why else _figure(met, 0))
                whole = float(met) / mine.size if mine.size else np.nan
                verdict = MET if not unmet else UNMET
                shares.append(
                    _open(why)
                    if why
                    else _judged(whole, 1.0, ">=", verdict, spec["decimals"], percent=True)
                    if j == k
                    else _figure(whole, spec["decimals"], percent=True)
                )
            for row, cells in (("n_met", counts), ("share", shares)):
                rows.append((_text(word("stage", stage, "zh")), _text(_data()["rows"][row]["zh"]), *cells))
        overall = _column("overall", f"L{k + 1}" if spec.get("codes") else "")
        return FormTable(
            id=spec["id"],
            title=spec["title"]["zh"],
            columns=(*_columns("stage", "row"), *self.indicator_columns(spec), overall),
            rows=tuple(rows),
            # where the form leaves schools out, those it counts are not those that count
            notes=(
                *(self._kept_out() if spec.get("scope") == "form" else ()),
                *(self._footer(spec) if spec.get("scope") == "form" else self.unit_notes(self.sub.counted)),
                *spec.get("notes", ()),
            ),
            merged=("stage",),
        )

    def _kept_out(self) -> list[str]:
        """Say which schools a table of schools leaves out, and of which it is not known who runs them."""
        sub = self.sub
        gone = ~sub.counted & (sub.stage < len(STAGES)) & ~self._not_ordinary
        out = [f"{int(gone.sum())}所（部）不列入本表，见“不计入单位”。"] if gone.any() else []
        unknown = sum(self.owners[i] is None for i in np.flatnonzero(sub.counted).tolist())
        if unknown:
            out.append(f"{unknown}所（部）未提供举办者类型，无法判断是否由本县举办，均已列入。")
        return out

    # -- II-2: each school

    def school_table(self, spec: Mapping[str, Any]) -> FormTable:
        first = spec.get("first_code", 1)
        rows: list[tuple[Cell, ...]] = []
        extra = {name: self.sub.number(name) for name in ("grades", "classes")}
        blank = {"owner": 0, "grades": 0, "classes": 0}
        for s, stage in enumerate(STAGES):
            for position, i in enumerate(self.counted(s).tolist(), start=1):
                students = float(self.sub.students[i])
                owner = self.owners[i]
                blank["owner"] += owner is None
                more = []
                for name, values in extra.items():
                    value = float(values[i])
                    blank[name] += bool(np.isnan(value))
                    given = f"“{columns()[name].zh}”未提供"
                    more.append(_open(given, "not_given") if np.isnan(value) else _figure(value, 0))
                rows.append(
                    (
                        _text(word("stage", stage, "zh")),
                        _figure(position, 0),
                        _text(self.names[i]),
                        _open("举办者类型未提供", "not_given") if owner is None else _figure(owner, 0),
                        _open("缺学生数") if np.isnan(students) else _figure(students, 0),
                        *more,
                        *self._values(i, s, spec),
                        *self._verdict(i),
                    )
                )
        notes = [*self._footer(spec), *(self._kept_out() if spec.get("scope") == "form" else ())]
        labels = {"owner": "举办者类型", "grades": "年级数", "classes": "班级数"}
        gaps = [f"{labels[k]}{n}所（部）" for k, n in blank.items() if n]
        if gaps:
            notes.append(f"{_NOT_GIVEN}，留空：{'、'.join(gaps)}。")
        notes.append(
            "举办者类型：1中央教育部门，2中央其他部门，3省级教育部门，4省级其他部门，5地级教育部门，6地级其他部门，"
            "7县级教育部门，8县级其他部门，9企业，10民办。"
        )
        coded = "first_code" in spec
        k = len(self.d.indicators)
        return FormTable(
            id=spec["id"],
            title=spec["title"]["zh"],
            columns=(
                *_columns("stage", "number", "school", "owner", "students", "grades", "classes"),
                *self.indicator_columns(spec, first),
                _column("complies", f"L{first + k}" if coded else ""),
                _column("remark"),
            ),
            rows=tuple(rows),
            notes=(*notes, *spec.get("notes", ())),
        )

    def _values(self, i: int, stage: int, spec: Mapping[str, Any]) -> list[Cell]:
        """Return the indicators of a section."""
        d, full = self.d, int(self.at[i])
        decimals = self._decimals
        out = []
        for j in range(len(d.indicators)):
            value, threshold = float(d.values[j, full]), d.threshold(j, stage)
            why = word("reason", REASONS[int(d.reasons[j, full])], "zh")
            if np.isnan(value):
                out.append(_open(why or word("reason", "missing_value", "zh")))
            elif threshold is None:
                own = spec.get("digits", {}).get(d.indicators[j].id, decimals)
                out.append(_figure(value, own, note=word("reason", "no_requirement", "zh")))
            else:
                verdict = int(d.verdicts[j, full])
                floor = None if threshold.floor is None else (float(threshold.floor), int(d.floors[j, full]))
                required, op = float(d.required[j, full]), threshold.op
                out.append(_judged(value, required, op, verdict, decimals, floor=floor, note=why or None))
        return out

    @property
    def _decimals(self) -> int | None:
        return None if self.std.printing is None else self.std.printing.school_value

    def _verdict(self, i: int) -> tuple[Cell, Cell]:
        """Return whether a section complies, and the remark: what is met, what is above its floor, what is not."""
        d, full = self.d, int(self.at[i])
        verdict = int(d.school[full])
        groups: dict[str, list[str]] = {}
        rule = self.std.school_rule
        floor = None if rule is None or rule.floor_ratio is None else f"{number(100 * float(rule.floor_ratio))}%"
        for j in np.flatnonzero(d.applies[:, full]).tolist():
            code = int(d.verdicts[j, full])
            if code == MET:
                key = "达标"
            elif code == UNDETERMINED:
                key = _OPEN
            elif floor is None:
                key = "不达标"
            else:
                above = int(d.floors[j, full])
                key = {MET: f"达到{floor}", UNMET: f"低于{floor}", UNDETERMINED: f"不达标（{floor}待定）"}[above]
            groups.setdefault(key, []).append(word("short", d.indicators[j].id, "zh"))
        order = sorted(groups, key=lambda k: (k != "达标", not k.startswith("达到"), k == _OPEN))
        said = "；".join(f"{k}{len(groups[k])}项：{'、'.join(groups[k])}" for k in order)
        if rule is None or not groups:
            return _open(word("reason", "no_requirement", "zh")), _text("")
        note = said if verdict == UNDETERMINED else None
        shown = Cell(value=_YES_NO[verdict], text=_YES_NO[verdict], note=note, mark="open" if note else None)
        return shown, _text(said)

    def _footer(self, spec: Mapping[str, Any]) -> list[str]:
        """Count schools, sections of integrated schools, and teaching points."""
        out = []
        for s, stage in enumerate(STAGES):
            kinds = [self.sub.kind[i] for i in self.counted(s).tolist()]
            students = [float(self.sub.students[i]) for i in self.counted(s).tolist()]
            name = word("stage", stage, "zh")
            part = sum(k in INTEGRATED for k in kinds)
            unknown = sum(k is None for k in kinds)
            said = f"{name}共{len(kinds)}所（部）"
            counts = [f"独立{name}{sum(k == stage for k in kinds)}所", f"一贯制学校、完全中学的{name}部{part}个"]
            limit = spec.get("points_from")
            points = [n for k, n in zip(kinds, students, strict=True) if k == "teaching_point"]
            if limit is not None and s == 0:
                counts.append(f"{limit}人及以上教学点{sum(n >= limit for n in points)}个")
                below = sum(not n >= limit for n in points)
                if below:
                    counts.append(f"不足{limit}人或人数不详的教学点{below}个")
            if unknown:
                counts.append(f"未注明学校类型{unknown}所（部）")
            known = {stage, "teaching_point", *INTEGRATED, None}
            other = sum(k not in known for k in kinds) + (len(points) if s else 0)
            if other:
                counts.append(f"其他类型学校{other}所（部）")
            out.append(f"{said}：{'，'.join(counts)}。")
        return out

    # -- III: balance

    def balance_table(self, spec: Mapping[str, Any]) -> FormTable:
        d = self.d
        printing = self.std.printing
        rows: list[tuple[Cell, ...]] = []
        notes = self.unit_notes(self.sub.in_coefficient)
        own = spec.get("digits", {})
        for s, stage in enumerate(STAGES):
            g = int(d.group_at[self.county, s])
            means, coefficients = [], []
            for j, ind in enumerate(d.indicators):
                if g < 0:
                    means.append(_open(word("reason", "no_schools", "zh")))
                    coefficients.append(means[-1])
                    continue
                gaps = int(d.n_missing[g, j])
                why = f"{gaps}所（部）缺数据" if gaps else word("reason", "zero_mean", "zh")
                mean, cv = float(d.mean[g, j]), float(d.coefficient[g, j])
                omitted = f"{gaps}所（部）缺数据，未计入" if gaps else None
                digits = None if printing is None else int(own.get(ind.id, printing.county_mean))
                means.append(_open(why) if np.isnan(mean) else _figure(mean, digits, note=omitted))
                digits = None if printing is None else printing.coefficient
                coefficients.append(self._coefficient(cv, g, j, digits, why, omitted, stage))
            composite = _open(word("reason", "no_schools", "zh"))
            if g >= 0:
                composite = self._composite(float(d.composite[g]), g, stage, spec)
            label = word("stage", stage, "zh")
            rows.append((_text(label), _text(_data()["rows"]["mean"]["zh"]), *means, Cell(text=_NONE)))
            rows.append((_text(label), _text(_data()["rows"]["coefficient"]["zh"]), *coefficients, composite))
            notes += self._limits(stage)
        column = _column("composite", f"L{len(d.indicators) + 1}" if spec.get("codes") else "")
        notes += [f"{'；'.join(self._said(r))}。" for r in d.items if self._of_balance(r)]
        return FormTable(
            id=spec["id"],
            title=spec["title"]["zh"],
            columns=(*_columns("stage", "row"), *self.indicator_columns(spec), column),
            rows=tuple(rows),
            notes=(*notes, *spec.get("notes", ())),
            merged=("stage",),
        )

    def _of_balance(self, r: ItemResult) -> bool:
        return r.item.rule in ("each_coefficient", "composite_coefficient")

    def _said(self, r: ItemResult) -> list[str]:
        verdict = word("verdict", VERDICTS[int(r.verdict[self.county])], "zh")
        return [f"{finding(self.d, r, self.county, 'zh')}，{verdict}"]

    def _coefficient(
        self, cv: float, g: int, j: int, digits: int | None, why: str, omitted: str | None, stage: str
    ) -> Cell:
        if np.isnan(cv):
            return _open(why)
        limit = self.std.limit("each", stage=stage)
        if limit is None:
            return _figure(cv, digits, note=omitted)
        code = int(self.d.coefficient_verdicts[g, j])
        cell = _judged(cv, float(limit.value), limit.op, code, digits, note=omitted)
        return cell if code != UNDETERMINED else attrs.evolve(cell, mark="open")

    def _composite(self, value: float, g: int, stage: str, spec: Mapping[str, Any]) -> Cell:
        if np.isnan(value):
            return _open("有差异系数无法计算")
        digits = None if self.std.printing is None else self.std.printing.coefficient
        limit = self.std.limit("composite", stage=stage)
        if limit is None:
            return _figure(value, digits, note=spec.get("composite_note"))
        code = int(self.d.composite_verdicts[g])
        cell = _judged(value, float(limit.value), limit.op, code, digits)
        return cell if code != UNDETERMINED else attrs.evolve(cell, mark="open", note="有学校缺数据，未计入")

    def _limits(self, stage: str) -> list[str]:
        out = []
        for kind, said in (("each", "各项差异系数"), ("composite", "综合差异系数")):
            limit = self.std.limit(kind, stage=stage)
            if limit is not None:
                name = word("stage", stage, "zh")
                out.append(f"标准（{limit.clause}）：{name}{said}{OPS[limit.op]}{limit.value}。")
        return out

    # -- IV, V: items

    def item_table(self, spec: Mapping[str, Any], results: Sequence[ItemResult] | None = None) -> FormTable:
        chosen = [r for r in self.d.items if r.item.part == spec["part"]] if results is None else list(results)
        chosen.sort(key=lambda r: (r.item.number is None, r.item.number or 0))
        rows: list[tuple[Cell, ...]] = []
        for r in chosen:
            verdict = int(r.verdict[self.county])
            why = str(word("reason", r.reason[self.county], "zh") or "") or None
            if r.item.rule == "scored":
                shown = Cell(text=_NONE, note=why)
            else:
                shown = Cell(
                    value=_YES_NO[verdict],
                    text=_YES_NO[verdict],
                    note=why,
                    mark="open" if verdict == UNDETERMINED else None,
                )
            head = (
                Cell() if r.item.number is None else _figure(r.item.number, 0),
                _text(r.item.label.zh),
            )
            tail = (shown, _text(self.d.facts.reference(r.item, self.county)))
            for condition in range(max(1, len(r.item.conditions))):
                if r.each and r.item.conditions[condition].breach and r.each[condition].skipped[self.county]:
                    continue  # it proves a breach or says nothing
                said, value, required, remark = self._condition(r, condition, spec)
                known = _standing(r) if condition == 0 else ""
                rows.append((*head, said, value, required, *tail, _text("；".join(x for x in (remark, known) if x))))
        ids = ("number", "item", "finding", "value", "required", "verdict", "reference", "remark")
        open_ = sum(int(r.verdict[self.county]) == UNDETERMINED and r.item.rule != "scored" for r in chosen)
        notes = [f"{len(chosen)}项中{open_}项无法判定。"] if open_ else []
        return FormTable(
            id=spec["id"],
            title=spec["title"]["zh"],
            columns=_columns(*ids),
            rows=tuple(rows),
            notes=(*notes, *spec.get("notes", ())),
            merged=("number", "item", "verdict", "reference"),
        )

    def _condition(self, r: ItemResult, position: int, spec: Mapping[str, Any]) -> tuple[Cell, Cell, Cell, str]:
        """Return finding, value, requirement and remark of one condition of an item."""
        if not r.item.conditions:
            # an item on resources that a standard counts with this part
            return _text(finding(self.d, r, self.county, "zh")), Cell(), Cell(), ""
        test, found = r.item.conditions[position], r.each[position]
        verdict = int(found.verdict[self.county])
        remark = self._remark(r, found, position)
        if bool(found.skipped[self.county]):
            named = "、".join(fact_columns()[f].zh for f in test.unless_no)
            return _text(f"{self._names(test)}：不适用"), Cell(text=_NONE), Cell(text=_NONE), f"{named}：否"
        value, required = float(found.value[self.county]), float(found.required[self.county])
        decimals, percent = self._printing(test, spec)
        if r.units[position] is not None:
            met, unmet, open_ = (int(x) for x in found.counts[self.county])
            said = f"{self._names(test)}：应查{met + unmet + open_}个，达标{met}个、不达标{unmet}个、待定{open_}个"
            share = test.scope == "share"
            shown = _judged(value, required, test.op if share else ">=", verdict, decimals, percent=True)
            if np.isnan(value):
                shown = _open("有单位无法判定")
            limit = f"{OPS[test.op]}{_given(required, True)}" if share else self._unit_requirement(test)
            return _text(said), shown, _text(_NONE if share and np.isnan(required) else limit), remark
        totals = self._totals(test)
        if totals is None:
            return _text(f"{self._names(test)}：没有适用的学校"), Cell(text=_NONE), Cell(text=_NONE), remark
        said = self._figures(test, totals)
        if test.op == "==" and not test.bottom and not test.than and required in (0.0, 1.0):
            yes = "" if np.isnan(value) else "是" if value else "否"
            shown = _text(yes) if yes else _open("县情数据未提供", "not_given")
            return _text(said), shown, _text("是" if required else "否"), remark
        if r.item.rule == "scored":
            score = _open("县情数据未提供", "not_given") if np.isnan(value) else _figure(value, decimals)
            return _text(said), score, Cell(text=_NONE), ""
        shown = (
            _open(remark or "县情数据或学校数据未提供")
            if np.isnan(value)
            else _judged(value, required, test.op, verdict, decimals, percent=percent)
        )
        limit = _NONE if np.isnan(required) else f"{OPS[test.op]}{_given(required, percent)}"
        return _text(said), shown, _text(limit), remark

    def _printing(self, test: Test, spec: Mapping[str, Any]) -> tuple[int | None, bool]:
        """Return the decimals of a figure, and whether it is a percentage: counts of one thing over another."""
        if test.scope in ("school", "section", "share"):
            return spec["ratio_decimals"], True
        if test.bottom and {_unit(f, test.scope) for f in test.top} == {_unit(f, test.scope) for f in test.bottom}:
            return spec["ratio_decimals"], True
        if any(f.startswith(tuple(spec.get("as_given", ()))) for f in test.top if spec.get("as_given")):
            return None, False
        return spec.get("decimals"), False

    def _names(self, test: Test) -> str:
        return self._sentence(test, lambda name: figure_label(name, test.scope, "zh"))

    def _figures(self, test: Test, totals: Callable[[str], float]) -> str:
        """Write a test with the figures behind it."""

        def said(name: str) -> str:
            value = totals(name)
            label = figure_label(name, test.scope, "zh")
            if test.scope == "county" and fact_columns()[name].type == "flag":
                return f"{label}：{_NOT_GIVEN if np.isnan(value) else '是' if value else '否'}"
            shown = _NOT_GIVEN if np.isnan(value) else number(value)
            return f"{label} {shown}"

        out = self._sentence(test, said)
        if test.than:
            out += "；" + "、".join(said(f) for f in test.than)
        return out

    def _sentence(self, test: Test, said: Callable[[str], str]) -> str:
        def terms(plus: Iterable[str], minus: Iterable[str]) -> str:
            text = "＋".join(said(f) for f in plus) + "".join(f"－{said(f)}" for f in minus)
            several = len([*plus, *minus]) > 1
            return f"（{text}）" if several and test.bottom else text

        out = terms(test.top, test.top_minus)
        return out + f" ÷ {terms(test.bottom, test.bottom_minus)}" if test.bottom else out

    def _totals(self, test: Test) -> Callable[[str], float] | None:
        """Return what gives the figures of a test; None where it is about none of the schools."""
        if test.scope == "county":
            return lambda name: float(self.d.facts.number(name)[self.county])
        nowhere = np.zeros(self.sub.rows.size, dtype=np.int64)
        units = Units.make(self.sub, nowhere, whole=not (test.where is not None and test.where.stages))
        applies = units.where(test.where)
        chosen = applies == MET
        if (applies == UNMET).all():
            return None
        if not chosen.any():
            return lambda name: float("nan")
        return lambda name: float(units.number(name)[chosen].sum())

    def _unit_requirement(self, test: Test) -> str:
        if test.per_classes is not None:
            return f"每{test.per_classes}个班级1间"
        if test.norm is not None:
            return f"{OPS[test.op]}{test.norm.times}×本学段生均公用经费基准定额"
        if test.than:
            return f"{OPS[test.op]}{'＋'.join(figure_label(f, test.scope, 'zh') for f in test.than)}"
        same = test.bottom and {_unit(f, test.scope) for f in test.top} == {_unit(f, test.scope) for f in test.bottom}
        if test.value is not None and is_grade(test.top[0]):
            return f"每个单位{OPS[test.op]}{word('grade', category_words(test.top[0])[-1 - int(test.value)], 'zh')}"
        if test.value is not None:
            return f"每个单位{OPS[test.op]}{_given(float(test.value), bool(same))}"
        said = []
        for stage, limit in (("primary", test.primary), ("junior", test.junior)):
            if limit is not None:
                said.append(f"{word('stage', stage, 'zh')}{OPS[test.op]}{_given(float(limit), bool(same))}")
        return "，".join(said)

    def _remark(self, r: ItemResult, found: ConditionResult, position: int) -> str:
        """Say why a condition does not hold: which schools, or what is missing."""
        verdict = int(found.verdict[self.county])
        if r.item.rule == "scored" or verdict == MET:
            return ""
        if bool(found.disagree[self.county]):
            return str(word("reason", "readings_disagree", "zh"))
        units = r.units[position]
        if units is None:
            return "不达标" if verdict == UNMET else f"{_OPEN}：{word('reason', 'not_given', 'zh')}"
        out = []
        here = (units.units.county == self.county) & units.concerned
        for code, key in ((UNMET, "不达标"), (UNDETERMINED, _OPEN)):
            first = units.units.first[here & (units.verdict == code)]
            if first.size:
                names = "、".join(school_names(self.d, first[:_NAMED]))
                out.append(f"{key}：{names}" + (f"等{first.size}个" if first.size > _NAMED else ""))
        return "；".join(out) or f"{_OPEN}：{word('reason', 'not_given', 'zh')}"

    # -- VI: survey

    def survey_table(self, spec: Mapping[str, Any]) -> FormTable:
        known = _data()["survey"]
        results = [r for r in self.d.items if r.item.part == spec["part"]]
        rows, blank = [], []
        for who in ("all", "parents"):
            figures = {e["column"]: self._asked(e[who]) for e in known if who in e}
            cells = []
            for entry in known:
                name = entry["column"]
                if "over" in entry:
                    top, bottom = (figures[c] for c in entry["over"])
                    facts = [e[who] for c in entry["over"] for e in known if e["column"] == c]
                    cells.append(self._satisfaction(top, bottom, facts, results, spec))
                elif np.isnan(figures[name]):
                    blank.append(fact_columns()[entry[who]].zh)
                    cells.append(_open(f"县情数据未提供“{blank[-1]}”", "not_given"))
                else:
                    cells.append(_figure(figures[name], 0))
            rows.append((_text(_data()["rows"][who]["zh"]), *cells))
        notes = []
        for r in results:
            why = word("reason", r.reason[self.county], "zh")
            notes.append("；".join(self._said(r)) + (f"（{why}）" if why else "") + "。")
            if _standing(r):
                notes.append(f"{_standing(r)}。")
        if blank:
            notes.append(f"{_NOT_GIVEN}（{len(blank)}项，留空）：{'、'.join(blank)}。")
        return FormTable(
            id=spec["id"],
            title=spec["title"]["zh"],
            columns=_columns("who", *(e["column"] for e in known)),
            rows=tuple(rows),
            notes=(*notes, *spec.get("notes", ())),
        )

    def _asked(self, fact: str) -> float:
        return float(self.d.facts.number(fact)[self.county])

    def _satisfaction(
        self, top: float, bottom: float, facts: Sequence[str], results: Sequence[ItemResult], spec: Mapping[str, Any]
    ) -> Cell:
        decimals = spec["ratio_decimals"]
        if np.isnan(top) or np.isnan(bottom):
            return _open("问卷或走访人数未提供", "not_given")
        if not bottom > 0:
            return _open(word("reason", "zero_denominator", "zh"))
        value = top / bottom
        for r in results:
            for test, found in zip(r.item.conditions, r.each, strict=True):
                if (*test.top, *test.bottom) == tuple(facts):
                    required, verdict = float(found.required[self.county]), int(found.verdict[self.county])
                    return _judged(value, required, test.op, verdict, decimals, percent=True)
        return _figure(value, decimals, percent=True)


def _given(value: float, percent: bool) -> str:
    return f"{number(100 * value)}%" if percent else number(value)


def _unit(name: str, scope: str) -> str | None:
    if scope == "county":
        return fact_columns()[name].unit
    found = base_column(name)
    return None if found is None else found[0].unit


def _standing(r: ItemResult) -> str:
    """Say so where a rule is not known first hand."""
    standing = str(r.item.standing)
    return "" if standing in ("confirmed", "secondary") else f"依据：{word('standing', standing, 'zh')}"


def _find_form(standard: Standard) -> Mapping[str, Any]:
    """Return the form of a standard, or of the one it builds on."""
    forms = {str(f["standard"]): f for f in _data()["forms"]}
    std: Standard | None = standard
    while std is not None:
        if std.id in forms:
            found: Mapping[str, Any] = forms[std.id]
            return found
        std = None if std.extends is None else load_standard(std.extends)
    raise InputError(
        f"{standard.id} has no declaration form; there is one for {' and '.join(forms)}, and for standards that "
        "extend them"
    )


def _choose(d: Data, county: Any) -> int:
    """Return the one county meant."""
    found = find_county(d, county)
    if len(found) == 1:
        return found[0]
    if not found:
        raise InputError("the evaluation has no county")
    names = [d.county_name(c) for c in found]
    shown = ", ".join(names[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "")
    what = "several counties" if county is None else f"{county!r} in several years"
    raise InputError(f"the evaluation has {what}: {shown}; a form is of one, so name it with county=")


def county_key(d: Data, county: int) -> tuple[Any, ...]:
    """Return what names a county (and year) in ``county=``."""
    return tuple(words[county] for _, words in d.county_words)


def school_names(d: Data, sections: Ints) -> list[str]:
    """Return the name of the school of each section, its code where the name is missing."""
    reading = d.sections.reading
    out: list[str] = [""] * sections.size
    for column in ("school_code", "school"):
        if column in reading.has:
            codes, words = reading.codes(column)
            mine = codes[d.sections.rows[sections]].tolist()
            out = [str(words[c]) if c >= 0 else known for c, known in zip(mine, out, strict=True)]
    return out
