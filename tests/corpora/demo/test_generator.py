"""The demo datasets hold what their docstring and their YAML files claim."""

import hashlib
from itertools import pairwise
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from bioner.config.dataset import DatasetConfig
from bioner.corpora.demo import generator
from bioner.errors import UserError

CONF = Path(__file__).parents[3] / "conf" / "dataset"
SPLITS = ("train", "devel", "test")
SOURCES = ("demo_disease_related", "demo_chemical", "demo_unrelated", "demo_shuffled")
Sentence = list[tuple[str, str]]
Corpora = dict[str, dict[str, list[Sentence]]]


def _read(path: Path) -> list[Sentence]:
    blocks = path.read_bytes().decode().removesuffix("\n\n").split("\n\n")
    return [[(w, t) for w, t in (line.split("\t") for line in b.split("\n"))] for b in blocks]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("demo")
    for name in generator.names():
        generator.write(name, root / name)
    return root


@pytest.fixture(scope="module")
def corpora(folder: Path) -> Corpora:
    return {n: {s: _read(folder / n / f"{s}.tsv") for s in SPLITS} for n in generator.names()}


def _spans(sentence: Sentence) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for place, (_, tag) in enumerate(sentence):
        if tag.startswith("B-"):
            found.append((place, place + 1))
        elif tag.startswith("I-"):
            found[-1] = (found[-1][0], place + 1)
    return found


def _words(sentence: Sentence) -> tuple[str, ...]:
    return tuple(word.lower() for word, _ in sentence)


def _names(sentences: list[Sentence]) -> set[tuple[str, ...]]:
    return {_words(s)[start:end] for s in sentences for start, end in _spans(s)}


def _overlap(mine: set[tuple[str, ...]], theirs: set[tuple[str, ...]]) -> float:
    return len(mine & theirs) / len(mine)


def _contexts(sentences: list[Sentence]) -> set[tuple[str, ...]]:
    """Runs of four words outside mentions: what sentences of the same patterns share."""
    runs: set[tuple[str, ...]] = set()
    for sentence in sentences:
        for start in range(len(sentence) - 3):
            window = sentence[start : start + 4]
            if all(tag == "O" for _, tag in window):
                runs.add(_words(window))
    return runs


def _looked_up(sentence: Sentence, lexicon: set[tuple[str, ...]]) -> list[tuple[int, int]]:
    """The spans that a left-to-right look-up of the longest name finds."""
    words, found, place = _words(sentence), [], 0
    longest = max(map(len, lexicon))
    while place < len(words):
        ends = range(min(place + longest, len(words)), place, -1)
        end = next((end for end in ends if words[place:end] in lexicon), None)
        if end is not None:
            found.append((place, end))
        place = end or place + 1
    return found


def _f1(sentences: list[Sentence], lexicon: set[tuple[str, ...]]) -> float:
    pairs = [(set(_spans(s)), set(_looked_up(s, lexicon))) for s in sentences]
    correct = sum(len(gold & found) for gold, found in pairs)
    return 2 * correct / sum(len(gold) + len(found) for gold, found in pairs)


@pytest.mark.parametrize("name", generator.names())
def test_files_are_those_of_the_yaml(name: str, folder: Path, corpora: Corpora) -> None:
    given = OmegaConf.load(CONF / f"{name}.yaml")
    config = OmegaConf.to_object(OmegaConf.merge(OmegaConf.structured(DatasetConfig), given))
    assert isinstance(config, DatasetConfig)
    # Files of another version may lie in a user's folder of datasets.
    assert config.path == (name if config.version == 1 else f"{name}_{config.version}")
    assert config.url == f"generated:demo/{name}"
    for split in SPLITS:
        data = (folder / name / config.files[split]).read_bytes()
        assert hashlib.sha256(data).hexdigest() == config.sha256[split]
        assert len(corpora[name][split]) == config.sentences[split]
        assert sum(len(_spans(s)) for s in corpora[name][split]) == config.mentions[split]
        legal = {"O", *(f"{p}-{t}" for t in config.types for p in "BI")}
        assert {tag for s in corpora[name][split] for _, tag in s} == legal


@pytest.mark.parametrize("name", generator.names())
def test_writing_again_gives_the_same_bytes(name: str, folder: Path, tmp_path: Path) -> None:
    generator.write(name, tmp_path)
    for split in SPLITS:
        assert (tmp_path / f"{split}.tsv").read_bytes() == (
            folder / name / f"{split}.tsv"
        ).read_bytes()


@pytest.mark.parametrize("name", generator.names())
def test_tags_are_strict_iob2(name: str, corpora: Corpora) -> None:
    for sentences in corpora[name].values():
        for sentence in sentences:
            for before, tag in pairwise(["O", *(tag for _, tag in sentence)]):
                assert not tag.startswith("I-") or before[2:] == tag[2:]


