"""The order of the sources by measures that need no training, and the sets that they make."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bioner.config.encoder_label import compared_as
from bioner.config.fit import FitConfig
from bioner.config.recommend import RecommendConfig
from bioner.corpora.catalogue import Corpus
from bioner.corpora.sentence import Sentence
from bioner.corpora.subset import subset
from bioner.transferability.advice import ranked
from bioner.transferability.belief import Belief
from bioner.transferability.foreknowledge import Foreknowledge, beside_transfer, largest_target
from bioner.transferability.known import load_known
from bioner.transferability.recommendation import Recommendation
from bioner.transferability.text_profile import TextProfile

# Sets are made of so many first sources, and have at most so many.
_FIRST, _LARGEST = 6, 3
# A source joins a set where it adds this much to the share of the target's mentions that are known.
_ADDS = 0.02
# Words of each dataset that the encoder reads, as `bioner recommend` has it.
_WORDS = 10_000


@dataclass(frozen=True)
class Ranking:
    """The sources of a target.

    Attributes:
        order: their names, those that should help most first.
        sets: of several sources, each larger than the one before.
        recommendation: why; None where there is no source.
        foreknowledge: the gains to expect; None where known gains say nothing of this target.
        unknown: why they do not; "" where they do, or there is no source.
    """

    order: list[str]
    sets: list[tuple[str, ...]]
    recommendation: Recommendation | None
    foreknowledge: Foreknowledge | None = None
    unknown: str = ""

    @property
    def is_doubtful(self) -> bool:
        """Whether the first source is not expected to gain anything, as far as that is known."""
        advice = self.recommendation.advice if self.recommendation else []
        return bool(advice) and advice[0].prospect is not None and advice[0].score <= 0


def rank(
    config: FitConfig, target: Corpus, corpora: Mapping[str, Corpus], runs_dir: str
) -> Ranking:
    """Order the sources, and grow sets of them.

    Args:
        config: of the search.
        target: that is to be helped.
        corpora: the sources, by name.
        runs_dir: below it lies what was measured.
    """
    if not corpora:
        return Ranking([], [], None)
    found, _ = ranked(
        RecommendConfig(
            target=config.target,
            sources=[*corpora],
            words=_WORDS,
            target_size=config.finetune.train_size,
            dataset={name: config.dataset[name] for name in (config.target, *corpora)},
            encoder=config.encoder,
            seed=config.seed,
            subset_seed=config.subset_seed,
            subset_unit=config.subset_unit,
            fold=config.fold,
            datasets_dir=config.datasets_dir,
            datasets_mirror=config.datasets_mirror,
            runs_dir=runs_dir,
            cache_dir=config.cache_dir,
        )
    )
    order = [one.source for one in found.advice]
    train = target.splits["train"].sentences
    seen = subset(
        train,
        config.finetune.train_size,
        config.subset_seed,
        config.subset_unit,
        "finetune.train_size",
    )
    wanted = [train[int(i)] for i in seen]
    known = {name: [*corpora[name].splits["train"].sentences] for name in order[:_FIRST]}
    return Ranking(order, grown(known, wanted), found, *_foreknown(config, found, len(wanted)))


def _foreknown(
    config: FitConfig, found: Recommendation, sentences: int
) -> tuple[Foreknowledge | None, str]:
    """Return the gains to expect of plans for the target, or None and why.

    Args:
        config: of the search.
        found: the order of its sources.
        sentences: of the target that are trained on.
    """
    encoder = config.encoder
    label = compared_as(encoder.name, encoder.from_scratch, encoder.label)
    known = load_known().but(config.target).with_encoder(label)
    transfer = {
        one.source: Belief(one.score, one.prospect.error)
        for one in found.advice
        if one.prospect is not None
    }
    if not transfer:
        return None, f"no gains of enough other targets are known with the encoder {label}"
    most = largest_target(known)
    if sentences > most:
        return None, (
            f"{sentences} sentences are trained on, and known gains are of targets with "
            f"{most:.0f} or fewer"
        )
    return Foreknowledge(transfer, beside_transfer(known.gains)), ""


def grown(
    known: Mapping[str, Sequence[Sentence]], wanted: Sequence[Sentence]
) -> list[tuple[str, ...]]:
    """Grow a set from the first source, each time by the one that adds most to the set's score.

    The score of a set is the share of the target's mentions that are mentions in one of its
    sources, which is the measure `mention_overlap_tokens` of all their sentences together.

    Args:
        known: train sentences of each source, in the order of the sources.
        wanted: train sentences of the target.
    """
    target = TextProfile("target", wanted).mentions
    mentions = {name: {*TextProfile(name, one).mentions} for name, one in known.items()}

    def score(names: Sequence[str]) -> float:
        together = set[tuple[str, ...]]().union(*(mentions[name] for name in names))
        return sum(n for words, n in target.items() if words in together) / target.total()

    chosen, sets = [*known][:1], list[tuple[str, ...]]()
    while len(chosen) < min(_LARGEST, len(known)):
        others = [name for name in known if name not in chosen]
        best = max(others, key=lambda name: score([*chosen, name]))
        if score([*chosen, best]) < score(chosen) + _ADDS:
            break
        chosen.append(best)
        sets.append(tuple(chosen))
    return sets
