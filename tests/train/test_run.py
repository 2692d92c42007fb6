"""True runs of every regime on the demo datasets with the tiny encoder."""

import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import torch
from seqeval.metrics import f1_score, precision_score, recall_score
from seqeval.scheme import IOB2

from bioner.config.identity import run_name
from bioner.config.train import TrainConfig
from bioner.errors import ConfigError, DivergedError, UserError
from bioner.model import pretrained
from bioner.model.module import TaggingModule
from bioner.model.pretrained import Pretrained
from bioner.model.weights import load_weights
from bioner.runs.record import FINETUNE, PRETRAIN, Record, Timing
from bioner.runs.record_file import read_record
from bioner.runs.stage_record import Mixing, Source, StageRecord
from bioner.train.run import train
from tests.composition import train_config

TARGET = ["finetune.targets=[demo_disease]"]
SOURCE = [
    "pretrain=sources",
    "pretrain.sources=[demo_disease_related]",
    "pretrain.epochs=1",
    "pretrain.train_size=64",
]
SHARED = ["finetune=mtl", "finetune.auxiliaries=[demo_chemical]", "finetune.auxiliary_size=64"]
REGIMES = {
    "single": TARGET,
    "mtl": TARGET + SHARED,
    "transfer": TARGET + SOURCE,
    "transfer_mtl": TARGET + SOURCE + SHARED,
}


def config_of(tmp_path: Path, *overrides: str) -> TrainConfig:
    return train_config(
        "encoder=tiny",
        "logger=none",
        "trainer.accelerator=cpu",
        "batch.sentences=16",
        "optimizer.lr=3e-3",
        f"runs_dir={tmp_path}/runs",
        f"datasets_dir={tmp_path.parent}/datasets",
        f"cache_dir={tmp_path.parent}/cache",
        *overrides,
    )


def run(config: TrainConfig) -> tuple[Path, Record]:
    directory = Path(config.runs_dir) / config.study / run_name(config)
    directory.mkdir(parents=True, exist_ok=True)
    train(config, directory)
    return directory, read_record(directory)


def mixing(record: Record, name: str = FINETUNE) -> Mixing:
    one = record.stage(name)
    assert one is not None and one.mixing is not None
    return one.mixing


def predictions(file: Path) -> tuple[list[list[str]], list[list[str]]]:
    blocks = file.read_text(encoding="utf-8").strip().split("\n\n")
    rows = [[line.split("\t") for line in block.split("\n")] for block in blocks]
    return [[r[1] for r in s] for s in rows], [[r[2] for r in s] for s in rows]


@pytest.mark.parametrize("regime", REGIMES)
def test_regime(regime: str, tmp_path: Path) -> None:
    config = config_of(tmp_path, *REGIMES[regime], "finetune.epochs=2", "head=crf")
    directory, record = run(config)
    assert (record.status, record.regime) == ("complete", regime)
    assert set(record.scores) == set(record.best) == {"demo_disease"}
    before = [PRETRAIN] if regime.startswith("transfer") else []
    assert [stage.name for stage in record.stages] == [*before, FINETUNE]
    drawn = mixing(record).drawn
    assert drawn["demo_disease"] == 2 * 15  # equal target updates in every regime
    assert set(drawn) == {"demo_disease"} | ({"demo_chemical"} if "mtl" in regime else set())
    for split, scores in record.scores["demo_disease"].by_split().items():
        gold, guess = predictions(directory / "predictions" / f"demo_disease.{split}.tsv")
        judge = {"mode": "strict", "scheme": IOB2, "zero_division": 0}
        assert scores.precision == precision_score(gold, guess, **judge)
        assert scores.recall == recall_score(gold, guess, **judge)
        assert scores.f1 == f1_score(gold, guess, **judge)
        assert scores.by_type["Disease"].support == scores.support
        for count in ("support", "predicted", "correct"):
            parts = (scores.seen, scores.unseen)
            assert sum(getattr(part, count) for part in parts) == getattr(scores, count)
    # What is scored at the end is the step that was selected.
    best = record.best["demo_disease"]
    assert record.scores["demo_disease"].devel.f1 == best.f1


def test_a_run_that_learnt_nothing_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    budget = ["finetune.epochs=1", "finetune.train_size=64", "head.start=random"]
    _, record = run(config_of(tmp_path, *TARGET, *budget))
    assert record.best["demo_disease"].f1 == 0
    assert record.collapsed
    assert "demo_disease: devel F1 was 0 after every epoch" in caplog.text
    assert "no devel mention is predicted after 4 of 4 updates" in caplog.text


