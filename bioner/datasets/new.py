"""The YAML of a dataset that a user has: looked at, read, counted and written."""

import logging
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import yaml

from bioner.config.config_folders import shipped_names
from bioner.config.dataset import SPLITS, DatasetConfig, Flatten
from bioner.config.datasets import DatasetsConfig
from bioner.corpora.audits.split_counts import count
from bioner.corpora.catalogue import Corpus, load_corpus
from bioner.corpora.document_groups import documents
from bioner.corpora.documents.offsets import COUNTED
from bioner.corpora.documents.soundness import CountedOtherwiseError
from bioner.corpora.formats.all_formats import FORMATS, corpus_formats
from bioner.corpora.formats.columns_layout import layout_of
from bioner.datasets.dataset_yaml import yaml_text
from bioner.datasets.found import NewDataset
from bioner.datasets.sniff import go_together, sniff, split_of
from bioner.errors import ConfigError, DataError, UserError
from bioner.machine.writing import check_place, sweep, whole

# Of the sentences of train, for the splits that are not there.
SHARES = {"devel": 0.1, "test": 0.2}
# As many as are usual: the more there are, the longer they take.
FOLDS = 5
# What the mentions are called where the tags have no types.
ENTITY = "Entity"

_NO_FORMAT = "of no known format"
_SPLIT_NAMES = (
    "expected names with train, devel or dev, and test, and files of a known format: "
    f"{', '.join(corpus_formats())}; for other names give `bioner train` +dataset.NAME.path=… and "
    "+dataset.NAME.files=…"
)

log = logging.getLogger(__name__)


def new(config: DatasetsConfig) -> NewDataset:
    """Look at a file or folder and write the YAML of the dataset.

    Raises:
        UserError: if there is a YAML or a shipped dataset of that name already, or the path holds
            nothing that can be read; nothing is written then.
    """
    path = Path(str(config.path)).expanduser().absolute()
    name = config.name or _name(path.stem)
    if name in shipped_names("dataset"):
        said = "is" if config.name else "is not given, and the path makes it"
        raise ConfigError("name", f"{said} {name}, a dataset that bioner has", "another name")
    target = Path(config.output).expanduser() / "dataset" / f"{name}.yaml"
    if target.exists():
        raise UserError(f"{target}: is there already; remove it, or give another name= or output=")
    check_place("output", target)
    folder, files, left = _splits(path)
    one = _described(name, folder, files)
    corpus = _read_as_it_counts(name, one)
    lacking = [split for split in SHARES if split not in files]
    units = documents(corpus.splits["train"].sentences)
    folds = FOLDS if "test" in lacking and units > FOLDS else 0
    if lacking and units > len(lacking):
        shares = {split: SHARES[split] for split in lacking}
        one.devel_share, one.test_share = shares.get("devel"), shares.get("test")
        corpus = _read(name, one)
    remarks = _remarks(files, left, one.shares)
    if one.offsets:
        counted = " and ".join(COUNTED[way] for way in one.offsets)
        remarks.append(f"the offsets count {counted} (offsets)")
    one.types = [*corpus.types]
    counts = {split: count(corpus.splits[split].sentences, corpus.types) for split in corpus.splits}
    heading = [*remarks]
    remarks += [said for said in corpus.warnings if said.split()[0].strip(":") in counts]
    remarks += corpus.unscored
    one.sha256 = {split: corpus.splits[split].sha256 for split in files}
    one.sentences = {split: each.sentences for split, each in counts.items()}
    one.mentions = {split: sum(each.mentions.values()) for split, each in counts.items()}
    target.parent.mkdir(parents=True, exist_ok=True)
    sweep(target)
    with whole(target) as temporary:
        temporary.write_text(yaml_text(one, heading), encoding="utf-8")
    scheme = str(one.scheme) if FORMATS[one.format].read_split else ""
    about = name, str(target), one.format, scheme, one.files, one.types
    return NewDataset(*about, counts, remarks, folds)


def _name(stem: str) -> str:
    """Return a name that needs no quotes on the command line: letters without marks, digits, _."""
    plain = unicodedata.normalize("NFKD", stem.lower()).encode("ascii", "ignore").decode()
    name = re.sub(r"\W+", "_", plain).strip("_") or "mine"
    with suppress(ValueError):
        float(name)
        return f"corpus_{name}"
    return name if isinstance(yaml.safe_load(name), str) else f"corpus_{name}"  # null, yes, …