@pytest.mark.parametrize("name", generator.names())
def test_words_are_split_at_every_punctuation_mark(name: str, corpora: Corpora) -> None:
    words = {word for split in corpora[name].values() for s in split for word, _ in s}
    assert all(word.isascii() and (word.isalnum() or len(word) == 1) for word in words)


@pytest.mark.parametrize("name", generator.names())
def test_no_sentence_stands_twice(name: str, corpora: Corpora) -> None:
    sentences = [_words(s) for split in corpora[name].values() for s in split]
    assert len(set(sentences)) == len(sentences)


@pytest.mark.parametrize("name", SOURCES)
def test_no_sentence_of_a_source_stands_in_the_target(name: str, corpora: Corpora) -> None:
    target = {_words(s) for split in corpora["demo_disease"].values() for s in split}
    assert not target & {_words(s) for split in corpora[name].values() for s in split}


@pytest.mark.parametrize("name", generator.names())
def test_about_three_sentences_in_ten_have_no_mention(name: str, corpora: Corpora) -> None:
    empty = [not _spans(s) for s in corpora[name]["train"]]
    assert 0.22 < sum(empty) / len(empty) < 0.38


def test_much_of_the_test_split_is_unseen_names(corpora: Corpora) -> None:
    target = corpora["demo_disease"]
    seen = _names(target["train"])
    mentions = [_words(s)[start:end] for s in target["test"] for start, end in _spans(s)]
    assert sum(name not in seen for name in mentions) / len(mentions) > 0.3


def test_names_also_stand_outside_mentions(corpora: Corpora) -> None:
    target = corpora["demo_disease"]["test"]
    names = _names([s for split in corpora["demo_disease"].values() for s in split])
    wrong = [set(_looked_up(s, names)) - set(_spans(s)) for s in target]
    assert sum(map(len, wrong)) > 50


def test_only_the_related_source_shares_many_of_the_target_names(corpora: Corpora) -> None:
    for split in SPLITS:
        target = _names(corpora["demo_disease"][split])
        share = {name: _overlap(target, _names(corpora[name]["train"])) for name in SOURCES}
        assert share["demo_disease_related"] > 0.6
        assert share["demo_shuffled"] == 0
        assert 0 < share["demo_chemical"] < 0.05 and 0 < share["demo_unrelated"] < 0.05


def test_of_the_unrelated_source_only_viruses_share_a_word_with_a_disease(corpora: Corpora) -> None:
    diseases, species = (
        {word for sentences in corpora[c].values() for name in _names(sentences) for word in name}
        for c in ("demo_disease", "demo_unrelated")
    )
    shared = {word for word in diseases & species if len(word) > 1}
    assert shared <= {
        "influenza",
        "measles",
        "mumps",
        "poliomyelitis",
        "rabies",
        "rubella",
        "sars",
        "yellow",
        "fever",
    }


def test_only_the_chemical_source_shares_the_target_patterns(corpora: Corpora) -> None:
    target = _contexts(corpora["demo_disease"]["train"])
    share = {name: _overlap(target, _contexts(corpora[name]["train"])) for name in SOURCES}
    assert share["demo_chemical"] > 0.3
    assert share["demo_disease_related"] < 0.05
    assert share["demo_unrelated"] < 0.01


def test_shuffling_moves_the_mentions_and_keeps_all_else(corpora: Corpora) -> None:
    kept = total = 0
    for split in SPLITS:
        labelled, shuffled = (corpora[n][split] for n in ("demo_unrelated", "demo_shuffled"))
        for before, after in zip(labelled, shuffled, strict=True):
            assert [word for word, _ in before] == [word for word, _ in after]
            old, new = _spans(before), _spans(after)
            assert sorted(e - s for s, e in old) == sorted(e - s for s, e in new)
            assert not set(old) & set(new)
            was, now = ({i for s, e in spans for i in range(s, e)} for spans in (old, new))
            kept += len(was & now)
            total += len(was)
    assert kept / total < 0.01  # a sentence may have no other room


def test_names_of_the_related_source_find_what_the_target_never_showed(corpora: Corpora) -> None:
    target = corpora["demo_disease"]
    own = _names(target["train"])
    f1 = {n: _f1(target["test"], own | _names(corpora[n]["train"])) for n in SOURCES}
    alone = _f1(target["test"], own)
    assert f1["demo_disease_related"] > alone + 0.2
    assert abs(f1["demo_chemical"] - alone) < 0.03
    assert abs(f1["demo_unrelated"] - alone) < 0.03
    assert f1["demo_shuffled"] < alone - 0.1


def test_unknown_name_says_which_was_meant(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"demo_desease.*did you mean demo_disease"):
        generator.write("demo_desease", tmp_path / "new")
    assert not (tmp_path / "new").exists()
