"""The curve of a killed run, read back and cut where the run goes on."""

from pathlib import Path

from bioner.tracking.history import STEP, before, earlier_rows, key_of
from bioner.tracking.names import Identity
from bioner.tracking.server import Server
from bioner.tracking.session import Session

PRETRAINED = [{"pretrain/train/mine/loss": 1.0, STEP: n} for n in (2, 4, 6)]
FINETUNED = [{"train/mine/loss": 1.0, STEP: n} for n in (2, 4, 6)]
BOTH, STAGES = PRETRAINED + FINETUNED, ["pretrain", "finetune"]


def test_points_after_the_checkpoint_are_left_out() -> None:
    assert before(BOTH, STAGES, "finetune", 4) == PRETRAINED + FINETUNED[:1]
    assert before(BOTH, STAGES, "finetune", 8) == BOTH


def test_a_stage_that_starts_anew_keeps_the_stage_before_it() -> None:
    assert before(BOTH, STAGES, "finetune", 2) == PRETRAINED
    assert before(PRETRAINED, STAGES, "pretrain", 2) == []
    assert before(BOTH, STAGES, "pretrain", 6) == PRETRAINED[:2]


def test_a_dataset_of_two_stages_has_two_curves() -> None:
    assert key_of("finetune", "train/mine/loss") == "train/mine/loss"
    assert key_of("pretrain", "train/mine/loss") == "pretrain/train/mine/loss"
    assert key_of("pretrain", "epoch") == "epoch"


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
