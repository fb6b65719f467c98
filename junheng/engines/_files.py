"""Parquet files as one table (private)."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import frozen

from junheng.engines._job import READ_ROWS, says_something
from junheng.errors import InputError
from junheng.schools import columns
from junheng.words import message

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["ParquetFiles"]


@frozen(eq=False)
class ParquetFiles:
    """Parquet files read as one table, row after row in the order of their paths."""

    roots: tuple[str, ...]
    fragments: tuple[Any, ...]
    schema: pa.Schema
    rows: int

    @classmethod
    def find(cls, source: Any) -> ParquetFiles:
        """Find the files, and one schema that holds the columns of all of them."""
        import pyarrow as pa
        import pyarrow.dataset as ds

        named = _named_paths(source)
        given: Any = named[0] if len(named) == 1 else named
        ordered = _found_paths(given)
        folders = _folder_fields(given, ordered) if len(named) == 1 else pa.schema([])
        schema = _common_schema(ordered)
        for field in folders:
            if field.name in schema.names:
                schema = schema.set(schema.get_field_index(field.name), field)
            else:
                schema = schema.append(field)
        partitioning = ds.partitioning(folders, flavor="hive")
        dataset = ds.dataset(given, format="parquet", schema=schema, partitioning=partitioning)
        fragments = {str(f.path): f for f in dataset.get_fragments()}
        rows = sum(f.count_rows() for f in fragments.values())
        return cls(tuple(named), tuple(fragments[p] for p in ordered), schema, rows)

    @property
    def types(self) -> dict[str, pa.DataType]:
        """Type of every column."""
        return {f.name: f.type for f in self.schema}

    def empty_keys(self) -> set[str]:
        """Return the columns of names and codes in which nothing stands in any file."""
        known = columns()
        empty = {n for n in self.schema.names if n in known and known[n].type == "key"}
        for table, _ in self.read(sorted(empty), READ_ROWS) if empty else ():
            empty -= {n for n in empty if says_something(table[n].unique().to_pylist())}
            if not empty:
                break
        return empty

    def read(self, only: Sequence[str] | None, at_most: int) -> Iterator[tuple[pa.Table, int]]:
        """Yield pieces of the table in order, with the position of their first row."""
        import pyarrow as pa

        at = 0
        for fragment in self.fragments:
            scanner = fragment.scanner(
                schema=self.schema,
                columns=None if only is None else list(only),
                batch_size=min(at_most, READ_ROWS),
                batch_readahead=1,
                fragment_readahead=1,
            )
            for batch in scanner.to_batches():
                if batch.num_rows:
                    yield pa.Table.from_batches([batch]), at
                    at += batch.num_rows


def _named_paths(source: Any) -> list[str]:
    """Return the paths that were named, all of which must exist."""
    paths = [str(source)] if isinstance(source, (str, os.PathLike)) else [str(p) for p in source]
    if not paths:
        raise InputError(message("engines.no_file"))
    for path in paths:
        if not Path(path).exists():
            raise InputError(message("engines.no_such_file", path=path))
    return paths


def _found_paths(given: str | list[str]) -> list[str]:
    """Return the files: those of a folder in the order of their paths, a list of files as it is given."""
    import pyarrow as pa
    import pyarrow.dataset as ds

    first = given if isinstance(given, str) else given[0]
    try:
        found = [str(f.path) for f in ds.dataset(given, format="parquet", schema=pa.schema([])).get_fragments()]
    except (pa.ArrowInvalid, OSError) as exc:
        raise InputError(message("engines.no_parquet_read", path=first, reason=str(exc))) from None
    if not found:
        raise InputError(message("engines.no_parquet", path=first))
    return sorted(found) if isinstance(given, str) else found


def _common_schema(paths: Sequence[str]) -> pa.Schema:
    """Return one schema that holds the columns of all files, or name the first file that does not agree."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema([])
    for path in paths:
        try:
            own = _decoded(pq.read_schema(path))
        except (pa.ArrowInvalid, OSError) as exc:
            raise InputError(message("engines.unreadable", path=path, reason=str(exc))) from None
        try:
            schema = pa.unify_schemas([schema, own], promote_options="permissive")
        except (pa.ArrowTypeError, pa.ArrowInvalid) as exc:
            raise InputError(message("engines.other_types", path=path, reason=str(exc))) from None
    return schema


def _folder_fields(root: str, files: Sequence[str]) -> pa.Schema:
    """Return the columns that stand in the names of folders; codes keep their zeros, only a year is a number."""
    import pyarrow as pa

    values: dict[str, set[str]] = {}
    for path in files:
        inside = Path(os.path.relpath(path, root)).parts[:-1]
        for name, mark, value in (part.partition("=") for part in inside):
            if mark:
                values.setdefault(name, set()).add(value)
    plain = {name: all(v.isdecimal() for v in found) for name, found in values.items()}
    return pa.schema([(n, pa.int64() if n == "year" and plain[n] else pa.string()) for n in values])


def _decoded(schema: pa.Schema) -> pa.Schema:
    """Return the schema of a file with plain text for dictionaries and long text, so that files agree."""
    import pyarrow as pa

    t = pa.types
    fields = []
    for f in schema:
        type_ = f.type.value_type if t.is_dictionary(f.type) else f.type
        if t.is_large_string(type_) or t.is_string_view(type_):
            type_ = pa.string()
        fields.append(pa.field(f.name, type_))
    return pa.schema(fields)
