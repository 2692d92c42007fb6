"""What the benchmark prints."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from ratios import Ratio, spread, times_faster

OURS = "bioner"


@dataclass(frozen=True)
class Row:
    """One round of one peer.

    Attributes:
        seconds: that it took.
        words: that were trained on or predicted.
        padding: share of the positions that were padding, 0 to 1.
        peak: resident memory so far, in bytes.
        first_step: seconds from the peer's start to the end of its first update.
        f1: strict, on the sample of test; of the last round of prediction, else None.
        versions: of the peer's libraries; as `f1`.
    """

    corpus: str
    precision: str
    phase: str
    peer: str
    round: int
    seconds: float
    words: int
    padding: float
    peak: int
    first_step: float
    f1: float | None
    versions: dict[str, str] | None


def seconds_of(rows: Sequence[Row], phase: str, peer: str) -> list[float]:
    """Return the seconds of a peer's rounds, by round."""
    mine = [row for row in rows if row.phase == phase and row.peer == peer]
    return [row.seconds for row in sorted(mine, key=lambda row: row.round)]


def faster(rows: Sequence[Row], phase: str) -> dict[str, Ratio]:
    """Return how many times faster bioner is than each peer; empty where it did not run."""
    peers = list(dict.fromkeys(row.peer for row in rows if row.phase == phase))
    if OURS not in peers:
        return {}
    ours = seconds_of(rows, phase, OURS)
    return {peer: times_faster(ours, seconds_of(rows, phase, peer)) for peer in peers}


def show(rows: Sequence[Row]) -> None:
    """Print one corpus in one precision: a table a phase, and the versions."""
    for phase in dict.fromkeys(row.phase for row in rows):
        mine = [row for row in rows if row.phase == phase]
        ratios = faster(mine, phase)
        print(f"\n{mine[0].corpus}, {phase}, {mine[0].precision}")
        print(
            f"{'':12}{'words/s':>9}  {'bioner is faster by':24}"
            f"{'padding':>8}{'peak MB':>9}{'first step s':>14}{'F1':>8}"
        )
        for peer in dict.fromkeys(row.peer for row in mine):
            own = [row for row in mine if row.peer == peer]
            last, padding = own[-1], fmean(row.padding for row in own)
            pace = spread([last.words / s for s in seconds_of(mine, phase, peer)]).median
            f1 = "" if last.f1 is None else f"{last.f1:.4f}"
            print(
                f"{peer:12}{pace:9.0f}  {ratios.get(peer, '')!s:24}{padding:8.1%}"
                f"{last.peak / 1e6:9.0f}{last.first_step:14.1f}{f1:>8}"
            )
    for row in rows:
        if row.versions:
            print(f"{row.peer}: " + ", ".join(f"{k} {v}" for k, v in row.versions.items()))


def show_start_up(found: Mapping[str, Mapping[str, Sequence[float]]]) -> None:
    """Print the seconds to the first step, and bioner's as a part of each peer's."""
    for corpus, of_peers in found.items():
        print(f"\n{corpus}: from the shell to the end of the first update")
        for peer, seconds in of_peers.items():
            part = ""
            if OURS in of_peers:
                part = f"bioner takes {times_faster(seconds, of_peers[OURS])} of it"
            print(f"{peer:12}{spread(seconds)!s:28} s  {part}")
