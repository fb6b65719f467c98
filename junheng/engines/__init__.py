"""The same evaluation where the data lies elsewhere: Dask, Spark, and Parquet files larger than memory.

Nothing heavy is imported with this package.
"""

from junheng.engines._schemas import OUTPUTS as OUTPUTS
from junheng.engines._schemas import Output as Output
from junheng.engines.dask import evaluate_dask
from junheng.engines.parquet import ParquetSummary, evaluate_parquet
from junheng.engines.spark import evaluate_spark

__all__ = ["ParquetSummary", "evaluate_dask", "evaluate_parquet", "evaluate_spark"]
