"""The schools of one county and stage: the shortfalls of each in words, and all figures (private)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np

from junheng._arrays import Ints
from junheng._data import STAGES
from junheng.indicators.compliance import MET, UNMET
from junheng.planning._needs import Shortages
from junheng.reports.page.standings import explained, standing_of
from junheng.reports.page.words import LISTED, ReportWords, asked, count_verdicts, sentence, verdict_of
from junheng.reports.plots._canvas import short
from junheng.reports.plots._subject import section_kinds, worst_first
from junheng.results import Judgement
from junheng.results.missing import why_open
from junheng.results.reasons import number
from junheng.schools import columns
from junheng.words import SIGNS as OPS

#: Columns of figures a table has at most, so that it fits a printed page.
ACROSS = 7
_MARKS = {"below": "▼", "unmet": "▼", "floor": "◆", "open": "□"}


class StageTable:
    """The schools of one county and stage, the worst first, and how far each falls short."""

    def __init__(self, d: Judgement, c: int, s: int, text: ReportWords) -> None:
        self.d, self.s, self.text = d, s, text
        self.stage = text.label("stage", STAGES[s])
        rows = d.judged_by_place.at(d.place(c, s))
        self.rows: Ints = worst_first(d, rows)
        self.judged = d.standard.school_rule is not None and bool(d.standard.thresholds)
        self.own = [j for j in range(len(d.indicators)) if d.threshold(j, s) is not None]
        self.shortages = Shortages(d)
        sections = self.rows.tolist()
        self._kinds = {j: dict(zip(sections, section_kinds(d, j, self.rows, s), strict=True)) for j in self.own}

    def kind(self, j: int, i: int) -> str:
        """Return the kind of a cell, as in pictures: met, floor, below, unmet, open."""
        return str(self._kinds[j][i])

    def lack(self, j: int, i: int) -> float | None:
        """Return what the school of a section must add to reach a threshold; None if that is not an amount."""
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
        """Tell whether all stages of a school share what a section lacks."""
        ask = self.shortages.ask(j, self.s)
        return ask is not None and bool(ask.thing.divided[i])

    def lack_text(self, j: int, i: int, lack: float | None) -> str:
        """Write what a school lacks, and whether its stages share it."""
        if lack is None:
            return ""
        return self.text("cell_lack_shared" if self.shared(j, i) else "cell_lack", amount=self.amount(j, lack))

    def fails(self) -> list[tuple[int, dict[str, Any]]]:
        """Return a line for each indicator that schools miss, with how many do."""
        d, text, lines = self.d, self.text, []
        for j in self.own:
            t = d.threshold(j, self.s)
            missing = [i for i in self.rows.tolist() if d.verdicts[j, i] == UNMET]
            if not missing or t is None:
                continue
            line = text("fail_schools", total=self.rows.size, n=len(missing))
            below = sum(self.kind(j, i) == "below" for i in missing)
            if below:
                line += text("fail_below", n=below)
            lacks = {i: x for i in missing if (x := self.lack(j, i)) is not None}
            if lacks:
                total = sum((Decimal(str(x)) for x in lacks.values()), Decimal(0))
                key = "fail_amount_shared" if any(self.shared(j, i) for i in lacks) else "fail_amount"
                line += text(key, amount=self.amount(j, total))
            with np.errstate(divide="ignore", invalid="ignore"):
                reach = d.values[j, missing] / d.required[j, missing]
            order = np.argsort(reach if t.op in (">=", ">") else -reach, kind="stable")
            worst = missing[int(order[0])]
            value, required = float(d.values[j, worst]), float(d.required[j, worst])
            if np.isfinite(value) and np.isfinite(required):
                line += text(
                    "fail_worst",
                    school=self.school(worst),
                    value=number(value, required),
                    op=OPS[t.op],
                    required=number(required),
                )
                line += self.lack_text(j, worst, lacks.get(worst))
            head = text("fail_head", stage=self.stage, indicator=getattr(d.indicators[j], text.language))
            lines.append((len(missing), {"head": head, "text": line + text("end"), "rule": t}))
        return lines

    def school(self, i: int) -> str:
        """Name the school of a section."""
        return str(self.d.school_names[self.d.sections.rows[i]])

    def cell(self, j: int, i: int) -> dict[str, str]:
        """Write the shortfall of a school in an indicator."""
        d, text = self.d, self.text
        ind, t = d.indicators[j], d.threshold(j, self.s)
        assert t is not None
        name, kind = str(getattr(ind, text.language)), self.kind(j, i)
        value, required = float(d.values[j, i]), float(d.required[j, i])
        floor = ""
        if t.floor is not None and kind in ("floor", "below"):
            floor = text("cell_floor" if kind == "floor" else "cell_below", floor=number(float(t.floor)))
        # the required number was lost: it is only known to be more than 0
        lost = bool(np.isnan(required)) and kind != "open"
        line = text(
            "cell",
            indicator=name,
            value=number(value, required),
            unit=" " + text.label("unit", ind.unit),
            op=OPS[">" if lost else t.op],
            required=number(0.0 if lost else required),
            floor=floor,
            lack=self.lack_text(j, i, self.lack(j, i)),
        )
        return {"kind": kind, "mark": _MARKS[kind], "text": line}

    def _short(self, i: int) -> list[dict[str, str]]:
        """Write the shortfalls of a school; indicators undetermined for one reason share a line."""
        d, text, cells = self.d, self.text, []
        blank: dict[str, list[str]] = {}
        for j in self.own:
            if d.verdicts[j, i] == MET:
                continue
            if self.kind(j, i) == "open" and not (np.isfinite(d.values[j, i]) and np.isfinite(d.required[j, i])):
                reason = why_open(d, j, i, text.language)
                blank.setdefault(reason, []).append(str(getattr(d.indicators[j], text.language)))
            else:
                cells.append(self.cell(j, i))
        for reason, names in blank.items():
            line = text("cell_open", reason=sentence(reason), indicator=text.join(names))
            cells.append({"kind": "open", "mark": _MARKS["open"], "text": line})
        return cells

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
                    "verdict": verdict_of(verdict, text),
                    "met": f"{int(((d.verdicts[:, i] == MET) & applies).sum())}/{int(applies.sum())}",
                    "short": [] if verdict == MET else self._short(i),
                    "values": [self._value(j, i) for j in self._columns()],
                }
            )
        met, unmet, open_ = count_verdicts(d.school[self.rows])
        chosen = self._columns()
        heads = []
        for j in chosen:
            t = d.threshold(j, self.s)
            required = ""
            if t is not None:
                required = text("by_classes") if t.value is None else asked(t)
            unit = text.label("unit", d.indicators[j].unit)
            heads.append(
                {
                    "name": str(getattr(d.indicators[j], language)),
                    "unit": unit,
                    "required": required,
                    "standing": standing_of(t, text),
                }
            )
        groups = [(a, min(a + ACROSS, len(heads))) for a in range(0, len(heads), ACROSS)]
        rule = d.standard.school_rule if self.judged else None
        falling = [x for x in lines if x["verdict"]["code"] != "met"]
        return {
            "head": text(
                "schools_stage" if self.judged else "schools_plain",
                stage=self.stage,
                total=self.rows.size,
                met=met,
                unmet=unmet,
                open=open_,
            ),
            "short": falling if self.judged else [],
            "folded": len(falling) > LISTED,
            "lines": lines,
            "heads": heads,
            "groups": groups,
            "marked": bool(self.own),
            "rule": standing_of(rule, text),
            "clause": "" if rule is None else rule.clause,
            "standings": explained([rule, *(d.threshold(j, self.s) for j in chosen)], text),
        }

    def _columns(self) -> list[int]:
        return self.own or list(range(len(self.d.indicators)))

    def _value(self, j: int, i: int) -> dict[str, str]:
        d = self.d
        value, required = float(d.values[j, i]), float(d.required[j, i])
        kind = self.kind(j, i) if d.applies[j, i] else "met"
        shown = "–" if np.isnan(value) else short(value, required if np.isfinite(required) else None)
        return {"kind": kind, "mark": _MARKS.get(kind, ""), "text": shown}
