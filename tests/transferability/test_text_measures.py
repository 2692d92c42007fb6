"""Sizes, surface, language and label mapping through words: by hand, and what must hold."""

from math import exp, log, log10

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bioner.corpora.sentence import Mention, Sentence
from bioner.corpora.tags import to_tags
from bioner.transferability.label_mapping import label_nmi_words, normalised_information
from bioner.transferability.language import VOCABULARY, LanguageProfile, NgramModel, topics
from bioner.transferability.language import perplexity as perplexity_measure
from bioner.transferability.registry import Larger, NotDefinedError, measures
from bioner.transferability.sizes import (
    divergence,
    entity_density_gap,
    label_divergence,
    log_size_ratio,
    mention_length_divergence,
    source_size,
    source_type_token_ratio,
    type_token_distance,
)
from bioner.transferability.surface import (
    content_coverage,
    cooccurrence_oracle,
    mention_overlap_tokens,
    mention_overlap_types,
    vocabulary_coverage,
    vocabulary_dice,
)
from bioner.transferability.text_profile import TextProfile


def sentence(words: str, *mentions: tuple[int, int, str]) -> Sentence:
    split = tuple(words.split())
    return Sentence(split, to_tags([Mention(*m) for m in mentions], len(split)), 1)


SOURCE = TextProfile(
    "s",
    [
        sentence("The lung cancer of mice", (1, 3, "Disease")),
        sentence("no asthma", (1, 2, "Disease")),
    ],
)
TARGET = TextProfile(
    "t",
    [
        sentence("the lung cancer", (1, 3, "Disease")),
        sentence(
            "the lung cancer , asthma and gout",
            (1, 3, "Disease"),
            (4, 5, "Disease"),
            (6, 7, "Disease"),
        ),
    ],
    [sentence("Gout or asthma", (0, 1, "Disease"), (2, 3, "Disease"))],
)
EMPTY = TextProfile("e", [sentence("nothing here")])


def test_sizes() -> None:
    assert source_size(SOURCE, TARGET) == log10(2)
    assert log_size_ratio(SOURCE, TARGET) == log(7 / 10)
    assert entity_density_gap(SOURCE, TARGET) == pytest.approx(log((4 / 10) / (2 / 7)))
    # Lengths: the source has one mention of each of 1 and 2 words, the target two of each.
    assert mention_length_divergence(SOURCE, TARGET) == pytest.approx(0)
    assert label_divergence(SOURCE, EMPTY) > 0


def test_variety() -> None:
    # The source has 7 words, all distinct; the target 7 distinct ones of 10.
    assert source_type_token_ratio(SOURCE, TARGET) == 1
    assert source_type_token_ratio(TARGET, SOURCE) == 0.7
    assert type_token_distance(SOURCE, TARGET) == pytest.approx((1 - 1 / 0.7) ** 2)


def test_divergence() -> None:
    assert divergence({"a": 1}, {"b": 5}) == pytest.approx(1)
    half = 0.5 * (log(4 / 3) / log(2)) + 0.5 * (0.5 * log(2 / 3) / log(2) + 0.5)
    assert divergence({"a": 3}, {"a": 1, "b": 1}) == pytest.approx(half)


def test_surface() -> None:
    # Target words: the lung cancer , asthma and gout; shared: the lung cancer asthma.
    assert vocabulary_coverage(SOURCE, TARGET) == 4 / 7
    assert vocabulary_dice(SOURCE, TARGET) == 2 * 4 / (7 + 7)
    assert content_coverage(SOURCE, TARGET) == 3 / 4  # lung cancer asthma gout
    assert mention_overlap_types(SOURCE, TARGET) == 2 / 3
    assert mention_overlap_tokens(SOURCE, TARGET) == 3 / 4
    assert cooccurrence_oracle(SOURCE, TARGET) == 1 / 2


def test_only_the_oracle_reads_test() -> None:
    other = TextProfile("t", TARGET.train, [sentence("Lung cancer", (0, 2, "Disease"))])
    for one in measures().values():
        if one.reads is TextProfile:
            same = one.function(SOURCE, TARGET) == one.function(SOURCE, other)
            assert same != one.oracle, one.name


def test_witten_bell_by_hand() -> None:
    model = NgramModel([sentence("a b"), sentence("a c")])
    # After no word: a twice, b and c once; three distinct words.
    one = (2 + 3 / VOCABULARY) / (4 + 3)
    assert model.probability("a", ()) == pytest.approx(one)
    # After the start: a twice, one distinct word.
    assert model.probability("a", ("<s>",)) == pytest.approx((2 + 1 * one) / (2 + 1))
    # An unseen history is no history.
    assert model.probability("a", ("z",)) == model.probability("a", ())


