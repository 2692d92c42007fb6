"""Files with meaning in them, and the meaning exchanged: numbers, ids, columns, whole lines.

Whatever is done to a file, a mention is never read where it does not stand, and nothing but a
`DataError` comes. `pytest -m slow tests/corpora/formats/test_meaningful_fuzz.py` tries 2,500 files
of each format; BIONER_FUZZ=SECONDS tries each format for so long.
"""

import json
import os
import re
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from bioner.config.dataset import DatasetConfig, Flatten
from bioner.corpora.catalogue import load_corpus
from bioner.corpora.document import Annotation, Document, Passage
from bioner.corpora.documents.segment import segment
from bioner.corpora.documents.soundness import Rules, Soundness
from bioner.corpora.formats.all_formats import FORMATS, corpus_formats
from bioner.corpora.formats.format import FileWriter, FolderWriter
from bioner.datasets.sniff import sniff
from bioner.errors import ConfigError, DataError

WORDS = (
    "BRCA1",
    "fever",
    "β-blocker",
    "in",
    "of",
    "naïve",
    "\U0001f9ec",
    "rs1234",
    "C\u00a0.",
    "0",
)
TYPES = ("Gene", "Disease")
# What else may stand where a number, a word or a cell stands.
ODD = ("-1", "0", "1", "9.0", "2147483648", "999999999999999999", "", " ", "null", "No", "T1", "\t")
CASES, SECONDS = 2500, float(os.environ.get("BIONER_FUZZ", "0"))


def documents(random: Random) -> list[Document]:
    """Some documents of a title and an abstract, each with mentions that fit."""
    found = []
    for number in range(random.randint(1, 3)):
        passages: list[Passage] = []
        marks: list[Annotation] = []
        offset = 0
        for kind in ("title", "abstract"):
            words = random.choices(WORDS, k=random.randint(1, 7))
            text = " ".join(words)
            place = offset
            for word in words:
                if random.random() < 0.3:
                    span = (place, place + len(word))
                    marks.append(Annotation((span,), random.choice(TYPES), word, f"T{len(marks)}"))
                place += len(word) + 1
            passages.append(Passage(text, offset, kind))
            offset += len(text) + 1
        found.append(Document(str(number + 1), tuple(passages), tuple(marks)))
    return found


def written(name: str, random: Random) -> dict[str, str]:
    """The files of some documents, under their names."""
    texts = documents(random)
    writer = FORMATS[name].writer
    if name == "conll":
        rows = [f"{word}\t{random.choice(('O', 'B-Gene', 'I-Gene'))}" for word in WORDS]
        random.shuffle(rows)
        return {"all": "-DOCSTART-\n\n" + "\n".join([*rows[:4], "", *rows[4:]]) + "\n"}
    if isinstance(writer, FolderWriter):
        return {
            f"all/{one.id}{ending}": text
            for one in texts
            for ending, text in writer.render(one).items()
        }
    assert isinstance(writer, FileWriter)
    body = writer.between.join(map(writer.render, texts))
    return {"all": writer.opening + body + writer.closing}


def exchanged(pattern: str) -> Callable[[str, Random], str]:
    """Return what exchanges two matches of a pattern, or one with something odd."""

    def change(text: str, random: Random) -> str:
        found = list(re.finditer(pattern, text))
        if not found:
            return text
        first, second = sorted(random.choices(found, k=2), key=lambda match: match.start())
        if first is second or random.random() < 0.4:
            return text[: first.start()] + random.choice(ODD) + text[first.end() :]
        between = text[first.end() : second.start()]
        return text[: first.start()] + second[0] + between + first[0] + text[second.end() :]

    return change


def columns(text: str, random: Random) -> str:
    """Exchange, take away or double columns of a line."""
    lines = text.split("\n")
    number = random.randrange(len(lines))
    cells = re.split(r"(\t| )", lines[number])
    places = list(range(0, len(cells), 2))
    if len(places) > 1:
        a, b = random.sample(places, 2)
        change = random.randrange(3)
        if change == 0:
            cells[a], cells[b] = cells[b], cells[a]
        elif change == 1:
            cells[a] = cells[b]
        else:
            del cells[a : a + 2]
    lines[number] = "".join(cells)
    return "\n".join(lines)


