"""What a header says beside its name: a unit, a stage, a remark, or something that makes it another figure (private).

A unit is applied or refused, never ignored: ignored, it makes a figure ten thousand times wrong. A remark is ignored
with a note. Words that name another column, time, person or share make the header an unknown one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import pairwise

from attrs import frozen

from junheng.schools.header_names import named, stage_word
from junheng.schools.vocabulary import (
    Column,
    Factor,
    base_column,
    category_aliases,
    every_unit,
    flag_words,
    fold,
    units_of,
)

__all__ = ["BLANK", "UNIT_IN_SIGHT", "Said", "flat", "is_plain_remark", "said_beside", "unit_in"]


@frozen(kw_only=True)
class Said:
    """What stands beside a name; ``other`` if it makes the header another figure, ``odd`` if a unit is not known."""

    unit: str | None = None
    stage: str | None = None
    remarks: tuple[str, ...] = ()
    odd: str | None = None
    other: bool = False


#: 单价1万元以上 is an amount, 万元以上 describes what is counted: neither is the unit of the column.
UNIT_IN_SIGHT = r"(?<![0-9.一二两三四五六七八九十百千万亿])(?:{})(?!(?:及|及其)?以[上下])"
#: Multiples without a unit (以万计), but not places (精确到百位) or bandwidth (千兆).
_MULTIPLES = r"[万亿千百](?!兆|位|分)|10{2,8}(?:元|册|人|台|m2|平方米)|[×x*]10|10\^|10k|10的"
#: An amount describes what is counted: 单价1万元以上, 万元以上.
_LIMIT = re.compile("元?(?:及|及其)?以[上下内]")
_AMOUNT = re.compile("以[上下内]|单价|低于|高于|超过|不足|不满|达到")
_NUMBER = re.compile("(?<!m)[0-9.一二两三四五六七八九十百千万亿]$|m2[0-9]+$")
#: Text beside a name that begins like this is a remark.
_REMARK = re.compile(
    r"不?含|不?包含|不?包括|不计|剔除|扣除|除|见|注|截至|截止|按|指|必填|必须|选填|可选|请|保留|精确|填|以|如|账面|原值|四舍五入|取整|"
    r"整数|小数|数字|数值|手工|自动|全校|全部|合计|总计|总数|小计|本校|本年|本学年|当年|学年初|时点|现有|来源|来自|同|与|没有|无则|不填|"
    r"[一二两三四0-9]位小数|年末|年底|期末|(?:19|20)\d{2}(?:年|学年|$)|\d{1,2}月|.{7,}"
)
_LEFT_OUT = re.compile(r"不含|不包|不计|未含|剔除|扣除|除[^,]{1,20}外")
_TAKEN_IN = re.compile(r"含|包括|包含")
#: Another time or a share.
_OTHER_FIGURE = re.compile(
    "上年|去年|上学年|上一|前年|往年|历年|次年|明年|下年|下学年|近[一二两三四五0-9]年|增减|增幅|增长|增加|较上|比上|同比|新增|其中|"
    "生均|人均|平均|均值|班均|校均|百名|每|比例|占比|百分比|百分率|百分数|百分之|%|率|比值|差额|缺口|缺额|缺编|需求|计划|规划|目标|预计|预期|"
    "标准值|标准数|应配|应有|应达|达标|拟|在建|待建|变更前|调整前|撤并前|合并前"
)
#: Other people or things, unless they are said to be counted in or out.
_OTHER_THING = re.compile(
    "男|女|代课|兼任|兼职|外聘|临聘|临时|退休|租用|借用|租赁|出租|危房|幼儿|学前|中职|职业|在编|编内|编外|非编|使用面积|建筑面积|占地面积|"
    "寄宿|住宿|走读|随迁|留守|残疾|电子|报废|行政|工勤|学生用|教师用|办公用|净值|折旧"
)
#: Not ours even if they are said to be counted in: 在校生数（含幼儿园）, 专任教师数（含代课教师）.
_NOT_OURS = re.compile("幼儿|学前|中职|职业|代课|兼任|兼职|外聘|临聘|临时|退休")
#: Beside words of any kind: another time.
_OTHER_TIME = re.compile("上年|去年|上学年|上一|前年|往年|历年|下年|下学年|变更前|撤并前|合并前|调整前")
#: Beside a name or code: another name, another level.
_OTHER_NAME = re.compile(
    "原名|原校|原学校|曾用|旧名|旧校|旧代码|新校名|拟|规划|计划|预计|其中|上级|主管|举办|所属|隶属|教育集团|乡镇|街道|姓名|联系|电话|地址|邮箱|"
    "建校|毕业|出生|比例|人数"
)
_ALONE = frozenset(("原", "旧", "新", "女", "男", "镇", "乡", "村", "中心校", "中心学校", "校长"))
_OF_CODES = re.compile("(?:代码|标识码|编码|编号)(?:填写|填报)?$")
_SEPARATORS = re.compile(r"[,、;。|/\\:·]+")
#: A blank separates words; it is kept as a bar.
BLANK = re.compile(r"(?<=\S)[^\S\r\n]+(?=\S)")
#: 万 元 is one word.
_APART = re.compile(r"(?<=[万千百亿方])\|+(?=[元册米人])")
#: Joins a name and its unit outside brackets; within brackets it belongs to a remark (2023-2024学年).
_JOINS = str.maketrans(dict.fromkeys("_-—=~", "|"))
_SAYS_UNIT = re.compile(r"(?:计量|金额|数量|货币|面积)?单位(?:均)?[为是]?")
_BEFORE_UNIT = re.compile(
    r"(?:计量|金额|数量|货币|面积)?单位|均|统一|一律|请|填写|填报|填|为|是|以|按|用|折合|折|币种|人民币"
)
_AFTER_UNIT = re.compile(r"(?:为|作|做)?(?:计量)?单位|计量|计算|统计|填写|填报|填|计|人民币|整")
#: 按…计 with a short word between is a unit, known or not; 按原值计 is not.
_MEASURED = re.compile(r"[以按用](.{1,3}?)(?:为单位|为计|计|计算|计量)")
_NO_MEASURE = frozenset(("原值", "账面", "账面值", "实数", "实有", "实有数", "年报", "总数", "人头"))


def flat(text: str) -> str:
    """Return a text with its brackets as separators."""
    return text.translate(str.maketrans("()", "||"))


def said_beside(column: str, before: str, inside: str) -> Said:
    """Return what the text in brackets behind a name says; ``before`` is that name, both folded, blanks as bars."""
    base = base_column(column)
    if base is None or not flat(inside).strip("|"):
        return Said()
    if base[0].type != "number":
        return _beside_words(base[0], before.replace("|", ""), flat(inside))
    return _beside_figures(base[0], flat(inside))


# --------------------------------------------------------------------------------------------- figures


def _beside_figures(column: Column, inside: str) -> Said:
    inside = _APART.sub("", inside)
    whole, known = inside.replace("|", ""), units_of(column.unit)
    if whole in known:
        return Said(unit=whole)
    said = _stages_units_remarks(inside, known)
    if said is None:
        return Said(odd=whole)
    stages, units, remarks, unit_comes = said
    if any(_is_other_figure(column, remark) for remark in remarks) or len(set(stages)) > 1:
        return Said(other=True)
    if len({known[u] for u in units}) > 1 or unit_comes or any(_is_odd(r, known) for r in remarks):
        return Said(odd=whole)
    return Said(unit=next(iter(units), None), stage=next(iter(stages), None), remarks=tuple(remarks))


def _stages_units_remarks(
    inside: str, known: Mapping[str, Factor]
) -> tuple[list[str], list[str], list[str], bool] | None:
    """Sort the words of a text, and tell whether a unit must follow; None if one had to and did not: 单位：全校."""
    stages, units, remarks, unit_comes = list[str](), list[str](), list[str](), False
    for token in filter(None, _SEPARATORS.split(inside)):
        unit, remark = _part_token(token, known)
        if unit_comes and unit is None:
            return None
        unit_comes = unit is None and remark is None and _SAYS_UNIT.fullmatch(token) is not None
        if unit is not None:
            units.append(unit)
        if (stage := stage_word(token)) is not None:
            stages.append(stage)
        elif remark is not None:
            remarks.append(remark)
    return stages, units, remarks, unit_comes


def _part_token(token: str, known: Mapping[str, Factor]) -> tuple[str | None, str | None]:
    """Split a word into a unit and a remark: 万元保留两位小数."""
    bare = _bare_unit(token)
    if bare in known:
        return bare, None
    if not bare:
        return None, None
    first = max((u for u in known if token.startswith(u) and _REMARK.match(token[len(u) :])), key=len, default="")
    return (first, token[len(first) :]) if first else (None, token)


def _bare_unit(token: str) -> str:
    """Return a unit without the words around it: 以万元为单位."""
    while True:
        bare, before = token, _BEFORE_UNIT.match(token)
        bare = bare[before.end() :] if before else bare
        after = next((m for n in range(7, 0, -1) if (m := _AFTER_UNIT.fullmatch(bare[-n:]))), None)
        bare = bare[: -len(after.group())] if after else bare
        if bare == token:
            return bare
        token = bare


def _is_odd(remark: str, known: Mapping[str, Factor]) -> bool:
    """Return whether a remark may name a unit: one of the column, a multiple, or a word that is no remark."""
    measured = _MEASURED.fullmatch(remark)
    return (
        _REMARK.match(remark) is None
        or _SAYS_UNIT.match(remark) is not None
        or _in_sight(remark, known)
        or (measured is not None and measured.group(1) not in _NO_MEASURE)
    )


def _in_sight(text: str, known: Mapping[str, Factor]) -> bool:
    """Return whether a text mentions a multiple, or a unit that is not the column's own, other than in an amount."""
    other = [re.escape(u) for u in sorted(known, key=len, reverse=True) if known[u] != (1, 1)]
    amount = _AMOUNT.search(text) is not None
    return any(
        not _LIMIT.match(text, unit.end()) and not (amount and _NUMBER.search(text[: unit.start()][-9:]))
        for unit in re.finditer("|".join([*other, _MULTIPLES]), text)
    )


