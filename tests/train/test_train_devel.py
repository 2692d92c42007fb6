"""Targets that are trained on train and devel: what is drawn, guarded, recorded and refused."""

import math
from pathlib import Path

import numpy as np
import pytest

from bioner.config.dataset import DatasetConfig
from bioner.config.train import TrainConfig
from bioner.corpora.catalogue import Corpus, load_corpus
from bioner.corpora.sentence_table import joined
from bioner.errors import ConfigError
from bioner.predict.card import card_of_run
from bioner.predict.finished import open_run
from bioner.predict.trained_on import training_texts
from bioner.runs.record import mean_devel
from bioner.train.stage_kinds import asked_stages
from bioner.train.tasks import choose_sentences
from tests.composition import train_config
from tests.train.test_run import TARGET, config_of, run

BOTH = ["finetune.train_on=train_devel", "selection=last"]
# A train sentence that stands in devel, and a devel sentence that stands in test.
FILES = {
    "train": "a\tO\nb\tO\nc\tO\nd\tO\ne\tB-Gene\n\nf\tB-Gene\n\nk\tO\n",
    "devel": "a\tO\nb\tO\nc\tO\nd\tO\ne\tB-Gene\n\n"
    "p\tO\nq\tO\nr\tO\ns\tB-Gene\nt\tO\n\ng\tB-Gene\n",
    "test": "p\tO\nq\tO\nr\tO\ns\tB-Gene\nt\tO\n",
}


@pytest.mark.parametrize(
    ("overrides", "refused"),
    [([], True), (["selection=last"], False), (["selection=average"], False)],
)
def test_without_devel_nothing_can_be_the_best(overrides: list[str], refused: bool) -> None:
    if not refused:
        train_config(*TARGET, BOTH[0], *overrides)
        return
    message = r"finetune\.train_on: is train_devel, .*; add selection=last or selection=average"
    with pytest.raises(ConfigError, match=message):
        train_config(*TARGET, BOTH[0], *overrides)


def chosen(
    tmp_path: Path, *overrides: str
) -> tuple[TrainConfig, Corpus, dict[str, list[str]], list[int | None]]:
    """Return for each stage the words of the sentences that are used, and how many leak."""
    config = train_config(*TARGET, f"datasets_dir={tmp_path}", *overrides)
    folder = tmp_path / "mine"
    folder.mkdir(exist_ok=True)
    for split, text in FILES.items():
        (folder / f"{split}.tsv").write_text(text)
    files = {split: f"{split}.tsv" for split in FILES}
    one = DatasetConfig(path="mine", files=files, types=["Gene"])
    for name in config.dataset:
        config.dataset[name] = one
    corpora = {name: load_corpus(name, one, tmp_path) for name in config.dataset}
    stages = asked_stages(config)
    found = choose_sentences(config, stages, corpora)
    used: dict[str, list[str]] = {}
    leaked = []
    for stage in stages:
        for name, guarded in found[stage.name].items():
            pool = corpora[name].to_train_on(stage.roles[name] in stage.devel_too)
            used[stage.name] = [joined(pool[int(i)]) for i in guarded.used]
            leaked.append(guarded.leaked)
    return config, corpora["demo_disease"], used, leaked


def test_devel_stands_behind_train(tmp_path: Path) -> None:
    _, _, used, leaked = chosen(tmp_path, *BOTH)
    assert used == {"finetune": ["abcde", "f", "k", "abcde", "pqrst", "g"]}
    assert leaked == [1]  # of devel in test; that of train in devel is none any more
    _, _, used, leaked = chosen(tmp_path, "selection=last")
    assert used == {"finetune": ["abcde", "f", "k"]} and leaked == [1]


def test_the_guard_looks_at_devel_too(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    _, _, used, _ = chosen(tmp_path, *BOTH, "leakage=drop")
    assert used == {"finetune": ["abcde", "f", "k", "abcde", "g"]}
    mine = tmp_path / "mine"
    assert (
        "1 of 6 training sentences of target demo_disease stand in a target's test" in caplog.text
    )
    assert f"{mine}/devel.tsv:7 (= {mine}/test.tsv:1)" in caplog.text
    with pytest.raises(ConfigError, match="leakage: is error, and 1 of 6 training sentences"):
        chosen(tmp_path, *BOTH, "leakage=error")


def test_sizes_are_of_their_own_splits(tmp_path: Path) -> None:
    _, corpus, used, _ = chosen(tmp_path, *BOTH, "finetune.train_size=2", "finetune.devel_size=1")
    train = {joined(sentence) for sentence in corpus.splits["train"].sentences}
    assert len(used["finetune"]) == 3
    assert [text in train for text in used["finetune"][:2]] == [True, True]
    assert used["finetune"][2] in {"abcde", "pqrst", "g"}


def test_sources_and_auxiliaries_give_their_train_split(tmp_path: Path) -> None:
    source = ["pretrain=sources", "pretrain.sources=[demo_disease]"]
    _, _, used, leaked = chosen(tmp_path, *BOTH, *source)
    assert used["pretrain"] == ["abcde", "f", "k"] and len(used["finetune"]) == 6
    assert leaked == [0, 1]


def test_a_run_says_so_everywhere(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    budget = ["finetune.train_size=48", "finetune.devel_size=16", "finetune.epochs=2"]
    config = config_of(tmp_path, *TARGET, *BOTH, *budget)
    caplog.set_level("INFO")
    directory, record = run(config)
    use = record.task("demo_disease")
    assert (use.train_sentences, use.devel_trained, use.devel_sentences) == (64, 16, 16)
    stage = record.stages[-1]
    assert stage.mixing is not None and stage.mixing.drawn == {"demo_disease": 2 * 4}
    assert stage.probe == {}  # its head was fitted to devel too
    assert record.best["demo_disease"].epoch == 2
    devel = record.scores["demo_disease"].devel
    assert devel.unseen.support == 0 < devel.seen.support
    assert math.isnan(mean_devel(record))
    assert "16 devel trained on too" in caplog.text
    assert "devel was trained on (finetune.train_on): its F1 says nothing" in caplog.text
    texts = training_texts(open_run(directory), config.datasets_dir, None)
    assert texts is not None
    corpus = load_corpus("demo_disease", config.dataset["demo_disease"], Path(config.datasets_dir))
    known = [joined(one) in texts for one in corpus.splits["devel"].sentences]
    assert 16 <= np.sum(known) < len(known)
    _, plain = run(config_of(tmp_path, *TARGET, "selection=last", *budget))
    assert plain.task("demo_disease").devel_trained == 0
    assert plain.stages[-1].key != stage.key


def test_a_card_has_no_devel_that_was_trained_on(tmp_path: Path) -> None:
    for words, shown in ((BOTH, False), (["selection=last"], True)):
        directory, _ = run(config_of(tmp_path, *TARGET, *words, "finetune.epochs=1"))
        card = card_of_run(open_run(directory), "demo_disease", "", [])
        assert ("| demo_disease devel | all |" in card) == shown
        assert "| demo_disease test | all |" in card
