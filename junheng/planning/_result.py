"""The result of planning: changes, costs and effects as frames and as strict JSON (private)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal
from functools import cached_property
from typing import Any, Generic, Literal

import numpy as np
from attrs import evolve, field, frozen

from junheng._data import STAGES
from junheng._frames import FrameT, Labels
from junheng._public import public_names
from junheng.indicators.compliance import MET, UNDETERMINED, UNMET, VERDICTS
from junheng.planning._budget import Step
from junheng.planning._card import WHY, plan_card
from junheng.planning._costs import Prices
from junheng.planning._problem import County
from junheng.planning._solve import Answer
from junheng.results import Evaluation, records
from junheng.results.frames import Frames, id_records
from junheng.schools import base_column, columns
from junheng.words import Language, sentences, word

__all__ = ["WHY", "Plan", "fails"]


@frozen(eq=False, slots=False, repr=False)
class Plan(Generic[FrameT]):
    """Additions, their cost and their effect; returned by :func:`plan`.

    Attributes
    ----------
    evaluation : Evaluation
        The evaluation before the plan.
    budget : float or None
        The budget, if one was given.
    full_cost : float
        Cost of the whole plan, even if the budget is smaller.
    """

    evaluation: Evaluation[FrameT] = field(repr=False)
    answers: tuple[Answer, ...] = field(repr=False)
    taken: tuple[tuple[Step, bool], ...] = field(repr=False)
    prices: Prices = field(repr=False)
    moves: Prices = field(repr=False)
    budget: float | None
    full_cost: float

    def __dir__(self) -> list[str]:
        return public_names(self, "answers", "taken", "prices", "moves")

    @property
    def whole(self) -> bool:
        """Whether the whole plan is within the budget."""
        return self.budget is None or self.full_cost <= self.budget

    @cached_property
    def cost(self) -> float:
        """Cost of the changes, in yuan."""
        return math.fsum(r["cost"] for r in self._rows)

    @property
    def bound(self) -> float:
        """Lower bound on the cost of any plan that passes; NaN if the budget is too small."""
        return min(math.fsum(a.bound for a in self.answers), self.full_cost) if self.whole else math.nan

    @property
    def gap(self) -> float:
        """Largest possible saving as a share of the cost; NaN if the budget is too small."""
        if not self.whole:
            return math.nan
        return 0.0 if self.full_cost == 0 else max(0.0, (self.full_cost - self.bound) / self.full_cost)

    @property
    def stopped(self) -> Literal["time"] | None:
        """``"time"`` if the time limit ended the search of a county: another run may find another plan. Else None."""
        return "time" if any(a.stopped for a in self.answers) else None

    @property
    def left_over(self) -> float | None:
        """Unspent budget; None without a budget."""
        return None if self.budget is None else self.budget - self.cost

    @cached_property
    def _rows(self) -> list[dict[str, Any]]:
        out: list[dict[str, Any]] = []
        for answer in self.answers:
            out += _change_rows(self.evaluation, answer, self.moves)
        return out

    @cached_property
    def changes(self) -> FrameT:
        """One row per change: county, school, row, stage, indicator, column, change, unit, unit cost, cost, purpose."""
        ev, rows = self.evaluation, self._rows
        d, lang = ev.data, ev.language
        section = np.array([r["section"] for r in rows], dtype=np.int64)
        frames: Frames[FrameT] = Frames(ev.data, ev.language)
        out: dict[str, Any] = frames.by_columns(d.county[section])
        out |= frames.school_columns(section)
        out["row"] = d.sections.rows[section]
        stages = np.array([r["stage"] for r in rows], dtype=np.int64)
        out["stage"] = frames.labels("stage", stages, STAGES)
        indicators = np.array([r["indicator"] for r in rows], dtype=np.int64)
        out["indicator"] = frames.labels("indicator", indicators, [i.id for i in d.indicators])
        out["column"] = [r["column"] if lang is None else _column_label(r["column"], lang) for r in rows]
        out["change"] = np.array([r["change"] for r in rows], dtype=np.float64)
        out["unit"] = [None if u is None else str(word("unit", u, lang)) for u in (r["unit"] for r in rows)]
        out["unit_cost"] = np.array([r["unit_cost"] for r in rows], dtype=np.float64)
        out["cost"] = np.array([r["cost"] for r in rows], dtype=np.float64)
        out["why"] = Labels(np.array([r["why"] for r in rows], dtype=np.int64), [word("why", w, lang) for w in WHY])
        return frames.frame(out)

    @cached_property
    def after(self) -> Evaluation[FrameT]:
        """Evaluation of the table after the changes."""
        ev = self.evaluation
        plain = self.relabel(None)
        return plain.evaluation.apply(plain.changes).relabel(ev.language)

    @cached_property
    def counties(self) -> FrameT:
        """One row per county: cost of its plan, bound, method, number of unplanned items, and expected verdict."""
        ev = self.evaluation
        lang = ev.language
        spent = dict.fromkeys((a.problem.county for a in self.answers), 0.0)
        for r in self._rows:
            spent[int(ev.data.county[r["section"]])] += r["cost"]
        frames: Frames[FrameT] = Frames(ev.data, ev.language)
        out: dict[str, Any] = frames.by_columns(np.array([a.problem.county for a in self.answers], dtype=np.int64))
        out["cost"] = np.array([spent[a.problem.county] for a in self.answers])
        out["bound"] = np.array([a.bound if self.whole else math.nan for a in self.answers])
        out["method"] = [str(word("method", a.method, lang)) for a in self.answers]
        out["n_unplanned"] = np.array([len(a.problem.unknown) for a in self.answers], dtype=np.int64)
        out["promise"] = frames.labels("verdict", np.array([self._promise(a) for a in self.answers]), VERDICTS)
        return frames.frame(out)

    def _promise(self, answer: Answer) -> int:
        problem, d = answer.problem, self.evaluation.data
        if not self.whole and fails(self.after, problem):
            return int(UNMET)
        std = d.standard
        named = {t.stage for t in std.thresholds} | {x.stage for x in std.limits}
        ruled = [s for s, name in enumerate(STAGES) if name in named]
        # without schools of a stage, or without a rule, nothing is promised
        known = bool(ruled) and all(d.group_at[problem.county, s] >= 0 for s in ruled)
        judged = std.limits or std.school_rule is not None
        # a coefficient of zeros is undefined, not unmet, until the step that was not affordable
        left = any(not reached for step, reached in self.taken if step.county == problem.county)
        return int(MET if known and judged and not problem.unknown and not left else UNDETERMINED)

    @cached_property
    def steps(self) -> FrameT:
        """Order in which the budget is spent: what each step makes pass, its cost, the total, and whether it is taken.

        Empty if the budget is sufficient or not given.
        """
        ev = self.evaluation
        frames: Frames[FrameT] = Frames(ev.data, ev.language)
        out: dict[str, Any] = frames.by_columns(np.array([s.county for s, _ in self.taken], dtype=np.int64))
        out["turns"] = [str(word("turns", s.what, ev.language)) for s, _ in self.taken]
        out["where"] = [self._where(s) for s, _ in self.taken]
        cost = np.array([s.cost for s, _ in self.taken], dtype=np.float64)
        out["cost"] = cost
        out["cumulated_cost"] = np.cumsum(cost)
        out["reached"] = np.array([done for _, done in self.taken], dtype=bool)
        return frames.frame(out)

    def _where(self, step: Step) -> str:
        if step.at is None:
            return step.school
        (j, stage), lang = step.at, self.evaluation.language
        name = "composite" if j < 0 else self.evaluation.data.indicators[j].id
        if lang is not None and j >= 0:
            name = str(getattr(self.evaluation.data.indicators[j], lang))
        elif lang is not None:
            name = str(word("indicator", name, lang))
        where = str(word("stage", STAGES[stage], lang))
        return sentences("planning", lang or "en")["at_stage"].format(name=name, stage=where)

    @cached_property
    def unplanned(self) -> FrameT:
        """What could not be planned and the reason: a missing figure or a missing rule."""
        ev = self.evaluation
        d, lang = ev.data, ev.language
        rows = [(a, *u) for a in self.answers for u in a.problem.unknown]
        county = np.array([a.problem.county for a, *_ in rows], dtype=np.int64)
        section = [None if s < 0 else int(a.problem.sections[s]) for a, s, _, _, _ in rows]
        frames: Frames[FrameT] = Frames(ev.data, ev.language)
        out: dict[str, Any] = frames.by_columns(county)
        out["school"] = [None if s is None else d.school_names[d.sections.rows[s]] for s in section]
        out["stage"] = frames.labels("stage", np.array([s for _, _, s, _, _ in rows], dtype=np.int64), STAGES)
        named = np.array([j for _, _, _, j, _ in rows], dtype=np.int64)
        out["indicator"] = frames.labels("indicator", named, [i.id for i in d.indicators])
        out["reason"] = [str(word("reason", r, lang)) for *_, r in rows]
        return frames.frame(out)

    def relabel(self, language: Language | None) -> Plan[FrameT]:
        """Return the same plan with labels instead of ids, in one language: all frames and both evaluations.

        Parameters
        ----------
        language : {"zh", "en"} or None
            Language of the labels; None for ids.

        Returns
        -------
        Plan
            The same figures with other words.

        Raises
        ------
        InputError
            If there are no labels in that language.

        Examples
        --------
        >>> import junheng as jh
        >>> ev = jh.evaluate(jh.synthetic.county(seed=0), "cn-quality-balance-2017")
        >>> plan = jh.plan(ev, unit_costs=dict.fromkeys(jh.shortfall_totals(ev)["column"], 1))
        >>> list(plan.relabel("zh").counties.columns)[:3]
        ['县（市、区）', '年度', '费用（元）']
        """
        made = evolve(self, evaluation=self.evaluation.relabel(language))
        if "after" in self.__dict__:  # evaluated once
            made.__dict__["after"] = self.after.relabel(language)
        return made

    def to_dict(self) -> dict[str, Any]:
        """Return everything as dicts, lists, strings, numbers, booleans and None: strict JSON, no NaN.

        Keys and ids are the same in every language; sentences are in the language of :meth:`relabel`.

        Returns
        -------
        dict
            ``provenance``, ``standard``, ``unit_costs``, ``move_costs``, ``budget``, ``full_cost``, ``cost``,
            ``bound``, ``gap`` (None if the budget is too small), ``stopped``, ``left_over``, ``whole``;
            ``counties``, ``changes``, ``steps`` and ``unplanned``, each a list of rows; ``verdicts_after``;
            ``problems`` of the table.

        Examples
        --------
        >>> import json, junheng as jh
        >>> ev = jh.evaluate(jh.synthetic.county(seed=0), "cn-quality-balance-2017")
        >>> plan = jh.plan(ev, unit_costs=dict.fromkeys(jh.shortfall_totals(ev)["column"], 1))
        >>> json.loads(json.dumps(plan.to_dict(), allow_nan=False))["counties"][0]["promise"]
        'met'
        """

        def finite(x: float | None) -> float | None:
            return None if x is None or not math.isfinite(x) else float(x)

        def prices(given: Prices) -> dict[str, Any]:
            return {
                str(c): {str(k): float(v) for k, v in x.items()} if isinstance(x, Mapping) else float(x)
                for c, x in given.given.items()
            }

        ev, plain = self.evaluation, self.relabel(None)
        return {
            "provenance": dict(plain.evaluation.provenance),
            "standard": self.evaluation.standard.id,
            "unit_costs": prices(self.prices),
            "move_costs": prices(self.moves),
            "budget": self.budget,
            "full_cost": float(self.full_cost),
            "cost": float(self.cost),
            "bound": finite(self.bound),
            "gap": finite(self.gap),
            "stopped": self.stopped,
            "left_over": finite(self.left_over),
            "whole": self.whole,
            **{name: records(getattr(plain, name)) for name in ("counties", "changes", "steps", "unplanned")},
            "verdicts_after": id_records(self.after.data, "verdicts", ev.language),
            "problems": id_records(ev.data, "problems", ev.language),
        }

    def _repr_html_(self) -> str:
        return plan_card(self, self.evaluation.language or "en")

    def __repr__(self) -> str:
        share = "" if self.whole else f" of {self.full_cost:,.0f}"
        return f"<Plan: changes {len(self._rows)}, counties {len(self.answers)}, cost {self.cost:,.0f}{share}>"


def fails(after: Evaluation, problem: County) -> bool:
    """Return whether a school or coefficient of a county is still unmet."""
    d = after.data
    groups = d.group_county == problem.county
    schools = d.school[d.judged[d.county[d.judged] == problem.county]] if d.standard.school_rule is not None else []
    return bool(
        (np.asarray(schools) == UNMET).any()
        or (d.coefficient_verdicts[groups] == UNMET).any()
        or (d.composite_verdicts[groups] == UNMET).any()
    )


def _change_rows(ev: Evaluation, answer: Answer, moves: Prices) -> list[dict[str, Any]]:
    problem, d = answer.problem, ev.data
    out = []
    named: dict[tuple[int, int], int] = {}
    for n in problem.needs:
        if n.threshold:
            named.setdefault((n.resource, n.unit), n.indicator)
    for k, (resource, z) in enumerate(zip(problem.resources, answer.steps, strict=True)):
        moved = answer.moved.get(k)
        of = d.sections.stage[problem.sections]
        arrivals = [0 if moved is None else int(-moved[of == s].sum()) for s in range(len(STAGES))]
        size = Decimal(resource.step.numerator) / Decimal(resource.step.denominator)
        for u in range(len(resource.members)):
            section = int(problem.sections[resource.members[u][0]])
            stage = int(d.sections.stage[section])
            shared = bool(resource.members[u].size > 1 or resource.share[resource.members[u][0]] != 1)
            unit_cost = float(resource.cost[u]) / float(resource.step)
            base = {
                "section": section,
                "stage": -1 if shared else stage,
                "indicator": named.get((k, u), resource.targets[0].indicator if resource.targets else -1),
                "column": _column_of(d, resource.column, section),
                "unit": columns()[resource.column].unit,
            }
            bought = int(z[u])
            taken = min(bought, arrivals[stage])
            arrivals[stage] -= taken
            price = moves.unit_cost(resource.column, d.sections.kind[section]) if taken else None
            for count, why, cost in (
                (taken, "moved_in", price),
                (bought - taken, _why(problem, answer, k, u), unit_cost),
                (0 if moved is None else int(moved[resource.members[u][0]]), "moved_out", 0.0),
            ):
                if count:
                    paid = 0.0 if cost is None else float(cost)
                    out.append(
                        base
                        | {
                            "change": float(count * size),
                            "unit_cost": paid,
                            "cost": paid * float(count * size) if count > 0 else 0.0,
                            "why": WHY.index(why),
                        }
                    )
    return out


def _why(problem: County, answer: Answer, k: int, u: int) -> str:
    low, z = int(answer.lows[k][u]), int(answer.steps[k][u])
    if low == 0 or (answer.method == "budget" and not any(n.resource == k and n.unit == u for n in problem.needs)):
        return "coefficient"
    if z > low:
        return "threshold_and_coefficient"
    reached = [n for n in problem.needs if n.resource == k and n.unit == u]
    return "threshold" if any(n.threshold <= z for n in reached) else "floor"


def _column_label(name: str, language: Language) -> str:
    """Return the label of a column, with the stage if its name has one."""
    found = base_column(name)
    if found is None:
        return name
    label = str(getattr(found[0], language))
    if found[1] is None:
        return label
    return sentences("planning", language)["of_stage"].format(stage=word("stage", found[1], language), column=label)


def _column_of(d: Any, column: str, section: int) -> str:
    """Return the column of the table with a section's figure."""
    sections = d.sections
    stage = STAGES[int(sections.stage[section])]
    if columns()[column].shared:
        return column
    base = sections.schools.number(column)
    if sections.wide[section] or base is None or np.isnan(base[sections.rows[section]]):
        return f"{column}_{stage}"
    return column
