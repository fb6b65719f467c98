"""What goes out: an evaluation, its frames, its explanations."""

from junheng.results.evaluation import (
    LEFT_OUT_OF,
    REASONS,
    Data,
    Evaluation,
    _round_half_up,
    _turns,
    records,
)

__all__ = ["LEFT_OUT_OF", "REASONS", "Data", "Evaluation", "_round_half_up", "_turns", "records"]
