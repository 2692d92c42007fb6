"""What a run costs before it runs is what its plan then draws; shared stages are paid once."""

from pathlib import Path

import pytest

from bioner.config.identity import run_name
from bioner.config.train import TrainConfig
from bioner.errors import ConfigError
from bioner.fit.candidates import BASELINE, Candidate
from bioner.fit.price import Price, Priced, price, total, updates
from bioner.fit.rungs import Affordable, Rung, going_on, rungs
from bioner.runs.record_file import read_record
from bioner.train.run import train
from bioner.train.tasks import load_corpora
from tests.train.test_run import config_of

MTL = ["finetune=mtl", "finetune.auxiliaries=[demo_chemical]", "mixing=uniform"]
SOURCE = [
    "pretrain=sources",
    "pretrain.sources=[demo_disease_related]",
    "pretrain.epochs=null",
    "pretrain.steps=3",
    "pretrain.devel_size=24",
]


def small(tmp_path: Path, *overrides: str) -> TrainConfig:
    return config_of(
        tmp_path,
        "finetune.targets=[demo_disease]",
        "finetune.train_size=0.1",
        "finetune.devel_size=24",
        "finetune.epochs=2",
        "batch.sentences=8",
        *overrides,
    )


def test_a_price_is_what_the_run_then_draws(tmp_path: Path) -> None:
    config = small(tmp_path, *MTL, *SOURCE)
    found = price(config, load_corpora(config))
    directory = Path(config.runs_dir) / config.study / run_name(config)
    directory.mkdir(parents=True)
    train(config, directory)
    drawn = [
        sum(stage.mixing.drawn.values()) for stage in read_record(directory).stages if stage.mixing
    ]
    scoring = 24 / 8 / 3  # of devel, once an epoch
    assert [*found.earlier.values()] == [pytest.approx(drawn[0] + scoring)]
    assert found.last == pytest.approx(drawn[1] + 2 * scoring)
    assert (found.epochs, updates(config, load_corpora(config))) == (2, drawn[1])


def test_a_stage_that_several_runs_begin_with_is_paid_once(tmp_path: Path) -> None:
    transfer = small(tmp_path, *SOURCE)
    both = small(tmp_path, *SOURCE, *MTL)
    corpora = load_corpora(both)
    one, other = price(transfer, corpora), price(both, corpora)
    assert one.earlier == other.earlier
    another_seed = price(small(tmp_path, *SOURCE, "seed=2"), corpora)
    assert another_seed.earlier.keys() != one.earlier.keys()
    (stage,) = one.earlier.values()
    runs = [Priced("one", one, 0.5), Priced("other", other, 1.0), Priced("one", one, 0.2)]
    assert total(runs) == pytest.approx(stage + one.last / 2 + other.last)
    assert total([]) == 0


def test_rungs_end_with_whole_epochs_and_all_seeds() -> None:
    ten = rungs(10, 3)
    assert [(one.epochs(10), one.stop_after(10), one.seeds) for one in ten] == [
        (2, 2, 1),
        (5, 5, 2),
        (10, None, 3),
    ]
    assert [(one.epochs(2), one.seeds) for one in rungs(2, 3)] == [(1, 2), (2, 3)]
    assert rungs(1, 1) == [Rung(1.0, 1)]
    assert ten[0].stop_after(20) == 4  # of a candidate with twice the epochs
    assert [going_on(9, rung) for rung in range(3)] == [9, 5, 3]
    assert [going_on(1, rung) for rung in range(3)] == [1, 1, 1]


class Prices(Affordable):
    """Prices that a test gives."""

    def __init__(self, prices: dict[Candidate, Price], ladder: list[Rung]) -> None:
        self._ladder, self._first, self.run = ladder, 1, prices[BASELINE].last
        seeds = range(1, 1 + ladder[-1].seeds)
        self.prices = {
            (one, seed): Price(
                {f"{key} {seed}": cost for key, cost in p.earlier.items()}, p.last, 10
            )
            for one, p in prices.items()
            for seed in seeds
        }


def test_a_budget_pays_for_the_first_candidates_that_it_can() -> None:
    a, b, c, dear = (Candidate(name) for name in ("a", "b", "c", "dear"))
    prices = {
        BASELINE: Price({}, 10.0, 10),
        a: Price({"source": 10.0}, 10.0, 10),
        dear: Price({}, 1000.0, 10),
        b: Price({"source": 10.0}, 20.0, 10),
        c: Price({}, 10.0, 10),
    }
    known = Prices(prices, [Rung(0.2, 1), Rung(0.5, 2), Rung(1.0, 3)])
    # Single and one transfer, three seeds each.
    assert known.most([a]) == pytest.approx(3 + 3 * 2)
    # The dearer one to the end, and 20 % of the other, whose stage is the same.
    assert known.most([a, b]) == pytest.approx(3 + 3 * 3 + 0.2)
    # Of three two enter the second rung.
    assert known.most([a, b, c]) == pytest.approx(3 + 3 * 3 + 2 * 0.5 + 0.2)
    assert known.choose([a, dear, b, c], 12.3) == [a, b]
    assert known.choose([a, dear, b, c], 9.1) == [a]
    assert known.choose([dear, c], 6.0) == [c]
    message = r"budget: is 5\.0 runs of single, and single and one other candidate take 6\.0"
    with pytest.raises(ConfigError, match=message):
        known.choose([a, c], 5.0)
