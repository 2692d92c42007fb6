"""The catalogue's YAML files, and what a dataset is compared with when it is read."""

import re
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any, cast

import pytest
from omegaconf import OmegaConf

from bioner.config.dataset import SPLITS, DatasetConfig
from bioner.corpora.catalogue import load_corpus
from bioner.errors import ConfigError, DataError

CONF = Path(__file__).parents[2] / "conf" / "dataset"
REAL = sorted(f.stem for f in CONF.glob("*.yaml") if not f.stem.startswith("demo_"))
CONFIG = DatasetConfig(path="mine", types=["Disease", "Gene"])
FILES = {
    "train": "a\tB-Gene\nb\tO\n\nc\tB-Disease\n",
    "devel": "d\tB-Gene\n",
    "test": "e\tO\n\nf\tO\n",
}


def described(name: str) -> DatasetConfig:
    """The dataset of a YAML file, through the schema as in a run."""
    merged = OmegaConf.merge(
        OmegaConf.structured(DatasetConfig), OmegaConf.load(CONF / f"{name}.yaml")
    )
    return cast(DatasetConfig, OmegaConf.to_object(merged))


@pytest.fixture
def datasets(tmp_path: Path) -> Path:
    (tmp_path / "mine").mkdir()
    for split, text in FILES.items():
        (tmp_path / "mine" / f"{split}.tsv").write_text(text)
    return tmp_path


def message_of(config: DatasetConfig, datasets: Path) -> str:
    with pytest.raises((ConfigError, DataError)) as raised:
        load_corpus("mine", config, datasets)
    return str(raised.value)


def test_the_catalogue_names_the_published_corpora() -> None:
    assert {"ncbi_disease", "bc5cdr", "bc2gm", "jnlpba", "linnaeus", "s800"} <= set(REAL)
    # The fifteen of Crichton et al. 2017.
    crichton = {
        "anatem",
        "bc2gm",
        "bc4chemd",
        "bc5cdr",
        "bionlp09",
        "bionlp11epi",
        "bionlp11id",
        "bionlp13cg",
        "bionlp13ge",
        "bionlp13pc",
        "craft",
        "ex_ptm",
        "jnlpba",
        "linnaeus",
        "ncbi_disease",
    }
    assert len(crichton) == 15 and crichton <= set(REAL)
    assert {"biored", "nlm_chem", "nlm_gene", "medmentions", "tmvar3", "s1000", "conll2003"} <= set(
        REAL
    )
    assert len(REAL) >= 26


@pytest.mark.parametrize("name", REAL)
def test_yaml_is_whole(name: str) -> None:
    config = described(name)
    assert config.title and config.licence and config.citation
    if config.verified:  # of the others only what could be looked up is written down
        assert config.types
        for per_split in (config.sha256, config.sentences, config.mentions):
            assert set(per_split) == set(SPLITS)
    if config.archive is not None:
        assert not config.verified and str(config.url).startswith("https://")
        assert str(config.url).endswith(f"/{config.archive}")
    elif config.verified or config.url is not None:
        pinned = r"https://raw\.githubusercontent\.com/[\w-]+/[\w-]+/[0-9a-f]{40}/[\w/-]+/\{file\}"
        assert re.fullmatch(pinned, str(config.url))


def counted(file: Path) -> tuple[int, Counter[str]]:
    """Sentences and mentions by type, counted without the code under test."""
    blocks = [b for b in file.read_text().split("\n\n") if b and not b.startswith("-DOCSTART-")]
    tags = [line.split("\t")[1] for block in blocks for line in block.strip("\n").split("\n")]
    return len(blocks), Counter(tag[2:] for tag in tags if tag[0] == "B")