def _is_other_figure(column: Column, remark: str) -> bool:
    if _LEFT_OUT.match(remark):
        return False
    things = _NOT_OURS if _TAKEN_IN.match(remark) else _OTHER_THING
    if _OTHER_FIGURE.search(remark) or things.search(remark):
        return True
    return remark in _ALONE or _names_another(column, remark)


def _names_another(column: Column, text: str) -> bool:
    name = named(text)
    base = None if name is None else base_column(name)
    return base is not None and base[0].id != column.id


def unit_in(column: Column, text: str) -> Said:
    """Return the unit that a text gives for a column, nothing else in it matters: a mapped header, a heading above.

    Units of other things are passed over: 单位：人、平方米、万元.
    """
    known, every = units_of(column.unit), every_unit()
    folded = fold(BLANK.sub("|", text.strip()))
    tokens = filter(None, _SEPARATORS.split(_APART.sub("", flat(folded).translate(_JOINS))))
    parts = [_part_token(token, known) for token in tokens]
    units, rest = [u for u, _ in parts if u is not None], [r for _, r in parts if r is not None]
    rest = [r for r in rest if _bare_unit(r) not in every]
    tail = [u for r in rest[-1:] for u in known if known[u] != (1, 1) and r.endswith(u)]
    units += [max(tail, key=len)] if tail else []
    if len({known[u] for u in units}) > 1 or any(_in_sight(r, known) for r in (rest[:-1] if tail else rest)):
        return Said(odd=folded.replace("|", ""))
    return Said(unit=units[0] if units else None)


