"""The gain of runs over others on one split, from their prediction files."""

from pathlib import Path

import pytest

from bioner.errors import DataError
from bioner.report.one_gain import gain_of

# Of each sentence whether its one mention is found.
ALWAYS, HALF, NEVER = [1] * 20, [1, 0] * 10, [0] * 20


def run(folder: Path, found: list[int], gold: str = "B-Gene") -> Path:
    (folder / "predictions").mkdir(parents=True)
    rows = [f"p53\t{gold}\t{'B-Gene' if one else 'O'}\nbinds\tO\tO\n\n" for one in found]
    (folder / "predictions" / "mine.devel.tsv").write_text("".join(rows))
    return folder


def test_a_gain_has_the_f1_of_the_files_and_an_interval(tmp_path: Path) -> None:
    ours = [run(tmp_path / f"a{seed}", ALWAYS) for seed in range(3)]
    theirs = [run(tmp_path / f"b{seed}", HALF) for seed in range(3)]
    found = gain_of(ours, theirs, "mine", "devel", seed=1)
    assert (found.f1, found.base, found.seeds, found.unit) == (
        1.0,
        pytest.approx(2 / 3),
        3,
        "sentence",
    )
    assert found.gain == pytest.approx(1 / 3)
    assert 0 < found.low < found.gain < found.high < 1
    assert found.not_worse == 1
    turned = gain_of(theirs, ours, "mine", "devel", seed=1)
    assert (turned.gain, turned.not_worse) == (pytest.approx(-1 / 3), 0)


def test_a_run_is_not_worse_than_itself(tmp_path: Path) -> None:
    one = run(tmp_path / "a", HALF)
    found = gain_of([one], [one], "mine", "devel", seed=1)
    assert (found.gain, found.low, found.high, found.not_worse) == (0, 0, 0, 1)


def test_seeds_that_disagree_make_a_gain_unsure(tmp_path: Path) -> None:
    single = [run(tmp_path / f"s{seed}", HALF) for seed in range(3)]
    others = [run(tmp_path / f"o{k}", one) for k, one in enumerate((ALWAYS, ALWAYS, NEVER))]
    found = gain_of(others, single, "mine", "devel", seed=1)
    assert found.gain == pytest.approx(0, abs=1e-9)
    assert found.low < -0.5 and found.high > 0.5
    assert 0.4 < found.not_worse < 0.6


def test_runs_of_other_texts_are_compared_on_their_own(tmp_path: Path) -> None:
    """Folds differ in their sentences; each is redrawn, and they are as so many seeds."""
    longer = [*ALWAYS, 0, 0]
    ours = [run(tmp_path / f"a{k}", one) for k, one in enumerate((ALWAYS, ALWAYS, longer))]
    theirs = [run(tmp_path / f"b{k}", one) for k, one in enumerate((HALF, NEVER, [0] * 22))]
    found = gain_of(ours, theirs, "mine", "devel", seed=1, texts=[1, 1, 2])
    last = 2 * 20 / 42
    assert found.f1 == pytest.approx((1 + 1 + last) / 3)
    assert found.gain == pytest.approx((1 / 3 + 1 + last) / 3)
    assert found.seeds == 3 and found.low < found.gain < found.high
    turned = gain_of(ours[::-1], theirs[::-1], "mine", "devel", seed=1, texts=[2, 1, 1])
    assert turned.gain == pytest.approx(found.gain)
    same = gain_of(ours[:2], theirs[:2], "mine", "devel", seed=1)
    assert gain_of(ours[:2], theirs[:2], "mine", "devel", seed=1, texts=[7, 7]) == same


def test_files_of_other_sentences_are_refused(tmp_path: Path) -> None:
    one, other = run(tmp_path / "a", HALF), run(tmp_path / "b", HALF, gold="O")
    with pytest.raises(DataError, match=r"mine\.devel\.tsv: has other sentences or gold tags"):
        gain_of([one], [other], "mine", "devel", seed=1)