@pytest.mark.parametrize("name", REAL)
def test_real_corpus_is_what_its_yaml_says(corpora: Path, name: str) -> None:
    config = described(name)
    if not (corpora / config.path).is_dir():
        pytest.skip(f"{config.path} is not among the corpora")
    corpus = load_corpus(name, config, corpora)
    assert corpus.types == tuple(config.types)
    assert len(corpus.tags) == 1 + 2 * len(config.types)
    assert corpus.warnings == ()
    for split, read in corpus.splits.items():
        sentences, mentions = counted(corpora / config.path / config.files[split])
        assert len(read.sentences) == sentences == config.sentences[split]
        assert mentions.total() == config.mentions[split]
        opened = Counter(tag[2:] for s in read.sentences for tag in s.tags if tag[0] == "B")
        assert opened == (mentions if config.typed else {config.types[0]: mentions.total()})
        assert read.repaired == 0


def test_documents_of_jnlpba(corpora: Path) -> None:
    corpus = load_corpus("jnlpba", described("jnlpba"), corpora)
    documents = {s: {x.document for x in corpus.splits[s].sentences} for s in SPLITS}
    assert [len(documents[split]) for split in SPLITS] == [1800, 200, 404]


def test_corpus(datasets: Path) -> None:
    corpus = load_corpus("mine", CONFIG, datasets)
    assert corpus.types == ("Disease", "Gene")
    assert corpus.tags == ("O", "B-Disease", "I-Disease", "B-Gene", "I-Gene")
    assert list(corpus.splits) == ["train", "devel", "test"]
    assert [len(split.sentences) for split in corpus.splits.values()] == [2, 1, 2]
    assert corpus.splits["test"].sha256 == sha256(FILES["test"].encode()).hexdigest()
    assert corpus.warnings == ()


def test_absolute_and_home_paths(datasets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(datasets))
    elsewhere = datasets / "elsewhere"
    for path in (str(datasets / "mine"), "~/mine"):
        assert load_corpus("mine", replace(CONFIG, path=path), elsewhere).types == (
            "Disease",
            "Gene",
        )
    assert load_corpus("mine", CONFIG, Path("~")).types == ("Disease", "Gene")


def test_types_are_those_of_train_then_the_others(datasets: Path) -> None:
    (datasets / "mine" / "devel.tsv").write_text("a\tB-Cell\nb\tB-Cell\nc\tB-Anatomy\n")
    (datasets / "mine" / "test.tsv").write_text("a\tB-Cell\nb\tB-Gene\n")
    warnings = (
        "devel has 1 mention of 'Anatomy', which train never has: they are scored, and missed",
        "devel has 2 mentions of 'Cell', which train never has: they are scored, and missed",
        "test has 1 mention of 'Cell', which train never has: they are scored, and missed",
    )
    derived = load_corpus("mine", replace(CONFIG, types=[]), datasets)
    assert derived.types == ("Disease", "Gene", "Anatomy", "Cell")
    assert derived.warnings == warnings
    types = ["Cell", "Gene", "Anatomy", "Disease"]
    given = load_corpus("mine", replace(CONFIG, types=types), datasets)
    assert given.types == tuple(types)
    assert given.warnings == warnings


def test_processes_share_the_cache(datasets: Path) -> None:
    (datasets / "mine" / "train.tsv").write_text("a\tB-Gene\nb\tO\n\n" * 20_000)
    script = (
        "import sys; from pathlib import Path; from bioner.config.dataset import DatasetConfig; "
        "from bioner.corpora.catalogue import load_corpus; folder = Path(sys.argv[1]); "
        "corpus = load_corpus('mine', DatasetConfig(path='mine'), folder, cache=folder / 'cache'); "
        "print(*[f'{len(s.sentences)} {s.sentences[-1]}' for s in corpus.splits.values()])"
    )
    command = [sys.executable, "-c", script, str(datasets)]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    said = {process.communicate()[0] for process in processes}
    assert [process.returncode for process in processes] == [0] * 3
    assert len(said) == 1 and said.pop().startswith("20000 Sentence(words=('a', 'b')")
    entries = list((datasets / "cache").iterdir())
    assert len(entries) == 3 and all((entry / "meta.json").is_file() for entry in entries)


def test_no_type_can_be_derived(datasets: Path) -> None:
    for split in SPLITS:
        (datasets / "mine" / f"{split}.tsv").write_text("a\tO\n")
    assert message_of(replace(CONFIG, types=[]), datasets) == (
        f"{datasets / 'mine'}: no split of the dataset has a mention; give dataset.mine.types"
    )


