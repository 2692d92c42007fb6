"""Repeats and leakage: on tiny data, and the known numbers of the real corpora."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bioner.corpora.audits.shared_sentences import Leak, leaks, named_documents, repeats
from bioner.corpora.catalogue import load_corpus
from bioner.corpora.sentence import Sentence
from tests.composition import train_config


def sentence(text: str, tags: str = "", line: int = 1, document: str = "") -> Sentence:
    words = tuple(text.split())
    return Sentence(words, tuple(tags.split()) or ("O",) * len(words), line, document)


def test_repeats() -> None:
    found = repeats(
        [
            sentence("the BRCA1 gene is long", "O B-Gene O O O", 1),
            sentence("1 .", line=7),
            sentence("the BRCA1 gene is long", "O B-Gene I-Gene O O", 10),
            sentence("1 .", line=16),
            sentence("the BRCA1 gene is long", "O B-Gene O O O", 20),
            sentence("1. ", line=26),
        ]
    )
    assert (found.sentences, found.long_sentences) == (3, 2)
    assert (found.two_labellings, found.contradictions) == (1, [(1, 10)])


def test_leaks_do_not_depend_on_the_tokenisation() -> None:
    a = {
        "train": [sentence("IL - 2 is a protein"), sentence("1 .")],
        "test": [sentence("it is all of five words"), sentence("1 .")],
    }
    b = {
        "train": [sentence("it is all of fivewords")],
        "test": [sentence("IL-2 is a protein .")] * 2,
    }
    found = {
        (leak.of, leak.of_split, leak.within, leak.within_split): leak
        for leak in leaks({"a": a, "b": b})
    }
    assert set(found) == {(x, "test", y, "train") for x in "ab" for y in "ab"}
    leak = found["a", "test", "b", "train"]
    assert (leak.sentences, leak.shared, leak.any_sentences, leak.any_shared) == (1, 1, 2, 1)
    leak = found["a", "test", "a", "train"]
    assert (leak.sentences, leak.shared, leak.any_sentences, leak.any_shared) == (1, 0, 2, 1)
    assert found["b", "test", "a", "train"].any_shared == 0  # the full stop makes it another


def test_documents_count_where_the_file_names_them() -> None:
    named = [sentence("a", document=name) for name in ("100", "100", "2", "7")]
    numbered = [sentence("a", document=str(number)) for number in (1, 2, 2, 3)]
    assert named_documents(named) == {"100", "7"}  # the second is called 2, as if it had no name
    assert named_documents(numbered) == set()
    assert named_documents([sentence("a")]) == set()
    (leak,) = leaks({"a": {"test": named, "train": [sentence("b", document="100")] * 3}})
    assert (leak.documents, leak.shared_documents) == (2, 1)


words = st.lists(st.sampled_from(["a", "b", "ab", "ba"]), min_size=1, max_size=8)


@given(st.lists(words), st.lists(words))
def test_leaks_are_what_a_plain_comparison_finds(
    test: list[list[str]], train: list[list[str]]
) -> None:
    splits = {
        "test": [sentence(" ".join(w)) for w in test],
        "train": [sentence(" ".join(w)) for w in train],
    }
    (leak,) = leaks({"x": splits})
    plain = [any("".join(t) == "".join(s) for s in train) for t in test]
    assert leak.any_shared == sum(plain)
    assert leak.shared == sum(p for p, t in zip(plain, test, strict=True) if len(t) >= 5)
    assert leak.sentences == sum(len(t) >= 5 for t in test)


# The known cases: (of, split, within, split): sentences of five words and more, shared, any
# length, shared.
KNOWN = {
    ("ncbi_disease", "test", "ncbi_disease", "train"): (924, 1, 940, 1),
    ("ncbi_disease", "test", "bc5cdr", "train"): (924, 0, 940, 1),
    ("bc5cdr", "test", "ncbi_disease", "train"): (4774, 0, 4797, 10),
    ("bc5cdr", "test", "bc5cdr", "devel"): (4774, 3, 4797, None),
    ("bc2gm", "test", "jnlpba", "train"): (4939, 28, 5038, 40),
    ("bc2gm", "test", "bc2gm", "train"): (4939, 21, 5038, 53),
    ("jnlpba", "test", "jnlpba", "train"): (3841, 110, 3856, 114),
    ("jnlpba", "test", "jnlpba_biobert", "train"): (3841, 93, 3856, 97),
    ("jnlpba_biobert", "test", "jnlpba", "train"): (3845, 110, 3856, 114),
    ("jnlpba", "test", "jnlpba_biobert", "devel"): (3841, 21, 3856, None),
    ("jnlpba_biobert", "devel", "jnlpba", "train"): (3848, 3467, 3856, None),
    ("jnlpba", "devel", "jnlpba_biobert", "train"): (1737, 1363, 1739, None),
    ("linnaeus", "test", "craft", "train"): (5917, 16, 7142, 275),
    ("craft", "test", "linnaeus", "train"): (6751, 16, 7425, 229),
    ("craft", "devel", "craft", "train"): (3373, 55, 3730, None),
    ("s800", "test", "linnaeus", "train"): (1528, 0, 1630, 97),
    ("bionlp13cg", "test", "linnaeus", "train"): (1901, 1, 1906, 5),
}
REPEATED = {
    ("ncbi_disease", "train"): (24, 5, 1),
    ("bc2gm", "devel"): (17, 7, 2),
    ("jnlpba", "test"): (26, 25, 6),
    ("jnlpba_biobert", "test"): (27, 26, 5),
    ("linnaeus", "train"): (1100, 104, 0),
    ("linnaeus", "devel"): (258, 43, 1),
    ("s800", "train"): (362, 0, 0),
    ("craft", "test"): (544, 131, 2),
    ("bionlp13cg", "train"): (0, 0, 0),
}


@pytest.fixture(scope="session")
def published(corpora: Path) -> dict[str, dict[str, tuple[Sentence, ...]]]:
    names = sorted({name for of, _, within, _ in KNOWN for name in (of, within)})
    config = train_config(f"finetune.targets=[{','.join(names)}]", "finetune=mtl")
    return {
        name: {
            split: read.sentences
            for split, read in load_corpus(name, config.dataset[name], corpora).splits.items()
        }
        for name in names
    }


def test_the_known_leaks(published: dict[str, dict[str, tuple[Sentence, ...]]]) -> None:
    found = {
        (leak.of, leak.of_split, leak.within, leak.within_split): leak for leak in leaks(published)
    }
    assert len(found) == 3 * len(published) ** 2

    def numbers(leak: Leak, known: tuple[int | None, ...]) -> tuple[int | None, ...]:
        any_shared = None if known[3] is None else leak.any_shared
        return leak.sentences, leak.shared, leak.any_sentences, any_shared

    assert {place: numbers(found[place], known) for place, known in KNOWN.items()} == KNOWN


def test_the_known_repeats(published: dict[str, dict[str, tuple[Sentence, ...]]]) -> None:
    found = {place: repeats(published[place[0]][place[1]]) for place in REPEATED}
    counts = {
        place: (one.sentences, one.long_sentences, one.two_labellings)
        for place, one in found.items()
    }
    assert counts == REPEATED
