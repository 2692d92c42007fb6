"""The plan of a stage: epochs, passes, determinism, and nearness to the shares."""

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bioner.batches.mixing import shares
from bioner.batches.passes import Cut
from bioner.batches.plan import make_plan
from bioner.config.mixing import Epoch, MixingConfig, Strategy, check_mixing
from bioner.errors import ConfigError

SIZES = {"target": 70, "large": 400, "tiny": 5}
CHANGING = (Strategy.annealed, Strategy.to_targets)


def mixing(strategy, tasks=SIZES, **values):
    if Strategy(strategy) is Strategy.weights:
        values.setdefault("weights", {task: 1.0 + i for i, task in enumerate(tasks)})
    return MixingConfig(strategy=Strategy(strategy), **values)


def plan(strategy="proportional", sizes=SIZES, targets=("target",), batch=8, end=1.0, **values):
    values = {"epochs": None, "steps": None, "seed": 1} | values
    cuts = {task: Cut(batch) for task in sizes}
    return make_plan(mixing(strategy, sizes, end=end), sizes, targets, cuts, **values)


def firsts(plan, epoch, start=0):
    """Return the task and the sentences of each update, where it has one task."""
    return [(task, indices) for ((task, indices),) in plan.updates(epoch, start)]


def listed(plan, epoch, start=0):
    return [(task, indices.tolist()) for task, indices in firsts(plan, epoch, start)]


cases = st.fixed_dictionaries(
    {
        "strategy": st.sampled_from(list(Strategy)),
        "sizes": st.fixed_dictionaries(
            {"a": st.integers(1, 40), "b": st.integers(1, 40), "c": st.integers(1, 40)}
        ),
        "targets": st.lists(st.sampled_from("abc"), min_size=1, unique=True),
        "batch": st.integers(1, 9),
        "epochs": st.integers(1, 4),
        "seed": st.integers(0, 99),
    }
)


@settings(deadline=None, max_examples=60)
@given(cases)
def test_an_epoch_has_the_target_batches_of_one_pass_and_ends_with_one(case):
    made = plan(**case)
    updates = sum(math.ceil(case["sizes"][t] / case["batch"]) for t in case["targets"])
    assert made.epochs == case["epochs"]
    for epoch in range(made.epochs):
        tasks = [task for task, _ in firsts(made, epoch)]
        assert len(tasks) == made.epoch_steps(epoch)
        assert sum(task in case["targets"] for task in tasks) == updates
        assert tasks[-1] in case["targets"]


@settings(deadline=None, max_examples=60)
@given(cases)
def test_no_sentence_is_seen_again_before_all_have_been(case):
    made = plan(**case)
    seen = {task: [] for task in made.tasks}
    for epoch in range(made.epochs):
        for task, indices in firsts(made, epoch):
            assert 1 <= len(indices) <= case["batch"]
            seen[task] += indices.tolist()
    for task, size in made.sizes.items():
        passes = [seen[task][i : i + size] for i in range(0, len(seen[task]), size)]
        assert all(sorted(p) == list(range(size)) for p in passes[:-1])
        assert all(len(set(p)) == len(p) for p in passes)


