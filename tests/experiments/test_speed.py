"""The benchmark's statistics, its sample, and the line between it and a peer."""

import random
import sys
import time
from pathlib import Path

import pytest
from peers.rounds import Job
from ratios import Ratio, spread, times_faster
from sample import padded
from tables import Row, faster
from worker import PeerFailed, Worker

PEER = """
import time, rounds
job, line = rounds.start()
for _ in range(job.rounds):
    line.begin()
    for _ in range(job.updates):
        time.sleep(0.02)
        line.done()
line.tell("end", f1=0.5, versions={})
"""


def row(peer, number, seconds, phase="training"):
    return Row("corpus", "fp32", phase, peer, number, seconds, 100, 0.0, 0, 0.0, None, None)


def job(folder, **values):
    given = {
        "name": "speed",
        "corpus": str(folder),
        "model": "",
        "types": ["A", "B"],
        "precision": "fp32",
        "sentences": 1,
        "updates": 3,
        "rounds": 2,
        "output": str(folder),
        "datasets": [],
        "threads": 1,
        "grouped": False,
        "seed": 1,
    }
    return Job(**{**given, **values})


def test_the_ratio_is_the_median_of_paired_rounds_and_not_the_ratio_of_medians():
    ours, theirs = [1.0, 2.0, 10.0], [3.0, 4.0, 40.0]
    assert times_faster(ours, theirs) == Ratio(3.0, 2.0, 4.0)
    assert spread(theirs).median / spread(ours).median == 2.0


def test_an_even_number_of_rounds_takes_the_mean_of_the_two_in_the_middle():
    assert spread([4.0, 1.0, 3.0, 2.0]) == Ratio(2.5, 1.0, 4.0)


@pytest.mark.parametrize(("ours", "theirs"), [([], []), ([1.0], [1.0, 2.0])])
def test_rounds_that_are_no_pairs_are_refused(ours, theirs):
    with pytest.raises(ValueError, match=r"value|shorter|longer"):
        times_faster(ours, theirs)


def test_rounds_are_paired_by_number_whatever_the_order_they_ran_in():
    rows = [
        row("hf", 1, 2.0),
        row("bioner", 1, 1.0),
        row("bioner", 2, 4.0),
        row("hf", 2, 4.0),
        row("bioner", 1, 9.0, "prediction"),
    ]
    assert faster(rows[::-1], "training")["hf"] == Ratio(1.5, 1.0, 2.0)
    assert faster([row("hf", 1, 2.0)], "training") == {}


def test_padding_is_none_for_equal_lengths_and_known_for_unequal_ones():
    draw = random.Random(1)
    assert padded([7] * 64, 32, draw) == 0
    assert padded([2, 10], 2, draw) == pytest.approx(1 - 12 / 20)
    lengths = [2, 10] * 100
    assert padded(lengths, 4, draw, grouped=True) == 0
    assert padded(lengths, 4, draw) > 0.3


def test_a_peer_runs_a_round_when_told_and_the_clock_stands_between_rounds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "peer.py").write_text(PEER)
    monkeypatch.setenv("PYTHONPATH", str(Path(sys.modules["peers.rounds"].__file__ or "").parent))
    worker = Worker(str(tmp_path / "peer.py"), sys.executable, job(tmp_path))
    try:
        warm = worker.begin()
        time.sleep(0.5)
        counted = worker.round()
    finally:
        worker.stop()
    assert worker.first_step > 0.02
    for found in (warm, counted):
        assert 0.06 <= found["wall"] < 0.5
        assert found["cpu"] < found["wall"]
        assert found["peak"] > 1_000_000
    assert counted["f1"] == 0.5


def test_a_peer_that_fails_says_why(tmp_path: Path):
    (tmp_path / "peer.py").write_text("raise SystemExit('no such model')")
    with pytest.raises(PeerFailed, match="no such model"):
        Worker(str(tmp_path / "peer.py"), sys.executable, job(tmp_path))


def test_a_job_reads_words_and_tags(tmp_path: Path):
    (tmp_path / "test.tsv").write_text("a\tO\nb\tB-A\n\nc\tO\n\n")
    assert job(tmp_path).read("test") == ([["a", "b"], ["c"]], [["O", "B-A"], ["O"]])
    assert job(tmp_path).tags == ["O", "B-A", "I-A", "B-B", "I-B"]