@given(st.lists(st.text("abc ", min_size=1, max_size=12).filter(str.strip), min_size=1, max_size=5))
def test_the_probabilities_of_all_words_sum_to_one(lines: list[str]) -> None:
    model = NgramModel([sentence(line) for line in lines])
    seen = {word for line in lines for word in line.split()}
    for history in ((), ("a",), ("a", "b"), ("<s>", "<s>")):
        known = sum(model.probability(word, history) for word in seen)
        unknown = (VOCABULARY - len(seen)) * model.probability("unseen", history)
        assert known + unknown == pytest.approx(1)


def test_perplexity_is_least_for_the_own_text() -> None:
    def profile(text: TextProfile) -> LanguageProfile:
        return LanguageProfile(text, text.train, 1)

    own, other = (perplexity_measure(profile(s), profile(TARGET)) for s in (TARGET, SOURCE))
    assert 1 <= own < other
    model = NgramModel(SOURCE.train)
    mean = log(model.probability("asthma", ("<s>", "<s>")))
    assert model.perplexity([sentence("asthma")]) == pytest.approx(exp(-mean))


def test_topics() -> None:
    random = np.random.default_rng(0)
    biology, weather = (
        [sentence(" ".join(random.choice(words, 8))) for _ in range(200)]
        for words in (
            ["gene", "protein", "kinase", "cell", "receptor", "ligand", "mutant", "assay"],
            ["rain", "snow", "wind", "cloud", "storm", "thunder", "front", "degree"],
        )
    )
    one, two, same = (
        LanguageProfile(TextProfile(name, train), [], 1)
        for name, train in (("one", biology), ("two", weather), ("same", biology[::-1]))
    )
    assert topics(one, same) > 0.9 > 0.1 > topics(one, two)
    assert topics(one, two) == topics(two, one)


def test_labels_through_shared_words_by_hand() -> None:
    # Shared: the (O, O) twice, lung and cancer (Disease, Disease) twice each, asthma once.
    assert label_nmi_words(SOURCE, TARGET) == pytest.approx(1)
    moved = TextProfile("m", [sentence("the lung cancer asthma", (0, 1, "Disease"))])
    # the: Disease against O twice; the others: O against Disease, five times. A perfect mirror.
    assert label_nmi_words(moved, TARGET) == pytest.approx(1)
    plain = TextProfile("p", [sentence("the lung cancer asthma")])
    assert label_nmi_words(plain, TARGET) == 0


def test_information_by_hand() -> None:
    joint = np.array([[3.0, 1.0], [1.0, 3.0]])
    entropy = log(2)
    information = 2 * entropy + 2 * (3 / 8 * log(3 / 8) + 1 / 8 * log(1 / 8))
    assert normalised_information(joint) == pytest.approx(information / entropy)


@given(
    st.lists(st.lists(st.integers(0, 9), min_size=3, max_size=3), min_size=2, max_size=4).filter(
        lambda rows: sum(map(sum, rows)) > 0
    )
)
def test_information_is_symmetric_and_bounded(rows: list[list[int]]) -> None:
    joint = np.array(rows, dtype=float)
    found = normalised_information(joint)
    assert 0 <= found <= 1
    assert found == pytest.approx(normalised_information(joint.T))


def test_without_mentions() -> None:
    for measure in (mention_overlap_types, mention_overlap_tokens, entity_density_gap):
        with pytest.raises(NotDefinedError, match="e has no mention"):
            measure(EMPTY, TARGET)


# They compare nothing, so that no dataset is closest to itself.
OF_THE_SOURCE = ("source_size", "log_size_ratio", "source_type_token_ratio")
WORDS = st.lists(st.sampled_from(["the", "of", "lung", "cancer", "gout"]), min_size=2, max_size=6)


@st.composite
def profiles(draw: st.DrawFn) -> TextProfile:
    sentences = []
    for words in draw(st.lists(WORDS, min_size=1, max_size=4)):
        sentences.append(Sentence(tuple(words), to_tags([Mention(0, 1, "D")], len(words)), 1))
    return TextProfile("x", sentences, sentences)


@given(profiles(), profiles())
def test_a_dataset_is_closest_to_itself_and_symmetry_is_as_said(
    one: TextProfile, other: TextProfile
) -> None:
    for measure in measures().values():
        if measure.reads is not TextProfile or measure.name in OF_THE_SOURCE:
            continue
        try:
            own = measure.closeness(measure.function(one, one))
            crossed = measure.closeness(measure.function(other, one))
            back = measure.closeness(measure.function(one, other))
        except NotDefinedError:
            continue
        if measure.symmetric:
            assert crossed == pytest.approx(back, abs=1e-12)
        if measure.name != "label_nmi_words":  # a mirror tells as much as an image
            assert own >= crossed - 1e-12, measure.name
        assert measure.larger in Larger