# ----------------------------------------------------------------------------------------------- words


def _beside_words(column: Column, before: str, inside: str) -> Said:
    """Return what stands beside a name, a code, a category or a yes-or-no question: none of these has a unit."""
    whole, tokens = inside.strip("|:").replace("|", " "), [t for t in _SEPARATORS.split(inside) if t]
    other = _OTHER_TIME.search(whole) or (column.type == "key" and _OTHER_NAME.search(whole))
    counted = _LEFT_OUT.match(whole) or _TAKEN_IN.match(whole)
    if (other and not counted) or any(t in _ALONE for t in tokens) or _names_another(column, inside.replace("|", "")):
        return Said(other=True)
    if column.type == "key" and _of_codes(column) != _of_codes(column, tokens):
        return Said(other=True)
    if any(_names_another(column, name) for t in tokens for name in (t, before + t)):
        return Said(other=True)
    if column.type == "category" and _lists_other_words(column, tokens):
        return Said(other=True)
    if column.type in ("category", "flag") and _turns_round(column, whole):
        # not merely unknown: without the column every school would count
        return Said(odd=whole)
    return Said(remarks=(whole,))


#: A remark on words that needs no brackets.
_PLAIN = re.compile(
    r"请?(?:从?下拉|单|多)?(?:选择|选)|下拉|单选|多选|全称|简称|必填|选填|可选|盖章|公章|文本|[0-9一二三四五六七八九十]{1,2}位(?:数|数字|码)?|"
    r"(?:请|须|必须|应)?(?:填|与|同|按).{1,20}"
)


