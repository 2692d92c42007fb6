"""The curve of a killed run, read back and cut where the run goes on."""

from pathlib import Path

from bioner.tracking.history import STEP, before, earlier_rows
from bioner.tracking.names import Identity
from bioner.tracking.server import Server
from bioner.tracking.session import Session

PRETRAINED = [{"train/source/loss": 1.0, STEP: n} for n in (2, 4, 6)]
FINETUNED = [{"train/target/loss": 1.0, STEP: n} for n in (2, 4, 6)]
SOURCES = ["source"]


def test_points_after_the_checkpoint_are_left_out() -> None:
    now = {"devel/target/f1": 0.5}
    assert before(PRETRAINED + FINETUNED, now, 4, SOURCES) == PRETRAINED + FINETUNED[:1]
    assert before(PRETRAINED + FINETUNED, now, 8, SOURCES) == PRETRAINED + FINETUNED


def test_a_stage_that_starts_anew_keeps_the_stage_before_it() -> None:
    assert before(PRETRAINED + FINETUNED, FINETUNED[0], 2, SOURCES) == PRETRAINED
    assert before(PRETRAINED, PRETRAINED[0], 2, SOURCES) == []
    assert before(PRETRAINED, PRETRAINED[2], 6, SOURCES) == PRETRAINED[:2]


def test_the_longest_log_holds_all(no_key: None, identity: Identity, tmp_path: Path) -> None:
    session = Session(identity, Server("p", None, True, 1.0, 1.0), tmp_path)
    session.start()
    for row in FINETUNED:
        session.log({**row, "epoch": 0})
    place = session.close(1, lambda run, place: None)
    assert place is not None
    assert earlier_rows(tmp_path, identity.id) == [{**row, "epoch": 0} for row in FINETUNED]
    assert earlier_rows(tmp_path, "other") == []
    log = next((tmp_path / place.path).glob("*.wandb"))
    log.write_bytes(log.read_bytes()[:-40])  # as a machine that went down leaves it
    assert earlier_rows(tmp_path, identity.id)[:2] == [{**row, "epoch": 0} for row in FINETUNED[:2]]
