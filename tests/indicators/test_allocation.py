"""Least additions and transfers: worked examples, what is refused and in which words, and a real nation."""

import math
from fractions import Fraction

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import junheng as jh

ADD, MOVE = jh.least_additions, jh.least_transfers
both = pytest.mark.parametrize("change", [ADD, MOVE], ids=lambda f: f.__name__)
real_and_whole = pytest.mark.parametrize("whole", [False, True], ids=["real", "whole"])
#: The example printed with the rules of 2012: books of five schools.
BOOKS, STUDENTS = [279, 137, 935, 160, 402], [45, 37, 89, 76, 55]


# ---------------------------------------------------------------------------------------- worked by hand


def two(a, b, **more):
    """Two schools of a hundred students: the coefficient is |a - b| / (a + b)."""
    return {"amounts": [a, b], "students": [100, 100], **more}


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        pytest.param(two(300, 100, limit=0.25), [0, 80], id="(300 - 180) / 480 is 1/4"),
        pytest.param(two(100, 300, limit=0.25), [80, 0], id="the other way round"),
        pytest.param(two(300, 100, limit=0.3), [0, 300 * 7 / 13 - 100], id="300 (1 - t) / (1 + t)"),
        pytest.param(two(300, 0, limit=0.5), [0, 100], id="a school with nothing"),
        pytest.param(two(300, 100, limit=0.5), [0, 0], id="already at the limit"),
        pytest.param(two(300, 100, limit=7), [0, 0], id="a limit above all there is"),
        pytest.param(two(300, 100, limit=0.25, lowest=[350, 0]), [50, 110], id="one must have more"),
        pytest.param(two(300, 100, limit=0.25, lowest=[0, 200]), [0, 100], id="the other must have more than it needs"),
        pytest.param(two(300, 100, limit=0.25, highest=[0, 190]), [0, 80], id="who has more than the highest keeps it"),
        pytest.param(two(300, 100, limit=0.25, costs=[9, 2]), [0, 80], id="costs leave no choice here"),
        pytest.param(two(0, 0, limit=0.25, lowest=[300, 0]), [300, 180], id="nothing, but something to start from"),
        # √3 (4 - L) / (3 L + 4) is the coefficient of L for 300 students and 4 for 100
        pytest.param(
            {"amounts": [300, 400], "students": [300, 100], "limit": math.sqrt(3) / 5}, [300, 0], id="weights count"
        ),
        # √2 (400 - L) / (2 L + 400) is that of L, L and 400
        pytest.param(
            {"amounts": [100, 150, 400], "students": [100] * 3, "limit": math.sqrt(2) / 4},
            [100, 50, 0],
            id="two filled to one level",
        ),
    ],
)
def test_additions_by_hand(given, wanted):
    assert ADD(**given) == pytest.approx(wanted, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        pytest.param(two(300, 100, limit=0.25), [-50, 50], id="250 and 150 of 400"),
        pytest.param(two(300, 0, limit=0.25), [-112.5, 112.5], id="a school with nothing"),
        pytest.param(two(300, 100, limit=0.5), [0, 0], id="already at the limit"),
        pytest.param(two(300, 100, limit=0.25, lowest=[0, 180]), [-80, 80], id="one must have more"),
        pytest.param(two(300, 100, limit=0.25, highest=[210, 400]), [-90, 90], id="the other must have less"),
        # the top school may give 20 only, so the middle one must help out; see the sum of squares
        pytest.param(
            {"amounts": [400, 300, 0], "students": [1, 1, 1], "limit": 10, "highest": [350, 300, 100]},
            [-50, 0, 50],
            id="a highest that must be met though the limit is",
        ),
    ],
)
def test_transfers_by_hand(given, wanted):
    assert MOVE(**given) == pytest.approx(wanted, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize(
    ("change", "given", "wanted"),
    [
        pytest.param(ADD, two(300, 100, limit=0.25), [0, 80], id="exactly at the limit"),
        pytest.param(ADD, two(300, 100, limit=0.3), [0, 62], id="61.54 is not enough"),
        pytest.param(ADD, two(300, 100, limit=0.25, lowest=[0, 200.5]), [0, 101], id="a lowest between two units"),
        pytest.param(ADD, two(0.5, 0, limit=0.01), [25, 25], id="half a unit weighs until there are fifty"),
        pytest.param(ADD, two(0, 0, limit=0.25), [1, 1], id="nothing is no balance"),
        pytest.param(ADD, {"amounts": [0], "students": [50], "limit": 0.1}, [1], id="one school with nothing"),
        pytest.param(MOVE, two(300, 100, limit=0.25), [-50, 50], id="moved exactly to the limit"),
        pytest.param(MOVE, two(300, 100, limit=0.26), [-48, 48], id="moved 48 of 48"),
        pytest.param(MOVE, two(301, 100, limit=0.25), [-51, 51], id="moved 51 since 50.375 is not enough"),
        pytest.param(
            ADD, {"amounts": BOOKS, "students": STUDENTS, "limit": 0.45}, [0, 0, 0, 74, 0], id="the rules' books"
        ),
        pytest.param(
            MOVE, {"amounts": BOOKS, "students": STUDENTS, "limit": 0.45}, [0, 0, -49, 49, 0], id="moving them"
        ),
    ],
)
def test_whole_units_by_hand(change, given, wanted):
    got = change(**given, whole=True)
    assert got.tolist() == wanted


@pytest.mark.parametrize("k", range(1, 100))
def test_exactly_at_the_limit_is_within(k):
    """100 + k and 100 - k have a coefficient of k %: exactly so much is enough, in whole units and in parts."""
    t, students = k / 100, [1, 1]
    for change in (ADD, MOVE):
        for whole in (False, True):
            assert not change([100 + k, 100 - k], students=students, limit=t, whole=whole).any()
    assert ADD([100 + k, 0], students=students, limit=t, whole=True).tolist() == [0, 100 - k]
    assert MOVE([200, 0], students=students, limit=t, whole=True).tolist() == [k - 100, 100 - k]
    for change, start in ((ADD, [100 + k, 0]), (MOVE, [200, 0])):
        ends = np.array(start) + change(start, students=students, limit=t)
        assert ends == pytest.approx([100 + k, 100 - k], rel=1e-12)
        assert jh.difference_coefficient(ends, weights=students) <= t


@pytest.mark.parametrize("whole", [True, False])
def test_bounds_that_leave_one_way_which_is_just_the_limit(whole):
    """Two at 180 beside one of two at 300 each are at a quarter, and nothing more can be moved."""
    low, high = [600, 180, 0], [600, 900, 180]
    got = MOVE([600, 100, 260], students=[2, 1, 1], limit=0.25, lowest=low, highest=high, whole=whole)
    assert got == pytest.approx([0, 80, -80], rel=1e-12)


def test_who_is_absent_changes_no_bit_where_others_have_nothing_either():
    x, p = [0.0, 10.5, 0.0], [1.0, 1.0, 3.0]
    for change in (ADD, MOVE):
        alone = change(x, students=p, limit=0.1)
        np.testing.assert_array_equal(change([*x, 7.0], students=[*p, 0], limit=0.1), [*alone, 0])


@pytest.mark.parametrize("limit", [1e-3, 1e-6])
def test_a_limit_of_next_to_nothing_makes_all_alike(limit):
    x, p = np.array([3.0, 5, 9, 0, 40]), np.array([2.0, 3, 7, 5, 0])
    for change, level in ((ADD, 5 / 3), (MOVE, 1.0)):
        ends = (x + change(x, students=p, limit=limit))[:4] / p[:4]
        assert ends == pytest.approx([level] * 4, rel=3 * limit)


@pytest.mark.parametrize("whole", [True, False])
def test_bounds_that_just_reach_the_limit_are_a_way(whole):
    """Who has 300 beside 180 is at a quarter: 180 is reached, not one bit more."""
    for change, highest, wanted in ((ADD, [0, 180], [0, 80]), (MOVE, [300, 150], [-50, 50])):
        got = change([300, 100], students=[100, 100], limit=0.25, highest=highest, whole=whole)
        assert got == pytest.approx(wanted, rel=1e-12)


def test_cheap_schools_get_more():
    """Of two poor schools alike but for their costs the cheap one is lifted further, the dear one not at all."""
    given = {"amounts": [100, 100, 400], "students": [100] * 3, "limit": 0.3}
    got = ADD(**given, costs=[1, 3, 1])
    assert got[0] > got[1] and got[2] == 0
    assert got @ [1, 3, 1] < ADD(**given) @ [1, 3, 1]
    np.testing.assert_allclose(ADD(**given, costs=[10, 30, 10]), got, rtol=1e-9)


def test_equal_schools_and_one_school_need_nothing():
    for change in (ADD, MOVE):
        for whole in (False, True):
            assert change([5, 5, 5], students=[2, 2, 2], limit=1e-9, whole=whole).tolist() == [0, 0, 0]
            assert change([7], students=[3], limit=0.01, whole=whole).tolist() == [0]


@both
@real_and_whole
def test_who_is_alike_is_treated_alike_as_far_as_units_go(change, whole):
    got = change([10, 10, 10, 90], students=[5, 5, 5, 5], limit=0.4, whole=whole)
    assert np.ptp(got[:3]) <= (1 if whole else 1e-12)


# ------------------------------------------------------------------------------------- gaps and nothing


@both
@real_and_whole
def test_a_gap_makes_its_group_and_column_unknown(change, whole):
    amounts = np.array([[300, 2.0], [100, 2], [9, 9], [math.nan, 9]])
    got = change(amounts, students=[100, 100, 50, 50], limit=0.25, by=["a", "a", "b", "b"], whole=whole)
    assert np.isnan(got).tolist() == [[False, False], [False, False], [True, False], [True, False]]
    got = change(amounts[:3], students=[100, math.nan, 50], limit=0.25, by=["a", "a", "b"], whole=whole)
    assert np.isnan(got).tolist() == [[True, True], [True, True], [False, False]]
    for missing in (None, pd.NA):
        got = change(pd.Series([1, missing], dtype=object), students=[1, 1], limit=0.5, whole=whole)
        assert np.isnan(got).all()


def test_nothing_at_all():
    """Of parts there is no least that would do; whole units have one. What is not there cannot be moved."""
    by = ["a", "a", "b", "b"]
    got = ADD([0, 0, 3, 1], students=[1, 1, 1, 1], limit=0.25, by=by)
    assert np.isnan(got).tolist() == [True, True, False, False]
    assert ADD([0, 0, 3, 1], students=[1, 1, 1, 1], limit=0.5, by=by, whole=True).tolist() == [1, 1, 0, 0]
    for whole in (False, True):
        got = MOVE([0, 0, 3, 1], students=[1, 1, 1, 1], limit=0.5, by=by, whole=whole)
        assert np.isnan(got).tolist() == [True, True, False, False]


@both
@real_and_whole
def test_no_schools(change, whole):
    assert change([], students=[], limit=0.3, whole=whole).shape == (0,)
    assert change(np.empty((0, 3)), students=[], limit=0.3, whole=whole).shape == (0, 3)
    assert change(np.empty((4, 0)), students=[1, 2, 3, 4], limit=0.3, whole=whole).shape == (4, 0)
    # schools, but nobody in them: an impossible demand, said of the county it is made of
    with pytest.raises(
        jh.InputError, match="all schools: no school has students, so there is no difference coefficient"
    ):
        change([5, 6], students=[0, 0], limit=0.3, whole=whole)
    with pytest.raises(jh.InputError, match=r"group '乙': no school has students"):
        change([5, 6, 7], students=[3, 0, 0], limit=0.3, whole=whole, by=["甲", "乙", "乙"])


# ---------------------------------------------------------------------------------------- what is refused


def refused(change, amounts=(1, 2), students=(1, 1), limit=0.5, **more):
    with pytest.raises(jh.InputError) as e:
        change(amounts, students=students, limit=limit, **more)
    return str(e.value)


@both
@pytest.mark.parametrize("limit", [0, -0.5, math.nan, math.inf])
def test_a_limit_must_be_above_nothing(change, limit):
    assert "limit" in refused(change, limit=limit)


@both
def test_limits_fit_the_columns(change):
    pair = [[1.0, 2.0], [3.0, 4.0]]
    assert "limit" in refused(change, limit=[0.1, 0.2])
    assert "limit" in refused(change, pair, limit=[0.1, 0.2, 0.3])
    assert "column 1" in refused(change, pair, limit=[0.1, 0])
    each = change(pair, students=[1, 1], limit=[0.1, 0.3])
    one = change(pair, students=[1, 1], limit=0.1)
    np.testing.assert_array_equal(each[:, 0], one[:, 0])
    assert np.abs(each[:, 1]).sum() < np.abs(one[:, 1]).sum()


@both
@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"amounts": [1, -2]}, ["position 1", "-2"]),
        ({"amounts": [[1, 2], [1, -7]]}, ["position 1", "column 1", "-7"]),
        ({"amounts": pd.DataFrame({"rooms": [1, 1], "books": [2, -7]})}, ["position 1", "books", "-7"]),
        ({"amounts": [1, math.inf]}, ["position 1", "inf"]),
        ({"amounts": ["many", "few"]}, ["many"]),
        ({"lowest": [1, 5], "highest": [4, 4]}, ["position 1", "lowest", "5", "highest"]),
        ({"lowest": [0, math.nan]}, ["position 1", "lowest"]),
        ({"highest": [math.nan, 0]}, ["position 0", "highest"]),
        ({"lowest": [1, 2, 3]}, ["lowest", "3"]),
        ({"students": [1, -3]}, ["position 1", "-3"]),
        ({"students": [1, math.inf]}, ["position 1", "inf"]),
        ({"students": [1, 2, 3]}, ["3 rows", "2"]),
        ({"by": ["a", None]}, ["by", "position 1"]),
        ({"by": ["a"]}, ["by", "1 rows"]),
    ],
)
def test_what_is_wrong_is_named_with_its_place(change, more, words):
    message = refused(change, **more)
    assert not [w for w in words if w not in message], message


