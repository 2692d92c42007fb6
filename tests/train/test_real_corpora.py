"""True runs on real corpora with the tiny encoder, where BIONER_DATASETS names their folder."""

from pathlib import Path

import pytest

from bioner.config.identity import run_name
from bioner.runs.record_file import read_record
from bioner.train.run import train
from tests.composition import train_config

REGIMES = {
    "single": [],
    "mtl": ["finetune=mtl", "finetune.auxiliaries=[s800]", "finetune.auxiliary_size=60"],
    "transfer": [
        "pretrain=sources",
        "pretrain.sources=[bc5cdr_disease]",
        "pretrain.epochs=1",
        "pretrain.train_size=60",
    ],
}
REGIMES["transfer_mtl"] = REGIMES["transfer"] + REGIMES["mtl"]


@pytest.mark.parametrize("regime", REGIMES)
def test_regime(regime: str, corpora: Path, tmp_path: Path) -> None:
    config = train_config(
        "encoder=tiny",
        "logger=none",
        "trainer.accelerator=cpu",
        f"datasets_dir={corpora}",
        f"runs_dir={tmp_path}/runs",
        f"cache_dir={tmp_path.parent}/cache",
        "finetune.epochs=1",
        "finetune.targets=[ncbi_disease]",
        "finetune.train_size=60",
        *REGIMES[regime],
    )
    directory = Path(config.runs_dir) / config.study / run_name(config)
    directory.mkdir(parents=True)
    train(config, directory)
    record = read_record(directory)
    assert (record.status, record.regime) == ("complete", regime)
    test = record.scores["ncbi_disease"].test
    assert test.support == 960  # the mentions of the file: none is lost
    used = {name: use.train_sentences for one in record.stages for name, use in one.tasks.items()}
    assert all(count == 60 for count in used.values())
    assert record.datasets["ncbi_disease"].sentences["train"] == 5424
