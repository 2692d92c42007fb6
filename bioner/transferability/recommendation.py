"""The order of sources for one target, and the evidence for it. No torch."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from bioner.transferability.known import Known
from bioner.transferability.outlook import (
    ENOUGH_TARGETS,
    HELD,
    Experience,
    Prospect,
    closeness_of,
    standard,
)
from bioner.transferability.registry import Measure
from bioner.transferability.track_record import foretold, reliability, settings

# Measures that vote, with one vote each, while no gains are known that could weigh them: those
# that see labels on words, and one each of words, text and sentences.
VOTERS = (
    "mention_overlap_types",
    "mention_overlap_tokens",
    "label_nmi_words",
    "label_nmi_nearest",
    "knn_mentions",
    "mention_cosine",
    "vocabulary_coverage",
    "perplexity",
    "sentence_cosine",
)
# Below both, a source neither shares mentions with the target nor labels words as it does.
_FEW_MENTIONS, _LITTLE_INFORMATION = 0.01, 0.02
_REASONS = 3
# A source speaks where its place is this far from the middle, -1 for the last and 1 for the first.
_CLEAR = 0.3


@dataclass(frozen=True)
class Advice:
    """One source, as it is recommended.

    Attributes:
        source: its name.
        score: by which it was placed, larger first: the expected gain in F1 where gains are known,
            else the mean share of the other sources that it beats, 0..1.
        speaks_for: what it does better than most others, in plain words; where gains are known,
            by measures that foretold them alone.
        speaks_against: what it does worse than most others, by the same measures.
        gain: known gain on this very target, the mean over seeds; None where there is none.
        prospect: how sure the score is; None where nothing tells.
    """

    source: str
    score: float
    speaks_for: list[str]
    speaks_against: list[str]
    gain: float | None
    prospect: Prospect | None = None


@dataclass(frozen=True)
class Recommendation:
    """The sources of a target in order.

    Attributes:
        target: its name.
        advice: the source that should help most comes first.
        basis: what the order rests on, in plain words.
        score_says: what the scores are, in plain words.
        none_helps: why none is likely to help; "" where some may.
        reliability: how good such rankings were on the known gains, a line each.
    """

    target: str
    advice: list[Advice]
    basis: str
    score_says: str
    none_helps: str
    reliability: list[str]


def recommend(
    values: pd.DataFrame, target: str, measures: dict[str, Measure], known: Known
) -> Recommendation:
    """Order the sources of a target.

    Args:
        values: columns `MEASURE_COLUMNS`, the rows of this target.
        target: its name.
        measures: all measures.
        known: gains that are known in the setting that is meant.
    """
    fair = {name: one for name, one in measures.items() if not one.oracle}
    values = values[values["measure"].isin(fair)]
    closeness = closeness_of(values, fair)[target]
    direct = known.gains[known.gains["target"] == target].groupby("source")["gain"].mean()
    others = known.but(target)
    targets = others.gains["target"].nunique()
    experience = Experience.of(others, fair)
    outlook = None if targets < ENOUGH_TARGETS else experience.outlook(standard(closeness))
    trusted = dict.fromkeys(VOTERS) if outlook is None else foretold(others, set(values["measure"]))
    if outlook is None:
        scores = _votes(closeness)
        basis = _untested(targets)
        score_says = "the share of the other sources that one beats, a mean over the measures"
        none_helps = _nothing_shared(values)
    else:
        scores = outlook.expected
        basis = (
            f"a ridge regression over measures, fitted to the gains of {targets} other targets "
            f"({settings(others.gains)}){'' if trusted else '; no measure alone foretold them'}; a "
            "measure counts as it compares these sources, so that others beside them change it"
        )
        score_says = _said_of_gains(experience.noise)
        none_helps = "" if (scores > 0).any() else "every source has an expected gain of 0 or less"
    order = scores.sort_values(ascending=False, kind="stable").index
    advice = [
        Advice(
            str(source),
            float(scores[source]),
            *_reasons(values, str(source), fair, trusted),
            float(direct[source]) if source in direct else None,
            None if outlook is None else outlook.of(str(source)),
        )
        for source in order
    ]
    used = known.measures[known.measures["measure"].isin(values["measure"])]
    judged = reliability(Known(known.gains, used))  # of such an order as this one
    return Recommendation(target, advice, basis, score_says, none_helps, judged)


def _said_of_gains(noise: float) -> str:
    return (
        f"the gain in F1 points that is expected, with an interval for {HELD:.0%} of such gains, "
        "and the probability that it is above the noise, what other seeds change "
        f"({100 * noise:.2f})"
    )


def _votes(closeness: pd.DataFrame) -> pd.Series:
    """Return the mean share of the other sources that each beats; an undefined value beats none."""
    voting = closeness[closeness.index.get_level_values("measure").isin(VOTERS)]
    ranks = voting.rank(axis=1).fillna(1.0) - 1
    return ranks.mean(axis=0) / max(1, voting.shape[1] - 1)


def _untested(targets: int) -> str:
    known = "no gains are known yet" if targets == 0 else f"gains of {targets} other targets alone"
    return f"{known}: {len(VOTERS)} measures have one vote each, and nothing has tested them"


def _nothing_shared(values: pd.DataFrame) -> str:
    table = values.pivot_table("value", "source", "measure").fillna(0.0)
    mentions = table.get("mention_overlap_tokens", pd.Series(0.0, table.index))
    information = table.reindex(columns=["label_nmi_words", "label_nmi_nearest"]).max(axis=1)
    if (mentions < _FEW_MENTIONS).all() and (information.fillna(0.0) < _LITTLE_INFORMATION).all():
        return "no source shares mentions with the target or labels words as it does"
    return ""


def _reasons(
    values: pd.DataFrame,
    source: str,
    measures: dict[str, Measure],
    trusted: Mapping[str, float | None],
) -> tuple[list[str], list[str]]:
    """Return what speaks for a source and what against it, the clearest first.

    Args:
        values: of the target's sources.
        source: that is spoken of.
        measures: all of them.
        trusted: measures that may speak, with their correlation with known gains.
    """
    found: list[tuple[float, float, str]] = []
    for name, rows in values[values["measure"].isin(trusted)].groupby("measure"):
        measure, told = measures[str(name)], trusted[str(name)]
        weight, record = (1.0, "") if told is None else (told, f"; Spearman so far {told:.2f}")
        close = rows.set_index("source")["value"].astype(float) * measure.closeness(1.0)
        if source not in close.index:
            found.append((-1.0, weight, f"{measure.says}: not defined"))
        elif len(close) > 1 and close.nunique() > 1:
            place = 2 * (close.rank()[source] - 1) / (len(close) - 1) - 1
            value = float(rows.set_index("source")["value"][source])
            rank = int((close > close[source]).sum()) + 1
            text = f"{measure.says}: {value:.3g} ({rank} of {len(close)}{record})"
            found.append((place, weight, text))
    found.sort(key=lambda one: -abs(one[0]) * one[1])
    speaks_for = [text for place, _, text in found if place > _CLEAR][:_REASONS]
    return speaks_for, [text for place, _, text in found if place < -_CLEAR][:_REASONS]