@both
@pytest.mark.parametrize(
    ("more", "name"),
    [
        ({"students": [1, -3]}, "students"),
        ({"students": [1, 2, 3]}, "students"),
        ({"amounts": ["many", "few"]}, "amounts"),
    ],
)
def test_arguments_are_called_by_their_names(change, more, name):
    message = refused(change, **more)
    assert name in message and "weights" not in message and "values" not in message


@both
def test_all_problems_are_told_at_once(change):
    message = refused(change, [-1, 2, -3], [1, 1, 1], lowest=[0, 9, 0], highest=[5, 8, 5])
    assert all(f"position {i}" in message for i in range(3))
    message = refused(change, [-1, 2], limit=-0.5, lowest=[0, 9], highest=[5, 8])
    assert "limit" in message and "position 0" in message and "position 1" in message


@pytest.mark.parametrize("cost", [0, -1, math.nan, math.inf])
@real_and_whole
def test_costs_must_be_above_nothing(cost, whole):
    message = refused(ADD, costs=[1, cost], whole=whole)
    assert "position 1" in message and "cost" in message
    assert "position 1" in refused(ADD, costs=cost, whole=whole)
    assert "column 1" in refused(ADD, [[1, 2], [3, 4]], costs=[[1, 1], [1, cost]], whole=whole)


