"""The public names and their arguments are what was promised; a new one is written down, none goes in silence."""

import public_names


def test_every_public_name_is_there_with_its_arguments() -> None:
    kept, found = public_names.KEPT.read_text(encoding="utf-8").splitlines(), list(public_names.names())
    gone, new = sorted(set(kept) - set(found)), sorted(set(found) - set(kept))
    assert gone == [], "gone or changed: if this is meant, keep the old form for a minor version (CONTRIBUTING.md)"
    assert new == [], "new: run python tests/contract/public_names.py"
    assert found == kept
