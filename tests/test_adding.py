"""Each "to add a …" of bioner/README.md followed for real, with what stands outside the package."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

import bioner
from bioner.config.choices import ADAPTERS, HEAD_BANKS, WEIGHTINGS
from bioner.config.hydra_setup import SCHEMAS
from bioner.config.identity import run_name
from bioner.config.measure import to_measure_config
from bioner.config.predict import to_predict_config
from bioner.config.train import TrainConfig
from bioner.corpora.formats.all_formats import FORMATS
from bioner.errors import ConfigError
from bioner.model.bank import HeadPerTask
from bioner.model.encoder_loading import load_encoder
from bioner.model.heads import LinearHead
from bioner.model.network import Network
from bioner.model.pretrained import Pretrained
from bioner.model.weights import Weights, load_weights
from bioner.predict import stream
from bioner.predict.finished import open_run
from bioner.predict.tagger import load_tagger
from bioner.runs.record import Record
from bioner.runs.record_file import read_record
from bioner.train.run import train
from bioner.train.stage_kinds import KINDS
from bioner.transferability import registry
from bioner.transferability.measuring import measure_pairs
from bioner.transferability.registry import Family, Larger, NotDefinedError, measure, measures
from bioner.transferability.view import TunedPair
from tests.composition import composed, train_config
from tests.corpora.formats.toy import TOY
from tests.model.toys import LINEAR, Surgery
from tests.predict.test_tagger import predictions
from tests.train.test_stage_kinds import PolishedConfig, polish

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

GENES = ["finetune.targets=[genes]", "finetune.epochs=3"]
PAIR = [*GENES, "finetune=mtl", "finetune.auxiliaries=[drugs]", "mixing=uniform"]

# Two datasets that three passes are enough to learn, so that something is marked.
EASY = {
    "genes": ("Gene", "the {} gene was seen", ("BRCA1", "TP53", "KRAS", "EGFR")),
    "drugs": ("Drug", "all took {} every day", ("aspirin", "heparin", "codeine", "insulin")),
}
SIZES = {"train": 64, "devel": 8, "test": 8}
FILES = {
    "head/sharpened": "_target_: tests.model.toys.Sharpened\noptions: {sharpness: 2.0}\n",
    "weighting/surgery": "strategy: surgery\noptions: {strength: 0.5}\n",
    "encoder/adapter/low_rank": "kind: low_rank\noptions: {rank: 2}\n",
    "polish/again": "targets: [genes]\nauxiliaries: [drugs]\nsteps: 2\n",
}


@pytest.fixture
def conf(tmp_path: Path) -> Path:
    """A folder of configs as `--config-dir` takes it; the data lie beside it."""
    folder = tmp_path / "my_conf"
    for name, text in FILES.items():
        file = folder / f"{name}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    for name in EASY:
        add_dataset(folder, name, "conll", name)
    return folder


def add_dataset(conf: Path, name: str, form: str, like: str) -> Path:
    """Write one of the easy datasets in a format, and its YAML."""
    kind, words, names = EASY[like]
    folder = conf.parent / name
    folder.mkdir()
    for split, size in SIZES.items():
        text = ""
        for number in range(size):
            before, after = (part.split() for part in words.split("{}"))
            rows = [(word, "") for word in ("In", split, str(number), *before)]
            rows += [(names[number % len(names)], kind), *((word, "") for word in (*after, "."))]
            if form == "conll":
                text += "".join(f"{w}\t{f'B-{t}' if t else 'O'}\n" for w, t in rows) + "\n"
            else:
                text += " ".join(f"[{w}]({t})" if t else w for w, t in rows) + "\n"
        (folder / f"{split}.{form}").write_text(text)
    yaml = f"path: {folder}\nformat: {form}\nfiles:\n"
    yaml += "".join(f"  {split}: {split}.{form}\n" for split in SIZES)
    (conf / "dataset").mkdir(exist_ok=True)
    (conf / "dataset" / f"{name}.yaml").write_text(yaml)
    return folder


def small(conf: Path) -> list[str]:
    """What makes a run small and keeps it inside the test's folder."""
    return [
        "encoder=tiny",
        "trainer.accelerator=cpu",
        "batch.sentences=8",
        "optimizer.lr=1e-2",
        f"runs_dir={conf.parent}/runs",
        f"datasets_dir={conf.parent}/datasets",
        f"cache_dir={conf.parent}/cache",
    ]


