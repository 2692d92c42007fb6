"""How many gold mentions do sentence splitters and tokenisers cut, and how fast are they?"""

import argparse
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from bioner.config.dataset import DatasetConfig
from bioner.corpora.document import Document
from bioner.corpora.formats import pubtator
from bioner.corpora.formats.columns_reader import read

Pairs = list[tuple[int, int]]
Cut = Callable[[str], Pairs]


def splitters() -> Iterator[tuple[str, Cut]]:
    """Yield each sentence splitter: text to (start, end) of its sentences."""
    import blingfire
    import nupunkt
    import pysbd
    import sentencex
    import spacy
    from syntok import segmenter

    def located(text: str, sentences: list[str]) -> Pairs:
        found, place = [], 0
        for sentence in sentences:
            start = text.index(sentence, place)
            place = start + len(sentence)
            found.append((start, place))
        return found

    def of_syntok(text: str) -> Pairs:
        return [
            (s[0].offset, s[-1].offset + len(s[-1].value))
            for paragraph in segmenter.analyze(text)
            for s in paragraph
        ]

    sentencizer = spacy.blank("en")
    sentencizer.add_pipe("sentencizer")
    by_rules = pysbd.Segmenter(language="en", clean=False, char_span=True)
    yield "none (one sentence a passage)", lambda text: [(0, len(text))]
    yield "blingfire", lambda text: blingfire.text_to_sentences_and_offsets(text)[1]
    yield "nupunkt", nupunkt.sent_spans
    yield "pysbd", lambda text: [(s.start, s.end) for s in by_rules.segment(text)]
    yield "sentencex", lambda text: located(text, list(sentencex.segment("en", text)))
    yield (
        "spaCy sentencizer",
        lambda text: [(s.start_char, s.end_char) for s in sentencizer(text).sents],
    )
    yield "syntok", of_syntok


def tokenisers() -> Iterator[tuple[str, Cut]]:
    """Yield each tokeniser: text to (start, end) of its words."""
    import blingfire
    import spacy
    from nltk.tokenize import NLTKWordTokenizer, WordPunctTokenizer
    from syntok.tokenizer import Tokenizer
    from tokenizers.pre_tokenizers import BertPreTokenizer, Whitespace, WhitespaceSplit

    english, treebank, syntok = spacy.blank("en"), NLTKWordTokenizer(), Tokenizer()

    def of_syntok(text: str) -> Pairs:
        return [(t.offset, t.offset + len(t.value)) for t in syntok.tokenize(text)]

    yield "blanks alone", lambda text: [s for _, s in WhitespaceSplit().pre_tokenize_str(text)]
    yield "blingfire", lambda text: blingfire.text_to_words_with_offsets(text)[1]
    yield "nltk treebank", lambda text: list(treebank.span_tokenize(text))
    yield "nltk wordpunct", lambda text: list(WordPunctTokenizer().span_tokenize(text))
    yield "spaCy", lambda text: [(t.idx, t.idx + len(t)) for t in english.tokenizer(text)]
    yield "syntok", of_syntok
    yield "tokenizers Whitespace", lambda text: [s for _, s in Whitespace().pre_tokenize_str(text)]
    bert = BertPreTokenizer()
    yield "tokenizers BertPreTokenizer", lambda text: [s for _, s in bert.pre_tokenize_str(text)]


def passages(documents: list[Document]) -> Iterator[tuple[str, Pairs]]:
    """Yield the text of each passage, and where its mentions are."""
    for document in documents:
        for passage in document.passages:
            end = passage.offset + len(passage.text)
            yield (
                passage.text,
                [
                    (s - passage.offset, e - passage.offset)
                    for mark in document.annotations
                    for s, e in mark.spans
                    if passage.offset <= s and e <= end
                ],
            )


def measure(cut: Cut, texts: list[tuple[str, Pairs]]) -> tuple[list[Pairs], float]:
    """Return the pieces of each text, and the characters a second.

    Each text is cut once: some libraries remember what they were given before.
    """
    cut("This loads what is loaded once. It is not timed.")
    begin = time.process_time()
    found = [list(cut(text)) for text, _ in texts]
    seconds = time.process_time() - begin
    return found, sum(len(text) for text, _ in texts) / seconds


def cut_by_sentences(pieces: list[Pairs], texts: list[tuple[str, Pairs]]) -> int:
    """Count the mentions that no one sentence holds whole."""
    return sum(
        not any(s <= start and end <= e for s, e in found)
        for found, (_, mentions) in zip(pieces, texts, strict=True)
        for start, end in mentions
    )


def cut_by_words(pieces: list[Pairs], texts: list[tuple[str, Pairs]]) -> int:
    """Count the mentions of which an end is inside a word."""
    count = 0
    for found, (_, mentions) in zip(pieces, texts, strict=True):
        starts, ends = {s for s, _ in found}, {e for _, e in found}
        count += sum(start not in starts or end not in ends for start, end in mentions)
    return count


def dense(text: str) -> str:
    """Return a text without its blanks."""
    return "".join(text.split())


def main() -> None:
    """Print the two tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("datasets", type=Path, help="the folder of the corpora")
    root = parser.parse_args().datasets
    corpora = {
        "BC5CDR devel": (
            root / "formats/pubtator/CDR_DevelopmentSet.PubTator.txt",
            root / "BC5CDR/devel.tsv",
        ),
        "NCBI-disease test": (
            root / "formats/pubtator/NCBIdisease_Test.PubTator",
            root / "NCBI-disease/test.tsv",
        ),
    }
    read_in = {}
    for name, (file, columns) in corpora.items():
        sentences = read(columns, DatasetConfig(path="."), name).sentences
        known = Counter("".join(sentence.words) for sentence in sentences)
        read_in[name] = (list(passages(list(pubtator.read_documents(file)))), known)
    for name, (texts, known) in read_in.items():
        print(f"\n{name}: {sum(len(m) for _, m in texts)} mentions")
        header = ("splitter", "sentences", "mentions cut", "in the TSV", "of the TSV", "longest")
        print(f"\n| {' | '.join(header)} | characters/s |")
        print("| --- | --: | --: | --: | --: | --: | --: |")
        for splitter, cut in splitters():
            pieces, speed = measure(cut, texts)
            found = Counter(
                dense(text[s:e])
                for spans, (text, _) in zip(pieces, texts, strict=True)
                for s, e in spans
            )
            right = (found & known).total()
            print(
                f"| {splitter} | {sum(map(len, pieces)):,} | {cut_by_sentences(pieces, texts)} | "
                f"{right / found.total():.3f} | {right / known.total():.3f} | "
                f"{max(e - s for spans in pieces for s, e in spans):,} | {speed:,.0f} |"
            )
        print("\n| tokeniser | words | mentions cut | characters/s |")
        print("| --- | --: | --: | --: |")
        for tokeniser, cut in tokenisers():
            pieces, speed = measure(cut, texts)
            words = sum(map(len, pieces))
            print(f"| {tokeniser} | {words:,} | {cut_by_words(pieces, texts)} | {speed:,.0f} |")


if __name__ == "__main__":
    main()
