"""What a run costs before it runs is what its plan then draws; shared stages are paid once."""

from pathlib import Path

import pytest

from bioner.config.identity import run_name
from bioner.config.train import TrainConfig
from bioner.errors import ConfigError
from bioner.fit.candidates import BASELINE, Candidate
from bioner.fit.parting import Parting
from bioner.fit.price import Price, Priced, price, total, updates
from bioner.fit.rungs import Affordable, Rung, going_on, rungs
from bioner.fit.trial import Trial
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

ALL_THERE = Parting("mine")


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
    same_stage = price(small(tmp_path, *SOURCE, "seed=2", "pretrain.seed=1"), corpora)
    assert same_stage.earlier == one.earlier
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


def prices(
    given: dict[Candidate, Price], ladder: list[Rung], parting: Parting = ALL_THERE
) -> Affordable:
    """Return prices that a test gives; what is trained on everything costs half as much again."""

    def price_of(trial: Trial) -> Price:
        found = given[trial.candidate]
        earlier = {f"{key} {trial.seed}": cost for key, cost in found.earlier.items()}
        return Price(earlier, found.last * (1.5 if trial.whole else 1.0), 10)

    return Affordable(price_of, ladder, parting)


def test_a_budget_pays_for_the_first_candidates_that_it_can() -> None:
    a, b, c, dear = (Candidate(name, "transfer") for name in ("a", "b", "c", "dear"))
    given = {
        BASELINE: Price({}, 10.0, 10),
        a: Price({"source": 10.0}, 10.0, 10),
        dear: Price({}, 1000.0, 10),
        b: Price({"source": 10.0}, 20.0, 10),
        c: Price({}, 10.0, 10),
    }
    known = prices(given, [Rung(0.2, 1), Rung(0.5, 2), Rung(1.0, 3)])
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


def test_what_a_target_lacks_is_paid_too() -> None:
    a = Candidate("a", "transfer")
    given = {BASELINE: Price({}, 10.0, 10), a: Price({"source": 10.0}, 10.0, 10)}
    ladder = [Rung(0.5, 2), Rung(1.0, 3)]
    # Three seeds of both, and of both on everything: the stages are there.
    no_devel = prices(given, ladder, Parting("mine", devel=3))
    assert no_devel.most([a]) == pytest.approx(3 + 3 * 2 + 3 * 1.5 * 2)
    # Four searches with one stage a seed.
    no_test = prices(given, ladder, Parting("mine", test=3, lacks_test=True))
    assert no_test.most([a]) == pytest.approx(4 * 3 + 4 * 3 + 3)
    with pytest.raises(ConfigError, match=r"search and those of 3 folds that are test take 27\.0;"):
        no_test.choose([a], 26.0)
    # What a search before has run is paid, and is not paid again.
    done = [Priced(f"done {k}", Price({f"source {k}": 10.0}, 20.0, 10), 1.0) for k in (1, 2, 3)]
    assert no_test.most([a], 3, done) == pytest.approx(3 + 6 + 3 + 3)
    # On everything: what is taken, and in folds single beside it.
    neither = Parting("mine", devel=3, test=2, lacks_test=True)
    most = prices(given, ladder, neither).most([a])
    assert most == pytest.approx(3 * (3 + 3) + 3 + 1.5 * (1 + 2 + 2))


def test_self_training_costs_its_text(tmp_path: Path) -> None:
    alone = small(tmp_path, "finetune.train_size=0.25")
    taught = small(tmp_path, "finetune.train_size=0.25", "selftrain=soft", "selftrain.epochs=2")
    corpora = load_corpora(taught)
    single, found = price(alone, corpora), price(taught, corpora)
    (before,) = found.earlier.values()
    assert before == single.last
    unlabelled = 0.75 * len(corpora["demo_disease"].splits["train"].sentences)
    steps = updates(alone, corpora)
    assert found.last == pytest.approx(single.last + steps + unlabelled / 8 / 3, rel=0.01)