def config_of(conf: Path, *overrides: str) -> TrainConfig:
    return train_config(*small(conf), "logger=none", *overrides, own=conf)


def run(config: TrainConfig) -> tuple[Path, Record]:
    """Train as the command does, and check that there is a score."""
    directory = Path(config.runs_dir) / config.study / run_name(config)
    directory.mkdir(parents=True, exist_ok=True)
    train(config, directory)
    record = read_record(directory)
    assert record.status == "complete"
    assert record.scores[config.finetune.targets[0]].test.support == SIZES["test"]
    return directory, record


def agrees_with_its_run(directory: Path, target: str) -> bool:
    """Say whether a run that is loaded again gives the words of test the tags that it recorded."""
    found = open_run(directory)
    tagger = load_tagger(found, [target], "cpu", found.record.precision)
    rows = predictions(directory / "predictions" / f"{target}.test.tsv")
    assert any("B" in tag for _, guess in rows for tag in guess)  # else all agrees
    tagged = tagger.tag([sentence for sentence, _ in rows])[target]
    return [tagged.tags(i) for i in range(len(rows))] == [guess for _, guess in rows]


def kept(directory: Path) -> Weights:
    return load_weights(directory / "checkpoints" / "genes.safetensors")


def differ(one: Path, other: Path) -> bool:
    """Say whether the selected encoders of two runs differ."""
    first, second = (kept(directory).below("encoder") for directory in (one, other))
    return any(not torch.equal(first[name], second[name]) for name in first)


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
    directory, _ = run(config_of(conf, *GENES, "head=sharpened"))
    assert agrees_with_its_run(directory, "genes")
    assert differ(directory, run(config_of(conf, *GENES))[0])


