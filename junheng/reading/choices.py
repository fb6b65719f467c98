"""What a caller may decide about the reading of a file (private)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import field, frozen

from junheng.errors import InputError
from junheng.schools import resolve_mapping
from junheng.schools.unreadable import check_on_error
from junheng.words import Quoted, message

#: Sheets by name or position, counted from 0; several are stacked.
Sheets = str | int | Sequence[str | int] | None
#: Row numbers of the headers as a spreadsheet shows them.
HeaderRows = int | Sequence[int] | None


@frozen(eq=False, kw_only=True)
class Choices:
    """The arguments of :func:`junheng.read_schools`, except the file."""

    sheet: Sheets = field(default=None)
    mapping: Mapping[str, str] | None = field(default=None)
    header: HeaderRows = None
    on_error: str = field(default="raise")
    decimal: str | None = field(default=None)

    @sheet.validator
    def _check_sheet(self, _: object, given: object) -> None:
        several = given if isinstance(given, (list, tuple, range)) else [given]
        if not several or (given is not None and not all(isinstance(one, (str, int)) for one in several)):
            raise InputError(message("reading.sheet_argument", given=Quoted(given)))

    @mapping.validator
    def _check_mapping(self, _: object, given: Mapping[str, str] | None) -> None:
        resolve_mapping(given)

    @on_error.validator
    def _check_on_error(self, _: object, given: object) -> None:
        check_on_error(given)

    @decimal.validator
    def _check_decimal(self, _: object, given: object) -> None:
        if given is not None and not (isinstance(given, str) and given in (".", ",")):
            raise InputError(message("reading.decimal", given=Quoted(given)))
