"""Results stay what they are: verdicts, reasons, counts and keys to the letter, figures to 1e-12."""

import json

import corpus
import pytest

KEPT = json.loads(corpus.KEPT.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def found():
    return corpus.kept()


@pytest.mark.parametrize("key", KEPT)
def test_results_are_what_was_kept(found, key):
    assert found[key].keys() == KEPT[key].keys()
    if "error" in KEPT[key]:
        assert found[key] == KEPT[key]
        return
    for frame, wanted in KEPT[key].items():
        got = found[key][frame]
        assert (got["rows"], got["words"]) == (wanted["rows"], wanted["words"]), frame
        assert got["figures"].keys() == wanted["figures"].keys()
        for column, (n, where, *sums) in wanted["figures"].items():
            own_n, own_where, *own = got["figures"][column]
            assert (own_n, own_where) == (n, where), f"{frame}.{column} is known elsewhere"
            for a, b, size in zip(own[::2], sums[::2], sums[1::2], strict=True):
                assert abs(a - b) <= 1e-12 * size, f"{frame}.{column}"


def test_the_corpus_is_kept_whole(found):
    assert found.keys() == KEPT.keys()
    judged = [frames for frames in KEPT.values() if "error" not in frames]
    assert len(judged) > 40
