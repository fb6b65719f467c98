"""What a caller may decide about the reading of a file (private)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import field, frozen

from junheng.errors import InputError
from junheng.words import Quoted, message

#: Sheets by name or position, counted from 0; several are stacked.
Sheets = str | int | Sequence[str | int] | None
#: Row numbers of the headers as a spreadsheet shows them.
HeaderRows = int | Sequence[int] | None


@frozen(eq=False, kw_only=True)
class Choices:
    """The arguments of :func:`junheng.read_schools`, except the file."""

    sheet: Sheets = None
    mapping: Mapping[str, str] | None = None
    header: HeaderRows = None
    on_error: str = "raise"
    decimal: str | None = field(default=None)

    @decimal.validator
    def _check_decimal(self, _: object, given: object) -> None:
        if given not in (None, ".", ","):
            raise InputError(message("reading.decimal", given=Quoted(given)))
