"""Property 16 of the list: a standard that is written out and read again is the same, and no typing error passes."""

from copy import deepcopy
from datetime import date
from decimal import Decimal
from functools import cache

import attrs
import pytest
import tomli_w
from counties import few, load
from hypothesis import assume, given
from hypothesis import strategies as st

import junheng as jh
from junheng.standards import model

SHIPPED = tuple(jh.list_standards()["id"])
every_standard = pytest.mark.parametrize("standard", SHIPPED)


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """Return a function that writes a standard to a file and gives its path."""
    path = tmp_path_factory.mktemp("standards") / "mine.toml"

    def write(content):
        path.write_text(content if isinstance(content, str) else tomli_w.dumps(content), encoding="utf-8")
        return path

    return write


def without_origin(value):
    """Return a standard with the file it was written in left out."""
    if attrs.has(type(value)):
        inner = {a.name: without_origin(getattr(value, a.name)) for a in attrs.fields(type(value))}
        return attrs.evolve(value, **inner | ({"origin": ""} if "origin" in inner else {}))
    return tuple(map(without_origin, value)) if isinstance(value, tuple) else value


def assert_same(one, other):
    assert without_origin(one) == without_origin(other)
    assert one.to_dict() == other.to_dict()
    assert one.digest == other.digest
    assert one.diff(other).empty


@every_standard
def test_a_standard_written_and_read_is_the_same(standard, file):
    """16: load(dump(standard)) == standard."""
    std = load(standard)
    assert_same(jh.load_standard(file(std.to_dict())), std)


@every_standard
@pytest.mark.parametrize("between", ["linear", "smaller", "larger"])
def test_options_are_written_too(standard, between, file):
    """16, for a standard whose open rules were decided by the user."""
    std = load(standard).with_options(between_sizes=between, below_smallest="end", above_largest="end")
    assert_same(jh.load_standard(file(std.to_dict())), std)


EXTENSION = """
id = "mine"
extends = "cn-quality-balance-2017"
last_checked_on = "2026-11-22"
label = {{ zh = "本省", en = "Mine" }}
{more}
"""


CITED = 'clause = "一"\nstanding = "recalled"\n'


MORE = {
    "nothing new": "",
    "a threshold removed": '[[remove]]\ntable = "thresholds"\nindicator = "sports_area_per_student"\nstage = "primary"',
    "entries removed": 'remove = [{ table = "inclusion", kind = "special" }, { table = "items", id = "coefficients" }]',
    "another rule": f'[school_rule]\nkind = "at_least"\nk = 5\nfloor_ratio = 0.8\nsource = "S1"\n{CITED}',
    "another limit": f'[[limits]]\nkind = "each"\nstage = "primary"\nvalue = 0.4\nsource = "P"\n{CITED}'
    '[sources.P]\ntitle = "Mine"',
}


@pytest.mark.parametrize("more", MORE.values(), ids=MORE)
def test_a_standard_that_extends_another_is_written_whole(more, file):
    """16, for a standard of the user's own: what was removed does not come back."""
    std = jh.load_standard(file(EXTENSION.format(more=more)))
    assert_same(jh.load_standard(file(std.to_dict())), std)


# ---------------------------------------------------------------------------------------------- typos


def tables_in(content, path=()):
    """Return the path of every table with keys to be mistyped."""
    found = [path] if isinstance(content, dict) and content else []
    inner = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    return found + [p for key, value in inner for p in tables_in(value, (*path, key))]


def at(content, path):
    """Return what stands at a path."""
    for key in path:
        content = content[key]
    return content


@cache
def known_keys():
    """Return every word that is a key somewhere; a typing error that gives another of them is another matter."""
    kinds = (model.Standard, *(k for k in vars(model).values() if isinstance(k, type) and attrs.has(k)))
    return {a.name for k in kinds for a in attrs.fields(k)} | {"remove"}