def test_transfers_have_no_costs():
    with pytest.raises(TypeError):
        MOVE([1, 2], students=[1, 1], limit=0.5, costs=[1, 1])


@both
@real_and_whole
def test_bounds_that_leave_no_way_are_named_with_their_group(change, whole):
    given = {"students": [1, 1, 1, 1, 1, 1], "by": list("aabbcc"), "whole": whole}
    bounds = {"lowest": [0, 9, 0, 0, 0, 9], "highest": [2, 9, 9, 9, 2, 9]}
    message = refused(change, [1, 9, 5, 5, 1, 9], limit=0.1, **bounds, **given)
    assert "'a'" in message and "'c'" in message and "'b'" not in message
    assert "highest" in message and "0.1" in message
    both_columns = [[1, 5], [9, 5], [5, 1], [5, 9], [5, 5], [5, 5]]
    message = refused(change, pd.DataFrame(both_columns, columns=["rooms", "books"]), limit=0.1, highest=both_columns,
                      lowest=both_columns, **given)  # fmt: skip
    assert [line for line in message.splitlines() if "'a'" in line and "rooms" in line]
    assert [line for line in message.splitlines() if "'b'" in line and "books" in line]
    assert "'c'" not in message


@real_and_whole
def test_a_limit_a_last_digit_beyond_reach_is_refused(whole):
    """One school of four that may have nothing: the coefficient is 1 / √3 at least, whatever the others get."""
    bounds = {"students": [3] * 4, "highest": [0, math.inf, math.inf, math.inf], "whole": whole}
    root = 0.5773502691896258  # above the root by less than floats can tell, the other below it
    assert not ADD([0, 1, 1, 1], limit=root, **bounds).any()
    # without exact fractions units would be added for ever
    assert "0.57735" in refused(ADD, [0, 1, 1, 1], limit=math.nextafter(root, 0), **bounds)


