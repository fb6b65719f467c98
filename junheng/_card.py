"""Old place of :mod:`junheng.results.card` (to go)."""

from junheng.results.card import amount, money, plan_card, plan_part, plan_sentences, plan_state, plan_things

__all__ = ["amount", "money", "plan_card", "plan_part", "plan_sentences", "plan_state", "plan_things"]