@settings(deadline=None, max_examples=30)
@given(cases)
def test_a_plan_is_a_pure_function_and_any_epoch_can_be_taken_up(case):
    made = plan(**case)
    epochs = [listed(made, epoch) for epoch in range(made.epochs)]
    again = plan(**case)
    for epoch in reversed(range(made.epochs)):
        assert listed(again, epoch) == epochs[epoch]
    counted = Counter(task for epoch in epochs for task, _ in epoch)
    assert made.drawn() == {task: counted[task] for task in made.tasks}
    assert made.steps == counted.total()
    for epoch, updates in enumerate(epochs):
        for start in {0, 1, len(updates) // 2, len(updates)}:
            assert listed(again, epoch, start) == updates[start:]


@pytest.mark.parametrize("strategy", list(Strategy))
def test_a_single_task_is_passed_once_an_epoch_in_a_new_order(strategy):
    made = plan(strategy, {"only": 21}, ["only"], epochs=3)
    orders = [[i for _, indices in firsts(made, e) for i in indices.tolist()] for e in range(3)]
    assert [made.epoch_steps(e) for e in range(3)] == [3, 3, 3]
    assert all(sorted(order) == list(range(21)) for order in orders)
    assert len(set(map(tuple, orders))) == 3


@pytest.mark.parametrize("strategy", list(Strategy))
def test_the_target_is_drawn_in_the_same_order_whatever_the_auxiliaries_are(strategy):
    alone = listed(plan("uniform", {"target": 70}, epochs=1), 0)
    mixed = [b for b in listed(plan(strategy, epochs=1), 0) if b[0] == "target"]
    assert mixed == alone


def test_another_seed_gives_another_plan():
    one, other = plan(epochs=1, seed=1), plan(epochs=1, seed=2)
    assert one.order[0].tolist() != other.order[0].tolist()
    assert sorted(listed(one, 0)) != sorted(listed(other, 0))


def test_epochs_differ_in_their_draws():
    made = plan(epochs=2)
    assert made.order[0].tolist() != made.order[1].tolist()
    assert made.order[0].dtype == np.int16


@pytest.mark.parametrize("strategy", [s for s in Strategy if s not in CHANGING])
def test_what_is_drawn_is_near_the_shares(strategy):
    made = plan(strategy, steps=20_000)
    expected = shares(mixing(strategy), SIZES)
    assert made.shares == pytest.approx(expected)
    for task, count in made.drawn().items():
        spread = math.sqrt(20_000 * expected[task] * (1 - expected[task]))
        assert abs(count - 20_000 * expected[task]) < 5 * spread, task


def test_round_robin_goes_on_with_its_turns_over_the_epochs():
    made = plan("round_robin", targets=["target", "tiny"], epochs=3)
    turns = np.concatenate(made.order)
    assert turns.ravel().tolist() == (np.arange(len(turns)) % 3).tolist()


def test_an_epoch_may_end_with_the_largest_task():
    sizes, cuts = {"small": 3, "large": 10}, {name: Cut(2) for name in ("small", "large")}
    config = mixing("round_robin", sizes, epoch=Epoch.largest)
    made = make_plan(config, sizes, ["small"], cuts, 2, None, 1)
    turns = [[task for task, _ in firsts(made, epoch)] for epoch in range(2)]
    # Turns go on over the end of an epoch, which has the five batches of the largest.
    assert turns[0] == ["small", "large"] * 5 and turns[1] == turns[0]
    assert made.drawn() == {"small": 10, "large": 10}
    with pytest.raises(ConfigError, match=r"mixing\.epoch: is largest, and mixing.strategy=to_tar"):
        check_mixing(mixing("to_targets", sizes, epoch=Epoch.largest), sizes)


def test_annealed_goes_from_proportional_to_uniform_over_the_epochs():
    made = plan("annealed", {"target": 8000, "large": 24_000}, batch=1, epochs=3)
    found = [np.mean(order == 0) for order in made.order]
    assert found == pytest.approx([0.25, 0.375, 0.5], abs=0.02)
    steps = [len(order) for order in made.order]
    mean = (0.25 * steps[0] + 0.375 * steps[1] + 0.5 * steps[2]) / sum(steps)
    assert made.shares["target"] == pytest.approx(mean)


def test_annealed_goes_from_proportional_to_uniform_over_the_steps():
    made = plan("annealed", {"target": 100, "large": 900}, batch=1, steps=40_000)
    order = np.concatenate(made.order)
    found = [np.mean(part == 0) for part in np.split(order, 4)]
    assert found == pytest.approx([0.15, 0.25, 0.35, 0.45], abs=0.02)
    assert made.shares["target"] == pytest.approx(0.3)


def test_annealed_with_one_epoch_or_one_step_is_proportional():
    assert plan("annealed", epochs=1).shares == plan("proportional", epochs=1).shares
    assert plan("annealed", steps=1).shares == plan("proportional", steps=1).shares


@pytest.mark.parametrize("steps", [1, 9, 10, 4097])
def test_steps_are_the_updates_in_all_and_cut_the_last_epoch_short(steps):
    made = plan("uniform", steps=steps)
    assert made.steps == steps == sum(len(listed(made, e)) for e in range(made.epochs))
    whole = plan("uniform", epochs=made.epochs)
    for epoch in range(made.epochs - 1):
        assert made.order[epoch].tolist() == whole.order[epoch].tolist()
    last = made.epochs - 1
    assert made.order[last].tolist() == whole.order[last][: made.epoch_steps(last)].tolist()


def test_an_epoch_longer_than_one_chunk_of_draws_goes_on_where_the_chunk_stopped():
    made = plan("weights", {"target": 3000, "other": 10}, batch=1, epochs=1)
    assert made.steps > 8192 and made.drawn()["target"] == 3000
    assert listed(plan("uniform", {"target": 3000}, batch=1, epochs=1), 0) == [
        b for b in listed(made, 0) if b[0] == "target"
    ]


def test_describe_says_what_is_expected():
    made = plan("uniform", steps=30)
    assert [(row.task, row.sentences) for row in made.describe()] == list(SIZES.items())
    assert all(row.share == pytest.approx(1 / 3) for row in made.describe())
    assert all(row.expected == pytest.approx(10) for row in made.describe())


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, "epochs: it is None and steps is None; give exactly one"),
        ({"epochs": 1, "steps": 1}, "give exactly one"),
        ({"epochs": 0}, "epochs: 0; at least 1"),
        ({"steps": -3}, "steps: -3; at least 1"),
        ({"epochs": 1, "batch": 0}, r"batch\.sentences: 0; at least 1"),
        ({"epochs": 1, "seed": -1}, "seed: -1; at least 0"),
    ],
)
def test_numbers_that_can_not_be_used_are_refused(values, message):
    with pytest.raises(ConfigError, match=message):
        plan(**values)