@pytest.mark.parametrize(
    "given",
    [
        pytest.param({"lowest": [1.5, 1]}, id="more than there is"),
        pytest.param({"highest": [0.5, 1]}, id="less than there is"),
        pytest.param({"lowest": [1, 1.0000001]}, id="a little more than there is"),
    ],
)
@real_and_whole
def test_transfers_keep_the_total(given, whole):
    refused(MOVE, [1, 1], limit=5, whole=whole, **given)


def test_the_total_is_kept_where_bounds_ask_for_more_than_the_limit():
    """The highest alone frees less than the lowest asks for: others give the rest, though the limit is met."""
    x, p, low = np.array([5930.0, 4022, 5128]), [2223, 1619, 1788], [7709, 3619.8, 0]
    got = MOVE(x, students=p, limit=0.5, lowest=low)
    assert math.fsum(got) == pytest.approx(0, abs=1e-9)
    assert np.abs(got).sum() / 2 == pytest.approx(1779, rel=1e-12)
    assert (x + got >= low).all()


def coefficient_squared(amounts, students):
    """By the definition, in fractions of the floats."""
    amounts = [Fraction(a) for a in amounts]
    return sum(students) * sum(a * a / p for a, p in zip(amounts, students, strict=True)) / sum(amounts) ** 2 - 1