def test_a_gradient_method(conf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(WEIGHTINGS, "surgery", "tests.model.toys.Surgery")
    usual, noted = Surgery.backward, []

    def backward(self: Surgery, total: Tensor, losses: dict[str, Tensor], network: Network) -> None:
        noted.append(({*losses}, self._strength))
        usual(self, total, losses, network)

    monkeypatch.setattr(Surgery, "backward", backward)
    both = [*PAIR, "mixing.tasks_per_update=2"]
    directory, record = run(config_of(conf, *both, "weighting=surgery"))
    mixing = record.stages[-1].mixing
    assert mixing is not None and mixing.drawn == dict.fromkeys(("genes", "drugs"), len(noted))
    assert noted == [({"genes", "drugs"}, 0.5)] * 24
    assert agrees_with_its_run(directory, "genes")
    with pytest.raises(ConfigError, match=r"weighting.options.strngth: .* takes no such key"):
        run(config_of(conf, *both, "weighting=surgery", "+weighting.options.strngth=1"))


def test_a_bank(conf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(HEAD_BANKS, "all", "tests.model.toys.OneHead")
    directory, _ = run(config_of(conf, *PAIR, "head.shared=all"))
    weights = kept(directory)
    assert {*weights.tags} == {"genes", "drugs"}  # what shares the head goes with it
    assert {name.split(".")[0] for name in weights.below("heads")} == {"all"}
    assert agrees_with_its_run(directory, "genes")
    (document,) = bioner.load(directory, device="cpu").predict(["In 1 the KRAS gene was seen ."])
    assert {one.type for one in document.annotations} <= {"Gene"}


def test_an_adapter(conf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ADAPTERS, "low_rank", "tests.model.toys.LowRank")
    directory, _ = run(config_of(conf, *GENES, "encoder/adapter=low_rank"))
    weights, found = kept(directory), open_run(directory)
    assert {len(t) for name, t in weights.tensors.items() if ".down." in name} == {2}
    # What predicts has a plain encoder, and the same probabilities as the one that was trained.
    tagger = load_tagger(found, ["genes"], "cpu", "32-true")
    (merged,) = tagger.networks.values()
    assert not any(".down." in name for name in merged.state_dict())
    encoder = load_encoder(Pretrained(found.config.encoder))
    bank = HeadPerTask(weights.tags, lambda _, tags: LinearHead(encoder.hidden, tags), LINEAR)
    trained = Network(encoder, bank)
    trained.load(weights)
    rows = [words for words, _ in predictions(directory / "predictions" / "genes.test.tsv")]
    both = (tagger, replace(tagger, networks={("genes",): trained.eval()}))
    ours, theirs = (one.tag(rows)["genes"].probabilities for one in both)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-6)


def test_a_stage(conf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(KINDS, "polish", polish)
    # In the package its group is one more field of TrainConfig, for which this one stands.
    monkeypatch.setitem(SCHEMAS, "train", PolishedConfig)
    monkeypatch.setattr("bioner.predict.finished.TrainConfig", PolishedConfig)
    directory, record = run(config_of(conf, *GENES, "+polish=again"))
    assert [stage.name for stage in record.stages] == ["finetune", "polish"]
    assert [*record.stages[-1].tasks] == ["genes", "drugs"]
    assert agrees_with_its_run(directory, "genes")
    assert [stage.name for stage in run(config_of(conf, *GENES))[1].stages] == ["finetune"]
    for wrong, says in (
        ("polish.auxiliaries=[genes]", "polish.auxiliaries: genes is a target already"),
        ("polish.auxiliaries=[drgs]", "polish.auxiliaries: no dataset 'drgs'"),
    ):
        with pytest.raises(ConfigError, match=says):
            config_of(conf, *GENES, "+polish=again", wrong)


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
    add_dataset(conf, "same", "conll", "drugs")
    pairs = ["sources=[genes,same]", "targets=[drugs]", "target_size=16", "words=400"]
    stages = ["pretrain.epochs=1", "pretrain.train_size=32", "train_stages=true"]
    asked = ["measures=[centre_distance]", "heatmaps=false"]
    cfg = composed(*small(conf), *pairs, *stages, *asked, verb="measure", own=conf)
    config = to_measure_config(cfg)
    found = measure_pairs(config, conf.parent)
    views = ["all", "downsampled", "mentions"]
    assert found.values["source"].tolist() == ["genes"] * 2
    assert found.values["view"].tolist() == views[:2]
    assert (found.values["value"] > 0).all()
    reasons = found.skipped[found.skipped["source"] == "same"]["reason"]
    assert "the same types" in set(reasons)
    # Beside one of the target's words alone.
    again = replace(config, measures=["centre_distance", "leep"], train_stages=False)
    values = measure_pairs(again, conf.parent).values
    assert values["measure"].value_counts().to_dict() == {"leep": 4, "centre_distance": 2}


def test_a_file_format(conf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FORMATS, TOY.name, TOY)
    add_dataset(conf, "toys", "toy", "genes")
    directory, record = run(config_of(conf, "finetune.targets=[toys]", "finetune.epochs=3"))
    assert record.scores["toys"].test.f1 > 0.5
    written = conf.parent / "written.toy"
    (conf.parent / "plain.toy").write_text("In test 1 the KRAS gene was seen .\n")
    given = [f"run={directory}", f"input={conf.parent}/plain.toy", f"output={written}"]
    assert stream.predict(to_predict_config(composed(*given, "device=cpu", verb="predict")))
    assert "[KRAS](Gene)" in written.read_text()
