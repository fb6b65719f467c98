"""What goes out: an evaluation, its frames, its explanations."""

from junheng.judging.findings import LEFT_OUT_OF, REASONS
from junheng.judging.judgement import Judgement
from junheng.judging.judgement import Judgement as Data
from junheng.results.evaluation import Evaluation
from junheng.results.frames import records
from junheng.results.frames import round_half_up as _round_half_up
from junheng.results.frames import turns as _turns

# Data, _round_half_up, _turns: old names (to go)
__all__ = ["LEFT_OUT_OF", "REASONS", "Data", "Evaluation", "Judgement", "_round_half_up", "_turns", "records"]
