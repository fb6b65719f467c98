"""The same evaluation for data in Dask, Spark, or Parquet files larger than memory.

Importing this package imports none of these libraries.
"""

from junheng.engines._schemas import OUTPUTS as OUTPUTS
from junheng.engines._schemas import Output as Output
from junheng.engines.dask import evaluate_dask
from junheng.engines.parquet import ParquetSummary, evaluate_parquet
from junheng.engines.spark import evaluate_spark

__all__ = ["ParquetSummary", "evaluate_dask", "evaluate_parquet", "evaluate_spark"]


def __dir__() -> list[str]:
    return __all__
