"""Labels as codes: combining, renumbering, finding the first of each; text of other libraries (private)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from typing import Any

import numpy as np
import pandas as pd
from attrs import frozen
from numpy.typing import NDArray

from junheng._arrays import Ints


def combine_codes(parts: Sequence[tuple[Ints, int]]) -> Ints:
    """Return one code for each combination of several; not dense."""
    codes, n = parts[0][0].astype(np.int64, copy=False), parts[0][1]
    for more, m in parts[1:]:
        if n > 0 and m > (1 << 62) // n:
            codes = dense_codes(codes)
            n = int(codes.max()) + 1 if codes.size else 0
        codes = codes * m + more
        n *= m
    return codes


def dense_codes(codes: Ints, n: int | None = None) -> Ints:
    """Renumber codes 0, 1, 2, … in order of appearance; with ``n`` all codes are in 0 … n - 1."""
    if codes.size > 1:
        new = codes[1:] != codes[:-1]
        heads, lengths = runs_from(new)
        if 4 * heads.size < codes.size or bool((codes[1:] >= codes[:-1]).all()):  # equal codes are adjacent
            numbers = np.arange(heads.size) if all_distinct(codes[heads]) else pd.factorize(codes[heads])[0]
            return np.repeat(numbers.astype(np.int64, copy=False), lengths)
    if n is None or n > max(4 * codes.size, 1 << 10):  # a lookup table would cost more than a search
        return pd.factorize(codes)[0].astype(np.int64, copy=False)
    rows = np.arange(codes.size)
    first = np.empty(n, dtype=np.int64)
    first[codes[::-1]] = rows[::-1]  # the last write wins
    at = first[codes]
    numbers = np.cumsum(at == rows)
    numbers -= 1
    return numbers[at]


def all_distinct(codes: Ints) -> bool:
    """Return whether all codes are distinct."""
    return bool((codes[1:] > codes[:-1]).all()) or pd.unique(codes).size == codes.size


def row_codes(parts: Sequence[tuple[Ints, int]]) -> Ints:
    """Return a code for each combination in order of appearance; in the parts -1 is a missing label."""
    parts = [(codes.astype(np.int64) + 1, n + 1) for codes, n in parts]
    return dense_codes(combine_codes(parts), math.prod(n for _, n in parts))


def first_codes(parts: Sequence[tuple[Ints, int]]) -> tuple[Ints, Ints]:
    """Return the result of ``row_codes`` and the first row of each code."""
    codes = row_codes(parts)
    n = int(codes.max()) + 1 if codes.size else 0
    heads = runs_from(codes[1:] != codes[:-1])[0] if n else codes
    if heads.size == n:  # each is in one run
        return codes, heads
    first = np.empty(n, dtype=np.int64)
    first[codes[heads[::-1]]] = heads[::-1]  # the last write wins
    return codes, first


def runs_from(changes: NDArray[np.bool_]) -> tuple[Ints, Ints]:
    """Return starts and lengths of runs of equal cells, from the places where a cell differs from the one before."""
    heads = np.concatenate([[0], np.flatnonzero(changes) + 1])
    return heads, np.diff(heads, append=changes.size + 1)


# ------------------------------------------------------------------------------- text of other libraries


def arrow_text(native: Any) -> Any:
    """Return text stored as Arrow; None for anything else, or without pyarrow."""
    if isinstance(native, pd.Series):
        dtype = native.dtype
        if not (isinstance(dtype, pd.ArrowDtype) or getattr(dtype, "storage", None) == "pyarrow"):
            return None
        array: Any = native.array
        native = array.__arrow_array__()
    elif type(native).__module__.startswith("polars"):
        if str(native.dtype) != "String" or find_spec("pyarrow") is None:
            return None
        native = native.to_arrow()
    if not hasattr(native, "type"):
        return None
    if str(native.type) == "string_view":
        import pyarrow as pa

        native = native.cast(pa.large_string())
    if str(native.type) not in ("string", "large_string"):
        return None
    if hasattr(native, "chunks"):
        native = native.chunk(0) if native.num_chunks == 1 else native.combine_chunks()
    if hasattr(native, "chunks"):  # some releases keep a single chunk
        native = native.chunk(0) if native.num_chunks else None
    return native


@frozen(eq=False)
class TextWords(Sequence[Any]):
    """The distinct words of an Arrow text column; converted to strings on access."""

    array: Any

    def __len__(self) -> int:
        return len(self.array)

    def __getitem__(self, i: Any) -> Any:
        return self.array[i].as_py()

    def __iter__(self) -> Iterator[Any]:
        return iter(self.array.to_pylist())


def text_codes(text: Any) -> tuple[NDArray[Any], TextWords]:
    """Return codes in order of appearance (-1: missing) and the words."""
    import pyarrow as pa
    import pyarrow.compute as pc

    # Arrow's own allocator maps fresh memory for a large dictionary every other time: 30 ms for a province
    encoded = pc.dictionary_encode(text, memory_pool=pa.system_memory_pool())
    indices = encoded.indices
    codes = np.asarray(indices.fill_null(-1) if indices.null_count else indices)
    return codes, TextWords(encoded.dictionary)


def category_codes(series: pd.Series) -> tuple[Ints, list[Any]]:
    """Return the codes of a pandas categorical in order of appearance (-1: missing) and the categories that occur."""
    codes, found = pd.factorize(np.append(-1, series.cat.codes.to_numpy()))
    return codes[1:].astype(np.int64) - 1, np.asarray(series.cat.categories, dtype=object)[found[1:]].tolist()
