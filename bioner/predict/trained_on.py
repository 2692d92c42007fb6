"""What a run was trained on, and how much of it stands in a split that it is scored on."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from bioner.config.train import Leakage, Pretraining, TrainConfig
from bioner.corpora.audits.shared_sentences import long_enough
from bioner.corpora.catalogue import Corpus
from bioner.corpora.raw_text import text_files, text_sentences
from bioner.corpora.sentence import Sentence
from bioner.corpora.sentence_table import joined
from bioner.errors import UserError
from bioner.predict.finished import FinishedRun, open_run
from bioner.runs.scores import TrainedOn
from bioner.train.stage_kinds import asked_stages
from bioner.train.tasks import choose_sentences, load_corpora

log = logging.getLogger(__name__)


def judge(texts: set[str], sentences: Sequence[Sentence]) -> TrainedOn:
    """Return how many of the sentences are among the texts of `training_texts`.

    Only those of `SHORTEST` words and more are looked at.
    """
    long = [joined(sentence) for sentence in sentences if long_enough(sentence)]
    return TrainedOn(len(long), sum(text in texts for text in long))


def training_texts(run: FinishedRun, datasets_dir: str, mirror: str | None) -> set[str] | None:
    """Return the text, without blanks, of every sentence that a run was trained on.

    Those of every role count, and where the run started from another run's weights, those of that
    run too. None, with a warning, where they can't be known here.
    """
    config = replace(run.config, datasets_dir=datasets_dir, datasets_mirror=mirror)
    try:
        found = _own_texts(config, run)
        if config.pretrain.kind == Pretraining.checkpoint:
            earlier = training_texts(_earlier(config, run.fetch), datasets_dir, mirror)
            return None if earlier is None else found | earlier
    except UserError as error:
        log.warning("what %s was trained on can't be compared: %s", run.directory.name, error)
        return None
    return found


def _own_texts(config: TrainConfig, run: FinishedRun) -> set[str]:
    # What `warn`, `error` and `ignore` leave is the same, and all that is to be said was said.
    quiet = Leakage.drop if config.leakage == Leakage.drop else Leakage.ignore
    config = replace(config, leakage=quiet)
    run.check_datasets(config.dataset, Path(config.datasets_dir))
    corpora = load_corpora(config)
    for name, corpus in corpora.items():
        known = run.record.datasets[name].sha256
        if {split: content.sha256 for split, content in corpus.splits.items()} != known:
            raise UserError(f"the files of {name} here are not those of the run")
    stages = asked_stages(config)
    chosen = choose_sentences(config, stages, corpora)
    texts: set[str] = set()
    for stage in stages:
        for name, guarded in chosen[stage.name].items():
            pool = corpora[name].to_train_on(stage.roles[name] in stage.devel_too)
            texts |= {joined(pool[i]) for i in guarded.used}
    if not config.selftrain.left_out:
        texts |= _labelled_texts(config, corpora)
    return texts


def _labelled_texts(config: TrainConfig, corpora: Mapping[str, Corpus]) -> set[str]:
    """Return the text of the sentences that the run's own networks may have labelled."""
    if config.selftrain.text is None:
        targets = (corpora[name].splits["train"].sentences for name in config.finetune.targets)
        return {joined(sentence) for sentences in targets for sentence in sentences}
    found = text_sentences(text_files("selftrain.text", config.selftrain.text))
    return {joined(sentence) for sentence in found}


def _earlier(config: TrainConfig, fetch: bool) -> FinishedRun:
    """Open the run whose weights this one started from."""
    place = Path(str(config.pretrain.checkpoint))
    return open_run(place.parent.parent if place.is_file() else place, fetch)
