"""A path is looked at, and its YAML can be used."""

import json
import shlex
from pathlib import Path
from typing import Any

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import OmegaConf

from bioner.config.checks import to_train_config
from bioner.config.command_line import plain_words
from bioner.config.dataset import DatasetConfig, Offsets
from bioner.config.datasets import Action, DatasetsConfig, Output, to_datasets_config
from bioner.corpora.catalogue import load_corpus
from bioner.corpora.formats.all_formats import corpus_formats
from bioner.corpora.formats.columns_layout import layout_of, scheme_of
from bioner.corpora.split import Split
from bioner.datasets.actions import act
from bioner.datasets.sniff import sniff, split_of
from bioner.errors import ConfigError, DataError, UserError
from tests.composition import composed

TRAIN = "".join(f"w{i}\tx\tB-Gene\nis\ty\tI-Gene\n.\tz\tO\n\n" for i in range(20))
TEST = "a\tx\tB-Disease\nb\tx\tO\n"


def new(
    path: Path, capsys: pytest.CaptureFixture[str], name: str | None = None
) -> tuple[dict[str, Any], DatasetConfig]:
    """Return what `datasets new` says, and the dataset of the YAML that it wrote."""
    config = DatasetsConfig(
        action=Action.new,
        format=Output.json,
        path=str(path),
        name=name,
        output=f"{path.parent}/conf",
    )
    capsys.readouterr()
    assert act(config)
    found = json.loads(capsys.readouterr().out)
    merged = OmegaConf.merge(OmegaConf.structured(DatasetConfig), OmegaConf.load(found["yaml"]))
    one = OmegaConf.to_object(merged)
    assert isinstance(one, DatasetConfig)
    return found, one


def written(folder: Path, **files: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text)
    return folder