def test_a_probed_run_starts_with_mentions(tmp_path: Path) -> None:
    budget = ["finetune.epochs=1", "finetune.train_size=64"]
    _, record = run(config_of(tmp_path, *REGIMES["transfer_mtl"], *budget))
    pretrain, finetune = record.stages
    assert pretrain.probe is not None and finetune.probe is not None
    assert [*pretrain.probe] == ["demo_disease_related"]
    assert [*finetune.probe] == ["demo_disease"]  # the auxiliary is probed, and never scored
    assert finetune.probe["demo_disease"] > 0
    assert not record.collapsed


@pytest.mark.parametrize("start", ["random", "prior"])
def test_a_run_without_a_probe_says_nothing_of_one(start: str, tmp_path: Path) -> None:
    budget = ["finetune.epochs=1", "finetune.train_size=64", f"head.start={start}"]
    _, record = run(config_of(tmp_path, *TARGET, *budget))
    assert record.stages[0].probe is None


def _selected(tmp_path: Path, *overrides: str) -> tuple[dict[str, torch.Tensor], Record]:
    budget = ["finetune.epochs=3", "finetune.train_size=64", *overrides]
    directory, record = run(config_of(tmp_path, *TARGET, *budget))
    return load_weights(directory / "checkpoints" / "demo_disease.safetensors").tensors, record


def test_the_last_weights_and_their_average_can_be_selected(tmp_path: Path) -> None:
    last, record = _selected(tmp_path, "selection=last")
    assert (record.best["demo_disease"].epoch, record.best["demo_disease"].step) == (3, 12)
    alone, _ = _selected(tmp_path, "selection=average", "average_epochs=1")
    assert all(alone[name].equal(tensor) for name, tensor in last.items())
    mean, record = _selected(tmp_path, "selection=average", "average_epochs=2")
    assert record.scores["demo_disease"].devel.f1 == record.best["demo_disease"].f1
    shorter, _ = _selected(tmp_path, "selection=average", "average_epochs=3")
    weight = "encoder.transformer.encoder.layer.0.output.dense.weight"
    assert not mean[weight].equal(last[weight])
    assert not shorter[weight].equal(mean[weight])
    # The weights move: the longer the average, the farther it lies from the last ones.
    far, near = ((one[weight] - last[weight]).norm() for one in (shorter, mean))
    assert far > near > 0


def test_a_run_whose_loss_is_no_number_ends_at_once(tmp_path: Path) -> None:
    config = config_of(tmp_path, *TARGET, "optimizer.lr=1e30", "finetune.epochs=3")
    directory = Path(config.runs_dir) / config.study / run_name(config)
    directory.mkdir(parents=True)
    with pytest.raises(DivergedError, match=r"the loss is nan after update \d+; a smaller"):
        train(config, directory)
    record = read_record(directory)
    assert record.status == "diverged"
    assert record.error is not None and record.error.type == "DivergedError"
    assert record.scores == {}


def test_it_learns(tmp_path: Path) -> None:
    _, record = run(config_of(tmp_path, *TARGET, "finetune.epochs=25"))
    assert record.scores["demo_disease"].devel.f1 > 0.3


def test_several_targets_have_each_their_own_best_step(tmp_path: Path) -> None:
    targets = [
        "finetune=mtl",
        "finetune.targets=[demo_disease,demo_chemical]",
        "finetune.epochs=3",
        "finetune.train_size=64",
    ]
    directory, record = run(config_of(tmp_path, *targets))
    assert set(record.scores) == {"demo_disease", "demo_chemical"}
    for target in record.scores:
        assert (directory / "checkpoints" / f"{target}.safetensors").exists()
        assert record.scores[target].devel.f1 == record.best[target].f1


def test_the_same_config_gives_the_same_record(tmp_path: Path) -> None:
    records = []
    for place in ("one", "two"):
        config = config_of(
            tmp_path / place,
            *REGIMES["transfer_mtl"],
            "finetune.epochs=1",
            f"datasets_dir={tmp_path}/datasets",
        )
        _, record = run(config)
        record.timing = Timing()
        for one in record.stages:
            one.timing = None
        records.append(record)
    assert records[0] == records[1]