def test_where_no_price_is_found_the_least_additions_stand():
    """Nearly all pupils are in one school: no price of dispersion balances in floats, whatever the costs are."""
    x, given = [2, 2, 8], {"students": [6 * 10**18, 8 * 10**13, 3], "limit": 1.33e-8}
    got = ADD(x, **given, costs=[10, 1, 10_000])
    np.testing.assert_array_equal(got, ADD(x, **given))
    assert coefficient_squared(x + got, given["students"]) <= Fraction(1.33e-8) ** 2


def test_whole_units_go_on_while_the_school_at_its_bound_holds_nobody_back():
    """One for each pupil is the first number that passes; of two each, the first school could have half only."""
    students = [3, 6, 12, 1, 4, 12]
    units = [0] * 6
    while sum(units) < 37:  # those that spread least, of every number of units, fall short
        can = [i for i in range(6) if i or units[0] < 3]
        units[min(can, key=lambda i: Fraction(2 * units[i] + 1, students[i]))] += 1
        assert coefficient_squared(units, students) > Fraction(2, 100) ** 2
    got = ADD([0] * 6, students=students, limit=0.02, whole=True, highest=[3, *[math.inf] * 5])
    assert got.tolist() == students


@pytest.mark.parametrize("costs", [None, [1.5, 2.0]])
def test_a_bound_is_kept_to_the_last_bit(costs):
    """What a school must have is what it has afterwards, added up in floats."""
    x, low = np.array([4029.0, 3369.0]), np.array([2014.5, 3705.9])
    got = ADD(x, students=[1594, 1343], limit=0.05, lowest=low, highest=[4834.8, 4042.8], costs=costs)
    assert (x + got >= low).all()
    for change in (ADD, MOVE):
        for k in range(1, 200):
            x = np.array([k / 10, 100 / 3])
            low, high = np.array([k / 7, 0.1]), np.array([k / 7, 40 + k])
            more = {} if change is MOVE or costs is None else {"costs": costs}
            ends = x + change(x, students=[1, 1], limit=2, lowest=low, highest=high, **more)
            assert ends[0] == low[0]


