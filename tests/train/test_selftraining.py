"""Self-training: what a student starts from, what it is told, and that nobody reads a label."""

import gc
import tracemalloc
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from bioner.config.train import TrainConfig
from bioner.corpora.catalogue import load_corpus
from bioner.corpora.subset import subset
from bioner.errors import ConfigError
from bioner.model.pretrained import Pretrained
from bioner.runs.record import FINETUNE, PRETRAIN
from bioner.train import selftraining
from bioner.train.assembly import make_module
from bioner.train.stage import Stage, stage_of
from bioner.train.stage_kinds import asked_stages
from bioner.train.tasks import load_tasks
from tests.composition import train_config
from tests.train.test_run import SOURCE, TARGET, config_of, run
from tests.train.test_stage_kinds import Updates, _KilledError

SMALL = ["finetune.epochs=1", "finetune.train_size=32", "finetune.devel_size=24"]
SOFT = ["selftrain=soft", "selftrain.epochs=1", "selftrain.confidence=0.3"]


def weights(directory: Path, target: str = "demo_disease") -> dict[str, torch.Tensor]:
    return load_file(directory / "checkpoints" / f"{target}.safetensors")


def equal(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(one[name].equal(other[name]) for name in one)


def apart(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> float:
    """Return the largest difference of two weights."""
    assert one.keys() == other.keys()
    return max(float((one[name] - other[name]).abs().max()) for name in one)


def test_a_student_that_is_told_nothing_is_its_teacher(tmp_path: Path) -> None:
    """It starts from what its teacher started from, and has the same labelled sentences.

    But for rounding: of the student's embeddings all rows are trained, as its text may have pieces
    that no dataset has, and the norm that is clipped is then summed up in another order.
    """
    unsure = [*SOFT, "selftrain.confidence=0.99999999"]
    config = config_of(tmp_path, *TARGET, *SOURCE, *SMALL, *unsure)
    directory, record = run(config)
    assert [one.name for one in record.stages] == [PRETRAIN, FINETUNE, "selftrain"]
    told = record.stages[-1].unlabelled["demo_disease"]
    assert (told.sentences, told.sure_words, told.text_sha256) == (240 - 32, 0, None)
    teacher = tmp_path / "runs" / ".stages" / record.stages[1].key / "weights.safetensors"
    assert apart(weights(directory), load_file(teacher)) < 1e-4
    taught, record = run(config_of(tmp_path, *TARGET, *SOURCE, *SMALL, *SOFT))
    assert [one.reused for one in record.stages] == [True, True, False]
    assert record.stages[-1].unlabelled["demo_disease"].sure_words > 0
    assert apart(weights(taught), load_file(teacher)) > 1e-3
    assert record.regime == "transfer" and "-selftrained-" in record.run


def test_what_is_done_with_leaks_in_text_makes_stages_of_their_own(tmp_path: Path) -> None:
    text, given = tmp_path / "text.txt", [*SMALL, *SOFT, "finetune.targets=[demo_disease]"]
    config = config_of(tmp_path, *given)
    read = load_corpus("demo_disease", config.dataset["demo_disease"], tmp_path)
    leaks = [" ".join(one.words) for one in read.splits["test"].sentences[:3]]
    text.write_text("\n".join([*leaks, "A free line about ataxia ."]))
    given += [f"selftrain.text={text}", "selftrain.confidence=0"]
    taught = {}
    for what in ("warn", "drop"):
        _, record = run(config_of(tmp_path, *given, f"leakage={what}"))
        taught[what] = record.stages[-1].unlabelled["demo_disease"]
        assert not record.stages[-1].reused
    assert taught["warn"].leaked_sentences == taught["drop"].leaked_sentences == 3
    assert taught["warn"].sentences - taught["drop"].sentences == 3
    with pytest.raises(
        ConfigError, match="leakage: is error, and a sentence to be labelled stands in"
    ):
        run(config_of(tmp_path, *given, "leakage=error"))


def _own(tmp_path: Path, name: str, shuffled: bool) -> TrainConfig:
    """Return the config of a run on a corpus whose left-out sentences may have other labels."""
    folder = tmp_path / name
    folder.mkdir()
    rows = ["the flu number {i} came back in may", "no case of polio in {i} of all days"]
    texts = [rows[i % 2].format(i=i).split() for i in range(48)]
    tags = [["B-Disease" if w in ("flu", "polio") else "O" for w in one] for one in texts]
    own = tmp_path / "conf"
    (own / "dataset").mkdir(parents=True, exist_ok=True)
    (own / "dataset" / "mine.yaml").write_text(f"path: {folder}\ntypes: [Disease]\n")

    def write() -> None:
        blocks = [
            "\n".join(map("\t".join, zip(*one, strict=True)))
            for one in zip(texts, tags, strict=True)
        ]
        for split, part in (
            ("train", blocks[:32]),
            ("devel", blocks[32:40]),
            ("test", blocks[40:]),
        ):
            (folder / f"{split}.tsv").write_text("\n\n".join(part) + "\n")

    write()
    given = ["encoder=tiny", "logger=none", "trainer.accelerator=cpu", "finetune.targets=[mine]"]
    given += ["finetune.epochs=1", "finetune.train_size=8", "leakage=ignore", *SOFT]
    given += [f"runs_dir={tmp_path}/{name}/runs", f"cache_dir={tmp_path}/cache"]
    config = train_config(*given, own=own)
    if shuffled:
        corpus = load_corpus("mine", config.dataset["mine"], tmp_path)
        used = subset(corpus.splits["train"].sentences, 8, config.subset_seed)
        for i in {*range(32)} - {*used.tolist()}:
            tags[i] = ["B-Disease" if k % 2 else "O" for k in range(len(tags[i]))]
        write()
    return config


def test_no_label_of_what_is_left_out_is_read(tmp_path: Path) -> None:
    (directory, one), (other, two) = (
        run(_own(tmp_path, name, name == "shuffled")) for name in ("plain", "shuffled")
    )
    assert one.datasets["mine"].sha256["train"] != two.datasets["mine"].sha256["train"]
    assert one.stages[-1].unlabelled == two.stages[-1].unlabelled
    assert one.stages[-1].unlabelled["mine"].sentences == 24
    assert equal(weights(directory, "mine"), weights(other, "mine"))


BOTH = ["finetune=mtl", "finetune.targets=[demo_disease,demo_chemical]", "head=crf"]


@pytest.fixture
def updates(monkeypatch: pytest.MonkeyPatch) -> Updates:
    return Updates(monkeypatch)


@pytest.mark.slow
def test_rounds_of_two_targets_go_on_where_they_were_killed(
    updates: Updates, tmp_path: Path
) -> None:
    rounds = [*BOTH, *SMALL, *SOFT, "selftrain.rounds=2", "batch.accumulate=2"]
    directory, whole = run(config_of(tmp_path / "whole", *rounds))
    names = [FINETUNE, "selftrain", "selftrain2"]
    assert [one.name for one in whole.stages] == names
    for one in whole.stages:
        assert {*one.best} == {"demo_disease", "demo_chemical"}
        assert {*one.unlabelled} == ({*one.best} if one.name != FINETUNE else set())
    stored = {path.name for path in (tmp_path / "whole" / "runs" / ".stages").glob("*/*.safe*")}
    assert stored == {"demo_disease.safetensors", "demo_chemical.safetensors"}
    config = config_of(tmp_path / "killed", *rounds, "checkpoint_minutes=0")
    each = updates.count // 3
    for dies_at in (each + 2, 3):  # in the second update of each round: `each` are of a stage
        updates.count, updates.dies_at = 0, dies_at
        with pytest.raises(_KilledError):
            run(config)
    updates.dies_at = -1
    again, record = run(config)
    assert [one.unlabelled for one in record.stages] == [one.unlabelled for one in whole.stages]
    assert (record.scores, record.best) == (whole.scores, whole.best)
    for target in whole.best:
        assert equal(weights(again, target), weights(directory, target))
    left = {path.name for path in (again / "checkpoints").iterdir()}
    assert left == {f"{target}.safetensors" for target in whole.best}


def _stage(config: TrainConfig, pretrained: Pretrained) -> Stage:
    (asked,) = (one for one in asked_stages(config) if one.name == "selftrain")
    tasks = load_tasks(config, [asked], pretrained.tokenizer, 100)
    return stage_of(asked, tasks["selftrain"])


def test_the_memory_is_flat_in_the_size_of_the_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    monkeypatch.setattr(selftraining, "PART", 64)
    # Python collects cycles the later the more objects there are: those of other tests don't count.
    gc.collect()
    gc.freeze()
    request.addfinalizer(gc.unfreeze)
    peaks = []
    for lines in (128, 1024):
        text = tmp_path / f"{lines}.txt"
        text.write_text("".join(f"Case {i} had fever and took aspirin .\n" for i in range(lines)))
        given = [*TARGET, *SMALL, *SOFT, f"selftrain.text={text}"]
        config = config_of(tmp_path, *given)
        pretrained = Pretrained(config.encoder)
        stage = _stage(config, pretrained)
        file = tmp_path / "teacher.safetensors"
        make_module(stage, config, pretrained, 1).network.save(file, ["demo_disease"])
        tracemalloc.start()
        place = tmp_path / f"parts{lines}"
        teachers = {"demo_disease": file}
        found = selftraining.taught_by(
            teachers, stage, config, pretrained, place, torch.device("cpu")
        )["demo_disease"]
        draws = found.text(lambda pieces: selftraining.Cut(8), 1, stage).draws(0)
        drawn = [next(draws) for _ in range(lines // 8)]
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert found.about.sentences == lines == sum(len(one.sentences) for one in drawn)
        assert found.about.text_sha256 is not None
    assert peaks[1] < 1.5 * peaks[0], peaks


def test_what_can_not_be_taught_is_said_at_the_start(tmp_path: Path) -> None:
    for given, says in (
        (
            [],
            "selftrain: has nothing to label: finetune.train_size leaves no train sentence of demo",
        ),
        (["selftrain.text=nowhere"], "selftrain.text: nowhere is not there"),
        (["selftrain.rounds=0"], "selftrain.rounds: is 0; at least 1"),
        (["selftrain.confidence=1"], "selftrain.confidence: is 1"),
        (["selftrain=none", "+selftrain.text=x"], "selftrain.text: is given, but selftrain=none"),
    ):
        with pytest.raises(ConfigError) as raised:
            run(config_of(tmp_path, *TARGET, *SOFT, *given))
        assert says in str(raised.value)
