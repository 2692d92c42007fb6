"""Which training sentences are held out."""

from bioner.corpora.audits.training_data import Place, held_out, leaked
from bioner.corpora.catalogue import Corpus
from bioner.corpora.sentence import Sentence
from bioner.corpora.sentence_table import Table
from bioner.corpora.split import Split


def sentence(text: str, line: int) -> Sentence:
    words = tuple(text.split())
    return Sentence(words, ("O",) * len(words), line)


def corpus(devel: list[Sentence], test: list[Sentence]) -> Corpus:
    splits = {"devel": Split(Table.of(devel), "", {}), "test": Split(Table.of(test), "", {})}
    return Corpus("mine", ("Gene",), splits, ())


def test_held_out_and_leaked() -> None:
    long, other = "IL - 2 is a protein", "quite another one of five words"
    held = held_out(
        {
            "a": corpus([sentence(long, 5)], [sentence("1 .", 3), sentence(long, 9)]),
            "b": corpus([sentence(other, 7)], []),
        }
    )
    texts = [other, "1 .", "IL-2 is a protein", "some five words of mine"]
    train = [sentence(text, 1) for text in texts]
    assert [len(part.places) for part in held] == [1, 1, 0, 1]
    assert leaked(train, range(4), held) == {0: Place("b", "devel", 7), 2: Place("a", "test", 9)}
    assert leaked(train, [1, 2], held) == {2: Place("a", "test", 9)}
