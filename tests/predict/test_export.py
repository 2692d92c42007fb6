"""A head as a folder that transformers loads offline and that gives the same tags."""

import json
import logging
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
import torch
from omegaconf import DictConfig, OmegaConf
from transformers import AutoModelForTokenClassification, AutoTokenizer, pipeline

from bioner.config.export import ExportConfig, to_export_config
from bioner.config.identity import run_name
from bioner.corpora.sentence import Sentence
from bioner.corpora.tags import violations
from bioner.errors import ConfigError
from bioner.model.crf import CrfHead
from bioner.model.heads import LinearHead
from bioner.predict.device import FULL
from bioner.predict.export import as_read, export
from bioner.predict.finished import open_run
from bioner.predict.tagger import load_tagger
from bioner.train.run import train
from tests.composition import train_config
from tests.predict.conftest import Runs
from tests.predict.test_finished import changed
from tests.predict.test_tagger import predictions


def config_of(datasets: Path, run: Path, output: Path, *overrides: str) -> ExportConfig:
    given = [f"run={run}", f"output={output}", f"datasets_dir={datasets}", *overrides]
    typed = OmegaConf.merge(OmegaConf.structured(ExportConfig), OmegaConf.from_dotlist(given))
    return to_export_config(cast(DictConfig, typed))


