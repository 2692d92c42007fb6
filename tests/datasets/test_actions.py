"""The actions of `bioner datasets` on small corpora, and what they print."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bioner.config.datasets import DatasetsConfig, Output, to_datasets_config
from bioner.datasets.actions import act
from bioner.errors import ConfigError, UserError
from bioner.machine.user_cache import user_cache
from tests.composition import composed

TRAIN = "The\tO\nBRCA1\tB-Gene\ngene\tO\nis\tO\nlong\tO\n\nNo\tO\none\tO\n\nNo\tO\none\tO\n"
DEVEL = "No\tO\none\tO\n"
TEST = "The\tO\nBRCA1gene\tO\nis\tO\nlo\tO\nng\tO\n"


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    folder = tmp_path / "mine"
    folder.mkdir()
    for split, text in (("train", TRAIN), ("devel", DEVEL), ("test", TEST)):
        (folder / f"{split}.tsv").write_text(text)
    return folder


def configured(action: str, folder: Path, *overrides: str) -> DatasetsConfig:
    """Return the config of an action on the dataset in a folder, called `bc2gm`."""
    cfg = composed(
        f"action={action}",
        "names=[bc2gm]",
        f"dataset.bc2gm.path={folder}",
        *overrides,
        f"datasets_dir={folder.parent}",
        verb="datasets",
    )
    one = cfg.dataset.bc2gm
    one.sha256, one.sentences, one.mentions, one.url, one.types = {}, {}, {}, None, ["Gene"]
    return to_datasets_config(cfg)


def run(capsys: pytest.CaptureFixture[str], config: DatasetsConfig) -> tuple[bool, str]:
    capsys.readouterr()
    return act(config), capsys.readouterr().out


def run_json(capsys: pytest.CaptureFixture[str], config: DatasetsConfig) -> tuple[bool, Any]:
    right, text = run(capsys, config)
    return right, json.loads(text)


def test_list(mine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    right, found = run_json(capsys, configured("list", mine, "format=json"))
    assert right
    assert found["bc2gm"]["here"] is True and found["bc2gm"]["verified"] is True
    (mine / "test.tsv").unlink()
    assert run_json(capsys, configured("list", mine, "format=json"))[1]["bc2gm"]["here"] is False
    text = run(capsys, configured("list", mine))[1]
    assert text.startswith("bc2gm  (not here)  BC2GM: genes")


def test_list_says_what_is_not_verified(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    config = to_datasets_config(composed(f"datasets_dir={tmp_path}", verb="datasets"))
    text = run(capsys, config)[1]
    lines = {line.split()[0]: line for line in text.splitlines() if not line.startswith(" ")}
    assert len(lines) == len(config.dataset)
    for name, one in config.dataset.items():
        assert ("not verified" in lines[str(name)]) == (not one.verified)
    assert list(tmp_path.iterdir()) == []  # nothing is fetched


def test_describe(mine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    right, found = run_json(capsys, configured("describe", mine, "format=json"))
    assert right and set(found) == {"bc2gm"}
    assert list(found["bc2gm"]) == ["train", "devel", "test"]
    train = found["bc2gm"]["train"]
    assert (train["sentences"], train["words"], train["mentions"]) == (3, 9, {"Gene": 1})
    assert train["frequent"] == [{"text": "BRCA1", "type": "Gene", "count": 1}]
    text = run(capsys, configured("describe", mine))[1]
    assert "split  sentences  words  without mention  longest  Gene" in text
    assert f"0-9 {'█' * 40} 3" in text
    assert "BRCA1 (Gene)" in text


@pytest.mark.parametrize("suffix", ["png", "svg"])
def test_describe_draws_a_picture(
    mine: Path, capsys: pytest.CaptureFixture[str], suffix: str
) -> None:
    picture = mine.parent / f"lengths.{suffix}"
    run(capsys, configured("describe", mine, f"picture={picture}"))
    starts = {"png": b"\x89PNG", "svg": b"<?xml"}
    assert picture.read_bytes().startswith(starts[suffix])
    with pytest.raises(ConfigError, match=r"^picture: .*can't be written"):
        act(configured("describe", mine, f"picture={mine}/none/x.{suffix}"))


def test_check_names_what_two_splits_label_otherwise(
    mine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (mine / "test.tsv").write_text("No\tO\n\nNo\tB-Gene\none\tO\n\nNo\tB-Gene\none\tO\n")
    found = run_json(capsys, configured("check", mine, "format=json"))[1]
    leaks = {(one["of_split"], one["within_split"]): one for one in found["leakage"]}
    first = leaks["test", "train"]
    assert (first["two_labellings"], first["contradictions"]) == (1, [[3, 7]])
    assert leaks["test", "devel"]["contradictions"] == [[3, 1]]
    assert leaks["devel", "train"]["two_labellings"] == 0
    text = run(capsys, configured("check", mine))[1]
    assert "1 sentences of bc2gm test stand in its train with other tags (lines 3/7)" in text


def test_check_compares_documents(mine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (mine / "train.tsv").write_text("-DOCSTART- (PMID7)\n\na\tO\n\n-DOCSTART- (P8)\n\nb\tO\n")
    (mine / "test.tsv").write_text("-DOCSTART- (PMID7)\n\nc\tO\n")
    text = run(capsys, configured("check", mine))[1]
    rows = text.partition("documents of a row's")[2].splitlines()
    assert [rows[2].split(), rows[3].split()] == [
        ["test", "in", "train", "of", "bc2gm"],
        ["bc2gm", "(1)", "1", "(100.00%)"],
    ]


def test_check_prints_what_it_finds(mine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = run_json(capsys, configured("check", mine, "format=json"))[1]
    assert set(found) == {"errors", "duplicates", "leakage", "tokenizers"}
    assert found["errors"] == [] and found["tokenizers"] == {}
    assert found["duplicates"]["bc2gm"]["train"] == {
        "sentences": 1,
        "long_sentences": 0,
        "two_labellings": 0,
        "contradictions": [],
    }
    leaks = {(one["of_split"], one["within_split"]): one for one in found["leakage"]}
    assert leaks["test", "train"]["shared"] == leaks["test", "train"]["any_shared"] == 1
    assert (leaks["devel", "train"]["shared"], leaks["devel", "train"]["any_shared"]) == (0, 1)
    text = run(capsys, configured("check", mine))[1]
    assert "errors: none" in text
    assert "bc2gm (1)         1 (100.00%) [1]" in text


GENE = "a\tO\nlong\tO\ngene\tO\nis\tO\nBRCA1\tB-Gene\n"
MARK = "-DOCSTART- (PMID7)\n\n"


CASES = [
    (DEVEL, "nothing"),  # sentences of fewer than five words in common
    (GENE + "\n" + GENE, "nothing"),  # repeats inside a split
    ("\u200b\tO\n", "nothing"),  # what a tokenizer loses
    (TEST, "pairs of splits that share text or documents: 1"),
    (MARK + GENE, "pairs of splits that share text or documents: 1"),
    ("No\tB-Gene\none\tO\n", "sentences with two labellings: 2"),  # in train and in devel
    ("No\tO\n\nNo\tB-Gene\n", "sentences with two labellings: 1"),
    ("a\tO\n\nb\n", "errors of files: 1"),
    (
        "No\tO\n\nNo\tB-Gene\n\n" + TEST + "\nb\n",
        "errors of files: 1, sentences with two "
        "labellings: 1, pairs of splits that share text or documents: 1",
    ),
]


def test_check_says_whether_anything_is_wrong(
    mine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (mine / "train.tsv").write_text(MARK + TRAIN)
    config = configured("check", mine, "encoders=[minilm]")
    for test, wrong in CASES:
        (mine / "test.tsv").write_text(test)
        right, text = run(capsys, config)
        assert text.splitlines()[-1] == f"wrong with the data: {wrong}"
        assert right == (wrong == "nothing")
        assert run_json(capsys, replace(config, format=Output.json, encoder={}))[0] == right


def test_check_of_a_wrong_dataset(mine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with (mine / "train.tsv").open("a") as file:
        file.write("\na\tI-Gene\n\nb\n")
    right, found = run_json(capsys, configured("check", mine, "format=json", "limit=1"))
    assert not right
    assert [(one["line"], Path(one["path"])) for one in found["errors"]] == [
        (13, mine / "train.tsv"),
        (None, mine / "train.tsv"),
    ]
    with (mine / "train.tsv").open("a") as file:
        file.write("\nc\n")
    text = run(capsys, configured("check", mine, "limit=1"))[1].splitlines()
    assert text[0] == "errors: 3"  # the last of its two lines stands for two
    assert text[2] == f"  {mine}/train.tsv: and 2 more errors in this file"
    assert text[-1].startswith("wrong with the data: errors of files: 3, ")
    right, text = run(capsys, configured("check", mine))
    assert not right
    assert text.startswith(f"errors: 3\n  {mine}/train.tsv:13: tag I-Gene of 'a' at the start")


def test_check_with_a_tokenizer(mine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (mine / "devel.tsv").write_text("No\tO\n\u200b\tO\n")
    config = configured("check", mine, "format=json", "encoders=[minilm]", "word_pieces=1")
    loss = run_json(capsys, config)[1]["tokenizers"]["minilm"]["bc2gm"]
    assert list(loss) == ["train", "devel", "test"]
    assert (loss["devel"]["lost_words"], loss["devel"]["examples"]) == (1, ["\u200b"])
    assert loss["train"]["long_words"] == 1  # BRCA1
    text = run(capsys, configured("check", mine, "encoders=[minilm]"))[1]
    assert "tokenizer of minilm" in text and "1 of 2" in text


def test_fetch_goes_on_where_one_fails(
    mine: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    names = ["names=[ncbi_disease,demo_disease]", f"datasets_dir={tmp_path}/datasets"]
    (tmp_path / "mirror").mkdir()
    cfg = composed("action=fetch", *names, f"datasets_mirror={tmp_path}/mirror", verb="datasets")
    with pytest.raises(UserError, match=r"^not fetched: ncbi_disease"):
        act(to_datasets_config(cfg))
    # What is made here lies in the cache; what failed has left nothing.
    assert (user_cache("datasets") / "demo_disease" / "test.tsv").is_file()
    assert not (tmp_path / "datasets").exists()


def test_fetch_checks_what_is_there(mine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    right, found = run_json(capsys, configured("fetch", mine, "format=json"))
    assert right and found["bc2gm"]["train"] == str(mine / "train.tsv")
    config = configured("fetch", mine)
    config.dataset["bc2gm"].sha256 = {"train": "ab" * 32}
    with pytest.raises(UserError, match=r"^not fetched: bc2gm"):
        act(config)


def test_fetch_real_corpora_from_a_mirror(
    tmp_path: Path, corpora: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = "names=[ncbi_disease,s800,jnlpba_biobert]"
    cfg = composed(
        "action=fetch",
        names,
        f"datasets_mirror={corpora}",
        f"datasets_dir={tmp_path}",
        verb="datasets",
    )
    right, text = run(capsys, to_datasets_config(cfg))
    assert right and text.count("\n") == 3
    for folder in ("NCBI-disease", "s800", "JNLPBA-biobert"):
        for split in ("train", "devel", "test"):
            fetched = (tmp_path / folder / f"{split}.tsv").read_bytes()
            assert fetched == (corpora / folder / f"{split}.tsv").read_bytes()


def in_folds(folder: Path, *overrides: str) -> DatasetsConfig:
    """Return the config of an action on one file of seven documents, in three folds."""
    config = configured(*overrides[:1], folder, "dataset.bc2gm.folds=3", *overrides[1:])
    one = config.dataset["bc2gm"]
    config.dataset["bc2gm"] = replace(one, files={"train": "train.tsv"}, devel_share=0.3)
    return config


def test_a_dataset_in_folds(mine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mention = "A\tO\n{0}\tB-Gene\nof\tO\nfive\tO\nwords\tO\n\n"
    sentences = [mention.format(f"g{i}") for i in range(6)]
    text = "".join(f"-DOCSTART- (d{i})\n\n{sentence}" for i, sentence in enumerate(sentences))
    (mine / "train.tsv").write_text(f"{text}-DOCSTART- (last)\n\n{sentences[0]}{sentences[5]}")
    right, found = run_json(capsys, in_folds(mine, "describe", "format=json"))
    counts = {split: one["sentences"] for split, one in found["bc2gm"].items()}
    assert right and [*counts] == ["train", "fold 1", "fold 2", "fold 3"]
    assert counts["train"] == 8 == sum(counts.values()) - 8
    right, text = run(capsys, in_folds(mine, "describe", f"picture={mine}/lengths.svg"))
    assert right and "fold 3" in text and "bc2gm fold 3: " not in text
    _, found = run_json(capsys, in_folds(mine, "describe", "format=json", "fold=2"))
    assert [*found["bc2gm"]] == ["train", "devel", "test"]
    assert found["bc2gm"]["test"]["sentences"] == counts["fold 2"]

    # The last document repeats two others: in every fold that parts them this is a leak.
    right, found = run_json(capsys, in_folds(mine, "check", "format=json"))
    assert not right
    names = {one["of"] for one in found["leakage"] if one["shared"]}
    assert names <= {f"bc2gm fold {k}" for k in (1, 2, 3)} and names
    assert found["duplicates"]["bc2gm"]["train"]["sentences"] == 2
    right, text = run(capsys, in_folds(mine, "check"))
    assert not right and "test in train of  bc2gm fold 1  bc2gm fold 2  bc2gm fold 3" in text
    _, alone = run_json(capsys, in_folds(mine, "check", "format=json", "fold=3"))
    shared = [one["shared"] for one in found["leakage"] if one["of"] == "bc2gm fold 3"]
    assert [one["shared"] for one in alone["leakage"]] == shared


def test_faults_of_a_file_in_folds_are_told_once(
    mine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (mine / "train.tsv").write_text("w\tB-Gene\n\nbad\n\n" + "v\tO\n\n" * 6)
    right, found = run_json(capsys, in_folds(mine, "check", "format=json"))
    assert not right and [one["line"] for one in found["errors"]] == [3]
