"""The same evaluation where the data lies elsewhere: Dask, Spark, and Parquet files larger than memory."""

from junheng.engines.parquet import OUTPUTS as OUTPUTS, ParquetSummary, evaluate_dask, evaluate_parquet, evaluate_spark

__all__ = ["ParquetSummary", "evaluate_dask", "evaluate_parquet", "evaluate_spark"]
