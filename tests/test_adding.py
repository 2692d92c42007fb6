"""Each "to add a …" of bioner/README.md followed for real, with what stands outside the package."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.torch import load_file

import bioner
from bioner.config.choices import ADAPTERS, HEAD_BANKS, WEIGHTINGS
from bioner.config.hydra_setup import SCHEMAS
from bioner.config.identity import run_name
from bioner.config.measure import to_measure_config
from bioner.config.predict import to_predict_config
from bioner.config.train import TrainConfig
from bioner.corpora.formats.all_formats import FORMATS
from bioner.corpora.sentence import Sentence
from bioner.errors import ConfigError
from bioner.model.weights import load_weights
from bioner.predict import stream
from bioner.runs.record import Record
from bioner.runs.record_file import read_record
from bioner.train.run import train
from bioner.train.stages import KINDS
from bioner.transferability import registry
from bioner.transferability.measuring import measure_pairs
from bioner.transferability.registry import Family, Larger, NotDefinedError, measure, measures
from bioner.transferability.view import TunedPair
from tests.composition import composed, train_config
from tests.corpora.formats.toy import TOY
from tests.train.test_stages import PolishedConfig, polish

PACKAGE = Path(bioner.__file__).parent
README = (PACKAGE / "README.md").read_text(encoding="utf-8")
ADDED = {
    title: text
    for title, _, text in (
        part.partition("\n") for part in re.split(r"^## ", README, flags=re.MULTILINE)
    )
    if title.startswith("To add ")
}
TITLES = [
    "To add a head",
    "To add a gradient method or another weighting",
    "To add a bank: a head shared by type, or by anything",
    "To add an adapter",
    "To add a stage",
    "To add a measure",
    "To add a file format",
    "To add a mixing strategy",
]
PATHS = re.compile(r"`((?:bioner|conf|tests)/[\w/.]+)`")

SHORT = ["finetune.targets=[demo_disease]", "finetune.epochs=1", "finetune.train_size=32"]
PAIR = [*SHORT, "finetune=mtl", "finetune.auxiliaries=[demo_chemical]", "mixing=uniform"]


@pytest.fixture
def conf(tmp_path: Path) -> Path:
    """A folder of configs as `--config-dir` takes it, with a YAML of each kind."""
    files = {
        "head/sharpened": "_target_: tests.model.toys.Sharpened\noptions: {sharpness: 2.0}",
        "weighting/surgery": "strategy: surgery\noptions: {strength: 0.5}",
        "encoder/adapter/low_rank": "kind: low_rank\noptions: {rank: 2}",
        "polish/again": "targets: [demo_disease]\nauxiliaries: [demo_chemical]\nsteps: 2",
        "dataset/mine": f"path: {tmp_path}/mine\nformat: toy\nfiles: "
        "{train: train.toy, devel: devel.toy, test: test.toy}",
    }
    for name, text in files.items():
        file = tmp_path / "my_conf" / f"{name}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text + "\n")
    return tmp_path / "my_conf"


def places(tmp_path: Path) -> list[str]:
    return [
        "encoder=tiny",
        "trainer.accelerator=cpu",
        "batch.sentences=16",
        "optimizer.lr=3e-3",
        f"runs_dir={tmp_path}/runs",
        f"datasets_dir={tmp_path.parent}/datasets",
        f"cache_dir={tmp_path.parent}/cache",
    ]


def config_of(conf: Path, *overrides: str) -> TrainConfig:
    return train_config(*places(conf.parent), "logger=none", *overrides, own=conf)


def run(config: TrainConfig) -> tuple[Path, Record]:
    """Train as the command does, and check that there is a score."""
    directory = Path(config.runs_dir) / config.study / run_name(config)
    directory.mkdir(parents=True, exist_ok=True)
    train(config, directory)
    record = read_record(directory)
    assert record.status == "complete" and record.scores[config.finetune.targets[0]].test.support
    return directory, record


def agrees_with_its_run(directory: Path, target: str) -> bool:
    """Say whether `bioner.load` gives the words of test the tags that the run recorded."""
    file = directory / "predictions" / f"{target}.test.tsv"
    blocks = file.read_text(encoding="utf-8").strip().split("\n\n")[:40]
    rows = [[line.split("\t") for line in block.split("\n")] for block in blocks]
    tagger = bioner.load(directory, heads=[target], device="cpu")._tagger
    sentences = [Sentence(tuple(r[0] for r in s), ("O",) * len(s)) for s in rows]
    found = tagger.tag(sentences)[target]
    return [found.tags(i) for i in range(len(rows))] == [tuple(r[2] for r in s) for s in rows]


@pytest.mark.parametrize("title", TITLES)
def test_what_the_readme_names_is_there_and_is_little(title: str) -> None:
    named = set(PATHS.findall(ADDED[title]))
    assert named
    for path in named:
        assert (PACKAGE.parent / path).exists(), path
    steps = [line for line in ADDED[title].splitlines() if line.startswith("- ")]
    yaml = [line for line in steps if line.startswith("- YAML: ")]
    assert 1 <= len(steps) - len(yaml) <= 3 and len(yaml) <= 1


def test_the_readme_has_no_other_section() -> None:
    assert list(ADDED) == TITLES


def test_a_head(conf: Path) -> None:
    directory, _ = run(config_of(conf, *SHORT, "head=sharpened"))
    assert agrees_with_its_run(directory, "demo_disease")
    plain, _ = run(config_of(conf, *SHORT, "head.dropout=0.1"))
    assert weights(directory) != weights(plain)


def weights(directory: Path) -> dict[str, list[float]]:
    tensors = load_file(directory / "checkpoints" / "demo_disease.safetensors")
    return {name: one.flatten().tolist() for name, one in tensors.items()}


def test_a_gradient_method(conf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(WEIGHTINGS, "surgery", "tests.model.toys.Surgery")
    both = [*PAIR, "mixing.tasks_per_update=2"]
    directory, record = run(config_of(conf, *both, "weighting=surgery"))
    mixing = record.stages[-1].mixing
    assert mixing is not None and len({*mixing.drawn.values()}) == 1  # each update sees both tasks
    equal, _ = run(config_of(conf, *both))
    none, _ = run(config_of(conf, *both, "weighting=surgery", "weighting.options.strength=0.0"))
    # Without strength it is the sum of the losses; with it conflicts are less.
    ours, theirs, same = map(weights, (directory, equal, none))
    encoder = [name for name in ours if name.startswith("encoder.")]
    flat = [np.concatenate([found[n] for n in encoder]) for found in (ours, theirs, same)]
    assert np.abs(flat[1] - flat[2]).max() < 1e-4 < np.abs(flat[1] - flat[0]).max()
    with pytest.raises(ConfigError, match=r"weighting.options.strngth: .* takes no such key"):
        run(config_of(conf, *both, "weighting=surgery", "+weighting.options.strngth=1"))


def test_a_bank(conf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(HEAD_BANKS, "all", "tests.model.toys.OneHead")
    directory, _ = run(config_of(conf, *PAIR, "head.shared=all"))
    kept = load_weights(directory / "checkpoints" / "demo_disease.safetensors")
    assert [*kept.tags] == ["demo_disease", "demo_chemical"]  # what shares the head goes with it
    assert {n.split(".")[1] for n in kept.tensors if n.startswith("heads.")} == {"all"}
    assert agrees_with_its_run(directory, "demo_disease")


def test_an_adapter(conf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ADAPTERS, "low_rank", "tests.model.toys.LowRank")
    directory, _ = run(config_of(conf, *SHORT, "+encoder/adapter=low_rank"))
    kept = load_weights(directory / "checkpoints" / "demo_disease.safetensors").tensors
    assert {tensor.shape[0] for name, tensor in kept.items() if ".down." in name} == {2}
    assert agrees_with_its_run(directory, "demo_disease")


def test_a_stage(conf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(KINDS, "polish", polish)
    # In the package its group is one more field of TrainConfig, which these two are.
    monkeypatch.setitem(SCHEMAS, "train", PolishedConfig)
    monkeypatch.setattr("bioner.predict.finished.TrainConfig", PolishedConfig)
    directory, record = run(config_of(conf, *SHORT, "+polish=again"))
    assert [stage.name for stage in record.stages] == ["finetune", "polish"]
    assert [*record.stages[-1].tasks] == ["demo_disease", "demo_chemical"]
    assert agrees_with_its_run(directory, "demo_disease")
    assert [one.name for one in run(config_of(conf, *SHORT))[1].stages] == ["finetune"]
    for wrong, says in (
        ("polish.auxiliaries=[demo_disease]", "polish.auxiliaries: demo_disease is a target"),
        ("polish.auxiliaries=[demo_chemicl]", "polish.auxiliaries: no dataset 'demo_chemicl'"),
    ):
        with pytest.raises(ConfigError, match=says):
            config_of(conf, *SHORT, "+polish=again", wrong)


def centre_distance(pair: TunedPair) -> float:
    """Return the distance between the mean vectors of the two sides."""
    for side in (pair.source, pair.target):  # one head reads both
        assert side.probabilities.shape == (len(side.rows), len(pair.source.tags))
    if pair.source.tags == pair.target.tags:
        raise NotDefinedError("the same types")
    return float(np.linalg.norm(pair.source.features.mean(0) - pair.target.features.mean(0)))


def test_a_measure(conf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_MEASURES", dict(measures()))
    measure(Family.tuned, "how far apart the two sides' words lie", Larger.farther)(centre_distance)
    overrides = ["sources=[demo_chemical,demo_disease_related]", "targets=[demo_disease]"]
    budget = ["pretrain.epochs=1", "pretrain.train_size=48", "target_size=24", "words=400"]
    asked = ["measures=[centre_distance]", "train_stages=true", "heatmaps=false"]
    cfg = composed(*places(conf.parent), *overrides, *budget, *asked, verb="measure")
    config = to_measure_config(cfg)
    found = measure_pairs(config, conf.parent)
    assert found.values[["source", "target", "view"]].to_numpy().tolist() == [
        ["demo_chemical", "demo_disease", view] for view in ("all", "downsampled", "mentions")
    ]
    assert (found.values["value"] > 0).all()
    assert {*found.skipped["source"]} == {"demo_disease_related"}
    assert {*found.skipped["reason"]} == {"the same types"}
    other = replace(config, measures=["leep"], sources=["demo_chemical"], train_stages=False)
    assert len(measure_pairs(other, conf.parent).values) == 3 + 3  # beside one of the target alone


def test_a_file_format(conf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FORMATS, TOY.name, TOY)
    folder = conf.parent / "mine"
    folder.mkdir()
    for split, count in (("train", 32), ("devel", 8), ("test", 8)):
        lines = (f"In {split} {n} the [BRCA1](Gene) gene was seen .\n" for n in range(count))
        (folder / f"{split}.toy").write_text("".join(lines))
    mine = ["finetune.targets=[mine]", "finetune.epochs=1"]
    directory, record = run(config_of(conf, *mine))
    assert record.scores["mine"].test.support == 8
    assert agrees_with_its_run(directory, "mine")
    written = conf.parent / "out.toy"
    given = [f"run={directory}", f"input={folder}/test.toy", f"output={written}"]
    assert stream.predict(to_predict_config(composed(*given, "device=cpu", verb="predict")))
    assert len(written.read_text().splitlines()) == 8
