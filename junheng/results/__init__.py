"""Results: an evaluation, its frames and its explanations."""

from junheng.judging.findings import LEFT_OUT_OF, REASONS
from junheng.judging.judgement import Judgement
from junheng.results.evaluation import Evaluation, check_evaluation
from junheng.results.frames import records

__all__ = ["LEFT_OUT_OF", "REASONS", "Evaluation", "Judgement", "check_evaluation", "records"]