@st.composite
def typos(draw, word):
    """A word with a letter too few, too many, another, or two exchanged."""
    i = draw(st.integers(0, len(word) - 1))
    letter = draw(st.sampled_from("abcdefghijklmnopqrstuvwxyzAS_- 中"))
    return draw(
        st.sampled_from(
            [
                word[:i] + word[i + 1 :],
                word[:i] + letter + word[i:],
                word[:i] + letter + word[i + 1 :],
                word[:i] + word[i + 1 : i + 2] + word[i : i + 1] + word[i + 2 :],
                word.upper(),
                word + " ",
            ]
        )
    )


@every_standard
@few
@given(data=st.data())
def test_a_mistyped_key_is_always_refused(standard, file, data):
    """16: at any place of the file; the message names the key."""
    content = deepcopy(load(standard).to_dict())
    path = data.draw(st.sampled_from(tables_in(content)))
    table = at(content, path)
    word = data.draw(st.sampled_from(list(table)))
    typo = data.draw(typos(word))
    assume(typo not in known_keys() and typo not in table)
    named = path == ("sources",)
    assume(not named or f"'source': '{word}'" in str(content))  # a source that nothing names may be called anything
    # same place in the table, as a typing error is
    items = [(typo if k == word else k, v) for k, v in table.items()]
    table.clear()
    table.update(items)
    with pytest.raises(jh.StandardDataError) as refused:
        jh.load_standard(file(content))
    assert any(word in p if named else repr(typo) in p for p in refused.value.problems)


WRONG = st.sampled_from(
    [-1, 0, 10**9, "", " ", "x", "0.5", True, [], {}, ["x"], [[]], [{}], {"x": 1}, date(2017, 5, 1)]
) | st.sampled_from(["primary", "junior", "nine_year", ">=", "<", "all", "S1", "resources"])


@every_standard
@few
@given(data=st.data())
def test_a_wrong_value_is_refused_or_harmless(standard, file, data):
    """16: never another error than that of the library; what is taken can be judged by, and written out again."""
    content = deepcopy(load(standard).to_dict())
    path = data.draw(st.sampled_from(tables_in(content)))
    table = at(content, path)
    table[data.draw(st.sampled_from(list(table)))] = data.draw(WRONG)
    try:
        std = jh.load_standard(file(content))
    except jh.StandardDataError as refused:
        assert refused.problems and all(p.strip() for p in refused.problems)
        return
    assert jh.load_standard(file(std.to_dict())).to_dict() == std.to_dict()
    if std.printing is None or max(attrs.astuple(std.printing, filter=lambda a, v: isinstance(v, int))) < 300:
        jh.evaluate(jh.synthetic.county(seed=1, n_schools=4), std).to_dict()


@pytest.mark.parametrize("name", ["resources", "weights"])
def test_what_is_written_empty_is_refused_or_written_again(name, file):
    """16: an empty list is not the same as none where one is needed."""
    content = load(SHIPPED[0]).to_dict()
    content["split"][name] = []
    try:
        std = jh.load_standard(file(content))
    except jh.StandardDataError:
        return
    assert_same(jh.load_standard(file(std.to_dict())), std)


@pytest.mark.parametrize("decimals", [-1, 400])
def test_decimals_that_cannot_be_printed_are_refused(decimals, file):
    content = load(SHIPPED[0]).to_dict()
    content["printing"]["school_value"] = decimals
    with pytest.raises(jh.StandardDataError):
        jh.load_standard(file(content))


@every_standard
@pytest.mark.parametrize("wrong", ["nan", "inf"])
def test_a_number_that_is_none_is_refused(standard, wrong, file):
    """16: TOML knows nan and inf; a law does not."""
    content = load(standard).to_dict()

    def numbers(value, path=()):
        inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        return ([path] if isinstance(value, Decimal) else []) + [p for k, v in inner for p in numbers(v, (*path, k))]

    # one of each kind of place
    places = {tuple(k for k in path if isinstance(k, str)): path for path in numbers(content)}
    passed = {}
    for place, path in places.items():
        broken = deepcopy(content)
        at(broken, path[:-1])[path[-1]] = Decimal(wrong)
        try:
            passed[place] = jh.load_standard(file(broken)).id
        except jh.StandardDataError:
            pass
        except Exception as other:
            passed[place] = type(other).__name__
    assert places and not passed
