"""A standard in short, as a notebook shows it: ids as they are typed, and the terms of the document (private)."""

from __future__ import annotations

from html import escape
from typing import Any

from junheng.standards.content import number_text
from junheng.words import SIGNS, Name, sentences, word

__all__ = ["card"]


def card(standard: Any) -> str:
    """Return the identity of a standard, its thresholds and limits, and how many items each part has."""
    # the model shows itself by this file, which therefore cannot import it
    facts = (standard.id, standard.number, standard.issued or "", standard.jurisdiction, standard.extends or "")
    head = f"<b>{escape(standard.label.zh)}</b> · {escape(standard.label.en)}<br>{escape(standard.document)}<br>"
    blocks = [f"<p>{head}{' · '.join(escape(f) for f in facts if f)}</p>"]
    rows = [[*_both(Name("indicator", t.indicator)), *_rule(t)] for t in standard.thresholds]
    rows += [[x.kind, sentences("standards.card", "zh")[x.kind], *_rule(x)] for x in standard.limits]
    blocks += _table(("indicator", "", "stage", "required", "clause", "standing"), rows)
    counts = {part: sum(item.part == part for item in standard.items) for part in (*standard.parts, "overall")}
    parts = [[*_both(Name("part", part)), str(n)] for part, n in counts.items() if n]
    return f"<div>{''.join(blocks + _table(('part', '', 'item'), parts))}</div>"


def _both(name: Name) -> list[str]:
    """Return an id and its Chinese term."""
    return [name.id, name.text("zh")]


def _rule(rule: Any) -> list[str]:
    """Return stage, requirement, clause and standing of a rule."""
    stage = f"{rule.stage} {word('stage', rule.stage, 'zh')}"
    return [stage, _asked(rule), rule.clause, f"{rule.standing} {word('standing', str(rule.standing), 'zh')}"]


def _asked(rule: Any) -> str:
    """Return what a rule requires: a number, or one for each size in classes."""
    if rule.value is not None:
        return f"{SIGNS[rule.op]} {number_text(rule.value)}"
    classes, values = getattr(rule, "classes", ()), getattr(rule, "values", ())
    return f"{SIGNS[rule.op]} " + ", ".join(f"{c}: {number_text(v)}" for c, v in zip(classes, values, strict=True))


def _table(heads: tuple[str, ...], rows: list[list[str]]) -> list[str]:
    """Return a table; nothing without rows."""
    if not rows:
        return []
    titles = (f"{escape(h)} {escape(str(word('column', h, 'zh')))}" if h else "" for h in heads)
    head = "".join(f"<th>{title}</th>" for title in titles)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return [f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"]
