"""`bioner evaluate`: every head of a run against every dataset that has its type."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bioner.config.dataset import DatasetConfig
from bioner.config.evaluate import EvaluateConfig
from bioner.config.folds import in_fold
from bioner.corpora.catalogue import Corpus, load_corpus
from bioner.corpora.sentence import Mention, Sentence
from bioner.corpora.tags import spans
from bioner.errors import ConfigError, nearest
from bioner.predict.finished import FinishedRun, open_run
from bioner.predict.mention_scores import partial, strict
from bioner.predict.tagger import Tagged, Tagger, load_tagger
from bioner.predict.trained_on import judge, training_texts
from bioner.runs.percent import percent
from bioner.runs.record_file import read_record, write_record
from bioner.runs.scores import CrossScores, EntityScores, PartialScores, TrainedOn

log = logging.getLogger(__name__)


Cells = dict[str, dict[str, CrossScores]]
"""For each head and dataset; one without the head's types, or a mention of them, is not there."""


def evaluate(config: EvaluateConfig) -> Cells:
    """Score the heads of a run on datasets, print the matrix and write it into the run's record.

    Mentions count only where their type is one that head and dataset share; those of all other
    types, on either side, are left out. Where the split has no mention to find there is no score.

    Raises:
        UserError: what the user gave can't be used.
    """
    run = open_run(Path(config.run), config.fetch)
    tagger = load_tagger(run, run.choose(config.heads), config.device, config.precision)
    folder = Path(config.datasets_dir)
    corpora = {
        name: load_corpus(name, one, folder, config.datasets_mirror)
        for name, one in _in_fold(config, run).items()
    }
    for name, corpus in corpora.items():
        for warning in corpus.warnings:
            log.warning("%s: %s", name, warning)
    shared = _shared_types(tagger, corpora, config.types or {})
    texts = training_texts(run, config.datasets_dir, config.datasets_mirror)
    cells: Cells = {head: {} for head in tagger.tags}
    for name, corpus in corpora.items():
        split = corpus.splits[config.split]
        if not split.sentences:
            raise ConfigError("split", f"is {config.split}, and {name} has none", "another split")
        verdict = None if texts is None else judge(texts, split.sentences)
        tagged = tagger.tag(split.sentences)
        for head, types in ((h, shared[h, name]) for h in cells if shared[h, name]):
            scored = _score(split.sentences, tagged[head], types)
            if scored[0].support == 0:
                said = "%s is not scored with head %s: its %s has no mention of %s"
                log.warning(said, name, head, config.split, ", ".join(types))
                continue
            cells[head][name] = CrossScores(types, *scored, verdict, split.sha256)
        log.info("%s %s: %d sentences", name, config.split, len(split.sentences))
    _record(run, config.split, cells)
    _show(cells, config.split)
    return cells


def _in_fold(config: EvaluateConfig, run: FinishedRun) -> dict[str, DatasetConfig]:
    """Return the datasets, those that are in folds in the one that is given, or the run's own."""
    if config.fold is None and all(one.folds is None for one in config.dataset.values()):
        return config.dataset
    return in_fold(config.dataset, run.config.fold if config.fold is None else config.fold)


def _shared_types(
    tagger: Tagger, corpora: Mapping[str, Corpus], renamed: Mapping[str, str]
) -> dict[tuple[str, str], dict[str, str]]:
    """Return the types that each head and dataset share: the dataset's name to the head's."""
    own = {head: [tag[2:] for tag in tags[1::2]] for head, tags in tagger.tags.items()}
    heads_have = sorted({name for names in own.values() for name in names})
    datasets_have = sorted({name for corpus in corpora.values() for name in corpus.types})
    for theirs, ours in renamed.items():
        if theirs not in datasets_have:
            raise ConfigError(
                f"types.{theirs}", "no dataset has it", nearest(theirs, datasets_have)
            )
        if ours not in heads_have:
            raise ConfigError(f"types.{theirs}", f"no head has {ours!r}", nearest(ours, heads_have))
    shared = {}
    for head, names in own.items():
        for dataset, corpus in corpora.items():
            pairs = ((name, renamed.get(name, name)) for name in corpus.types)
            shared[head, dataset] = {name: ours for name, ours in pairs if ours in names}
    lacking = [pair for pair, types in shared.items() if not types]
    if len(lacking) == len(shared):
        found = f"none has a type of the heads ({', '.join(heads_have)})"
        legal = f"they have {', '.join(datasets_have)}; types={{THEIRS: OURS}} names equal ones"
        raise ConfigError("datasets", found, legal)
    for head, name in lacking:
        log.warning(
            "%s is not scored with head %s: it has %s, and the head %s; types={THEIRS: OURS} names "
            "equal ones",
            *(name, head, ", ".join(corpora[name].types), ", ".join(own[head])),
        )
    return shared


def _score(
    sentences: Sequence[Sentence], tagged: Tagged, types: Mapping[str, str]
) -> tuple[EntityScores, dict[str, PartialScores]]:
    gold = [_mentions(sentence.tags, types) for sentence in sentences]
    ours = {name: name for name in types.values()}
    guess = [_mentions(tagged.tags(i), ours) for i in range(len(sentences))]
    return strict(gold, guess, list(ours)), partial(gold, guess, list(ours))


def _mentions(tags: Sequence[str], types: Mapping[str, str]) -> list[Mention]:
    """Return the mentions of some types, under the names that the head has for these."""
    return [Mention(m.start, m.end, types[m.type]) for m in spans(tags) if m.type in types]


def _record(run: FinishedRun, split: str, cells: Cells) -> None:
    """Add the cells to the run's record, in place of earlier ones of the same split."""
    record = read_record(run.directory)
    for head, datasets in cells.items():
        for name, cell in datasets.items():
            splits = record.cross.setdefault(head, {}).setdefault(name, {})
            splits[split] = cell
    write_record(run.directory, record)


def _show(cells: Cells, split: str) -> None:
    """Print a row a cell: F1 three times, and the share of the split that was trained on."""
    table = Table(
        "head",
        "dataset",
        "mentions",
        "strict F1, %",
        "partial F1, %",
        "overlap F1, %",
        "trained on",
        title=split,
    )
    for head, row in cells.items():
        for name, cell in row.items():
            f1 = (cell.strict.f1, *(scores.f1 for scores in cell.partial.values()))
            table.add_row(
                head,
                name,
                str(cell.strict.support),
                *(percent(one) for one in f1),
                _share(cell.leakage),
            )
    # Not cut to a terminal's width: the names of heads and datasets are what is looked for.
    needed = Console(width=1000).measure(table).maximum
    Console(width=max(Console().width, needed)).print(table)


def _share(leak: TrainedOn | None) -> str:
    if leak is None:
        return "not known"
    return f"{leak.trained_on} of {leak.sentences} ({leak.trained_on / max(1, leak.sentences):.1%})"