def test_another_file_than_the_one_described(datasets: Path) -> None:
    found = sha256(FILES["devel"].encode()).hexdigest()
    assert load_corpus("mine", replace(CONFIG, sha256={"devel": found.upper()}), datasets)
    assert message_of(replace(CONFIG, sha256={"devel": "ab" * 32}), datasets) == (
        f"{datasets / 'mine' / 'devel.tsv'}: its SHA-256 is {found}, but dataset.mine.sha256.devel "
        f"is {'ab' * 32}; remove the file so that it is fetched again, or correct the YAML if it "
        "is the file that you want"
    )


@pytest.mark.parametrize(
    ("what", "split", "count"), [("sentences", "test", 2), ("mentions", "train", 2)]
)
def test_other_counts_than_those_described(
    datasets: Path, what: str, split: str, count: int
) -> None:
    right = replace(CONFIG, **cast(dict[str, Any], {what: {split: count}}))
    wrong = replace(CONFIG, **cast(dict[str, Any], {what: {split: count + 1}}))
    text = f"has {count} {what}, but dataset.mine.{what}.{split} is {count + 1}"
    assert load_corpus("mine", right, datasets).warnings == ()
    file = datasets / "mine" / f"{split}.tsv"
    assert message_of(wrong, datasets) == f"{file}: {text}; correct the file or the YAML"
    warnings = load_corpus("mine", replace(wrong, verified=False), datasets).warnings
    assert warnings == (f"{split} {text} (published, not verified)",)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"path": "???"}, "path: is not given; expected the folder of the files"),
        (
            {"files": {"train": "a", "dev": "b", "test": "c"}},
            "files.dev: no such split; did you mean devel? Legal: devel, test, train",
        ),
        (
            {"files": {"train": "a", "test": "c"}},
            "files.devel: is not given; expected the name of a file",
        ),
        ({"sha256": {"training": "a"}}, "sha256.training: no such split; did you mean train? Leg"),
        ({"sentences": {"dev": 1}}, "sentences.dev: no such split; did you mean devel? Legal: d"),
        ({"mentions": {"valid": 1}}, "mentions.valid: no such split; Legal: devel, test, train"),
        ({"format": "connl"}, "format: is 'connl'; did you mean conll or jsonl? Legal: bioc_"),
        (
            {"scheme": "IOB"},
            "scheme: is 'IOB'; did you mean IOB2 or IOB1 or IO? Legal: BILOU, IO, IOB1, IOB2, "
            "IOBES, or null to have it detected",
        ),
        ({"scheme": "IOB1", "repair": True}, "repair: is true, but dataset.mine.scheme is IOB1; o"),
        ({"scheme": None, "repair": True}, "repair: is true, but dataset.mine.scheme is null; on"),
        ({"comment": ""}, "comment: is empty; expected what such a line starts with"),
        ({"types": "Disease"}, "types: is 'Disease'; expected a list of names, or a map from the"),
        ({"types": [1]}, "types: holds 1; expected names; quote numbers"),
        ({"types": {"a": None}}, "types: leaves no type; expected at least one name"),
        ({"types": {"a": "b c"}}, "types: holds 'b c'; expected names without blanks"),
        ({"tag_column": 0}, "tag_column: is 0, as is word_column"),
        ({"types": ["a", "b c"]}, "types: holds 'b c'; expected names without blanks"),
        ({"types": ["a", ""]}, "types: holds ''; expected names without blanks"),
        ({"types": ["a", "b", "a"]}, "types: holds 'a' more than once"),
        (
            {"typed": False},
            "types: is [Disease, Gene], but typed is false; expected exactly one type, the one "
            "that bare B and I stand for",
        ),
        (
            {"typed": False, "types": []},
            "types: is [], but typed is false; expected exactly one type",
        ),
    ],
)
def test_bad_yaml(datasets: Path, change: dict[str, Any], message: str) -> None:
    found = message_of(replace(CONFIG, **change), datasets)
    assert found.startswith(f"dataset.mine.{message}")