def test_a_folder_of_column_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = written(
        tmp_path / "My corpus's",
        train__tsv=TRAIN,
        dev__tsv=TEST,
        test__tsv=TEST,
        README__md="train and test",
        train_dev__tsv=TRAIN,
    )
    found, one = new(folder, capsys)
    assert (found["name"], found["format"], found["scheme"]) == ("my_corpus_s", "conll", "IOB2")
    assert one.files == {"train": "train.tsv", "devel": "dev.tsv", "test": "test.tsv"}
    assert (one.types, one.word_column, one.tag_column) == (["Gene", "Disease"], 0, -1)
    assert (one.sentences, one.mentions["train"]) == ({"train": 20, "devel": 1, "test": 1}, 20)
    assert found["splits"]["train"]["mentions"] == {"Gene": 20, "Disease": 0}
    assert "devel has 1 mention of 'Disease', which train never has" in found["remarks"][0]
    corpus = load_corpus("x", one, Path("/"))
    assert corpus.splits["train"].sha256 == one.sha256["train"]


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("données", "donnees"),
        ("日本", "mine"),
        ("null", "corpus_null"),
        ("2020", "corpus_2020"),
        ("1e5", "corpus_1e5"),
        ("nan", "corpus_nan"),
        ("yes", "corpus_yes"),
        ("2020 corpus", "2020_corpus"),
    ],
)
def test_a_name_that_the_command_line_reads_as_a_name(
    folder: str, name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found, _ = new(written(tmp_path / folder, train__tsv=TRAIN), capsys)
    assert found["name"] == name
    parsed = OverridesParser.create().parse_override(f"finetune.targets=[{name}]")
    assert parsed.value() == [name]


def test_values_that_are_something_else_without_quotes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = sorted(["1e5", "null", "G${x}", "\\${y}", "a:b", "1_0"])
    sentences = "".join(f"word\tB-{name}\nthe\tO\n\n" for name in names * 4)
    folder = written(tmp_path / "${oc.env:HOME}", train__tsv=sentences, test__tsv=sentences)
    _, one = new(folder, capsys)
    assert (one.path, one.types) == (str(folder), names)
    assert load_corpus("x", one, Path("/")).types == tuple(names)


def test_it_overwrites_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = written(tmp_path / "mine", train__tsv=TRAIN, devel__tsv=TEST, test__tsv=TEST)
    found, _ = new(folder, capsys)
    before = Path(found["yaml"]).read_text()
    with pytest.raises(UserError, match=r"mine\.yaml: is there already; remove it, or give"):
        new(folder, capsys)
    assert Path(found["yaml"]).read_text() == before
    assert new(folder, capsys, "other")[0]["yaml"].endswith("conf/dataset/other.yaml")


def test_no_devel_split_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = written(tmp_path / "mine", train__tsv=TRAIN, test__tsv=TEST)
    found, one = new(folder, capsys)
    assert found["remarks"][0].startswith("no devel split was found: 10% of train")
    assert (one.devel_share, one.files) == (0.1, {"train": "train.tsv", "test": "test.tsv"})
    assert one.sentences == {"train": 18, "devel": 2, "test": 1}
    assert len(load_corpus("x", one, Path("/")).splits["devel"].sentences) == 2
    assert Path(found["yaml"]).read_text().startswith("# No devel split was found")


def test_what_is_left_out_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = written(
        tmp_path / "mine",
        train__tsv=TRAIN,
        devel__tsv="",
        test__tsv=TEST,
        train__txt=TRAIN,
        test__xml="<collection/>",
        notes__tsv=TEST,
    )
    found, one = new(folder, capsys)
    assert found["remarks"][0] == (
        "left out, being of another kind than train.tsv: devel.tsv (of no known format), "
        "test.xml (bioc_xml), train.txt (conll)"
    )
    assert one.devel_share == 0.1
    assert Path(found["yaml"]).read_text().startswith("# Left out, being of another kind")


def last_line(path: Path, capsys: pytest.CaptureFixture[str], output: str = "conf") -> str:
    """Return the last line of the text that `datasets new` prints."""
    capsys.readouterr()
    assert act(
        DatasetsConfig(
            action=Action.new, path=str(path), name="again", output=f"{path.parent}/{output}"
        )
    )
    return capsys.readouterr().out.splitlines()[-1]


def load(one: DatasetConfig) -> dict[str, Split]:
    """Read a dataset as training does."""
    return load_corpus("x", one, Path("/")).splits


def test_one_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = written(tmp_path / "mine", corpus__txt=TRAIN.replace("\t", " "), other__txt=TEST)
    found, one = new(folder / "corpus.txt", capsys)
    assert one.files == {"train": "corpus.txt"}
    assert set(found["splits"]) == {"train", "devel", "test"}
    assert found["remarks"][1].startswith("no test split was found: 20% of train")
    assert (one.devel_share, one.test_share) == (0.1, 0.2)
    sizes = {split: len(each.sentences) for split, each in load(one).items()}
    assert sizes == one.sentences == {"train": 14, "devel": 2, "test": 4}
    assert last_line(folder / "corpus.txt", capsys).startswith("with 5 folds, each in its turn")
    command = last_line(folder / "corpus.txt", capsys, "quoted $name").partition(": ")[2]
    *began, given, targets, share, folds, fold = shlex.split(command)
    own = folder / "quoted $name"
    assert (began, given) == (["bioner", "train", "-m", "--config-dir"], str(own))
    assert fold == "fold=1,2,3,4,5"
    words = [targets, share, folds]
    overrides = [word.replace("targets=again", "targets=[again]") for word in words]
    for fold in range(1, 6):
        config = to_train_config(composed(*overrides, f"fold={fold}", own=own))
        sizes = {
            split: len(each.sentences) for split, each in load(config.dataset["again"]).items()
        }
        assert (sum(sizes.values()), sizes["test"]) == (20, 4)


def test_what_lacks_a_split_is_not_said_to_be_ready(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = written(tmp_path / "mine", corpus__tsv="a\tB-Gene\n\nb\tO\n")
    last = last_line(folder / "corpus.tsv", capsys)
    assert last.startswith("before it can be used, ")
    assert last.endswith("needs files.devel and files.test")


def test_the_only_file_of_a_folder_is_train_whatever_its_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = written(tmp_path / "mine", annotated__tsv=TRAIN, README__md="# Mine\n")
    assert new(folder, capsys)[1].files == {"train": "annotated.tsv"}


def test_a_file_of_a_split_brings_the_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = written(
        tmp_path / "mine", train__tsv=TRAIN, test__tsv=TEST, dev__tsv=TEST, train__txt=TRAIN
    )
    assert new(folder / "train.tsv", capsys)[1].files["devel"] == "dev.tsv"


def test_bare_tags(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bare = TRAIN.replace("-Gene", "")
    folder = written(tmp_path / "mine", train__tsv=bare, devel__tsv=bare, test__tsv=bare)
    assert new(folder, capsys)[1].types == ["Entity"]


def test_text_for_people(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = written(tmp_path / "my corpus's", train__tsv=TRAIN, test__tsv=TEST)
    words = plain_words(["new", str(folder), f"output={tmp_path}/conf", "name=mine"])
    act(to_datasets_config(composed(*words, verb="datasets")))
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "mine: format conll, tags IOB2, types Gene, Disease"
    assert lines[2].split() == ["train", "(train.tsv)", "18", "54", "0", "3", "18", "0"]
    assert lines[-2:] == [
        f"written: {tmp_path}/conf/dataset/mine.yaml",
        f"to use it: bioner train --config-dir {tmp_path}/conf finetune.targets=mine",
    ]


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (
            {"a__tsv": TRAIN, "b__tsv": TRAIN},
            "no split was found, in a.tsv, b.tsv; expected names with train",
        ),
        ({"a__tsv": "", "b__md": "#"}, "no split was found; expected names with train"),
        ({"test__tsv": TRAIN}, "no train split, only test.tsv"),
        (
            {"train__tsv": "", "test__tsv": TRAIN},
            "only test.tsv; left out: train.tsv (of no known format)",
        ),
        ({"train1__tsv": TRAIN, "train2__tsv": TRAIN}, "train may be train1.tsv or train2.tsv"),
        ({"train__tsv": "a\tb\nb\tO\n"}, "no column holds tags alone"),
        ({"train__tsv": "a\tO\nb\tx\tO\n"}, "its lines have 2, 3 columns"),
        (
            {"train__tsv": "a\tB-X\nb\tO\nc\tI-X\n"},
            "its tags are of no scheme; not IOB2: I-X on line 3",
        ),
        ({"train__tsv": "a\tB-X\nb\tI-X\nc\tO\n\nd\tO\n", "test__tsv": "a\tB-X\n\nb\tB-\n"}, "no "),
    ],
)
def test_what_can_not_be_used(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], files: dict[str, str], message: str
) -> None:
    folder = written(tmp_path / "mine", **files)
    with pytest.raises(DataError) as raised:
        new(folder, capsys)
    assert message in str(raised.value)
    assert not (tmp_path / "conf").exists()


def test_the_name_of_a_shipped_dataset_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Hydra would read the shipped one in its place."""
    for folder, name in (("mine", "bc2gm"), ("bc2gm", None)):
        place = written(tmp_path / folder, train__tsv=TRAIN)
        with pytest.raises(
            ConfigError, match=r"^name: .*bc2gm, a dataset that bioner has; another"
        ):
            new(place, capsys, name)
    assert not (tmp_path / "conf").exists()


def test_nothing_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(DataError, match="no such file or folder"):
        new(tmp_path / "none", capsys)


CONTENTS = {
    "bioc_xml": "<?xml version='1.0'?>\n<!DOCTYPE collection SYSTEM 'BioC.dtd'>\n<collection>",
    "bioc_json": '{"source": "x",\n "documents": [{"id": "1", "passages": [{"text": "a"}]}]}',
    "jsonl": '{"id": "1", "text": "a|t| \\"documents\\"", "annotations": []}\n',
    "pubtator": "1234|t|A title\n1234|a|An abstract\tO\n1234\t0\t1\tA\tGene\t1\n\n",
    "conll": "-DOCSTART- -X- O O\n\nEU NNP B-NP B-ORG\n",
}


@pytest.mark.parametrize("name", CONTENTS)
def test_every_format_is_told_by_its_content(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text(CONTENTS[name])
    assert sniff(tmp_path / "file") == name


def test_folders_and_unknown_files(tmp_path: Path) -> None:
    assert sniff(written(tmp_path / "brat", a__txt="", a__ann="")) == "brat"
    assert sniff(written(tmp_path / "bionlp", a__txt="", a__a1="", a__a2="")) == "bionlp_st"
    assert sniff(written(tmp_path / "other", a__txt="Some text.\n")) is None
    assert sniff(tmp_path / "other" / "a.txt") is None
    assert set(CONTENTS) | {"brat", "bionlp_st"} == set(corpus_formats())


def test_published_files(corpora: Path) -> None:
    formats = corpora / "formats"
    files = {
        "pubtator/NCBIdisease_Test.PubTator": "pubtator",
        "pubtator/CDR_DevelopmentSet.PubTator.txt": "pubtator",
        "bioc-xml/CDR_DevelopmentSet.BioC.xml": "bioc_xml",
        "bioc-json/everything.json": "bioc_json",
        "brat/ncbi-disease-test": "brat",
        "bionlp-st/BioNLP13CG-devel": "bionlp_st",
        "iobes/NCBI-disease/train.tsv": "conll",
        "conll-4col/bc5cdr-test.txt": "conll",
        "bioc-xml/LICENSE.bioc": None,
    }
    assert {name: sniff(formats / name) for name in files} == files
    assert layout_of([formats / "iobes/NCBI-disease/train.tsv"]).scheme == "IOBES"
    assert layout_of([formats / "conll-4col/NCBI-disease-test.txt"]).scheme == "IOB2"
    untyped = layout_of([formats / "conll-untyped-BIO/NCBI-disease-test.tsv"])
    assert (untyped.scheme, untyped.typed) == ("IOB2", False)
    assert layout_of([formats / "conll-4col/bc5cdr-test.txt"]).scheme is None


def test_a_published_file_of_no_scheme_is_caught(
    tmp_path: Path, corpora: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = corpora / "formats" / "conll-4col" / "bc5cdr-test.txt"
    config = DatasetsConfig(action=Action.new, path=str(file), output=str(tmp_path))
    with pytest.raises(DataError, match=r"bc5cdr-test\.txt: its tags are of no scheme; not IOB"):
        act(config)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("tags", "scheme"),
    [
        ("B-X I-X O", "IOB2"),
        ("B I O", "IOB2"),
        ("I-X B-X O", "IOB1"),
        ("I-X I-X O", "IO"),
        ("O O", "IOB2"),
        ("B-X E-X O S-X", "IOBES"),
        ("B-X L-X O U-X", "BILOU"),
        ("B-X O I-X", None),
        ("I-X B-Y", None),
    ],
)
def test_schemes(tags: str, scheme: str | None) -> None:
    assert scheme_of([tags.split(), ["O"]]) == scheme


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("train", "train"),
        ("NCBItrainset_corpus", None),
        ("CDR_DevelopmentSet.BioC", "devel"),
        ("NCBIdisease_Test", "test"),
        ("train_dev", None),
        ("BC7T2-corpus-dev", "devel"),
        ("a9test", "test"),
        ("testimony", None),
        ("valid", "devel"),
        ("corpus_trng", "train"),
        ("README", None),
    ],
)
def test_split_of(name: str, split: str | None) -> None:
    assert split_of(name) == split


def test_a_corpus_of_one_document(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (
        '{"id": "d1", "text": "A fever.", "annotations": [{"start": 2, "end": 7, "type": "X"}]}\n'
    )
    folder = written(tmp_path / "mine", corpus__jsonl=text)
    found, one = new(folder / "corpus.jsonl", capsys)
    assert (one.files, one.devel_share, one.sentences) == (
        {"train": "corpus.jsonl"},
        None,
        {"train": 1},
    )
    assert found["remarks"] == [
        f"no {split} split was found, and train has too few documents to hold some out: give "
        f"files.{split} before training"
        for split in ("devel", "test")
    ]


def test_nothing_is_said_of_a_split_that_is_not_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rare = "w\tO\n\na\tB-Gene\n"
    folder = written(tmp_path / "mine", corpus__tsv=rare)
    found, _ = new(folder / "corpus.tsv", capsys)
    assert not [said for said in found["remarks"] if said.startswith("test")]


@pytest.mark.parametrize(
    ("files", "place"),
    [
        ({"train__tsv": "a\tO\nb\tx\tO\n"}, r"train\.tsv:2: its lines have 2, 3 columns"),
        ({"train__tsv": "a\tO\nb\tOO\n"}, r"train\.tsv:2: no column holds tags alone"),
        (
            {
                "train__jsonl": '{"text": "a fever", "annotations": [{"start": 2, "end": 7, '
                '"type": "X", "text": "fevers"}]}\n{"text": "b"}\n'
            },
            r"train\.jsonl:1: .*repair=true \(in a YAML that you write",
        ),
    ],
)
def test_the_line_is_named_as_check_names_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], files: dict[str, str], place: str
) -> None:
    with pytest.raises(DataError, match=place) as raised:
        new(written(tmp_path / "mine", **files), capsys)
    assert "dataset.mine" not in str(raised.value)


def test_mentions_of_no_word_are_left_out_of_a_yaml_that_train_can_use(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (
        '{"id": "d1", "text": "Aspirin eased  the fever.", "annotations": [{"start": 13, "end": 15,'
        ' "type": "Disease"}, {"start": 0, "end": 7, "type": "Chemical"}]}\n'
    )
    folder = written(tmp_path / "mine", train__jsonl=text, devel__jsonl=text, test__jsonl=text)
    found, one = new(folder, capsys)
    assert "train: 1 mention is of no word" in " ".join(found["remarks"])
    assert load_corpus("mine", one, tmp_path).splits["train"].sentences.mentions["Chemical"] == 1


def test_the_export_of_pubtator_3_is_bioc_json(tmp_path: Path) -> None:
    value = {"PubTator3": [{"id": "1", "passages": [{"offset": 0, "text": "A fever."}]}]}
    (tmp_path / "file").write_text(json.dumps(value))
    assert sniff(tmp_path / "file") == "bioc_json"


def test_offsets_that_count_something_else_are_found_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mark = '{"start": 8, "end": 13, "type": "X", "text": "fever"}'
    text = f'{{"text": "Naïve: fever.", "annotations": [{mark}]}}\n'
    folder = written(tmp_path / "mine", train__jsonl=text, devel__jsonl=text, test__jsonl=text)
    found, one = new(folder, capsys)
    assert one.offsets == [Offsets.utf8_bytes]
    assert "the offsets count UTF-8 bytes (offsets)" in found["remarks"]
    assert load_corpus("mine", one, tmp_path).splits["train"].sentences.mentions == {"X": 1}
