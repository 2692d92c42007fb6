"""The commonest mistakes, each with the message that mends it."""

from pathlib import Path

import pytest
from hydra import compose
from hydra.errors import HydraException
from omegaconf.errors import OmegaConfBaseException

from bioner.config.command_line import describe_datasets, names_in_lists
from bioner.config.explain import explain
from bioner.config.hydra_setup import SCHEMAS
from bioner.config.predict import PredictConfig
from bioner.config.train import TrainConfig
from tests.composition import composed, hydra_ready


def message(verb: str, *overrides: str, own: Path | None = None) -> str:
    """Compose what cannot be composed, and return what is said of it."""
    given, described = describe_datasets(names_in_lists(overrides, SCHEMAS[verb]))
    with hydra_ready(described), pytest.raises(Exception) as caught:
        compose(verb, given)
    said = explain(caught.value, [own] if own else [], SCHEMAS[verb])
    assert said is not None
    return said


@pytest.mark.parametrize(
    ("override", "says"),
    [
        ("lr=1e-4", "lr: no such key; optimizer.lr is meant"),
        ("epochs=1", "epochs: no such key; finetune.epochs is meant"),
        ("batch_size=16", "batch_size: no such key; batch.sentences is meant"),
        ("targets=[x]", "targets: no such key; finetune.targets is meant"),
        ("max_epochs=3", "max_epochs: no such key; finetune.epochs is meant"),
        ("trainer.max_epochs=3", "trainer.max_epochs: no such key; finetune.epochs is meant"),
        ("fintune.epochs=3", "fintune: no such key; did you mean finetune?"),
        ("encoder=dmis-lab/biobert-v1.1", "encoder=biobert"),
        ("encoder=some/model", "encoder.name=some/model optimizer.lr="),
        ("runs_dir=/data/a=b", "\"runs_dir='/data/a=b'\""),
        ("runs_dir=/data/a(1)", "\"runs_dir='/data/a(1)'\""),
        ("runs_dir=données", "that holds a é is quoted twice: \"runs_dir='données'\""),
        ("runs_dir=it's", "quoted twice: 'runs_dir=\"it'\"'\"'s\"'"),
        ("finetune.targets=[données]", "what holds a é is quoted within the list"),
        ("mixing.strategy=unifrom", "did you mean uniform"),
        ("optimizer.lr=fast", "optimizer.lr: is fast; expected a number"),
        ("trainer.precison=16", "did you mean precision"),
    ],
)
def test_commonest_mistakes(override: str, says: str) -> None:
    said = message("train", override)
    assert says in said
    assert "\n" not in said


def test_near_actions() -> None:
    assert "did you mean describe?" in message("datasets", "action=descrbe")
    assert "did you mean prune?" in message("stages", "action=prun")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("files: [train.tsv]", "dataset.mine.files: is ['train.tsv']; expected a map"),
        ("sentences: [3]", "dataset.mine.sentences: is [3]; expected a map"),
        ("offsets: {lf: 1}", "dataset.mine.offsets: is {'lf': 1}; expected a list"),
    ],
)
def test_a_list_in_the_place_of_a_map_is_named(tmp_path: Path, line: str, says: str) -> None:
    (tmp_path / "dataset").mkdir()
    file = tmp_path / "dataset" / "mine.yaml"
    file.write_text(f"path: x\n{line}\n")
    with pytest.raises((OmegaConfBaseException, HydraException)) as caught:
        composed("finetune.targets=[mine]", own=tmp_path)
    assert explain(caught.value, [tmp_path], TrainConfig) == f"{file}: {says}"


@pytest.mark.parametrize(
    ("verb", "override", "says"),
    [
        ("train", "finetune=7", "finetune: is 7; expected the name of a config"),
        ("train", "batch=7", "batch: is 7; expected a group of keys"),
        ("train", "rerun=ja", "rerun: is ja; expected true or false"),
        ("train", "seed=1.5", "seed: is 1.5; expected a whole number"),
        ("train", "optimizer.clip=x", "optimizer.clip: is x; expected a number"),
        ("train", "seed=null", "seed: is null; expected a value"),
        ("fit", "target=[a,b]", "target: is ['a', 'b']; expected a text"),
        ("fit", "sources=null", "sources: is null; expected a value"),
    ],
)
def test_a_value_of_the_wrong_kind(verb: str, override: str, says: str) -> None:
    assert message(verb, override) == says


def test_a_folder_that_hides_a_key_is_named(tmp_path: Path) -> None:
    """As with `--config-dir .` where the input lies too."""
    (tmp_path / "input").mkdir()
    with pytest.raises(HydraException) as caught:
        composed("run=x", "input=input", verb="predict", own=tmp_path)
    said = explain(caught.value, [tmp_path], PredictConfig)
    assert said is not None
    assert said.startswith(f"input: can't be set: Hydra takes {tmp_path / 'input'} for a group")


def test_a_file_that_nests_too_deeply_is_named(tmp_path: Path) -> None:
    (tmp_path / "dataset").mkdir()
    (tmp_path / "dataset" / "deep.yaml").write_text("path: " + "[" * 3000)
    with hydra_ready(own=[tmp_path]), pytest.raises(RecursionError) as caught:
        compose("train", [f"hydra.searchpath=[file://{tmp_path}]", "+dataset@dataset.x=deep"])
    said = explain(caught.value, [tmp_path], SCHEMAS["train"])
    assert said is not None and "deep.yaml" in said and "too deep" in said
