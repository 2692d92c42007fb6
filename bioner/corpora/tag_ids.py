"""The mentions that tag ids spell, as arrays: what `tags.spans` finds, for a whole split."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bioner.corpora.sentence import Mention
from bioner.corpora.sentence_table import starts_of


@dataclass(frozen=True)
class MentionArrays:
    """The mentions of some sentences, in their order.

    Attributes:
        sentence: [mentions], the place of each one's sentence.
        start: [mentions], its first word, counted from the start of the sentence.
        end: [mentions], the word after its last one.
        type: [mentions], the place of its type among the types.
    """

    sentence: NDArray[np.int64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    type: NDArray[np.int64]

    def keys(self) -> list[tuple[int, int, int, int]]:
        """Return sentence, start, end and type of each mention."""
        columns = (self.sentence, self.start, self.end, self.type)
        return list(zip(*(column.tolist() for column in columns), strict=True))

    def by_sentence(self, sentences: int, types: tuple[str, ...]) -> list[tuple[Mention, ...]]:
        """Return the mentions of each sentence as objects.

        Args:
            sentences: how many there are.
            types: their names.
        """
        found: list[list[Mention]] = [[] for _ in range(sentences)]
        for sentence, start, end, kind in self.keys():
            found[sentence].append(Mention(start, end, types[kind]))
        return [tuple(mentions) for mentions in found]


def mentions_of(tags: NDArray[np.integer], lengths: NDArray[np.integer]) -> MentionArrays:
    """Return the mentions under strict IOB2: only B- opens one, and a sentence's end closes it.

    Args:
        tags: ids in the order of `bioner.corpora.tags.tag_set` (O is 0, B- odd, I- even), sentence
            after sentence, [words].
        lengths: words of each sentence, [sentences].
    """
    ids: NDArray[np.int64] = tags.astype(np.int64)
    starts = starts_of(lengths)
    sentence = np.repeat(np.arange(len(lengths)), lengths)
    types: NDArray[np.int64] = (ids + 1) // 2  # 0 for O, which nothing continues
    continues = (ids > 0) & (ids % 2 == 0)
    continues[:1] = False
    continues[1:] &= (types[1:] == types[:-1]) & (sentence[1:] == sentence[:-1])
    opens = np.flatnonzero(ids % 2 == 1)
    breaks = np.append(np.flatnonzero(~continues), len(ids))
    ends = breaks[np.searchsorted(breaks, opens, side="right")]
    within = sentence[opens]
    first = starts[within]
    return MentionArrays(within, opens - first, ends - first, types[opens] - 1)
