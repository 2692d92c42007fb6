"""EntityCounts against seqeval, which says what strict IOB2 is."""

from random import Random

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from seqeval.metrics import classification_report, f1_score, precision_score, recall_score
from seqeval.scheme import IOB2, Entities

from bioner.model.metric import EntityCounts, scores
from bioner.runs.scores import EntityScores

TYPES = ("Chemical", "Disease", "Gene")
NAMES = ("O", *(f"{prefix}-{name}" for name in TYPES for prefix in "BI"))
STRICT = {"mode": "strict", "scheme": IOB2, "zero_division": 0}

Pair = tuple[list[int], list[int]]  # gold and predicted tag ids of one sentence

tag_ids = st.integers(0, len(NAMES) - 1)
pairs_of_one_length = st.lists(st.tuples(tag_ids, tag_ids), max_size=6).map(
    lambda words: ([gold for gold, _ in words], [predicted for _, predicted in words])
)
small = st.lists(pairs_of_one_length, min_size=1, max_size=3)


def random_pair(random: Random) -> Pair:
    """Runs of one type among stray tags, and a prediction that departs from them here and there."""
    gold: list[int] = []
    for _ in range(random.randrange(6)):
        kind = random.randrange(len(TYPES))
        run = [1 + 2 * kind] + [2 + 2 * kind] * random.randrange(4)
        gold += random.choice([run, [random.randrange(len(NAMES))]])
    noise = random.choice([0.0, 0.1, 0.5])
    predicted = [random.randrange(len(NAMES)) if random.random() < noise else t for t in gold]
    return gold, predicted


def random_pairs(seed: int, sentences: int) -> list[Pair]:
    random = Random(seed)
    return [random_pair(random) for _ in range(sentences)]


many = st.builds(random_pairs, st.integers(0, 2**31), st.integers(1, 200))


def count(pairs: list[Pair]) -> EntityCounts:
    sides = ([tag for pair in pairs for tag in pair[side]] for side in (0, 1))
    gold, predicted = (torch.tensor(side, dtype=torch.long) for side in sides)
    metric = EntityCounts(TYPES)
    metric.update(predicted, gold, torch.tensor([len(gold) for gold, _ in pairs]))
    return metric


def named(pairs: list[Pair], side: int) -> list[list[str]]:
    return [[NAMES[tag] for tag in pair[side]] for pair in pairs]


@settings(max_examples=80, deadline=None)
@given(st.one_of(small, many))
def test_equals_seqeval(pairs: list[Pair]) -> None:
    gold, predicted = named(pairs, 0), named(pairs, 1)
    result = count(pairs).compute()

    assert result.precision == precision_score(gold, predicted, **STRICT)
    assert result.recall == recall_score(gold, predicted, **STRICT)
    assert result.f1 == f1_score(gold, predicted, **STRICT)
    entities = Entities(gold, IOB2), Entities(predicted, IOB2)
    for name in TYPES:
        gold_set, predicted_set = (side.filter(name) for side in entities)
        of_type = result.by_type[name]
        assert of_type.support == len(gold_set)
        assert of_type.predicted == len(predicted_set)
        assert of_type.correct == len(gold_set & predicted_set)

    if not entities[0].unique_tags | entities[1].unique_tags:
        return  # seqeval can't report on nothing
    report = classification_report(gold, predicted, output_dict=True, **STRICT)
    assert report["micro avg"]["support"] == result.support
    for name in TYPES:
        theirs, ours = report.get(name), result.by_type[name]
        if theirs is None:
            assert ours == scores(0, 0, 0)
        else:
            assert ours.precision == theirs["precision"]
            assert ours.recall == theirs["recall"]
            assert ours.f1 == theirs["f1-score"]
            assert ours.support == theirs["support"]


@settings(max_examples=30, deadline=None)
@given(many, many)
def test_states_of_two_parts_add_up_to_the_whole(left: list[Pair], right: list[Pair]) -> None:
    whole, parts = count(left + right), count(left)
    parts.merge_state(count(right))
    for name in ("predicted", "support", "correct"):
        assert getattr(whole, name).equal(getattr(parts, name))
        assert getattr(parts, name).dtype == torch.long


@pytest.mark.parametrize(
    ("gold", "predicted", "expected"),
    [
        ("B-Gene I-Gene O", "B-Gene I-Gene O", (1, 1, 1)),
        ("B-Gene I-Gene O", "B-Gene I-Gene I-Gene", (1, 1, 0)),
        ("B-Gene I-Gene O", "I-Gene I-Gene O", (0, 1, 0)),
        ("B-Gene I-Gene O", "B-Gene I-Disease O", (1, 1, 0)),
        ("B-Gene O O", "B-Gene I-Disease I-Gene", (1, 1, 1)),
        ("B-Gene I-Gene O", "B-Disease I-Disease O", (1, 1, 0)),
        ("B-Gene B-Gene O", "B-Gene I-Gene O", (1, 2, 0)),
    ],
)
def test_what_strict_means(gold: str, predicted: str, expected: tuple[int, int, int]) -> None:
    pair = tuple([NAMES.index(tag) for tag in side.split()] for side in (gold, predicted))
    result = count([pair]).compute()
    assert (result.predicted, result.support, result.correct) == expected


def test_the_border_of_a_sentence_closes_an_entity() -> None:
    gene = [NAMES.index("B-Gene")]
    inside = [NAMES.index("I-Gene")]
    result = count([(gene, gene), ([], []), (inside, [0])]).compute()
    assert (result.predicted, result.support, result.correct) == (1, 1, 1)


def test_no_words_and_no_sentences() -> None:
    metric = EntityCounts(TYPES)
    nothing = torch.zeros(0, dtype=torch.long)
    metric.update(nothing, nothing, nothing)
    metric.update(nothing, nothing, torch.tensor([0, 0]))
    assert metric.compute() == EntityScores(
        **vars(scores(0, 0, 0)), by_type=dict.fromkeys(TYPES, scores(0, 0, 0))
    )


def test_forward_gives_the_batch_and_keeps_the_whole() -> None:
    metric = EntityCounts(TYPES)
    one = torch.tensor([1])
    assert metric(one, one, one).f1 == 1.0
    assert metric(torch.tensor([0]), one, one).f1 == 0.0
    assert metric.compute() == EntityScores(
        **vars(scores(1, 2, 1)),
        by_type={**dict.fromkeys(TYPES[1:], scores(0, 0, 0)), TYPES[0]: scores(1, 2, 1)},
    )


def test_update_reads_no_value_back() -> None:
    # Tensors on "meta" have no values: an operation that waits for one raises.
    metric = EntityCounts(TYPES).to("meta")
    words = torch.zeros(5, dtype=torch.long, device="meta")
    metric.update(words, words, torch.zeros(2, dtype=torch.long, device="meta"))
    assert metric.correct.device.type == "meta"
    with pytest.raises((RuntimeError, NotImplementedError)):
        metric.correct.tolist()


def test_scores() -> None:
    assert vars(scores(predicted=4, support=3, correct=2)) == {
        "precision": 0.5,
        "recall": 2 / 3,
        "f1": pytest.approx(4 / 7),
        "support": 3,
        "predicted": 4,
        "correct": 2,
    }
