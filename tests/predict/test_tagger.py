"""A loaded run gives the tags that the run gave when it was scored."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from bioner.corpora.sentence import Sentence
from bioner.errors import ConfigError
from bioner.machine.precision import resolve_precision
from bioner.predict.device import FULL, INT8, MIXED, pick_hardware
from bioner.predict.finished import open_run
from bioner.predict.tagger import load_tagger
from bioner.runs.predictions import DOCUMENT
from tests.predict.conftest import Runs


def predictions(file: Path) -> list[tuple[Sentence, tuple[str, ...]]]:
    """Return the sentences and the predicted tags of a run's predictions."""
    found, document = [], ""
    for block in file.read_text(encoding="utf-8").strip().split("\n\n"):
        lines = block.split("\n")
        if lines[0].startswith(DOCUMENT):
            document = lines.pop(0).removeprefix(DOCUMENT)
        words, gold, guess = zip(*(line.split("\t") for line in lines), strict=True)
        found.append((Sentence(words, gold, 1, document), guess))
    return found


@pytest.mark.parametrize("kind", ["linear", "crf", "half"])
def test_the_tags_are_those_of_the_run(runs: Runs, kind: str) -> None:
    run = open_run(getattr(runs, kind))
    heads = run.choose([])
    tagger = load_tagger(run, heads, "cpu", run.record.precision)
    for head in heads:
        rows = predictions(run.directory / "predictions" / f"{head}.test.tsv")
        tagged = tagger.tag([sentence for sentence, _ in rows])[head]
        assert [tagged.tags(i) for i in range(len(rows))] == [guess for _, guess in rows]
        assert ((tagged.probabilities > 0) & (tagged.probabilities <= 1 + 1e-6)).all()
        # The best tag of three, but for the few that make a sentence legal.
        assert (tagged.probabilities > 1 / 3 - 1e-6).mean() > 0.95 or kind == "crf"


@pytest.mark.parametrize("kind", ["linear", "crf"])
def test_int8_gives_nearly_the_same_tags(runs: Runs, kind: str) -> None:
    run, head = open_run(getattr(runs, kind)), "demo_disease"
    sentences = [s for s, _ in predictions(run.directory / "predictions" / f"{head}.test.tsv")]
    full, rounded = (
        load_tagger(run, [head], "cpu", precision).tag(sentences)[head]
        for precision in (FULL, INT8)
    )
    same = full.ids == rounded.ids
    assert same.mean() > 0.99
    off = np.abs(full.probabilities - rounded.probabilities)[same].max()
    assert 0 < off < 0.1


def test_words_without_pieces_are_outside(runs: Runs) -> None:
    run = open_run(runs.crf)
    tagged = load_tagger(run, ["demo_disease"], "cpu").tag(
        [
            Sentence(("\u200b", "asthma"), ("O", "O"), 1),
            Sentence((), (), 2),
            Sentence(("\u200b",), ("O",), 3),
        ]
    )["demo_disease"]
    assert (tagged.tags(0)[0], tagged.tags(1), tagged.tags(2)) == ("O", (), ("O",))
    assert np.isnan(tagged.probabilities).tolist() == [True, False, True]


def test_heads_share_an_encoder_where_it_is_the_same(runs: Runs, tmp_path: Path) -> None:
    heads = ("demo_disease", "demo_disease_related")
    own = load_tagger(open_run(runs.linear), heads, "cpu")
    copy = Path(shutil.copytree(runs.linear, tmp_path / "run"))
    first, second = (copy / "checkpoints" / f"{head}.safetensors" for head in heads)
    encoder = {n: t for n, t in load_file(first).items() if n.startswith("encoder.")}
    with safe_open(second, framework="pt") as file:
        about = file.metadata()
    save_file(load_file(second) | encoder, second, metadata=about)
    shared = load_tagger(open_run(copy), heads, "cpu")
    assert list(shared.networks) == [heads]
    words = [Sentence(("night", "sweats", "of", "asthma"), ("O",) * 4, 1)]
    alone, together = own.tag(words)["demo_disease"], shared.tag(words)["demo_disease"]
    assert np.array_equal(alone.ids, together.ids)
    assert np.allclose(alone.probabilities, together.probabilities)


def test_int8_needs_a_pytorch_with_onednn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: False)
    with pytest.raises(ConfigError, match=r"precision: is int8, but .* no oneDNN; .*32-true"):
        pick_hardware("cpu", INT8, FULL)


def test_devices_and_precision() -> None:
    assert pick_hardware("cpu", "auto", FULL).device.type == "cpu"
    assert pick_hardware("auto", FULL, MIXED).device.type in ("cpu", "cuda")
    assert pick_hardware("cpu", "auto", FULL).precision == FULL
    assert pick_hardware("cpu", FULL, MIXED).precision == FULL
    assert pick_hardware("cpu", MIXED, FULL).precision == MIXED
    assert pick_hardware("cpu", "auto", MIXED).precision == resolve_precision("auto", "cpu")
    assert pick_hardware("cpu", INT8, MIXED).precision == INT8
    with pytest.raises(ConfigError, match=r"precision: is int8 with device=meta; .*device=cpu"):
        pick_hardware("meta", INT8, FULL)
    for name in ("gpu", "cuda:99"):
        with pytest.raises(ConfigError, match="device: "):
            pick_hardware(name, "auto", FULL)
    with pytest.raises(ConfigError, match="did you mean bf16-mixed"):
        pick_hardware("cpu", "bf16", FULL)