def test_a_finished_run_is_skipped_and_a_stage_is_reused(tmp_path: Path) -> None:
    config = config_of(tmp_path, *REGIMES["transfer"], "finetune.epochs=1")
    directory, record = run(config)
    assert record.stages[0].reused is False
    before = (directory / "record.json").stat().st_mtime_ns
    run(config)
    assert (directory / "record.json").stat().st_mtime_ns == before
    other = config_of(tmp_path, *REGIMES["transfer"], "finetune.epochs=2")
    assert run(other)[1].stages[0].reused is True


def test_runs_with_several_seeds_share_a_stage_that_has_its_own(tmp_path: Path) -> None:
    words = [*REGIMES["transfer"], "finetune.epochs=1"]
    _, first = run(config_of(tmp_path, *words, "pretrain.seed=7", "seed=1"))
    _, second = run(config_of(tmp_path, *words, "pretrain.seed=7", "seed=2"))
    assert [one.reused for one in second.stages] == [True, False]
    assert first.stages[0].sha256 == second.stages[0].sha256
    _, same = run(config_of(tmp_path, *words, "seed=7"))  # whose own stage it is
    assert same.stages[0].reused is True and same.stages[0].key == first.stages[0].key


def test_a_stage_of_one_source_is_reused_whatever_fine_tuning_mixes(tmp_path: Path) -> None:
    run(config_of(tmp_path, *REGIMES["transfer"], "finetune.epochs=1"))
    weights = "mixing.weights={demo_disease:3,demo_chemical:1}"
    for mixing in (["mixing=uniform"], ["mixing=weights", weights]):
        mixed = config_of(tmp_path, *REGIMES["transfer_mtl"], "finetune.epochs=1", *mixing)
        assert run(mixed)[1].stages[0].reused is True


def test_a_source_that_is_an_auxiliary_too_has_the_sizes_of_pretraining(tmp_path: Path) -> None:
    both = [
        "finetune=mtl",
        "finetune.auxiliaries=[demo_disease_related]",
        "finetune.auxiliary_size=16",
        "finetune.epochs=1",
    ]
    _, record = run(config_of(tmp_path, *TARGET, *SOURCE, *both))
    uses = {one.name: one.tasks["demo_disease_related"] for one in record.stages}
    assert {name: (use.role, use.train_sentences) for name, use in uses.items()} == {
        PRETRAIN: ("source", 64),
        FINETUNE: ("auxiliary", 16),
    }
    assert mixing(record, PRETRAIN).sizes == {"demo_disease_related": 64}
    other = config_of(tmp_path, *REGIMES["transfer"], "finetune.epochs=1")
    assert run(other)[1].stages[0].reused is True


def test_sources_in_another_order_are_another_stage(tmp_path: Path) -> None:
    names = ["demo_disease_related", "demo_chemical"]
    keys = set()
    for order in (names, names[::-1]):
        sources = [*SOURCE, f"pretrain.sources=[{','.join(order)}]"]
        _, record = run(config_of(tmp_path, *TARGET, *sources, "finetune.epochs=1"))
        keys.add(record.stages[0].key)
    assert len(keys) == 2


def test_encoder_compile_compiles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[bool] = []
    monkeypatch.setattr(torch.nn.Module, "compile", lambda self, dynamic: told.append(dynamic))
    tiny = [*TARGET, "finetune.epochs=1", "finetune.train_size=16"]
    run(config_of(tmp_path, *tiny))
    assert told == []
    run(config_of(tmp_path, *tiny, "encoder.compile=true"))
    assert told == [True]


def test_flash_attention_is_for_16_bits_and_a_gpu(tmp_path: Path) -> None:
    flash = [*REGIMES["mtl"], "finetune.epochs=1", "encoder.flash_attention=true"]
    for wrong, others in (
        ("trainer.precision=32-true", ["trainer.accelerator=auto"]),
        ("trainer.accelerator=cpu", ["trainer.precision=bf16-mixed"]),
        ("finetune.affinity_every=9", ["trainer.accelerator=auto", "trainer.precision=bf16-mixed"]),
    ):
        with pytest.raises(ConfigError, match=f"encoder.flash_attention: is true with {wrong}"):
            run(config_of(tmp_path, *flash, wrong, *others))


