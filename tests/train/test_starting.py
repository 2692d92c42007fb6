"""Heads that tasks share are fitted to the words of all of them at once."""

import numpy as np
import torch

from bioner.model.heads import LinearHead
from bioner.model.probe import start_probe
from bioner.model.word_vectors import WordVectors
from bioner.train.starting import carried_rows, fitted_together
from tests.model.toys import LINEAR, OneHead

# A corpus of genes, and one of chemicals and diseases in which nobody marked a gene.
TAGS = {"a": ("O", "B-Gene", "I-Gene"), "b": ("O", "B-Drug", "I-Drug", "B-Ill", "I-Ill")}
EVERY = ("O", "B-Gene", "I-Gene", "B-Drug", "I-Drug", "B-Ill", "I-Ill")
HIDDEN = 8


def bank() -> OneHead:
    return OneHead(TAGS, lambda _, tags: LinearHead(HIDDEN, tags, 0.0), LINEAR)


def words_of(task: str, seed: int) -> WordVectors:
    """600 words, each with a vector of its kind: O, Gene, Drug or Ill; task b calls genes O."""
    random = np.random.default_rng(seed)
    kinds = random.choice(4, 600, p=[0.7, 0.1, 0.1, 0.1])
    vectors = random.normal(size=(600, HIDDEN)) * 0.3 + 3 * np.eye(4, HIDDEN)[kinds]
    ids = {"a": [0, 1, 0, 0], "b": [0, 0, 1, 3]}[task]
    return WordVectors(vectors.astype(np.float32), np.array(ids)[kinds], np.full(60, 10))


def test_a_head_for_each_task_is_fitted_by_itself() -> None:
    """As a bank of one task gives it, nothing is renamed and nothing is masked."""
    (fit,) = OneHead({"b": TAGS["b"]}, lambda _, tags: LinearHead(HIDDEN, tags, 0.0), LINEAR).fits()
    words = words_of("b", 1)
    together, masked = fitted_together(fit, {"b": words})
    assert masked is None
    np.testing.assert_array_equal(together.tags, words.tags)
    np.testing.assert_array_equal(together.vectors, words.vectors)


def test_words_of_all_tasks_go_together_and_know_their_own_types_alone() -> None:
    (fit,) = bank().fits()
    words = {task: words_of(task, i) for i, task in enumerate(TAGS)}
    together, masked = fitted_together(fit, words)
    assert fit.head.tags == EVERY
    names = [TAGS[task][i] for task in TAGS for i in words[task].tags]
    assert [EVERY[i] for i in together.tags] == names
    assert together.lengths.sum() == len(names) == 1200
    assert masked is not None
    for task, rows in (("a", masked[:600]), ("b", masked[600:])):
        allowed = torch.tensor([tag in TAGS[task] for tag in EVERY])
        assert rows.equal(~allowed.expand(600, -1))


def test_a_probe_of_a_shared_head_finds_the_mentions_of_every_task() -> None:
    shared = bank()
    (fit,) = shared.fits()
    words = {task: words_of(task, i) for i, task in enumerate(TAGS)}
    together, masked = fitted_together(fit, words)
    start_probe(fit.head, together, None, masked)
    shared.put(fit)
    for seed, task in enumerate(TAGS, start=10):
        new = words_of(task, seed)
        found = shared.decode(task, torch.from_numpy(new.vectors), torch.from_numpy(new.lengths))
        assert (found.numpy() == new.tags).mean() > 0.95, task


def test_rows_that_an_earlier_stage_knows_are_those_of_every_task() -> None:
    (fit,) = bank().fits()
    assert carried_rows(fit, {"a": None, "b": None}) is None
    some = torch.tensor([True, True, True, False, False])
    known = carried_rows(fit, {"a": None, "b": some})
    assert known is not None and [t for t, k in zip(EVERY, known, strict=True) if k] == [
        "O",
        "B-Drug",
        "I-Drug",
    ]
    whole = carried_rows(fit, {"b": None})  # the head of a was carried over as it is
    assert whole is not None and [t for t, k in zip(EVERY, whole, strict=True) if k] == [*TAGS["a"]]