def test_a_whole_transfer_may_have_no_way():
    """One unit for two schools: however it is placed, one has all."""
    assert "whole" in refused(MOVE, [1, 0], limit=0.5, whole=True)
    # nobody has a whole unit to give
    assert "whole" in refused(MOVE, [0.5, 0.1, 0], [2, 6, 5], limit=0.25, whole=True)
    assert MOVE([1, 0], students=[1, 1], limit=0.5).tolist() == pytest.approx([-0.25, 0.25])


# ------------------------------------------------------------------------------------------ how it is asked


@both
def test_labels_that_do_not_line_up_are_refused(change):
    a, b = pd.Series([1.0, 2.0]), pd.Series([1.0, 2.0], index=[1, 0])
    for more in ({"students": b}, {"lowest": b * 0}, {"highest": b * 9}, {"by": pd.Series(["a", "a"], index=[1, 0])}):
        with pytest.raises(jh.AlignmentError):
            change(a, **{"students": a, "limit": 0.5, **more})


@both
@real_and_whole
def test_bounds_and_costs_spread(change, whole):
    """A number, one a school, or one a cell; numbers of any library."""
    x = np.array([[40.0, 90, 5], [10, 30, 5], [8, 60, 9], [20, 5, 50]])
    given = {"students": [3, 2, 3, 4], "limit": 0.3, "whole": whole}
    for low, high in ((2, 300), ([1, 2, 3, 1], [400, 300, 300, 300])):
        wide = [np.broadcast_to(np.reshape(b, (-1, 1)), x.shape) for b in (low, high)]
        got = change(x, **given, lowest=low, highest=high)
        np.testing.assert_array_equal(got, change(x, **given, lowest=wide[0], highest=wide[1]))
        frame = pl.DataFrame(np.array(wide[0], dtype=float)), pa.Table.from_pandas(pd.DataFrame(wide[1]))
        np.testing.assert_array_equal(got, change(x, **given, lowest=frame[0], highest=frame[1]))
        assert (x + got >= wide[0]).all()
        if change is ADD:
            costs = ADD(x, **given, costs=[1, 2, 3, 1])
            wide_costs = np.broadcast_to(np.reshape([1, 2, 3, 1], (-1, 1)), x.shape)
            np.testing.assert_array_equal(costs, ADD(x, **given, costs=wide_costs))


@both
def test_progress_is_told(change):
    seen = []
    change([300, 100], students=[1, 1], limit=0.2, progress=lambda done, total: seen.append((done, total)))
    assert seen and seen[-1][0] == seen[-1][1]
    assert [d for d, _ in seen] == sorted(d for d, _ in seen)


@both
def test_several_keys_are_groups(change):
    x, p = [300, 100, 50, 90, 10, 20], [100, 100, 10, 20, 5, 7]
    keys = {"county": list("aabbbb"), "stage": ["primary"] * 4 + ["junior"] * 2}
    got = change(x, students=p, limit=0.2, by=keys)
    np.testing.assert_array_equal(got, change(x, students=p, limit=0.2, by=[0, 0, 1, 1, 2, 2]))
    message = refused(change, x, p, limit=0.2, by=keys, lowest=x, highest=x)
    assert "a" in message and "primary" in message


