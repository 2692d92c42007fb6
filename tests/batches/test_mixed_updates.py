"""Updates whose sentences are of several tasks: their size, their shares, passes, and resuming."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bioner.batches.datamodule import DrawnBatches
from bioner.batches.mixing import shares
from bioner.batches.plan import make_plan
from bioner.batches.scored import Shard
from bioner.batches.window import Window
from bioner.config.mixing import Strategy
from tests.batches.test_batch import BERT, split
from tests.batches.test_plan import SIZES, mixing

cases = st.fixed_dictionaries(
    {
        "strategy": st.sampled_from(list(Strategy)),
        "sizes": st.fixed_dictionaries({t: st.integers(1, 30) for t in "abc"}),
        "targets": st.lists(st.sampled_from("abc"), min_size=1, unique=True),
        "together": st.integers(2, 3),
        "mixed": st.integers(1, 9),
        "seed": st.integers(0, 99),
    }
)


def plan(strategy, sizes, targets, epochs=2, steps=None, seed=1, together=3, mixed=8):
    config = mixing(strategy, sizes, end=1.0)
    return make_plan(config, sizes, targets, {}, epochs, steps, seed, together, mixed)


def listed(made, epoch, start=0):
    return [
        [(task, sentences.tolist()) for task, sentences in update]
        for update in made.updates(epoch, start)
    ]


@settings(deadline=None, max_examples=50)
@given(cases)
def test_an_update_has_its_sentences_and_an_epoch_those_of_the_targets(case):
    made, targets = plan(**case), case["targets"]
    needed = sum(case["sizes"][task] for task in targets)
    seen = {task: [] for task in case["sizes"]}
    for epoch in range(2):
        updates, of_targets = listed(made, epoch), 0
        for update in updates:
            assert sum(len(sentences) for _, sentences in update) == case["mixed"]
            names = [task for task, _ in update]
            assert len({*names}) == len(names) <= case["together"]
            assert of_targets < needed
            of_targets += sum(len(s) for task, s in update if task in targets)
            for task, sentences in update:
                seen[task] += sentences
        assert of_targets >= needed
        half = len(updates) // 2
        assert listed(made, epoch, half) == updates[half:]
    assert made.drawn() == {task: len(drawn) for task, drawn in seen.items()}
    for task, drawn in seen.items():
        size = case["sizes"][task]
        for start in range(0, len(drawn) - size + 1, size):
            assert sorted(drawn[start : start + size]) == list(range(size))


@pytest.mark.parametrize("strategy", ["proportional", "uniform", "temperature", "weights"])
def test_each_sentence_is_of_a_task_by_the_shares(strategy):
    made = plan(strategy, SIZES, ["target"], None, 2000)
    expected = shares(mixing(strategy), SIZES)
    assert made.shares == pytest.approx(expected, abs=0.02)
    first = [Counter({t: len(s) for t, s in update}) for update in made.updates(0)]
    assert len({tuple(sorted(one.items())) for one in first}) > 3  # no two parts are fixed


def test_of_two_tasks_of_three_each_gets_its_part_of_their_shares():
    sizes = {"a": 50, "b": 50, "c": 50}
    config = mixing("weights", sizes, weights={"a": 6.0, "b": 3.0, "c": 1.0})
    made = make_plan(config, sizes, ["a"], {}, None, 4000, 1, 2, 10)
    order = np.concatenate(made.order)
    without_c = order[~(order == 2).any(axis=1) & (order == 1).any(axis=1)]
    assert np.mean(without_c == 0) == pytest.approx(2 / 3, abs=0.02)


@pytest.mark.parametrize("processes", [1, 2, 3])
def test_processes_share_an_update_evenly(processes):
    sizes = {"a": 20, "b": 9, "c": 3}
    made = plan("uniform", sizes, ["a"], 1, mixed=processes * 3)
    train = {t: (split(*[[1]] * size), np.arange(size)) for t, size in sizes.items()}
    window = Window(BERT, 8, 0)
    parts = [
        [*DrawnBatches(train, made, 0, window, Shard(rank, processes))] for rank in range(processes)
    ]
    for (_, update), shards in zip(
        enumerate(made.updates(0)), zip(*parts, strict=True), strict=True
    ):
        assert {sum(len(batch.index) for batch in shard) for shard in shards} == {3}
        for task, sentences in update:
            found = [b.index.tolist() for shard in shards for b in shard if b.task == task]
            assert sorted(i for one in found for i in one) == sorted(sentences.tolist())
