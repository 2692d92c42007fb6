"""The plans that are tried: a regime, its sources, how they are mixed, and what is carried."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from bioner.config.fit import FitConfig, is_given, own_of_selftraining
from bioner.fit.ranking import Ranking

SINGLE, TRANSFER, MTL, BOTH = "single", "transfer", "mtl", "transfer_mtl"


@dataclass(frozen=True)
class Candidate:
    """One plan.

    Attributes:
        name: what it is called in tables.
        regime: `SINGLE`, `TRANSFER`, `MTL` or `BOTH`.
        words: the overrides that make it of `single`.
        sources: the corpora that it takes.
        teacher: the plan that it is without its self-training; None where it has none.
    """

    name: str
    regime: str
    words: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    teacher: "Candidate | None" = None


BASELINE = Candidate(SINGLE, SINGLE)
"""The target alone, as the command line says: what every other candidate is compared with."""


def candidates(
    config: FitConfig,
    ranking: Ranking,
    shares_types: Mapping[str, bool],
    pretrain_steps: int,
    epochs: int,
    given: Sequence[str],
    text: bool = False,
) -> list[Candidate]:
    """Return the candidates but `single`, those that should help most first.

    Without a source they are variants of `single`, which also come early where the first source is
    not expected to gain anything. Self-training is among them where there is text without labels.

    Args:
        config: of the search.
        ranking: of the sources.
        shares_types: whether a source has an entity type of the target.
        pretrain_steps: updates of a stage on sources.
        epochs: of a run of `single`.
        given: overrides of the command line, which win over what is chosen here.
        text: whether there is text without labels.
    """
    taught = _Taught(epochs, given, text)
    alone = [*_alone(config, epochs, given), *taught.from_(BASELINE)]
    if not ranking.order:
        return alone
    plans = _Plans(shares_types, pretrain_steps, config.seed, given)
    first, *rest = ranking.order
    groups = [(first,), *ranking.sets]
    # Transfer gave most at 10 %, then both, then MTL (experiments/lowres). The wrong source costs
    # more than the wrong regime, so that three come before another regime (experiments/fit).
    leading = [
        plans.transfer((first,)),
        *(plans.transfer((one,)) for one in rest[:2]),
        plans.both((first,)),
        plans.mtl((first,)),
        *(alone if ranking.is_doubtful else []),
        *(plans.transfer(one) for one in ranking.sets[:1]),
        *taught.from_(plans.transfer((first,))),
        *(plans.mtl(one) for one in ranking.sets[:1]),
        *(plans.mtl((one,)) for one in rest[:1]),
        plans.uniform((first,)),
        *taught.from_(BASELINE),
    ]
    others = zip_longest(
        (plans.transfer((one,)) for one in rest[2:]),
        (plans.transfer(one) for one in groups[2:]),
        (plans.mtl((one,)) for one in rest[1:]),
    )
    found = [*leading, *(one for several in others for one in several)]
    return [*dict.fromkeys(one for one in found if one is not None)]


class _Plans:
    """Makes candidates of sources."""

    def __init__(
        self,
        shares_types: Mapping[str, bool],
        pretrain_steps: int,
        seed: int,
        given: Sequence[str],
    ) -> None:
        self._shares, self._steps, self._seed = shares_types, pretrain_steps, seed
        self._given = given

    def transfer(self, sources: tuple[str, ...]) -> Candidate:
        words = (*self._pretrain(sources),)
        return Candidate(f"transfer from {_and(sources)}", TRANSFER, words, sources)

    def mtl(self, sources: tuple[str, ...]) -> Candidate:
        return Candidate(f"mtl with {_and(sources)}", MTL, _together(sources), sources)

    def uniform(self, sources: tuple[str, ...]) -> Candidate | None:
        """Return MTL that draws all tasks equally often, unless another mixing is given."""
        if is_given(self._given, "mixing", "mixing.strategy"):
            return None
        words = (*_together(sources), "mixing=uniform")
        return Candidate(f"mtl with {_and(sources)}, uniform", MTL, words, sources)

    def both(self, sources: tuple[str, ...]) -> Candidate:
        words = (*self._pretrain(sources), *_together(sources))
        with_them = "it" if len(sources) == 1 else "them"
        name = f"transfer from {_and(sources)}, then mtl with {with_them}"
        return Candidate(name, BOTH, words, sources)

    def _pretrain(self, sources: tuple[str, ...]) -> Iterator[str]:
        yield "pretrain=sources"
        yield f"pretrain.sources={_listed(sources)}"
        if not is_given(self._given, "pretrain.epochs", "pretrain.steps"):
            yield "pretrain.epochs=null"
            yield f"pretrain.steps={self._steps}"
        elif not is_given(self._given, "pretrain.epochs"):
            yield "pretrain.epochs=null"
        if not is_given(self._given, "pretrain.seed"):
            # All seeds share it: a further source tells more than a further seed of this stage.
            yield f"pretrain.seed={self._seed}"
        carried = "pretrain.carry"
        if any(self._shares[name] for name in sources) and not is_given(self._given, carried):
            yield f"{carried}=encoder_and_heads_by_type"


class _Taught:
    """Adds self-training to plans, where there is text for it and nothing of it is given."""

    def __init__(self, epochs: int, given: Sequence[str], text: bool) -> None:
        self._may = text and not is_given(given, "selftrain")
        own = is_given(given, "selftrain.epochs", "selftrain.steps")
        lasts = [] if own else [f"selftrain.epochs={epochs}"]
        self._words = ("selftrain=soft", *lasts, *own_of_selftraining(given))

    def from_(self, plan: Candidate) -> Iterator[Candidate]:
        if self._may:
            name = f"{plan.name}, then self-training"
            yield Candidate(name, plan.regime, (*plan.words, *self._words), plan.sources, plan)


def _together(sources: tuple[str, ...]) -> tuple[str, ...]:
    return "finetune=mtl", f"finetune.auxiliaries={_listed(sources)}"


def _listed(sources: tuple[str, ...]) -> str:
    """Return names as one would type them: one alone needs no brackets, which zsh would glob."""
    return sources[0] if len(sources) == 1 else f"[{','.join(sources)}]"


def _and(sources: tuple[str, ...]) -> str:
    return " + ".join(sources)


def _alone(config: FitConfig, epochs: int, given: Sequence[str]) -> Iterator[Candidate]:
    """Yield the variants of `single`: head, learning rate and budget, as far as none is given."""
    if not is_given(given, "head"):
        yield Candidate("single, head=crf", SINGLE, ("head=crf",))
    if not is_given(given, "optimizer.lr", "encoder.lr"):
        for times in (2.0, 0.5):
            rate = f"optimizer.lr={times * config.optimizer.lr:g}"
            yield Candidate(f"single, {times:g} x the learning rate", SINGLE, (rate,))
    if not is_given(given, "finetune.epochs"):
        more = (f"finetune.epochs={2 * epochs}",)
        yield Candidate("single, 2 x the epochs", SINGLE, more)