# --------------------------------------------------------------------------------------------- real schools


def test_the_schools_of_a_whole_island(shared_data):
    """Teachers of 2 600 primary schools in 22 counties: all within a third after the least change, real and whole."""
    table = pd.read_csv(shared_data / "taiwan_primary_schools_113.csv", dtype={"學校代碼": str})
    pupils, teachers, by = (table[c].to_numpy() for c in ("students_total", "teachers_total", "縣市名稱"))
    before = jh.difference_coefficient(jh.per_hundred_students(teachers, pupils), weights=pupils, by=by)
    limit = 0.33
    assert (before > limit).any() and (before <= limit).any()
    cost = {}
    for change in (ADD, MOVE):
        for whole in (False, True):
            got = change(teachers, students=pupils, limit=limit, by=by, whole=whole)
            after = jh.difference_coefficient(jh.per_hundred_students(teachers + got, pupils), weights=pupils, by=by)
            assert (after <= limit).all() and (after <= before * (1 + 1e-12)).all()
            moved = pd.Series(np.abs(got)).groupby(by).sum()
            assert (moved[before <= limit] == 0).all() and (moved[before > limit] > 0).all()
            assert (got[pupils == 0] == 0).all()
            if whole:
                assert (got == np.rint(got)).all()
            else:
                np.testing.assert_allclose(after[before > limit], limit, rtol=1e-9)
            cost[change.__name__, whole] = moved / (2 if change is MOVE else 1)
    for change in (ADD, MOVE):
        real, units = cost[change.__name__, False], cost[change.__name__, True]
        assert (units >= real - 1e-9).all() and (units < real + 5).all()
    assert (cost["least_transfers", False] <= cost["least_additions", False] + 1e-9).all()


@pytest.mark.parametrize("exponent", range(5, 14))
def test_a_tiny_limit_is_met_or_refused(exponent):
    limit = 10.0**-exponent
    rng = np.random.default_rng(exponent)
    for _ in range(60):
        n = int(rng.integers(2, 6))
        students, amounts = rng.integers(1, 100, n).astype(float), rng.integers(1, 100, n).astype(float)
        bounds = {"lowest": float(rng.integers(1, 12))} if rng.random() < 0.3 else {}
        for change in (jh.least_additions, jh.least_transfers):
            try:
                got = change(amounts, students=students, limit=limit, **bounds)
            except jh.InputError as error:
                assert "no change" in str(error) and ("lowest" in str(error) if bounds else "floating" in str(error))
                continue
            after = amounts + got
            assert np.isfinite(got).all() and (after >= 0).all()
            assert jh.difference_coefficient(after / students, weights=students) <= limit + 1e-12
            if change is jh.least_transfers:
                assert abs(got.sum()) <= 1e-9 * amounts.sum()


@pytest.mark.parametrize("highest", [[1.5, math.inf], [1.5, 0.6], [2.0, 0.9]])
def test_whole_units_that_overshoot_what_bounds_allow_come_to_an_end(highest):
    # 0.433 |a - 0.5| 4 / (1.5 + a) <= 0.3 for a between 0.2047 and 0.919: one whole unit is too much, and so are more
    with pytest.raises(jh.InputError, match=r"no change within the bounds \(highest\)"):
        ADD([1.5, 0.0], students=[3, 1], limit=0.3, whole=True, highest=highest)
    assert ADD([1.5, 0.0], students=[3, 1], limit=0.3, highest=highest).sum() == pytest.approx(0.2047, abs=1e-4)