def is_plain_remark(column: Column, text: str) -> bool:
    """Return whether a text behind a name, without brackets, is only a remark: 学校类型 小学/初中, 学校名称 全称."""
    words: Mapping[str, object] = {} if column.type == "key" else flag_words()
    words = category_aliases(column.id) if column.type == "category" else words
    tokens = [t for t in _SEPARATORS.split(text) if t]
    return bool(tokens) and all(t in words or _PLAIN.fullmatch(t) for t in tokens)


def _of_codes(column: Column, tokens: Iterable[str] | None = None) -> bool:
    """Return whether a column holds codes, or, with tokens, what these say; the column's own kind if they do not."""
    own = column.id.endswith("code")
    if tokens is None:
        return own
    said = list(tokens)
    if any(_OF_CODES.search(t) for t in said):
        return True
    return own and not any(t.endswith("名称") for t in said)


def _lists_other_words(column: Column, tokens: Iterable[str]) -> bool:
    """Return whether a list of choices is that of another category: 学校类型（城区/镇区/乡村）."""
    words = [t for t in tokens if not t.isdigit()]
    others = [c for c in ("kind", "stage", "ownership", "owner_type", "area_type") if c != column.id]
    own = sum(w in category_aliases(column.id) for w in words)
    return any(sum(w in category_aliases(c) for w in words) > max(own, 1) for c in others)


_DIGITS = re.compile(r"[0-9]+")
#: 不参评的打√, but not 不参评不填 or 不参评填否.
_TICKED_IF_NOT = re.compile("[不未免].*[√✓勾填写打划画选](?!.*(?:[否无×]|0$))")
_LEFT_EMPTY = re.compile("[不未][填写打划画选勾]")


def _turns_round(column: Column, text: str) -> bool:
    """Return whether a remark gives codes or ticks another meaning than they have: 1否0是, 不参评的打√."""
    known: Mapping[str, object] = flag_words() if column.type == "flag" else category_aliases(column.id)
    clauses = _SEPARATORS.split(text)
    if column.type == "flag" and any(_TICKED_IF_NOT.search(_LEFT_EMPTY.sub("", c)) for c in clauses):
        return True
    parts = [p for p in re.split(r"([0-9]+)|[^\w]+|[为代表示填写]+", text) if p]
    if parts and not _DIGITS.fullmatch(parts[0]):
        parts = parts[::-1]  # 是1否0: the word comes first
    pairs = [(a, b) for a, b in pairwise(parts) if _DIGITS.fullmatch(a) and b in known]
    return any(a in known and known[a] != known[b] for a, b in pairs)
