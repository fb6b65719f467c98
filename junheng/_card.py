"""Old place of :mod:`junheng.planning._card` (to go)."""

from junheng.planning._card import amount, money, plan_card, plan_part, plan_sentences, plan_state, plan_things

__all__ = ["amount", "money", "plan_card", "plan_part", "plan_sentences", "plan_state", "plan_things"]