def test_whole_units_may_pass_long_after_the_first_guess():
    # schools of one pupil beside a large one that may have no more: with k units to k of them the mean of the values is
    # that of their squares, (4000 + k) / 4600, and 1 / mean - 1 <= 0.04 from k = 424 on; the real answer is some 270
    amounts, students, highest = ([first, *[rest] * 600] for first, rest in ((4000, 0), (4000, 1), (4000, math.inf)))
    got = ADD(amounts, students=students, limit=0.2, whole=True, highest=highest)
    assert got.sum() == 424 and set(got[1:]) == {0, 1}
    assert 250 < ADD(amounts, students=students, limit=0.2, highest=highest).sum() < 290


@pytest.mark.parametrize("turned", [False, True], ids=["as found", "turned round"])
def test_a_first_guess_beyond_the_answer_finds_its_way_back(turned):
    # nearly all pupils are in schools that have nothing: the guess lands in the last segment, the answer lies before it
    amounts, students = np.array([8, 0, 0, 0, 0, 2.4375]), np.array([1.0, 1, 1, 1, 133, 26])
    if turned:
        amounts, students = amounts[::-1], students[::-1]
    got = MOVE(amounts, students=students, limit=0.25)
    assert got.sum() == pytest.approx(0, abs=1e-12)
    # the sixth school neither gives nor gets; the first gives 8 - u and the others end at one level, (8 - u) / 136:
    # 163 (u² + 2.4375² / 26 + (8 - u)² / 136) = (1 + 1/16) 10.4375², of which the smaller root is the lower spread
    a, b = 163 * (1 + 1 / 136), -163 * 16 / 136
    c = 163 * (2.4375**2 / 26 + 64 / 136) - (1 + 1 / 16) * 10.4375**2
    left = (-b + math.sqrt(b * b - 4 * a * c)) / (2 * a)
    ends = [left, *[(8 - left) / 136] * 3, 133 * (8 - left) / 136, 2.4375]
    assert amounts + got == pytest.approx(ends[::-1] if turned else ends, abs=1e-9)
    assert jh.difference_coefficient((amounts + got) / students, weights=students) == pytest.approx(0.25, abs=1e-12)


@both
@pytest.mark.parametrize("amount", [2.0**53, 1e16, 2.0**62, 1e300])
def test_whole_units_that_cannot_be_counted_are_refused(change, amount):
    """Beyond 2 ** 53 one unit more is lost in a float: no unit can be placed, so counting them never ended."""
    assert "counted up to 9007199254740992" in refused(change, [amount, 1, 7], [3, 2, 5], limit=0.1, whole=True)
    assert change([amount, amount], students=[1, 1], limit=0.1, whole=True).tolist() == [0, 0]
    if amount < 1e100:  # its square is a float
        assert change([amount, 1, 7], students=[3, 2, 5], limit=0.1).any()


def test_additions_that_lead_beyond_counting_are_refused():
    """All units there are can be counted, but not those that it takes."""
    amounts = [2.0**52, 0, 0]
    assert "counted up to" in refused(ADD, amounts, [1, 1, 1], limit=0.1, whole=True)
    assert "within the bounds" in refused(ADD, amounts, [1, 1, 1], limit=0.1, whole=True, highest=1000)
    moved = MOVE(amounts, students=[1, 1, 1], limit=0.1, whole=True)
    assert moved.sum() == 0 and jh.difference_coefficient(amounts + moved, weights=[1, 1, 1]) <= 0.1


def test_whole_units_that_must_move_are_not_counted_one_by_one():
    """Millions must leave the schools above their bounds; the first county has no way, known before a unit moves."""
    highest = [544, 59_724_624, 201, 556_821_708]
    x, p = [326, 73_478_823, 146, 322_493_192], [3, 4_017_006, 20, 1_002]
    assert "within the bounds" in refused(MOVE, x, p, limit=0.001, whole=True, highest=highest)
    x, highest = [5_124_728_975_682, 208_838_591_312_858, 57_564_763], [4_895_724_963_367, math.inf, 54_309_194]
    moved = MOVE(x, students=[1241, 9958, 1], limit=0.3, whole=True, highest=highest)
    assert moved.tolist() == [4_895_724_963_367 - 5_124_728_975_682, 229_007_267_884, 54_309_194 - 57_564_763]
