"""Positions of counties in Parquet files, and reading the files in pieces of whole counties (private)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import frozen

from junheng._arrays import Ints
from junheng._text import clean
from junheng.engines._files import ParquetFiles
from junheng.engines._job import READ_ROWS, ROW, Job

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Counties", "in_order", "sorted_out"]


@frozen(eq=False)
class Counties:
    """The rows of each county in the files; counties in order of appearance."""

    keys: list[tuple[Any, ...]]
    number: dict[tuple[Any, ...], int]
    rows: Ints
    first: Ints
    last: Ints

    @classmethod
    def find(cls, files: ParquetFiles, by: Sequence[str]) -> Counties:
        """Read only the columns that identify a county."""
        number: dict[tuple[Any, ...], int] = {}
        rows: list[int] = []
        first: list[int] = []
        last: list[int] = []
        for table, at in files.read(by, READ_ROWS):
            codes, keys = _codes(table, by)
            begin = np.full(len(keys), table.num_rows, dtype=np.int64)
            np.minimum.at(begin, codes, np.arange(codes.size))
            end = np.zeros(len(keys), dtype=np.int64)
            np.maximum.at(end, codes, np.arange(codes.size))
            counts = np.bincount(codes, minlength=len(keys))
            # in order of appearance, also within a piece
            for i in np.argsort(begin, kind="stable").tolist():
                c = number.setdefault(keys[i], len(number))
                if c == len(rows):
                    rows.append(0)
                    first.append(at + int(begin[i]))
                    last.append(0)
                rows[c] += int(counts[i])
                last[c] = max(last[c], at + int(end[i]))
        return cls(list(number), number, *(np.array(x, dtype=np.int64) for x in (rows, first, last)))

    @property
    def largest(self) -> int:
        """Rows of the largest county."""
        return int(self.rows.max())

    def words(self, by: Sequence[str]) -> list[tuple[str, list[Any]]]:
        """Return the labels of every county by column."""
        return [(name, [k[i] for k in self.keys]) for i, name in enumerate(by)]

    def most_open(self) -> int:
        """Return an upper bound on the rows of incomplete counties held at once when reading in order."""
        at = np.concatenate([self.first, self.last])
        change = np.concatenate([self.rows, -self.rows])
        # at one position, counties that end come before counties that begin
        order = np.lexsort((change, at))
        return int(np.cumsum(change[order]).max(initial=0))

    def codes(self, table: pa.Table, by: Sequence[str]) -> Ints:
        """Return the county of each row."""
        codes, keys = _codes(table, by)
        return np.array([self.number[k] for k in keys], dtype=np.int64)[codes]


def _codes(table: pa.Table, by: Sequence[str]) -> tuple[Ints, list[tuple[Any, ...]]]:
    """Return one code per row and the key of each code."""
    combined = np.zeros(table.num_rows, dtype=np.int64)
    parts = []
    for name in by:
        column = table[name].combine_chunks().dictionary_encode(null_encoding="encode")
        codes = column.indices.to_numpy(zero_copy_only=False).astype(np.int64)
        words = [clean(w) if isinstance(w, str) else w for w in column.dictionary.to_pylist()]
        parts.append((codes, words))
        combined = combined * len(words) + codes
        combined = np.unique(combined, return_inverse=True)[1].reshape(-1) if len(by) > 1 else combined
    _, at, dense = np.unique(combined, return_index=True, return_inverse=True)
    keys = [tuple(words[codes[i]] for codes, words in parts) for i in at.tolist()]
    return dense.reshape(-1).astype(np.int64, copy=False), keys


def in_order(job: Job, files: ParquetFiles, counties: Counties, batch_rows: int) -> Iterator[tuple[pa.Table, Ints]]:
    """Yield whole counties while reading, once their last row has been read, about ``batch_rows`` at a time."""
    import pyarrow as pa

    ends = np.argsort(counties.last, kind="stable")
    whole_rows = np.concatenate([[0], np.cumsum(counties.rows[ends])])
    last = counties.last[ends]
    held: list[tuple[pa.Table, Ints, Ints]] = []
    given = 0
    for table, at in files.read(None, batch_rows):
        row = np.arange(at, at + table.num_rows, dtype=np.int64)
        held.append((table, row, counties.codes(table, job.by)))
        seen = at + table.num_rows
        whole = int(whole_rows[np.searchsorted(last, seen, side="left")])
        if whole - given < batch_rows and seen < files.rows:
            continue
        table = pa.concat_tables([t for t, _, _ in held])
        row, code = (np.concatenate(x) for x in list(zip(*held, strict=True))[1:])
        complete = counties.last[code] < seen
        if complete.all():
            held = []
            yield table, row
        elif complete.any():
            mask = pa.array(complete)
            rest = ~complete
            held = [(table.filter(pa.array(rest)), row[rest], code[rest])]
            yield table.filter(mask), row[complete]
        given = whole


def sorted_out(
    job: Job, files: ParquetFiles, counties: Counties, batch_rows: int, folder: Path
) -> Iterator[tuple[pa.Table, Ints]]:
    """Sort rows into temporary files of whole counties, of about ``batch_rows`` each, and yield these."""
    import pyarrow as pa

    bucket_of = np.empty(counties.rows.size, dtype=np.int64)
    bucket = filled = 0
    for c, n in enumerate(counties.rows.tolist()):
        if filled and filled + n > batch_rows:
            bucket, filled = bucket + 1, 0
        bucket_of[c] = bucket
        filled += n
    folder.mkdir()
    held: dict[int, list[pa.Table]] = {}
    waiting = 0
    for table, at in files.read(None, READ_ROWS):
        table = table.append_column(ROW, pa.array(np.arange(at, at + table.num_rows, dtype=np.int64)))
        to = bucket_of[counties.codes(table, job.by)]
        order = np.argsort(to, kind="stable")
        buckets, begins = np.unique(to[order], return_index=True)
        table = table.take(pa.array(order))
        for b, begin, end in zip(buckets.tolist(), begins, [*begins[1:], to.size], strict=True):
            held.setdefault(b, []).append(table.slice(begin, end - begin))
        waiting += table.num_rows
        if waiting >= batch_rows:
            _put_away(held, folder)
            waiting = 0
    _put_away(held, folder)
    for b in range(bucket + 1):
        path = folder / f"{b}.arrow"
        table = _fetched(path)
        path.unlink()
        yield table.drop_columns([ROW]), table[ROW].to_numpy()


def _put_away(held: dict[int, list[pa.Table]], folder: Path) -> None:
    """Append the waiting tables to each file, as a separate stream."""
    import pyarrow as pa

    for b, tables in held.items():
        table = pa.concat_tables(tables).combine_chunks()
        with (folder / f"{b}.arrow").open("ab") as file, pa.ipc.new_stream(file, table.schema) as writer:
            writer.write_table(table)
    held.clear()


def _fetched(path: Path) -> pa.Table:
    """Read all streams of a file."""
    import pyarrow as pa

    tables = []
    size = path.stat().st_size
    with path.open("rb") as file:
        while file.tell() < size:
            with pa.ipc.open_stream(file) as reader:
                tables.append(reader.read_all())
    return pa.concat_tables(tables)
