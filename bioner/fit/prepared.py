"""What is known of a search before anything is trained: sources, their order, candidates."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property

from bioner.config.fit import FitConfig, is_given
from bioner.config.train import Leakage
from bioner.corpora.catalogue import Corpus
from bioner.corpora.raw_text import text_files
from bioner.corpora.subset import subset
from bioner.fit.candidates import BASELINE, Candidate, candidates
from bioner.fit.expectation import Expectation
from bioner.fit.parting import parted
from bioner.fit.price import Price, price, updates
from bioner.fit.ranking import Ranking, rank
from bioner.fit.target import load_target, used_mentions
from bioner.fit.trial import Trial
from bioner.fit.trials import Trials
from bioner.transferability.admission import look_at_sources

_TEXT = "selftrain.text"


class Prepared:
    """Looks at the target and its sources, of a fold that is test at nothing.

    What takes minutes, to measure the sources, waits until their order is asked for.

    Args:
        config: of the search.
        trials: composes its runs.
        outer: the fold of train that is test; 0: none is.

    Attributes:
        looked: what was found of each corpus.
        corpora: the target and the sources that are admitted.
    """

    def __init__(self, config: FitConfig, trials: Trials, outer: int = 0) -> None:
        self._config, self._trials = in_search(config, trials, outer), trials
        # What was measured is kept for a next start, of each fold in a place of its own.
        self._measured = str(config.folder / f"fold{outer}") if outer else config.runs_dir
        self._single = trials.job(Trial(BASELINE, config.seed, outer=outer)).config
        self._target = load_target(self._config)
        self.looked, self._sources = look_at_sources(
            self._config,
            self._target,
            config.leakage == Leakage.drop,
            ", sources=[] looks for the best single",
        )
        self.corpora: Mapping[str, Corpus] = {config.target: self._target, **self._sources}

    @cached_property
    def ranking(self) -> Ranking:
        """The order of the sources."""
        return rank(self._config, self._target, self._sources, self._measured)

    @property
    def expectation(self) -> Expectation:
        """What is expected of candidates."""
        mentions = used_mentions(self._config, self._target, "devel")
        return Expectation(self.ranking.foreknowledge, mentions)

    @property
    def others(self) -> list[Candidate]:
        """The candidates but `single`, the first ones first."""
        return self._candidates(self.ranking)

    @property
    def unmeasured(self) -> list[Candidate]:
        """The candidates as they would be if the sources helped in the order of their names."""
        return self._candidates(Ranking(sorted(self._sources), [], None))

    def _candidates(self, ranking: Ranking) -> list[Candidate]:
        return candidates(
            self._config,
            ranking,
            {one.name: bool(one.shared_types) for one in self.looked},
            max(1, round(self._config.pretrain_updates * updates(self._single, self.corpora))),
            price(self._single, self.corpora).epochs,
            self._trials.given,
            _has_text(self._config, self._target, self._trials.given),
        )


class Prices:
    """What trials cost; of folds, which are about as large as each other, what the first one costs.

    Args:
        config: of the search.
        trials: composes its runs.
        corpora: of the search.
    """

    def __init__(self, config: FitConfig, trials: Trials, corpora: Mapping[str, Corpus]) -> None:
        self._trials, self._corpora = trials, corpora
        self._in_fold = corpora
        if trials.parting.test:
            self._in_fold = {**corpora, config.target: load_target(in_search(config, trials, 1))}
        self._known: dict[Trial, Price] = {}

    def __call__(self, trial: Trial) -> Price:
        """Return what a trial costs, of its candidate's whole training."""
        like = Trial(trial.candidate, trial.seed, outer=min(trial.outer, 1), whole=trial.whole)
        if like not in self._known:
            first = replace(like, seed=self._trials.parting.first)
            config = replace(self._trials.job(first).config, seed=trial.seed)
            corpora = self._in_fold if like.outer else self._corpora
            self._known[like] = price(config, corpora)
        return self._known[like]


def in_search(config: FitConfig, trials: Trials, outer: int) -> FitConfig:
    """Return the config with the target as a search reads it."""
    dataset = parted(config.dataset[config.target], trials.parting, outer)
    catalogue = config.dataset | {config.target: dataset}
    return replace(config, dataset=catalogue, fold=outer or config.fold)


def _has_text(config: FitConfig, target: Corpus, given: list[str]) -> bool:
    """Say whether there is text without labels, by which a candidate may train itself.

    Raises:
        ConfigError: it is named, and not there.
    """
    for text in (word.partition("=")[2] for word in given if is_given([word], _TEXT)):
        text_files(_TEXT, text.strip("'\""))
        return True
    train = target.splits["train"].sentences
    size, unit = config.finetune.train_size, config.subset_unit
    return len(subset(train, size, config.subset_seed, unit, "finetune.train_size")) < len(train)


def command_lines(others: list[Candidate], trials: Trials, seed: int) -> list[str]:
    """Return each candidate with the line that makes its first run."""
    return [f"{one.name}\n  {trials.command(Trial(one, seed))}" for one in others]