def lines_moved(text: str, random: Random) -> str:
    lines = text.split("\n")
    a, b = (random.randrange(len(lines)) for _ in range(2))
    change = random.randrange(3)
    if change == 0:
        lines[a], lines[b] = lines[b], lines[a]
    elif change == 1:
        lines.insert(a, lines[b])
    else:
        del lines[a]
    return "\n".join(lines)


def cut(text: str, random: Random) -> str:
    return text[: random.randrange(len(text) + 1)]


def members(text: str, random: Random) -> str:
    """Exchange two values of a JSON object, wherever they stand."""
    try:
        value = json.loads(text)
    except ValueError:
        return text
    slots: list[tuple[dict[str, object], str]] = []

    def visit(node: object) -> None:
        if isinstance(node, dict):
            slots.extend((node, key) for key in node)
            for one in node.values():
                visit(one)
        elif isinstance(node, list):
            for one in node:
                visit(one)

    visit(value)
    if not slots:  # what was cut to a number, say
        return text
    (a, b), (c, d) = random.choice(slots), random.choice(slots)
    a[b], c[d] = c[d], a[b]
    try:
        return json.dumps(value)
    except ValueError:  # one of the two holds the other
        return text


CHANGES = (
    exchanged(r"\d+"),
    exchanged(r"[A-Za-z]+\d*"),
    exchanged(r'"[^"]*"'),
    exchanged(r"<[^<>]*>"),
    columns,
    lines_moved,
    cut,
    members,
)


def check(name: str, folder: Path, random: Random) -> bool:
    """Read a changed file in every way; return whether it could be read."""
    files = written(name, random)
    for file, text in files.items():
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        for _ in range(random.randint(0, 2)):
            text = random.choice(CHANGES)(text, random)
        path.write_text(text, encoding="utf-8", newline="")
    source, form = folder / "all", FORMATS[name]
    soundness = Soundness(Rules(placed=form.placed, trim=False), lambda error: None)
    try:
        for raw in form.read(source, lambda error: None):
            document = raw if raw.sentences else soundness.sound(raw)
            if document is None:
                continue
            for mark in document.annotations:
                assert mark.text == "" or stands(document, mark)
            assert all(sentence.words for sentence in segment(replace(document, annotations=())))
    except DataError:
        pass
    splits = dict.fromkeys(("train", "devel", "test"), "all")
    config = DatasetConfig(path=str(folder), format=name, files=splits, flatten=Flatten.longest)
    sniff(source)
    try:
        load_corpus("mine", config, folder, report=lambda error: None)
        load_corpus("mine", config, folder)
    except (DataError, ConfigError) as error:
        assert len(str(error)) < 2000
        return False
    return True


def stands(document: Document, mark: Annotation) -> bool:
    """Say whether the text of a mention stands at its offsets, whatever its blanks."""
    pieces = [
        passage.text[start - passage.offset : end - passage.offset]
        for start, end in mark.spans
        for passage in document.passages
        if passage.offset <= start and end <= passage.offset + len(passage.text)
    ]
    found, text = (re.sub(r"\s", "", one) for one in ("".join(pieces), mark.text))
    return not mark.spans or sorted(found) == sorted(text)


@pytest.mark.slow
@pytest.mark.parametrize("name", corpus_formats())
def test_meaning_exchanged(name: str, tmp_path: Path) -> None:
    begin, case, read = time.monotonic(), 0, 0
    while time.monotonic() - begin < SECONDS if SECONDS else case < CASES:
        folder = tmp_path / str(case)
        folder.mkdir()
        read += check(name, folder, Random(f"{name} {case}"))
        for file in sorted(folder.rglob("*"), reverse=True):
            file.rmdir() if file.is_dir() else file.unlink()
        folder.rmdir()
        case += 1
    print(f"{name}: {case} files, {read} of them read")
    assert 0 < read < case
