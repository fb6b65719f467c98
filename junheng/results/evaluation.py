"""What goes out: tidy frames built when first asked for, explanations, and a form that JSON can hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, Generic, Literal

import attrs
from attrs import field, frozen

from junheng._arrays import Ints
from junheng._frames import FrameT, Labels
from junheng.errors import InputError, check_language
from junheng.judging.judgement import Judgement
from junheng.results.card import card
from junheng.results.explain import explain
from junheng.results.frames import Frames, records
from junheng.schools.checks import problems_frame
from junheng.standards.model import Standard
from junheng.words import Language

__all__ = ["Evaluation"]


@frozen(kw_only=True, eq=False, slots=False, repr=False)
class Evaluation(Generic[FrameT]):
    """Every figure, verdict and reason of one table under one standard; made by :func:`junheng.evaluate`.

    Frames are tidy and long, in the library of the input, and built when first asked for. Ids are English words;
    :meth:`relabel` turns headers and ids into Chinese or English labels.

    Attributes
    ----------
    provenance : dict
        Version, standard and digest, options, counts of rows, warnings. No clock: same input, same bytes.
    language : str or None
        Language of labels, None for ids.
    """

    data: Judgement = field(repr=False)
    provenance: Mapping[str, Any]
    language: Language | None = None
    # how to judge another table in the same way; results know nothing of evaluating
    again: Callable[[Any], Evaluation[FrameT]] | None = field(default=None, repr=False, eq=False)

    @property
    def standard(self) -> Standard:
        """The standard judged by."""
        return self.data.standard

    def __repr__(self) -> str:
        p = self.provenance
        return (
            f"<Evaluation of {self.data.n_counties} counties, {p['sections_counted']} schools and stages "
            f"under {self.standard.id}>"
        )

    # ------------------------------------------------------------------------------------- frames

    @cached_property
    def _frames(self) -> Frames[FrameT]:
        return Frames(self.data, self.language)

    @cached_property
    def schools(self) -> FrameT:
        """Every indicator of every school and stage: value, requirement, floor, verdict and the reason for it."""
        return self._frames.schools()

    @cached_property
    def school_verdicts(self) -> FrameT:
        """One row per school and stage: how many indicators are met, and whether it complies."""
        return self._frames.school_verdicts()

    @cached_property
    def indicators(self) -> FrameT:
        """Every indicator of every county and stage: mean, deviation, coefficient, limit, verdict, counts.

        The composite stands in a row of its own where the standard limits it. Where the standard sets no limit the
        verdict is empty.
        """
        return self._frames.indicators()

    @cached_property
    def items(self) -> FrameT:
        """Every item a county is judged by: value, requirement, verdict, counts, clause, source and standing."""
        return self._frames.items()

    @cached_property
    def item_schools(self) -> FrameT:
        """Every school (and stage) that fails a condition of an item, or of which it is not known."""
        return self._frames.item_schools()

    @cached_property
    def verdicts(self) -> FrameT:
        """One row per county and part, and one for the whole: verdict and the reason in a sentence."""
        return self._frames.verdicts()

    @cached_property
    def county_indicators(self) -> FrameT:
        """Enrolment, retention, progression, funds of every county, from its facts; empty where they are not given."""
        return self._frames.county_indicators()

    @cached_property
    def grades(self) -> FrameT:
        """Count schools by the grades inspectors gave them: each item B1 to B13, and the conclusion.

        One row per county, graded column and grade: ``n_schools``, ``share`` of the schools that have a grade there.
        Empty where the table has no such columns. No conclusion is drawn from grades: the rule was not found.
        """
        return self._frames.grades()

    @cached_property
    def left_out(self) -> FrameT:
        """Every unit that does not count, by name, with the reason, and in what it does not count.

        ``left_out_of`` is ``all``; or, under a standard that asks apart, ``basic_standard`` (of schools) or
        ``coefficient``.
        """
        return self._frames.left_out()

    @cached_property
    def problems(self) -> FrameT:
        """What was odd in the table but did not stop the evaluation, as :func:`junheng.check_schools` lists it."""
        found: FrameT = problems_frame(self.data.problems, self.data.backend)
        return found

    def header(self, name: str) -> str:
        """Return the label of a column in the language of the evaluation."""
        return self._frames.header(name)

    # how frames of other rooms are made; they should ask for Frames (to go)

    def _frame(self, out: dict[str, Any]) -> Any:
        return self._frames.frame(out)

    def _labels(self, group: str, codes: Any, words: Any) -> Labels:
        return self._frames.labels(group, codes, words)

    def _by_columns(self, county: Ints) -> dict[str, Any]:
        return self._frames.by_columns(county)

    def _school_columns(self, section: Ints) -> dict[str, Any]:
        return self._frames.school_columns(section)

    # ------------------------------------------------------------------------------------- words

    def explain(
        self, county: Any = None, *, stage: Literal["primary", "junior"] | None = None, language: Language | None = None
    ) -> str:
        """Say why: which rule, which schools, which numbers, which clause.

        Parameters
        ----------
        county : object, optional
            A county as it stands in the table (with several ``by`` columns, a tuple of them); all without it.
        stage : {"primary", "junior"}, optional
            Only this stage.
        language : {"en", "zh"}, optional
            By default the language of :meth:`relabel`, or English.

        Returns
        -------
        str
            Plain text, a line a finding.

        Raises
        ------
        InputError
            When no such county was evaluated; near matches are named.

        Examples
        --------
        >>> import junheng as jh
        >>> ev = jh.evaluate(jh.synthetic.county(seed=0), "cn-quality-balance-2017")
        >>> print(ev.explain(language="zh").splitlines()[0])
        示例县 / 2025 · 义务教育优质均衡发展县（教督〔2017〕6号）
        """
        return explain(self.data, county, stage, check_language(language or self.language or "en"))

    def relabel(self, language: Language) -> Evaluation[FrameT]:
        """Return the same evaluation with headers, ids and verdicts as labels of a language.

        Parameters
        ----------
        language : {"zh", "en"}
            Language of the labels.

        Returns
        -------
        Evaluation
            Sharing the figures; only words change.

        Raises
        ------
        InputError
            When there are no labels in that language.

        Examples
        --------
        >>> import junheng as jh
        >>> ev = jh.evaluate(jh.synthetic.county(seed=0), "cn-quality-balance-2017")
        >>> list(ev.relabel("zh").verdicts.columns)
        ['县（市、区）', '年度', '部分', '结论', '说明']
        """
        return attrs.evolve(self, language=check_language(language))

    def apply(self, changes: Any) -> Evaluation[FrameT]:
        """Judge the same schools after some changes: what if.

        Figures are added in decimals, as they were typed, so that a school brought exactly to a threshold meets it. The
        table given to :func:`junheng.evaluate` is not touched.

        Parameters
        ----------
        changes : frame, change or list of them
            A frame with ``column`` and ``change`` (added to the figure; negative to take away) and either ``row``
            (position in the table) or the school (``school`` or ``school_code``, with county, year and stage as far as
            needed); other columns are passed over. Or one of :mod:`junheng.changes`: ``Add``, ``Enrolment``,
            ``Cohorts``, ``Merge``, ``Open``, ``Close``. Or a list of these, made one after the other; rows are always
            those of the table as it is now.

        Returns
        -------
        Evaluation
            Under the same standard, options and county facts. ``provenance["changes"]`` has the number of cells changed
            and a digest, once for every call; :func:`junheng.changes.applied` lists the cells.

        Raises
        ------
        InputDataError
            When a change cannot be made (no such school, more than one, no such column, a figure that is missing or
            would turn negative); every problem is listed.
        InputError
            When ``changes`` is of the wrong kind.

        Examples
        --------
        >>> import junheng as jh
        >>> ev = jh.evaluate(jh.synthetic.county(seed=0), "cn-quality-balance-2017")
        >>> rooms = jh.changes.Add("multimedia_classrooms", 12, school="示例县第1小学")
        >>> fewer = jh.changes.Enrolment(factor=0.95, stage="primary")
        >>> ev.apply([rooms, fewer]).provenance["changes"][0]["cells"]
        42
        """
        from junheng.changes import change_table

        if self.again is None:
            raise InputError("this evaluation does not know how it was made; call junheng.evaluate on the table")
        changed = change_table(self.data, changes)
        new = self.again(changed.frame)
        before = list(self.provenance.get("changes", ()))
        provenance = {**new.provenance, "changes": [*before, changed.provenance()]}
        return attrs.evolve(new, provenance=provenance, language=self.language)

    def to_dict(self, *, schools: bool = True) -> dict[str, Any]:
        """Return everything as dicts, lists, strings, numbers, booleans and None: strict JSON, no NaN.

        Parameters
        ----------
        schools : bool
            Also the figures school by school; they are most of the bulk.

        Returns
        -------
        dict
            ``provenance``, ``standard``, ``verdicts``, ``items``, ``indicators``, ``left_out``, ``grades``, and with
            ``schools`` ``school_verdicts``, ``schools`` and ``item_schools``: each a list of rows.

        Examples
        --------
        >>> import json, junheng as jh
        >>> ev = jh.evaluate(jh.synthetic.county(seed=0), "cn-quality-balance-2017")
        >>> json.loads(json.dumps(ev.to_dict(), allow_nan=False))["verdicts"][0]["verdict"]
        'unmet'
        """
        std = self.standard
        names = ["verdicts", "items", "indicators", "left_out", "grades"]
        if schools:
            names += ["school_verdicts", "schools", "item_schools"]
        return {
            "provenance": dict(self.provenance),
            "standard": {
                "id": std.id,
                "label": {"zh": std.label.zh, "en": std.label.en},
                "document": std.document,
                "number": std.number,
            },
            **{name: records(getattr(self, name)) for name in names},
        }

    def _repr_html_(self) -> str:
        return card(self.data, self.language or "en")