@settings(deadline=None, max_examples=60)
@given(cases, st.integers(1, 3))
def test_an_update_of_several_tasks_has_different_ones_and_can_be_taken_up_anywhere(case, together):
    # Also where the targets' share ends at 1, which leaves none for a second task.
    made = plan(**case, together=together)
    updates = sum(math.ceil(case["sizes"][t] / case["batch"]) for t in case["targets"])
    seen = {task: [] for task in made.tasks}
    for epoch in range(made.epochs):
        found = [[(task, i.tolist()) for task, i in one] for one in made.updates(epoch)]
        assert all(len({task for task, _ in one}) == together for one in found)
        hits = np.cumsum([sum(task in case["targets"] for task, _ in one) for one in found])
        assert hits[-1] >= updates and (len(hits) == 1 or hits[-2] < updates)
        for one in found:
            for task, indices in one:
                seen[task] += indices
        for start in {0, len(found) // 2, len(found)}:
            rest = [[(task, i.tolist()) for task, i in one] for one in made.updates(epoch, start)]
            assert rest == found[start:]
    for task, size in made.sizes.items():  # no sentence is seen again before all have been
        passes = [seen[task][i : i + size] for i in range(0, len(seen[task]), size)]
        assert all(sorted(p) == list(range(size)) for p in passes[:-1])


# Round robin draws nothing, and in the end `to_targets` has no second task to draw.
DRAWN = [s for s in Strategy if s not in (Strategy.round_robin, Strategy.to_targets)]


@pytest.mark.parametrize("strategy", DRAWN)
def test_the_first_task_of_an_update_is_drawn_as_if_it_were_the_only_one(strategy):
    alone, several = (plan(strategy, steps=500, together=n) for n in (1, 2))
    one, two = (made.order[0][:, 0] for made in (alone, several))
    both = min(len(one), len(two))
    assert both and one[:both].tolist() == two[:both].tolist()


def test_the_second_task_of_an_update_is_drawn_by_the_shares_of_those_that_are_left():
    config = {"weights": {"a": 6.0, "b": 3.0, "c": 1.0}}
    sizes = {"a": 50, "b": 50, "c": 50}
    cuts = {task: Cut(8) for task in sizes}
    made = make_plan(
        mixing("weights", sizes, **config), sizes, ["a"], cuts, None, 20_000, 1, together=2
    )
    drawn = np.concatenate(made.order)
    after_a = drawn[drawn[:, 0] == 0, 1]
    assert np.mean(after_a == 1) == pytest.approx(0.75, abs=0.02)
    assert sum(made.shares.values()) == pytest.approx(1)


def test_all_tasks_in_every_update():
    made = plan("uniform", epochs=2, together=3)
    assert {tuple(sorted(row)) for row in np.concatenate(made.order).tolist()} == {(0, 1, 2)}
    assert made.shares == dict.fromkeys(SIZES, pytest.approx(1 / 3))
    with pytest.raises(ConfigError, match=r"mixing\.tasks_per_update: 4; 1 to 3"):
        plan("uniform", epochs=2, together=4)


@pytest.mark.parametrize(
    "config",
    [
        mixing("weights", weights={"target": 1e-9, "other": 1.0}),
        mixing("temperature", temperature=0.001),
    ],
)
def test_targets_that_are_hardly_ever_drawn_are_refused(config):
    with pytest.raises(ConfigError, match=r"mixing\.strategy: .*an epoch of 9 target batches"):
        cuts = {task: Cut(8) for task in ("target", "other")}
        make_plan(config, {"target": 70, "other": 700}, ["target"], cuts, 1, None, 1)


def test_towards_the_targets_their_share_rises_over_the_stage():
    made = plan("to_targets", {"target": 800, "a": 100, "b": 300}, batch=1, epochs=4)
    parts = [np.bincount(order[:, 0], minlength=3) for order in made.order]
    assert [int(part[0]) for part in parts] == [800] * 4
    others = [int(part[1:].sum()) for part in parts]
    # The integral of 1 / p - 1 over each quarter of a rise from 0.5 to 1.
    expected = [800 * (8 * math.log((5 + i) / (4 + i)) - 1) for i in range(4)]
    assert others == pytest.approx(expected, rel=0.15)
    assert not made.order[-1][-20:].any()
    assert sum(int(part[2]) for part in parts) == pytest.approx(0.75 * sum(others), rel=0.1)
    assert made.shares["target"] == pytest.approx(3200 / (3200 + sum(others)))


def test_towards_the_targets_in_steps_ends_at_them():
    made = plan("to_targets", {"target": 50, "a": 50}, batch=1, steps=2000)
    order = np.concatenate(made.order)[:, 0]
    means = [float((part == 0).mean()) for part in np.split(order, 4)]
    assert means == pytest.approx([0.5625, 0.6875, 0.8125, 0.9375], abs=0.06)


def test_towards_the_targets_without_auxiliaries_it_is_its_base():
    sizes = {"a": 10, "b": 90}
    rising, base = (plan(s, sizes, ("a", "b"), epochs=3) for s in ("to_targets", "proportional"))
    assert all(
        one.tolist() == two.tolist() for one, two in zip(rising.order, base.order, strict=True)
    )
