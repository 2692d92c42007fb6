"""Measures of label mapping: does the source's label of a word tell the target's?

After Schröder & Biemann 2020, "Estimating the influence of auxiliary tasks for multi-task learning
of sequence tagging tasks" (ACL 2020, 2020.acl-main.268): a table of how often a source label meets
a target label, and its normalised mutual information. Labels are entity types and O, without B-
and I-. All lie in 0..1, larger is closer; a side with one label alone has the value 0.
"""

import numpy as np
from numpy.typing import NDArray

from bioner.transferability.registry import Family, NotDefinedError, measure
from bioner.transferability.text_profile import TextProfile
from bioner.transferability.word_sample import Tokens

# Rows of the table of distances that are held at once.
_CHUNK = 1024
_NEIGHBOURS = 5


@measure(
    Family.label_mapping,
    "how much a shared word's label in the source tells of its label in the target",
    pairs_labels=True,
)
def label_nmi_words(source: TextProfile, target: TextProfile) -> float:
    """Return the normalised mutual information of labels through the words that both sides have.

    A shared word weighs as often as it stands in the target's train; its labels on both sides meet
    in proportion to their counts. Not symmetric. Costs one look at each shared word.
    """
    rows = {name: i for i, name in enumerate(source.labels)}
    columns = {name: i for i, name in enumerate(target.labels)}
    joint = np.zeros((len(rows), len(columns)))
    for word, ours in target.labels_of_words.items():
        theirs = source.labels_of_words.get(word)
        if theirs is None:
            continue
        total = theirs.total()
        for one, count in theirs.items():
            for other, times in ours.items():
                joint[rows[one], columns[other]] += times * count / total
    if not joint.any():
        raise NotDefinedError("source and target share no word")
    return normalised_information(joint)


@measure(
    Family.label_mapping,
    "how much the label of the nearest source word in context tells of a target word's label",
    pairs_labels=True,
)
def label_nmi_nearest(source: Tokens, target: Tokens) -> float:
    """Return the normalised mutual information of labels through nearest words in context.

    Each sampled target word meets the source word whose vector has the largest cosine, in the
    untrained encoder. Not symmetric. Costs a product of the two samples' vectors.
    """
    nearest = _nearest(source, target, 1)[:, 0]
    joint = np.zeros((source.types.max() + 1, target.types.max() + 1))
    np.add.at(joint, (source.types[nearest], target.types), 1.0)
    return normalised_information(joint)


@measure(
    Family.label_mapping,
    "how well the five nearest source words in context tell mentions from other words",
    pairs_labels=True,
)
def knn_mentions(source: Tokens, target: Tokens) -> float:
    """Return the F1 over target words of "in a mention" as the nearest source words vote.

    Five nearest neighbours by cosine (Cover & Hart 1967) in the untrained encoder, learnt on one
    corpus and tried on another; the majority decides, whatever the types. Not symmetric. Costs as
    much as `label_nmi_nearest`.
    """
    nearest = _nearest(source, target, min(_NEIGHBOURS, len(source.vectors)))
    found = (source.tags[nearest] > 0).mean(axis=1) > 0.5
    gold = target.tags > 0
    return float(2 * (found & gold).sum() / max(1, found.sum() + gold.sum()))


def _nearest(source: Tokens, target: Tokens, count: int) -> NDArray[np.intp]:
    """Return the source words with the largest cosines, in no order, [target words, count]."""
    theirs, ours = (_unit(side.vectors) for side in (source, target))
    return np.concatenate(
        [
            np.argpartition(-(ours[start : start + _CHUNK] @ theirs.T), count - 1)[:, :count]
            for start in range(0, len(ours), _CHUNK)
        ]
    )


def normalised_information(joint: NDArray[np.float64]) -> float:
    """Return I(X; Y) / sqrt(H(X) H(Y)) of a table of counts; 0 where an entropy is 0.

    Strehl & Ghosh 2002, "Cluster Ensembles", Eq. 2.

    Args:
        joint: how often each x meets each y, [x, y].
    """
    p = joint / joint.sum()
    entropies = [_entropy(p.sum(axis=axis)) for axis in (1, 0)]
    if min(entropies) == 0:
        return 0.0
    information = max(0.0, sum(entropies) - _entropy(p.ravel()))
    return float(min(1.0, information / np.sqrt(np.prod(entropies))))


def _entropy(p: NDArray[np.float64]) -> float:
    p = p[p > 0]
    return float(max(0.0, -(p * np.log(p)).sum()))


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
