"""The lengths of sentences as a picture."""

from collections.abc import Mapping
from pathlib import Path

from bioner.corpora.audits.split_counts import BAR_WORDS, OPEN_BAR, SplitCounts
from bioner.errors import ConfigError

# Of the palette of Okabe and Ito, which colour-blind readers can tell apart.
_COLOURS = {"train": "#0072B2", "devel": "#E69F00", "test": "#009E73"}
_WIDTH, _HEIGHT = 6.4, 2.6  # inches of one dataset


def draw_lengths(found: Mapping[str, Mapping[str, SplitCounts]], path: Path) -> None:
    """Write a picture with a panel a dataset: the share of sentences of each length, by split.

    Args:
        found: the counts of each split of each dataset.
        path: a .png, .svg or .pdf file; one that is there is replaced.

    Raises:
        ConfigError: if the file can't be written.
    """
    from matplotlib.figure import Figure  # half a second that only a picture needs

    figure = Figure(figsize=(_WIDTH, _HEIGHT * len(found)), layout="constrained")
    panels = figure.subplots(len(found), 1, squeeze=False)[:, 0]
    bars = range(0, OPEN_BAR + 1, BAR_WORDS)
    for panel, (name, splits) in zip(panels, found.items(), strict=True):
        width = 0.8 / len(splits)
        for number, (split, one) in enumerate(splits.items()):
            shares = [
                100 * one.sentence_lengths.get(bar, 0) / max(one.sentences, 1) for bar in bars
            ]
            places = [i + (number - (len(splits) - 1) / 2) * width for i in range(len(bars))]
            label = f"{split} ({one.sentences:,} sentences)"
            panel.bar(places, shares, width, color=_COLOURS[split], label=label)
        panel.set_xticks(range(len(bars)), [_label(bar) for bar in bars])
        panel.set_title(name, loc="left", fontsize="medium")
        panel.set_ylabel("% of sentences")
        panel.spines[["top", "right"]].set_visible(False)
        panel.legend(frameon=False, fontsize="small")
    panels[-1].set_xlabel("words in the sentence")
    try:
        figure.savefig(path, dpi=150)
    except OSError as error:
        raise ConfigError("picture", f"{path} can't be written: {error.strerror}") from None


def _label(bar: int) -> str:
    return f"{bar}+" if bar == OPEN_BAR else f"{bar}-{bar + BAR_WORDS - 1}"