def _splits(path: Path) -> tuple[Path, dict[str, str], list[str]]:
    """Return a folder, the file or folder in it of each split, and what was left out.

    Left out are those that are called after a split, but are of another kind than the others.

    Raises:
        DataError: if there is nothing there, or not one file for a split.
    """
    if not path.exists():
        raise DataError(path, None, "no such file or folder")
    if split_of(path.stem) is None if path.is_file() else sniff(path):
        return path.parent, {"train": path.name}, []
    folder = path.parent if path.is_file() else path
    entries = [p for p in sorted(folder.iterdir()) if not p.name.startswith(".")]
    if path.is_file():
        entries = [p for p in entries if p.suffix == path.suffix and go_together(p.stem, path.stem)]
    named = {p: (p.suffix, sniff(p)) for p in entries if split_of(p.stem)}
    # Files of one kind belong together: train.tsv goes with test.tsv, not with test.xml.
    kinds = Counter(kind for kind in named.values() if kind[1])
    if not kinds:
        return folder, {"train": _only(folder, entries).name}, []
    usual = kinds.most_common(1)[0][0]
    files = _by_split(folder, [p for p, kind in named.items() if kind == usual])
    left = [f"{p.name} ({kind[1] or _NO_FORMAT})" for p, kind in named.items() if kind != usual]
    if "train" not in files and path.is_file():
        return folder, {"train": path.name}, []
    if "train" not in files:
        others = f"; left out: {', '.join(left)}" if left else ""
        raise DataError(folder, None, f"no train split, only {', '.join(files.values())}{others}")
    return folder, files, left


def _only(folder: Path, entries: Iterable[Path]) -> Path:
    """Return the one file or folder of a known format, whatever it is called.

    Raises:
        DataError: there is none, or more than one.
    """
    found = [entry for entry in entries if sniff(entry)]
    if len(found) != 1:
        several = f", in {', '.join(one.name for one in found)}" if found else ""
        raise DataError(folder, None, f"no split was found{several}", _SPLIT_NAMES)
    return found[0]


def _by_split(folder: Path, entries: Iterable[Path]) -> dict[str, str]:
    """Return the one entry of each split, in the order of the splits."""
    files: dict[str, str] = {}
    for entry in entries:
        split = str(split_of(entry.stem))
        if split in files:
            found = f"{split} may be {files[split]} or {entry.name}"
            raise DataError(folder, None, found, "give a folder with one of them")
        files[split] = entry.name
    return {split: files[split] for split in SPLITS if split in files}


def _remarks(
    files: Mapping[str, str], left: Sequence[str], shares: Mapping[str, float]
) -> list[str]:
    found = []
    if left:
        kind = f"left out, being of another kind than {files['train']}"
        found.append(f"{kind}: {', '.join(left)}")
    for split in (split for split in SHARES if split not in files):
        if split in shares:
            found.append(
                f"no {split} split was found: {shares[split]:.0%} of train, whole documents where "
                f"the file marks them, is held out for it ({split}_share)"
            )
        else:
            found.append(
                f"no {split} split was found, and train has too few documents to hold some out: "
                f"give files.{split} before training"
            )
    return found


def _described(name: str, folder: Path, files: dict[str, str]) -> DatasetConfig:
    places = [folder / file for file in files.values()]
    one = DatasetConfig(
        title=name,
        path=str(folder),
        files=files,
        format=str(sniff(places[0])),
    )
    if sniff(places[0]) is None:
        legal = f"Legal: {', '.join(corpus_formats())}"
        raise DataError(places[0], None, f"is {_NO_FORMAT}", legal)
    if FORMATS[one.format].read_split is None:
        one.flatten, one.drop_empty = Flatten.longest, True  # what is left out is counted and said
    else:
        columns = layout_of(places)
        one.scheme, one.typed = columns.scheme, columns.typed
        one.word_column, one.tag_column = columns.word, columns.tag
        one.types = [] if columns.typed else [ENTITY]
    return one


def _read_as_it_counts(name: str, one: DatasetConfig) -> Corpus:
    """Read the splits; where their offsets count something else, the dataset says so afterwards."""
    try:
        return _read(name, one)
    except CountedOtherwiseError as error:
        one.offsets = [*error.way]
        return _read(name, one)


def _read(name: str, one: DatasetConfig) -> Corpus:
    """Read the splits that there are, as training would.

    Raises:
        UserError: a file that can't be read so; no key is offered that `datasets new` lacks.
    """
    whole = replace(one, files=dict(one.files))
    for split in whole.own_files:
        whole.files.setdefault(split, one.files["train"])
    try:
        corpus = load_corpus(name, whole, Path(one.path))
    except ConfigError as error:
        raise UserError(f"found {one.format} files with scheme {one.scheme}, but {error}") from None
    except CountedOtherwiseError as error:
        if not one.offsets:
            raise
        found = f"its offsets do not all count {' and '.join(one.offsets)}"
        raise DataError(error.path, error.line, found, "expected files that count alike") from None
    except DataError as error:
        key = f"dataset.{name}."
        if key not in error.says:
            raise
        legal = (
            "in a YAML that you write (conf/dataset/README.md): `datasets new` takes no such key"
        )
        raise DataError(
            error.path, error.line, f"{error.says.replace(key, '')} ({legal})"
        ) from None
    there = {*one.files, *one.shares}
    return replace(corpus, splits={s: split for s, split in corpus.splits.items() if s in there})