def word_level(folder: Path, sentences: list[Sentence]) -> list[tuple[str, ...]]:
    """Tag as the model card says, without bioner."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForTokenClassification.from_pretrained(folder)
    found = []
    for sentence in sentences:
        pieces = tokenizer(list(sentence.words), is_split_into_words=True, return_tensors="pt")
        with torch.no_grad():
            labels = model(**pieces).logits[0].argmax(-1).tolist()
        first: dict[int, int] = {}
        for at, word in enumerate(pieces.word_ids()):
            if word is not None:
                first.setdefault(word, at)
        tags = (labels[first[i]] if i in first else 0 for i in range(len(sentence.words)))
        found.append(tuple(model.config.id2label[tag] for tag in tags))
    return found


def piped(folder: Path, sentences: list[Sentence]) -> list[tuple[str, ...]]:
    """Tag with the pipeline: of each word the label of the piece that begins where it does."""
    tagger = pipeline("token-classification", model=str(folder), ignore_labels=[])
    found = []
    for sentence in sentences:
        labels = {piece["start"]: piece["entity"] for piece in tagger(" ".join(sentence.words))}
        place, tags = 0, []
        for word in sentence.words:
            tags.append(labels.get(place, "O"))
            place += len(word) + 1
        found.append(tuple(tags))
    return found


def test_the_folder_gives_the_same_tags(
    runs: Runs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    head, output = "demo_disease_related", tmp_path / "out"
    export(config_of(runs.datasets, runs.linear, output, f"of_head={head}"))
    rows = predictions(runs.linear / "predictions" / f"{head}.test.tsv")
    sentences, expected = [s for s, _ in rows], [tags for _, tags in rows]
    # It has no legal decoding: its tags are the run's wherever they are legal.
    folder = word_level(output, sentences)
    legal = [not violations(tags) for tags in folder]
    assert 0.7 < sum(legal) / len(legal) < 1
    assert [t for t, ok in zip(folder, legal, strict=True) if ok] == [
        t for t, ok in zip(expected, legal, strict=True) if ok
    ]
    assert piped(output, sentences) == folder
    config = json.loads((output / "config.json").read_text())
    assert config["id2label"] == {"0": "O", "1": "B-Disease", "2": "I-Disease"}
    modes = {file.stat().st_mode for file in (*output.iterdir(), runs.linear / "record.json")}
    assert len(modes) == 1  # a colleague can read all of it
    card = (output / "README.md").read_text(encoding="utf-8")
    f1 = open_run(runs.linear).record.scores[head].test.f1
    for said in (
        f"{100 * f1:.2f}",
        "Apache-2.0",
        "first piece",
        "seed: 1",
        "demo_disease | target",
        "continues nothing is outside",
    ):
        assert said.replace(" | target", "") in card


def test_a_crf_says_what_its_transitions_are_worth(
    runs: Runs, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    export(config_of(runs.datasets, runs.crf, tmp_path / "out"))
    devel = open_run(runs.crf).record.scores["demo_disease"].devel.f1
    assert f"{100 * devel:.2f} with them" in caplog.text
    assert f"{100 * devel:.2f} with them" in (tmp_path / "out" / "README.md").read_text()
    assert "continues nothing begins one" in (tmp_path / "out" / "README.md").read_text()
    with pytest.raises(ConfigError, match="overwrite=true"):
        export(config_of(runs.datasets, runs.crf, tmp_path / "out"))
    export(config_of(runs.datasets, runs.crf, tmp_path / "out", "overwrite=true"))
    (tmp_path / "mine").mkdir()
    with pytest.raises(ConfigError, match="is no exported folder"):
        export(config_of(runs.datasets, runs.crf, tmp_path / "mine", "overwrite=true"))


def test_without_transitions_a_mention_may_begin_with_inside() -> None:
    tags = ("O", "B-X", "I-X")
    found = ("I-X", "I-X", "O", "B-X", "I-X")
    assert as_read(CrfHead(4, tags, 0.0), found) == ("B-X", "I-X", "O", "B-X", "I-X")
    assert as_read(LinearHead(4, tags, 0.0), found) == found


@pytest.mark.parametrize(
    ("encoder", "says"),
    [({"layers": [-1, -2]}, "encoder.layers"), ({"pooling": "mean"}, "encoder.pooling=mean")],
)
def test_an_encoder_that_is_read_otherwise(
    encoder: dict, says: str, runs: Runs, copied: Path, tmp_path: Path
) -> None:
    values = {f"encoder__{key}": value for key, value in encoder.items()}
    changed(copied / "config.yaml", **values)
    with pytest.raises(ConfigError, match=says):
        export(config_of(runs.datasets, copied, tmp_path / "out"))


def test_a_family_whose_classifier_has_layers_of_its_own(runs: Runs) -> None:
    from transformers import ModernBertConfig, ModernBertModel

    from bioner.model.encoder import Encoder
    from bioner.predict.token_classifier import to_token_classifier

    tagger = load_tagger(open_run(runs.crf), ["demo_disease"], "cpu", FULL)
    config = open_run(runs.crf).config.encoder
    small = ModernBertConfig(
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        vocab_size=99,
        pad_token_id=0,
    )
    encoder = Encoder(ModernBertModel(small), replace(config, layers=[-1]))
    head = tagger.networks[("demo_disease",)].bank.head("demo_disease")
    with pytest.raises(ConfigError, match="'modernbert' has layers that no head has"):
        to_token_classifier(config, encoder, head)


@pytest.mark.parametrize(
    ("overrides", "says"),
    [
        ([], "head: is not given; one of demo_disease, demo_disease_related"),
        (["of_head=demo"], "did you mean demo_disease"),
        (["int8=true"], "format=onnx"),
    ],
)
def test_bad_options(overrides: list[str], says: str, runs: Runs, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=says):
        export(config_of(runs.datasets, runs.linear, tmp_path / "out", *overrides))


@pytest.mark.parametrize("there", ["folder", "nothing"])
def test_of_a_link_what_it_leads_to_is_written(there: str, runs: Runs, tmp_path: Path) -> None:
    words = ["of_head=demo_disease"]
    if there == "folder":
        export(config_of(runs.datasets, runs.linear, tmp_path / "real", *words))
        words.append("overwrite=true")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    export(config_of(runs.datasets, runs.linear, tmp_path / "link", *words))
    assert (tmp_path / "link").is_symlink() and (tmp_path / "real" / "config.json").is_file()


def test_a_place_where_nothing_can_be_made_is_refused_at_once(runs: Runs, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match=r"^output: .*file/x: .*/file is no folder; another"):
        export(config_of(runs.datasets, runs.linear, tmp_path / "file" / "x"))


@pytest.mark.slow
def test_onnx(runs: Runs, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    pytest.importorskip("onnxscript", reason="the extra `onnx` is not installed")
    from bioner.predict import onnx_model

    caplog.set_level(logging.INFO)
    head, output = "demo_disease_related", tmp_path / "out"
    export(
        config_of(runs.datasets, runs.linear, output, f"of_head={head}", "format=onnx", "int8=true")
    )
    rows = predictions(runs.linear / "predictions" / f"{head}.test.tsv")
    tagger = load_tagger(open_run(runs.linear), [head], "cpu", FULL)
    session = onnx_model.open_model(output / onnx_model.PLAIN)
    tags = onnx_model.tag(
        session, [s for s, _ in rows], tagger.tokenizer, tagger.window, tagger.tags[head]
    )
    assert tags == [guess for _, guess in rows]
    devel = open_run(runs.linear).record.scores[head].devel.f1
    assert f"{100 * devel:.2f} with model.onnx" in caplog.text


@pytest.mark.slow
def test_500_real_sentences(corpora: Path, tmp_path: Path) -> None:
    config = train_config(
        "logger=none",
        "trainer.accelerator=cpu",
        f"datasets_dir={corpora}",
        "encoder=minilm",
        f"runs_dir={tmp_path}/runs",
        f"cache_dir={tmp_path}/cache",
        "finetune.epochs=null",
        "finetune.steps=40",
        "finetune.targets=[ncbi_disease]",
        "finetune.train_size=1280",
        "optimizer.lr=1e-3",
        "finetune.devel_size=100",
        "head.decode=argmax",  # as the folder reads words: each by itself
    )
    run = tmp_path / "runs" / run_name(config)
    run.mkdir(parents=True)
    train(config, run)
    export(config_of(corpora, run, tmp_path / "out"))
    rows = predictions(run / "predictions" / "ncbi_disease.test.tsv")[:500]
    sentences = [sentence for sentence, _ in rows]
    # The run itself may be in bfloat16; the folder is in float32.
    tagged = load_tagger(open_run(run), ["ncbi_disease"], "cpu", FULL).tag(sentences)
    expected = [tagged["ncbi_disease"].tags(i) for i in range(len(sentences))]
    assert sum(tag != "O" for tags in expected for tag in tags) > 200
    assert word_level(tmp_path / "out", sentences) == expected
    assert piped(tmp_path / "out", sentences) == expected
