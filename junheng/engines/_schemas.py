"""Output schemas of the engines, and conversion of tables to them (private)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, get_args

import attrs
import pandas as pd

from junheng._arrays import Ints
from junheng.errors import Problem
from junheng.evaluation import evaluate
from junheng.results import Evaluation
from junheng.schools.needs import needed_columns
from junheng.standards import Standard

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "OUTPUTS",
    "Output",
    "conform",
    "output_schemas",
    "plain_schema",
    "problem_table",
    "to_pandas",
    "with_arrow_frames",
]

#: Available outputs: the frames of an evaluation, and its problems.
Output = Literal[
    "schools",
    "school_verdicts",
    "indicators",
    "items",
    "item_schools",
    "verdicts",
    "left_out",
    "county_indicators",
    "grades",
    "problems",
]
OUTPUTS: tuple[Output, ...] = get_args(Output)


def with_arrow_frames(ev: Evaluation) -> Evaluation:
    """Return an evaluation whose frames are Arrow tables, whatever its input."""
    return attrs.evolve(ev, data=attrs.evolve(ev.data, backend="pyarrow"))


def output_schemas(
    std: Standard, by: Sequence[str], types: Mapping[str, pa.DataType], *, partitions: bool
) -> dict[str, pa.Schema]:
    """Return the schema of every output, taken from an evaluation of one school, with the caller's key types."""
    import pyarrow as pa

    keys = {name: _key_type(types[name]) for name in (*by, "school_code", "school") if name in types}
    cells: dict[str, Any] = {name: [float("nan")] for name in needed_columns(std)}
    cells |= {name: ["x"] for name in keys if name not in cells} | {"stage": ["primary"], "included": ["是"]}
    cells["students"] = [500.0]
    ev = with_arrow_frames(evaluate(pd.DataFrame(cells), std, by=list(by)))
    out: dict[str, pa.Schema] = {}
    for name in OUTPUTS:
        if name == "problems":
            continue
        fields = []
        for field in getattr(ev, name).schema:
            if field.name == "row" and partitions:
                fields.append(pa.field("partition", pa.int64()))
            fields.append(pa.field(field.name, keys.get(field.name, field.type)))
        out[name] = pa.schema(fields)
    text = pa.string()
    place = [("partition", pa.int64())] if partitions else []
    problem = [
        ("code", text),
        ("severity", text),
        ("column", text),
        ("sheet", text),
        *place,
        ("row", pa.int64()),
        ("cell", text),
        ("position", pa.int64()),
    ]
    out["problems"] = pa.schema([*problem, ("key", text), ("value", text), ("message", text)])
    return out


def _key_type(type_: pa.DataType) -> pa.DataType:
    """Return the output type of a key: integers as int64, anything that is neither number nor date as text."""
    import pyarrow as pa

    t = pa.types
    if t.is_dictionary(type_):
        return _key_type(type_.value_type)
    if t.is_integer(type_) or (t.is_decimal(type_) and type_.scale <= 0):
        return pa.int64()
    if t.is_floating(type_) or t.is_decimal(type_):
        return pa.float64()
    if t.is_boolean(type_) or t.is_date(type_) or t.is_timestamp(type_):
        return type_
    return pa.dictionary(pa.int32(), pa.string())


def plain_schema(schema: pa.Schema) -> pa.Schema:
    """Return the schema with plain text instead of dictionaries."""
    import pyarrow as pa

    return pa.schema([(f.name, f.type.value_type if pa.types.is_dictionary(f.type) else f.type) for f in schema])


def conform(table: pa.Table, schema: pa.Schema, row: Ints, part: Ints | None) -> pa.Table:
    """Convert a frame to the schema of its output, with row numbers of the source."""
    import pyarrow as pa

    columns: dict[str, Any] = dict(zip(table.column_names, table.columns, strict=True))
    if "row" in columns:
        at = columns["row"].to_numpy()
        columns["row"] = pa.chunked_array([pa.array(row[at])])
        if part is not None:
            columns["partition"] = pa.chunked_array([pa.array(part[at])])
    return pa.table([_cast(columns[f.name], f.type) for f in schema], schema=schema)


def _cast(column: pa.ChunkedArray, type_: pa.DataType) -> Any:
    import pyarrow as pa

    if column.type == type_:
        return column
    given, wanted = pa.types.is_dictionary(column.type), pa.types.is_dictionary(type_)
    if given and wanted:
        chunks = [
            pa.DictionaryArray.from_arrays(c.indices.cast(type_.index_type), c.dictionary.cast(type_.value_type))
            for c in column.chunks
        ]
        return pa.chunked_array(chunks, type=type_)
    if given:
        column = column.cast(column.type.value_type)
    if wanted:
        return column.cast(type_.value_type).dictionary_encode().cast(type_)
    return column.cast(type_)


def problem_table(problems: Sequence[Problem], schema: pa.Schema) -> pa.Table:
    import pyarrow as pa

    rows = [p.to_dict() for p in sorted(problems, key=lambda p: -1 if p.row is None else p.row)]
    return pa.Table.from_pylist(rows, schema=schema)


def to_pandas(table: pa.Table) -> pd.DataFrame:
    """Return an Arrow table as pandas, with the types of a table loaded directly."""
    import pyarrow as pa

    t = pa.types
    columns: dict[str, Any] = {}
    for name, column in zip(table.column_names, table.columns, strict=True):
        if t.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        if t.is_decimal(column.type):
            column = _from_decimals(column)
        elif t.is_large_string(column.type) or t.is_string_view(column.type):
            column = column.cast(pa.string())
        columns[name] = column
    frame: pd.DataFrame = pa.table(columns).to_pandas(split_blocks=True)
    return frame


def _from_decimals(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Convert decimals to the nearest doubles (whole ones to integers): Arrow's own cast may be off by one digit."""
    import pyarrow as pa

    whole = column.type.scale <= 0
    encoded = column.combine_chunks().dictionary_encode()
    words = [int(w) if whole else float(w) for w in encoded.dictionary.to_pylist()]
    taken = pa.array(words, type=pa.int64() if whole else pa.float64()).take(encoded.indices)
    return pa.chunked_array([taken])