def test_a_damaged_checkpoint_is_named_and_left(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    config = config_of(tmp_path, *TARGET, "finetune.epochs=1", "finetune.train_size=64")
    folder = Path(config.runs_dir) / config.study / run_name(config) / "checkpoints"
    folder.mkdir(parents=True)
    (folder / "finetune.ckpt").write_bytes(b"PK\x03\x04 and no more")
    assert run(config)[1].status == "complete"
    assert "finetune.ckpt is of no use (" in caplog.text
    assert "finetune: it starts anew" in caplog.text
    assert [file.name for file in folder.glob("*.ckpt*")] == ["finetune.ckpt.damaged"]


def test_what_a_kill_left_is_removed_at_the_next_start(tmp_path: Path) -> None:
    config = config_of(tmp_path, *TARGET, "finetune.epochs=1", "finetune.train_size=64")
    directory, _ = run(config)
    folder = directory / "checkpoints"
    (directory / "csv").mkdir()
    names = ("record.json.9.tmp", "predictions/x.9.tmp", "csv/metrics.csv.9.tmp")
    halves = [
        *(directory / name for name in names),
        *(folder / name for name in ("finetune.tmp", "x.9.tmp")),
    ]
    for file in (*halves, folder / "finetune.ckpt"):  # killed once its record was there
        file.touch()
    run(config)
    assert [file.name for file in folder.iterdir()] == ["demo_disease.safetensors"]
    assert not any(half.exists() for half in halves)


def test_a_rerun_that_is_killed_leaves_no_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory, _ = run(config_of(tmp_path, *TARGET, "finetune.epochs=1"))

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(TaggingModule, "training_step", killed)
    with pytest.raises((KeyboardInterrupt, SystemExit)):  # Lightning makes the one the other
        train(config_of(tmp_path, *TARGET, "finetune.epochs=1", "rerun=true"), directory)
    assert not (directory / "record.json").exists()


class _KilledError(Exception):
    """Stands for the end of the process."""


def test_a_killed_run_goes_on_and_ends_in_the_same_scores(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = run(config_of(tmp_path / "whole", *REGIMES["mtl"], "finetune.epochs=2"))[1]
    often = ["finetune.epochs=2", "checkpoint_minutes=0"]
    config = config_of(tmp_path / "killed", *REGIMES["mtl"], *often)
    step = TaggingModule.training_step
    calls = []

    def dies(self: TaggingModule, batch: object, batch_idx: int) -> torch.Tensor:
        calls.append(self.global_step)
        if len(calls) == 40:
            raise _KilledError
        return step(self, batch, batch_idx)

    monkeypatch.setattr(TaggingModule, "training_step", dies)
    with pytest.raises(_KilledError):
        run(config)
    directory = Path(config.runs_dir) / config.study / run_name(config)
    assert json.loads((directory / "record.json").read_text())["status"] == "failed"
    assert (directory / "checkpoints" / "finetune.ckpt").exists()
    again = run(config)[1]
    assert calls[40] == calls[39] == 39  # it went on from a checkpoint, not from the start
    assert (again.scores, again.best) == (whole.scores, whole.best)
    assert mixing(again) == mixing(whole)
    assert again.timing.earlier_seconds > 0 == whole.timing.earlier_seconds
    for timing in (again.timing, whole.timing):
        assert timing.wall_seconds > timing.train_seconds
    words, others = (
        timing.words_per_second * timing.train_seconds for timing in (again.timing, whole.timing)
    )
    assert words == pytest.approx(others)  # what the first start did counts too


def test_from_the_checkpoint_of_a_finished_run(tmp_path: Path) -> None:
    directory, _ = run(
        config_of(
            tmp_path,
            "finetune.targets=[demo_disease_related]",
            "finetune.epochs=1",
            "finetune.train_size=64",
        )
    )
    config = config_of(
        tmp_path,
        *TARGET,
        "finetune.epochs=1",
        "pretrain=checkpoint",
        f"pretrain.checkpoint={directory}",
        "pretrain.carry=encoder_and_matching_heads",
    )
    record = run(config)[1]
    assert record.regime == "transfer"
    file = directory / "checkpoints" / "demo_disease_related.safetensors"
    source = Source(str(file), sha256(file.read_bytes()).hexdigest())
    assert record.stage(PRETRAIN) == StageRecord(
        PRETRAIN, "", True, {}, None, {}, None, source=source
    )
    assert record.encoder_sha256 == Pretrained(config.encoder).fingerprint
    larger = config_of(
        tmp_path,
        *TARGET,
        "pretrain=checkpoint",
        f"pretrain.checkpoint={file}",
        "encoder.from_scratch.hidden_size=48",
    )
    with pytest.raises(UserError, match=rf"{file}: holds encoder.*expected .*another encoder"):
        run(larger)
    unfinished = config_of(
        tmp_path, *TARGET, "pretrain=checkpoint", f"pretrain.checkpoint={tmp_path}"
    )
    with pytest.raises(UserError, match="no finished run"):
        run(unfinished)


def test_a_failed_run_leaves_a_failed_record(tmp_path: Path) -> None:
    config = config_of(tmp_path, *TARGET, "dataset.demo_disease.sentences.train=5")
    with pytest.raises(UserError):
        run(config)
    record = read_record(Path(config.runs_dir) / config.study / run_name(config))
    assert record.status == "failed" and record.error is not None
    assert "240" in record.error.message
    assert "5" in record.error.message


def test_sentences_longer_than_the_encoder_get_a_tag_for_every_word(tmp_path: Path) -> None:
    directory, _ = run(
        config_of(
            tmp_path, *TARGET, "finetune.epochs=1", "encoder.max_pieces=12", "encoder.overlap=4"
        )
    )
    gold, guess = predictions(directory / "predictions" / "demo_disease.test.tsv")
    assert len(gold) == 240
    assert [len(g) for g in gold] == [len(g) for g in guess]


# The loss of the first two updates in float32 on the demo data. They change when what is learnt
# changes: then `bioner.runs.record.SEMANTICS` is raised.
GOLDEN: dict[str, list[float]] = {
    "single": [1.0729613, 0.9544622],
    "mtl": [1.1498473, 1.0013156],
    "transfer": [1.1110661, 0.9894493, 1.0511788, 0.9274429],
    "transfer_mtl": [1.1110661, 0.9894493, 1.1022869, 0.9439371],
}


@pytest.mark.parametrize("regime", REGIMES)
def test_golden_losses(regime: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    losses: list[float] = []
    step = TaggingModule.training_step

    def noted(self: TaggingModule, batch: object, batch_idx: int) -> torch.Tensor:
        loss = step(self, batch, batch_idx)
        losses.append(float(loss.detach()))
        return loss

    monkeypatch.setattr(TaggingModule, "training_step", noted)
    budget = [
        "finetune.epochs=null",
        "finetune.steps=2",
        "finetune.train_size=32",
        "trainer.precision=32-true",
    ]
    if regime.startswith("transfer"):
        budget += ["pretrain.epochs=null", "pretrain.steps=2"]
    recipe = ["head.start=random", "mixing=proportional"]
    run(config_of(tmp_path, *REGIMES[regime], *budget, *recipe))
    assert losses == pytest.approx(GOLDEN[regime], rel=1e-5)


def test_the_encoder_is_found_once_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[str] = []

    def counted(name: str) -> Callable[..., Any]:
        usual = getattr(pretrained, name)

        def noted(*args: Any) -> Any:
            found.append(name)
            return usual(*args)

        return noted

    parts = ("resolve_name", "_model_config", "_tokenizer", "_digest")
    for name in parts:
        monkeypatch.setattr(pretrained, name, counted(name))
    budget = ["finetune.epochs=1", "finetune.train_size=32"]
    run(config_of(tmp_path, *REGIMES["transfer_mtl"], *budget))
    assert sorted(found) == sorted(parts)


def test_splits_without_a_mention_have_no_score(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "corpus").mkdir()
    marked, bare = "the\tO\nflu\tB-Disease\n\n", "the\tO\nday\tO\n\n"
    for split, text in (("train", 32 * marked), ("devel", 8 * bare), ("test", 8 * bare)):
        (tmp_path / "corpus" / f"{split}.tsv").write_text(text)
    own = tmp_path / "conf"
    (own / "dataset").mkdir(parents=True)
    (own / "dataset" / "mine.yaml").write_text(f"path: {tmp_path}/corpus\ntypes: [Disease]\n")
    given = ["encoder=tiny", "logger=none", "finetune.targets=[mine]", "finetune.epochs=2"]
    given += [f"runs_dir={tmp_path}/runs", f"cache_dir={tmp_path}/cache", "trainer.accelerator=cpu"]
    _, record = run(train_config(*given, own=own))
    for scores in record.scores["mine"].by_split().values():
        assert (scores.precision, scores.recall, scores.f1) == (None, None, None)
        assert (scores.support, scores.correct) == (0, 0)
    # With nothing to choose by, the last weights are taken, and nobody can say that it collapsed.
    assert (record.best["mine"].epoch, record.best["mine"].f1, record.collapsed) == (2, None, False)
    assert "mine: test has no mention, so that it has no score" in caplog.text
    assert "devel F1 was 0" not in caplog.text
