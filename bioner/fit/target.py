"""The target of a search: whether something can be learnt from it, and chosen by it."""

from bioner.config.blocks import SubsetUnit
from bioner.config.fit import FitConfig
from bioner.corpora.catalogue import Corpus
from bioner.corpora.subset import subset
from bioner.errors import DataError
from bioner.transferability.admission import load_in_catalogue

# Fewer mentions say nothing: of train, from which is learnt, and of devel, by which is chosen.
_FEWEST = 10


def load_target(config: FitConfig) -> Corpus:
    """Read the target, and check that something can be learnt from it and chosen by it.

    Raises:
        DataError: it has too few mentions.
    """
    target = load_in_catalogue(config.target, config)
    more = "more labelled sentences"
    other = "more, or another file for devel"
    dataset = config.dataset[config.target]
    in_folds = dataset.devel_folds is not None
    if dataset.folds is not None and config.test_folds:
        more = f"{more}, or test_folds=0"
    for split, says, legal in (
        ("train", "to learn from", more),
        ("devel", "to choose by", more if in_folds else other),
    ):
        mentions = used_mentions(config, target, split)
        if mentions < _FEWEST:
            found = f"{split} has {mentions} mentions, too few {says}"
            raise DataError(config.target, None, found, f"at least {_FEWEST}: {legal}")
    return target


def used_mentions(config: FitConfig, target: Corpus, split: str) -> int:
    """Return the mentions of the sentences of train or devel that a run uses."""
    sentences = target.splits[split].sentences
    size = config.finetune.train_size if split == "train" else config.finetune.devel_size
    unit = config.subset_unit if split == "train" else SubsetUnit.sentences
    chosen = subset(sentences, size, config.subset_seed, unit, f"finetune.{split}_size")
    return sum(tag.startswith("B-") for place in chosen for tag in sentences[int(place)].tags)
