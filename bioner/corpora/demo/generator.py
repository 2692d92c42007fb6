"""Demo datasets whose relations to each other are known, written by a seeded generator.

The sentences are made from patterns with slots (`data/patterns.txt`), real names
(`data/names.txt`) and other words (`data/words.txt`). A slot for an entity may also be
filled by a distractor, so the context alone does not tell what is a mention. Which of the
datasets should help the target, `demo_disease`, is known from how they are made:

* `demo_disease_related` has the target's type, other patterns, and three quarters of its names,
  among them most of the names that only the target's devel and test show.
* `demo_chemical` has another type in the target's own patterns, whose slots tell it what a mention
  is, and other names but for some abbreviations that stand for a disease in the target, as TB
  does (toluidine blue).
* `demo_unrelated` has another type, other patterns, and other names but for some viruses that are
  named as the disease they cause.
* `demo_shuffled` has the sentences of `demo_unrelated` with their mentions moved to random places
  (see `_shuffled`), in all three splits: who looks at no labels can't tell the two apart.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import TypeVar

from bioner.errors import UserError, nearest

Item = TypeVar("Item")
Tagged = list[tuple[str, str]]

EMPTY = 0.3  # share of the sentences without a mention
TARGET, RELATED = "demo_disease", "demo_disease_related"
UNRELATED, SHUFFLED = "demo_unrelated", "demo_shuffled"
DRAFTS = 100  # of the places of a sentence's moved mentions


@dataclass(frozen=True)
class Recipe:
    """How one dataset is made.

    Attributes:
        seed: of its sentences.
        type: the entity type of its mentions.
        names: the sections of `names.txt` that its mentions come from.
        shown: the part of the shuffled names, from and up to, that train may show; devel and
            test draw from all.
        patterns: the section of `patterns.txt` that its sentences come from.
        filled: the chance that an entity slot of a sentence with mentions holds one.
        distractors: the sections, of names or words, that fill entity slots outside mentions;
            one named twice is drawn twice as often.
        sentences: how many each split has.
    """

    seed: int
    type: str
    names: tuple[str, ...]
    shown: tuple[float, float]
    patterns: str
    filled: float
    distractors: tuple[str, ...]
    sentences: dict[str, int]


_MEDICAL = ("gene", "procedure", "symptom", "process", "habit", "finding")
_SMALL = {"train": 240, "devel": 120, "test": 240}
_LARGE = {"train": 1200, "devel": 120, "test": 120}
_CLINICAL = ("procedure", "symptom", "habit", "finding", "chemical", "disease_trap")
_DISEASE = (*_MEDICAL, "chemical", "chemical", "disease_trap", "disease_trap")
_CHEMICAL = ("gene", "procedure", "process", "habit", "chemical_trap", "chemical_trap")
_SPECIES = ("guild", "trait", "marker", "climate", "species_trap", "species_trap")
_CHEMICALS, _SPECIMENS = ("chemical", "chemical_or_disease"), ("species", "virus_or_disease")
_RECIPES = {
    TARGET: Recipe(1, "Disease", ("disease",), (0.4, 1.0), "mechanism", 0.7, _DISEASE, _SMALL),
    RELATED: Recipe(2, "Disease", ("disease",), (0.1, 0.85), "clinical", 0.7, _CLINICAL, _LARGE),
    "demo_chemical": Recipe(
        3, "Chemical", _CHEMICALS, (0.0, 0.8), "mechanism", 1.0, _CHEMICAL, _LARGE
    ),
    UNRELATED: Recipe(4, "Species", _SPECIMENS, (0.0, 0.8), "ecology", 0.7, _SPECIES, _LARGE),
}


def names() -> tuple[str, ...]:
    """The demo datasets."""
    return (*_RECIPES, SHUFFLED)


def write(name: str, folder: Path) -> None:
    """Write train.tsv, devel.tsv and test.tsv of a demo dataset, the same bytes everywhere.

    Args:
        name: one of `names()`.
        folder: where the files go; made if it is not there.

    Raises:
        UserError: if no demo dataset has this name.
    """
    if name not in names():
        raise UserError(f"no demo dataset is named {name!r}; {nearest(name, names())}")
    folder.mkdir(parents=True, exist_ok=True)
    for split, sentences in _splits(name).items():
        lines = ("".join(f"{word}\t{tag}\n" for word, tag in words) + "\n" for words in sentences)
        (folder / f"{split}.tsv").write_bytes("".join(lines).encode())


def _splits(name: str) -> dict[str, list[Tagged]]:
    """The splits of a dataset; no sentence stands twice in them, nor in those of the target."""
    if name == SHUFFLED:
        random = Random(5)
        labelled = _splits(UNRELATED)
        return {s: [_shuffled(words, random) for words in labelled[s]] for s in labelled}
    recipe = _RECIPES[name]
    random = Random(recipe.seed)
    taken = set() if name == TARGET else _texts(_splits(TARGET))
    splits: dict[str, list[Tagged]] = {}
    for split, size in recipe.sentences.items():
        lexicon = _lexicon(recipe, split)
        splits[split] = []
        while len(splits[split]) < size:
            sentence = _sentence(recipe, lexicon, random)
            text = tuple(word for word, _ in sentence)
            if text not in taken:
                taken.add(text)
                splits[split].append(sentence)
    return splits


def _sentence(recipe: Recipe, lexicon: Sequence[str], random: Random) -> Tagged:
    """One sentence. Whether it has a mention is drawn once, before any draft is rejected."""
    mention = random.random() >= EMPTY
    while True:
        words = list(_filled(recipe, lexicon if mention else (), random))
        doubled = any(left[0] == right[0] for left, right in pairwise(words))
        if not doubled and mention == any(tag != "O" for _, tag in words):
            first, tag = words[0]
            return [(first.capitalize() if first.islower() else first, tag), *words[1:]]


def _filled(recipe: Recipe, lexicon: Sequence[str], random: Random) -> Iterator[tuple[str, str]]:
    """A pattern with its slots filled, no two alike; without a lexicon there is no mention."""
    used: list[str] = []
    for token in _choice(_sections()[recipe.patterns], random).split():
        if not token.startswith("{"):
            yield token, "O"
            continue
        slot = token.strip("{}")
        named = slot == "entity" and len(lexicon) > 0 and random.random() < recipe.filled
        filler = ""
        while not filler or filler in used:
            section = _choice(recipe.distractors, random) if slot in ("entity", "other") else slot
            filler = _choice(lexicon if named else _sections()[section], random)
        used.append(filler)
        for place, word in enumerate(filler.split()):
            prefix = "I-" if place else "B-"
            yield word, prefix + recipe.type if named else "O"


def _shuffled(sentence: Tagged, random: Random) -> Tagged:
    """The sentence with its mentions moved to random places, off all mentions that it had.

    The words, the number of mentions and their lengths are kept, and which sentences have none.
    A sentence that has no room for that gets the draft with the fewest words that stay in one.
    """
    best, least = sentence, len(sentence)
    for _ in range(DRAFTS):
        draft = _moved(sentence, random)
        kept = sum(
            "O" not in (old, new) for (_, old), (_, new) in zip(sentence, draft, strict=True)
        )
        if kept < least:
            best, least = draft, kept
        if kept == 0:
            break
    return best


def _moved(sentence: Tagged, random: Random) -> Tagged:
    """The sentence with its mentions moved to random places.

    Each mention stays whole and each word outside mentions stays one item; the tags of these
    items are put in a random order, every order as likely as any other, under the same words.
    """
    items: list[list[str]] = []
    for _, tag in sentence:
        if tag.startswith("I-"):
            items[-1].append(tag)
        else:
            items.append([tag])
    tags = (tag for item in _permuted(items, random) for tag in item)
    return [(word, tag) for (word, _), tag in zip(sentence, tags, strict=True)]


def _lexicon(recipe: Recipe, split: str) -> Sequence[str]:
    """The names that a split draws from; one order of the names for all datasets."""
    names = [name for section in recipe.names for name in _sections()[section]]
    every = _permuted(names, Random(0))
    start, end = (int(share * len(every)) for share in recipe.shown)
    return every[start:end] if split == "train" else every


# Only Random.random is promised to give the same sequence in every version of Python.
def _choice(items: Sequence[Item], random: Random) -> Item:
    return items[int(random.random() * len(items))]


def _permuted(items: Sequence[Item], random: Random) -> list[Item]:
    return sorted(items, key=lambda _: random.random())


def _texts(splits: dict[str, list[Tagged]]) -> set[tuple[str, ...]]:
    return {tuple(word for word, _ in words) for split in splits.values() for words in split}


@cache
def _sections() -> dict[str, tuple[str, ...]]:
    """The entries of the data files, one a line, under their headings ("[gene]")."""
    sections: dict[str, list[str]] = {}
    folder = files("bioner.corpora.demo") / "data"
    for file in ("names.txt", "words.txt", "patterns.txt"):
        for line in (folder / file).read_text(encoding="utf-8").splitlines():
            if line.startswith("["):
                entries = sections.setdefault(line.strip("[]"), [])
            else:
                entries.append(line)
    return {heading: tuple(entries) for heading, entries in sections.items()}
