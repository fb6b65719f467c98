"""A table of schools as it is understood: keys, categories, numbers, and every problem met on the way."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from junheng._arrays import Floats, Ints, over_columns
from junheng._data import STAGES
from junheng._frames import Table, all_distinct, combine_codes
from junheng._text import characters, clean, is_odd, may_be_odd, may_have_twins, odd_signs
from junheng.errors import Problem, ProblemCode, Severity
from junheng.schools import areas as _areas
from junheng.schools.cells import (
    BLANKS,
    TOTAL,
    TOTAL_FIRST,
    all_whole,
    flag_advice,
    is_blank,
    is_nothing,
    near_twins,
    of_one_type,
    parse_numbers,
    text_advice,
    twin_message,
)
from junheng.schools.headers import meaning, nearest
from junheng.schools.vocabulary import (
    ALL_STAGES,
    DEGREES,
    base_column,
    category_aliases,
    category_words,
    chinese_words,
    columns,
    flag_words,
    fold,
    fold_word,
)


class Reading:
    """A table of schools as it was understood: keys, categories and numbers, and every problem met on the way."""

    def __init__(self, frame: Any, *, by: Sequence[str] | None = None, soon: Sequence[str] = ()) -> None:
        self.table = Table(frame)
        self.rows = self.table.rows
        self.problems: list[Problem] = []
        self._numbers: dict[str, Floats] = {}
        self._asked: set[str] = set()
        self._codes: dict[str, tuple[NDArray[Any], Sequence[Any]]] = {}
        #: Columns that say something; a column of names or codes in which nothing stands is absent.
        self.has = have = set(self.table.columns) - self._empty_keys(() if by is None else by)
        self.school_column = next((c for c in ("school_code", "school") if c in have), "school")
        default = ["county" if "county" in have or "county_code" not in have else "county_code"]
        self.by = list(by) if by is not None else default
        # a year is a unit of its own: without it two years of a county would be one county with double schools
        if "year" in have and "year" not in self.by:
            self.by.append("year")
        self._check_columns()
        self._words: dict[str, NDArray[np.object_]] = {}
        self._small: dict[str, NDArray[np.int8]] = {}
        self._hints: dict[str, Ints | None] = {}
        self._looks: dict[str, tuple[Floats, float, float, bool]] = {}
        self._steps: dict[tuple[str, bool], NDArray[np.bool_] | None] = {}
        #: Whether the rows of a county stand apart, so that a look at the row before tells nothing.
        self._mixed = any(self.table.is_mixed(n) for n in self.by if n in self.has)
        self._fetch_together(soon)
        self._clean_keys()
        self.is_total = self._find_totals()
        for name in ("kind", "stage", "ownership"):
            self.category_codes(name)
        self.flag_codes("included")
        self._check_keys()
        _areas.work_out_areas(self)
        for name in self._key_columns():
            self._check_twins(name)

    # -- keys

    def _empty_keys(self, asked: Sequence[str]) -> set[str]:
        """Return the columns of names and codes in which nothing stands, and that nobody asked for.

        Where the other column that names schools, or counties, is empty too, both stay: each row is then pointed at.
        """
        keys = [n for n in self.table.columns if (c := columns().get(n)) is not None and c.type == "key"]
        empty = {n for n in keys if n not in asked and self._is_empty(n)}
        for pair in ({"school", "school_code"}, {"county", "county_code"}):
            if pair & set(keys) <= empty:
                empty -= pair
        return empty

    def _is_empty(self, name: str) -> bool:
        if not self.rows or not is_nothing(self.table.first(name)):
            return False
        return all(map(is_nothing, self.table.codes(name)[1]))

    def _key_columns(self) -> list[str]:
        names = dict.fromkeys([*self.by, "county", "county_code", "school", "school_code", "parent_school_code"])
        return [n for n in names if n in self.has and not self.table.is_number(n)]

    def _characters(self, name: str) -> frozenset[str]:
        """Return the characters of a column, plain Chinese and digits of a large one perhaps left out."""
        if name in self._codes:
            return characters(self._codes[name][1])
        text = self.table.text(name)
        return characters(self.codes(name)[1] if text is None else [text])

    def _clean_keys(self) -> None:
        """Read names and codes as a reader sees them, and report each cell that held something else."""
        new: dict[str, Any] = {}
        before: list[tuple[str, int, str, str]] = []
        for name in self._key_columns():
            if not may_be_odd(self._characters(name)):
                continue
            codes, words = self.codes(name)
            cleaned = [clean(w) if isinstance(w, str) and not TOTAL.fullmatch(fold(w)) else w for w in words]
            changed = [i for i, (a, b) in enumerate(zip(words, cleaned, strict=True)) if a is not b and a != b]
            if not changed:
                continue
            cells = np.array([*(w if w != "" else None for w in of_one_type(cleaned)), None], dtype=object)
            new[name] = cells[codes]
            for row in np.flatnonzero(np.isin(codes, changed)).tolist():
                before.append((name, row, words[codes[row]], cleaned[codes[row]]))
        if not new:
            return
        self.table = self.table.with_columns(new)
        for name in new:
            self._codes.pop(name, None)
            self._hints.pop(name, None)
        self._steps = {key: steps for key, steps in self._steps.items() if key[0] not in new}
        for name, row, value, text in before:
            self._add_cleaned(name, row, value, text)

    def _add_cleaned(self, name: str, row: int, value: str, text: str) -> None:
        self.add(
            ProblemCode.INVISIBLE_CHARACTERS,
            f"{text!r} holds characters that do not show ({odd_signs(value)}); it was read without them",
            row=row,
            column=name,
            value=value,
            severity=Severity.WARNING,
        )

    def _check_twins(self, name: str) -> None:
        """Report names that differ only by width or case of letters, kind of brackets, or blanks."""
        if not may_have_twins(self._characters(name)):
            return
        codes, words = self.codes(name)
        for i, group in near_twins(words, codes):
            others = [words[j] for j in group if j != i]
            for row in np.flatnonzero((codes == i) & ~self.is_total).tolist():
                if self._is_beside(name, row, codes, group):
                    message, value = twin_message(words[i], others), str(words[i])
                    self.add(
                        ProblemCode.NEAR_TWIN, message, row=row, column=name, value=value, severity=Severity.WARNING
                    )

    def _is_beside(self, name: str, row: int, codes: NDArray[Any], group: Sequence[int]) -> bool:
        """Whether a twin of a row's name stands in its county too; schools of two counties are two schools."""
        if not name.startswith("school"):
            return True
        near_by = np.isin(codes, group) & (codes != codes[row])
        for place in self.by:
            if place in self.has:
                own = self.codes(place)[0]
                near_by &= own == own[row]
        return bool(near_by.any())

    # -- access

    def number(self, name: str) -> Floats | None:
        """Return a number column, None where the table has none; cells that cannot be used are NaN."""
        if name not in self.has:
            return None
        if name not in self._numbers:
            self._numbers[name] = self._read_number(name)
        return self._numbers[name]

    def set_numbers(self, figures: Mapping[str, Floats]) -> None:
        """Give the table number columns that were worked out from others."""
        self.table = self.table.with_columns(figures)
        self.has |= set(figures)
        self._numbers |= figures

    def neighbours(self, outer: Sequence[str], inner: str | None) -> Ints | None:
        """Return a number a row by some columns, where a look at the row before is enough to tell.

        That is where equal rows stand together: every combination of ``outer`` in one run, and in it ``inner``
        rising. None where the table is not so, or a cell is empty.
        """
        if self._mixed:
            return None
        codes = [self.codes(name) for name in outer]
        if self.rows < 2 or not codes or any((c < 0).any() for c, _ in codes):
            return None
        new = np.ones(self.rows, dtype=bool)
        new[1:] = False
        for c, _ in codes:
            new[1:] |= c[1:] != c[:-1]
        first = np.flatnonzero(new)
        if not all_distinct(combine_codes([(c[first], len(w)) for c, w in codes])):
            return None
        if inner is not None:
            if self._gaps(inner).size:
                return None
            changes, rises = self._step(inner), self._step(inner, rising=True)
            # where another begins, it is greater than the one before, or belongs to something else
            if changes is None or rises is None or not (rises | new[1:] | ~changes).all():
                return None
            new[1:] |= changes
        out = np.cumsum(new)
        out -= 1
        return out

    def _step(self, name: str, *, rising: bool = False) -> NDArray[np.bool_] | None:
        """Tell of each row but the first whether a cell differs from the one before, or is greater than it."""
        key = name, rising
        if key not in self._steps:
            self._steps[key] = self.table.rises(name) if rising else self.table.changes(name)
        return self._steps[key]

    def _fetch_together(self, soon: Sequence[str]) -> None:
        """Look at the columns that will be asked for, two at a time where that pays; nothing is recorded yet."""
        of_rows = (*self.by, "county", "county_code", "kind", "stage", "ownership", "included", "resources_cover")
        found = {n: f[0] for n in self.table.columns if (f := base_column(n)) is not None}
        asked = {f[0].id for n in soon if (f := base_column(n)) is not None}
        asked |= {part for c in found.values() if c.id in asked and (part := c.part_of) is not None}
        words = [n for n in found if found[n].id in asked and found[n].type in ("category", "flag")]
        numbers = [n for n in found if found[n].id in asked and self.table.is_number(n) and n not in words]
        wanted = [n for n in dict.fromkeys((*of_rows, *words)) if n in self.has]
        names = [n for n in dict.fromkeys(("school", self.school_column)) if n in self.has and n not in wanted]
        tasks: list[Callable[[], Any]] = [partial(self.codes, n) for n in wanted]
        if self.school_column in names and self._mixed:
            names.remove(self.school_column)
            tasks.insert(0, self._number_schools)  # the longest first
        tasks += [partial(self._hint, n) for n in names if not self.table.is_number(n)]
        tasks += [partial(self._step, n, rising=r) for n in names if n == self.school_column for r in (False, True)]
        tasks += [partial(self._look, n) for n in numbers]
        over_columns(lambda task: task(), tasks, self.rows)

    def _number_schools(self) -> None:
        # the rows of a nation are numbered school by school only where a look at the row before tells nothing
        self._hint(self.school_column)
        self.codes(self.school_column)

    def _look(self, name: str) -> tuple[Floats, float, float, bool]:
        """Return a column of numbers as it is, the least of it and 0, the most, and whether all are whole."""
        if name not in self._looks:
            values = self.table.floats(name)
            least, most = np.fmin.reduce(values, initial=0.0), np.fmax.reduce(values, initial=0.0)
            whole = self.table.is_whole(name) or all_whole(values)
            self._looks[name] = (values, float(least), float(most), whole)
        return self._looks[name]

    def codes(self, name: str) -> tuple[NDArray[Any], Sequence[Any]]:
        """Return a code a row (-1: empty) and the words of a column, worked out once."""
        if name not in self._codes:
            codes, words = self.table.codes(name)
            if self._hints.get(name) is not None:  # a nation has as many names as schools
                blank = np.unique(codes[self._gaps(name)]).tolist()
            else:
                blank = [i for i, w in enumerate(words) if is_blank(w)]
            self._codes[name] = (np.where(np.isin(codes, blank), -1, codes) if blank else codes, words)
        return self._codes[name]

    def key(self, row: int) -> str:
        """Name a row in words."""
        parts = []
        for name in dict.fromkeys([*self.by, "school", self.school_column, "stage"]):
            if name in self.has:
                value = self._cell(name, row)
                if value is not None:
                    parts.append(str(value))
        return " / ".join(parts)

    def add(self, code: ProblemCode, message: str, *, row: int | None = None, **fields: Any) -> None:
        """Record a problem."""
        key = self.key(row) if row is not None else None
        self.problems.append(Problem(code=code, message=message, row=row, key=key, **fields))

    @property
    def errors(self) -> list[Problem]:
        """The problems that stop an evaluation."""
        return [p for p in self.problems if p.severity is Severity.ERROR]

    def _cell(self, name: str, row: int) -> Any:
        if name not in self._codes and self.table.is_text(name):
            value = self.table.cell(name, row)
            return None if is_blank(value) else value
        codes, words = self.codes(name)
        return words[codes[row]] if codes[row] >= 0 else None

    # -- checks

    def _check_columns(self) -> None:
        if self.rows == 0:
            self.add(ProblemCode.EMPTY_TABLE, "the table has no rows; give at least one school")
        needed: list[tuple[str, tuple[str, ...]]] = [(c, (c,)) for c in self.by]
        needed.append(("school", ("school", "school_code")))
        needed.append(("students", ("students", *(f"students_{s}" for s in STAGES))))
        needed.append(("stage", ("stage", "kind")))
        for name, alternatives in needed:
            if not self.has & set(alternatives):
                self.require(name)
        for name in self.table.columns:
            if base_column(name) is None and name not in self.by:
                found = meaning(name)
                if found is not None:
                    advice = f"; standardize_columns would read it as {found[0]}"
                else:
                    known = [*columns(), *(c.zh for c in columns().values())]
                    advice = f"{nearest(name, known)} it is kept, and not used"
                self.add(
                    ProblemCode.UNKNOWN_COLUMN,
                    f"{name!r} is no canonical column{advice}",
                    severity=Severity.WARNING,
                    column=name,
                )

    def require(self, name: str) -> bool:
        """Record a missing column unless the table has it, for all stages or by stage."""
        if name in self._asked or self.has & {name, *(f"{name}_{s}" for s in STAGES)}:
            return name not in self._asked
        self._asked.add(name)
        label = columns()[name].zh if name in columns() else name
        sources = [
            h
            for h in self.table.columns
            if (f := meaning(h)) is not None and (b := base_column(f[0])) is not None and b[0].id == name
        ]
        if sources:
            advice = f"standardize_columns would make it from {', '.join(map(repr, sources))}"
        elif any(name == area and plus[0] in self.has for area, plus, _ in _areas.AREAS):
            whole = next(plus[0] for area, plus, _ in _areas.AREAS if area == name)
            advice = (
                f"it is worked out from {whole} and {_areas.INDOOR}: add {_areas.INDOOR} (室内体育用房面积; 0 where "
                f"there are none), or {name} itself ({label})"
            )
        elif name in columns() and columns()[name].type == "number":
            advice = f"add it ({label}); cells may stay empty where the figure is not known"
        elif name == "stage":
            advice = f"add it ({label}: 小学 or 初中), or the kind of school"
        elif name in ("school", "school_code"):
            advice = f"add it ({label})"
        else:
            advice = f"add it ({label}), or name the columns that group schools with by="
        self.add(ProblemCode.MISSING_COLUMN, f"there is no column {name!r}; {advice}", column=name)
        return False

    def _find_totals(self) -> NDArray[np.bool_]:
        """Find rows that are no schools: totals, which are an error, and empty ones, which are only told of."""
        out = np.ones(self.rows, dtype=bool)
        for name in self.table.columns:
            out &= self.codes(name)[0] < 0
            if not out.any():  # as soon as every row has something
                break
        for row in np.flatnonzero(out).tolist():
            self.add(ProblemCode.EMPTY_ROW, "this row is empty; it is passed over", row=row, severity=Severity.WARNING)
        for name in dict.fromkeys([*self.by, "school", self.school_column]):
            if name not in self.has or self.table.is_number(name):
                continue
            for row in self._totals(name):
                if not out[row]:
                    out[row] = True
                    self.add(
                        ProblemCode.TOTAL_ROW,
                        "this row is a total, not a school; take it out of the table",
                        row=row,
                        column=name,
                        value=str(self._cell(name, row)),
                    )
        return out

    def _hint(self, name: str) -> Ints | None:
        """Return the rows of a column of names that may be totals or blank; None where all have to be looked at.

        A nation has as many names as schools: numbering them all is the dearest part of reading it.
        """
        if name not in self._hints:
            known = name in self._codes
            self._hints[name] = None if known else self.table.starting(name, TOTAL_FIRST | BLANKS)
        return self._hints[name]

    def _totals(self, name: str) -> list[int]:
        """Return the rows that call themselves a total."""
        rows = self._hint(name)
        if rows is not None:
            cells = self.table.cells(name, rows)
            return [r for r, w in zip(rows.tolist(), cells, strict=True) if w and TOTAL.fullmatch(fold(w))]
        codes, words = self.codes(name)
        # a cheap look first
        hit = [i for i, w in enumerate(words) if isinstance(w, str) and w[:1] in TOTAL_FIRST]
        hit = [i for i in hit if TOTAL.fullmatch(fold(words[i]))]
        return np.flatnonzero(np.isin(codes, hit)).tolist() if hit else []

    def _gaps(self, name: str) -> Ints:
        """Return the rows in which a column is empty."""
        rows = self._hint(name)
        if rows is None:
            return np.flatnonzero(self.codes(name)[0] < 0)
        blank: Ints = rows[np.array([is_blank(w) for w in self.table.cells(name, rows)], dtype=bool)]
        return blank

    @property
    def kind(self) -> NDArray[np.object_]:
        """Kind of school of each row, None where it is not given."""
        return self.category("kind")

    @property
    def stage(self) -> NDArray[np.object_]:
        """Stage of each row, None where it is not given."""
        return self.category("stage")

    @property
    def ownership(self) -> NDArray[np.object_]:
        """Ownership of each row, None where it is not given."""
        return self.category("ownership")

    @property
    def included(self) -> NDArray[np.object_]:
        """What each row says about taking part: True, False or None."""
        return self.flag("included")

    def category(self, name: str) -> NDArray[np.object_]:
        """Return a category column in canonical words, None where it is not given."""
        if name not in self._words:
            self._words[name] = np.array([*category_words(name), None], dtype=object)[self.category_codes(name)]
        return self._words[name]

    def flag(self, name: str) -> NDArray[np.object_]:
        """Return a yes or no column as True, False or None."""
        if name not in self._words:
            self._words[name] = np.array([False, True, None], dtype=object)[self.flag_codes(name)]
        return self._words[name]

    def category_codes(self, name: str) -> NDArray[np.int8]:
        """Return a category column as positions in :func:`category_words`, -1 where it is not given."""
        if name not in self._small:
            words = category_aliases(name)
            place = {word: i for i, word in enumerate(category_words(name))}
            choices = ", ".join(place)
            in_chinese = "、".join(w for w in chinese_words(name) if not w.isascii())
            choices += f", or {in_chinese}" if in_chinese else ""

            def advice(value: Any) -> str:
                return f"{value!r} is no known {name}; use one of {choices}"

            def code(value: Any) -> int:
                return -1 if is_blank(value) else place.get(words.get(fold_word(value), ""), -1)

            self._small[name] = self._understand(name, code, advice)
        return self._small[name]

    def flag_codes(self, name: str) -> NDArray[np.int8]:
        """Return a yes or no column as 1, 0 or, where it is not given, -1."""
        if name not in self._small:
            words = flag_words()

            def code(value: Any) -> int:
                found = bool(value) if isinstance(value, (bool, np.bool_)) else words.get(fold_word(value))
                return -1 if found is None else int(found)

            self._small[name] = self._understand(name, code, flag_advice)
        return self._small[name]

    def _understand(self, name: str, code: Callable[[Any], int], advice: Callable[[Any], str]) -> NDArray[np.int8]:
        """Give every row the code of its word; record the words that have none."""
        if name not in self.has:
            return np.full(self.rows, -1, dtype=np.int8)
        codes, values = self.codes(name)
        understood = np.array([*(code(v) for v in values), -1], dtype=np.int8)
        for i, value in enumerate(values):
            if isinstance(value, str) and is_odd(value):
                for row in np.flatnonzero((codes == i) & ~self.is_total).tolist():
                    self._add_cleaned(name, row, value, clean(value))
            if understood[i] < 0 and not is_blank(value):
                for row in np.flatnonzero((codes == i) & ~self.is_total).tolist():
                    self.add(ProblemCode.UNKNOWN_CATEGORY, advice(value), row=row, column=name, value=str(value))
        if codes.dtype != np.int8:
            out: NDArray[np.int8] = understood[codes]
            return out
        out = np.full(self.rows, -1, dtype=np.int8)
        for i, code_of_word in enumerate(understood[:-1].tolist()):  # bytes are compared faster than looked up
            out += (codes == i) * np.int8(code_of_word + 1)
        return out

    def _check_keys(self) -> None:
        for name in dict.fromkeys([*self.by, "county", "county_code", self.school_column]):
            if name not in self.has:
                continue
            gaps = self._gaps(name)
            for row in gaps[~self.is_total[gaps]].tolist():
                self.add(
                    ProblemCode.MISSING_KEY,
                    f"{name} is empty; say which {columns()[name].en.lower() if name in columns() else name} it is",
                    row=row,
                    column=name,
                )

    def _read_number(self, name: str) -> Floats:
        found = base_column(name)
        column = found[0] if found else None
        unit = f" {column.unit}" if column and column.unit else ""
        whole: bool | None = None
        if self.table.is_number(name):
            values, least, most, whole = self._look(name)
        else:
            values, bad = parse_numbers(self.table.objects(name))
            for row, text in bad.items():
                if not self.is_total[row]:
                    self.add(
                        ProblemCode.TEXT_IN_NUMBER,
                        f"{text!r} is not a plain number: {text_advice(text)}",
                        row=row,
                        column=name,
                        value=text,
                    )
            least, most = np.fmin.reduce(values, initial=0.0), np.fmax.reduce(values, initial=0.0)
        if least < 0 or np.isinf(most):
            values, whole = self._without_odd(name, values, unit), None
        if column is not None and column.whole and not (all_whole(values) if whole is None else whole):
            with np.errstate(invalid="ignore"):
                broken = np.isfinite(values) & (values != np.floor(values))
            for row in np.flatnonzero(broken & ~self.is_total).tolist():
                self.add(
                    ProblemCode.NOT_WHOLE,
                    f"{values[row]:g} {column.unit} is not a whole number; is it a share, or in another unit?",
                    row=row,
                    column=name,
                    value=repr(float(values[row])),
                    severity=Severity.WARNING,
                )
        return values

    def _without_odd(self, name: str, values: Floats, unit: str) -> Floats:
        """Record figures that are infinite or negative, and put NaN in their place."""
        infinite = np.isinf(values)
        negative = (values < 0) & ~infinite
        for mask, code, message in (
            (infinite, ProblemCode.INFINITE_VALUE, "is infinite; a figure divided by 0 before it came here? Give"),
            (negative, ProblemCode.NEGATIVE_VALUE, "is negative; give"),
        ):
            for row in np.flatnonzero(mask & ~self.is_total).tolist():
                self.add(
                    code,
                    f"{values[row]:g}{unit} {message} the figure of the return, or leave the cell empty",
                    row=row,
                    column=name,
                    value=repr(float(values[row])),
                )
        return np.where(infinite | negative, np.nan, values)

    def check_parts(self, only: set[str] | None = None) -> None:
        """Record counts over the count they are part of, and degrees that add up to more than the teachers."""
        for name in self.table.columns:
            found = base_column(name)
            if found is None or found[0].part_of is None or (only is not None and found[0].id not in only):
                continue
            whole_name = found[0].part_of + (f"_{found[1]}" if found[1] else "")
            part, whole = self.number(name), self.number(whole_name)
            if part is None or whole is None:
                continue
            with np.errstate(invalid="ignore"):
                over = np.flatnonzero(part > whole)
            for row in over[~self.is_total[over]].tolist():
                self.add(
                    ProblemCode.PART_EXCEEDS_WHOLE,
                    f"{part[row]:g} in {name} is more than the {whole[row]:g} in {whole_name} they belong to; "
                    "correct whichever is wrong",
                    row=row,
                    column=name,
                    value=repr(float(part[row])),
                )
        if only is not None:
            return
        for suffix in ("", *(f"_{s}" for s in ALL_STAGES)):
            names = [f"teachers_{d}_degree{suffix}" for d in DEGREES["primary"]]
            teachers = self.number(f"teachers{suffix}")
            parts = [p for n in names if (p := self.number(n)) is not None]
            if teachers is None or len(parts) < 2:
                continue
            total = np.sum([np.nan_to_num(p) for p in parts], axis=0)
            with np.errstate(invalid="ignore"):
                over = (total > teachers) & ~self.is_total
            for row in np.flatnonzero(over).tolist():
                self.add(
                    ProblemCode.PART_EXCEEDS_WHOLE,
                    f"the degrees add up to {total[row]:g} teachers, but there are {teachers[row]:g}; count each once, "
                    "by the highest degree",
                    row=row,
                    column=f"teachers{suffix}",
                    value=repr(float(total[row])),
                )
