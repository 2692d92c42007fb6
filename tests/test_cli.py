"""The command as a user types it, in a process of its own."""

import json
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1"}
RUN = ["finetune.targets=[demo_disease]", "encoder=tiny"]


def bioner(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return _python("-m", "bioner", *arguments, cwd=cwd, **environment)


def python(code: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run code that calls the command, where something must be done before."""
    return _python("-c", code, cwd=cwd, **environment)


def _python(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env={**ENVIRONMENT, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def small(tmp_path: Path) -> list[str]:
    """What makes a run small and keeps it inside the test's folder."""
    return [
        "encoder=tiny",
        "logger=none",
        "trainer.accelerator=cpu",
        f"cache_dir={tmp_path}/cache",
        f"datasets_dir={tmp_path}/datasets",
    ]


def test_usage(tmp_path: Path) -> None:
    for arguments in ([], ["--help"]):
        shown = bioner(*arguments, cwd=tmp_path)
        assert shown.returncode == 0
        assert "train" in shown.stdout
    assert bioner("--version", cwd=tmp_path).stdout[0].isdigit()
    wrong = bioner("trian", cwd=tmp_path)
    assert wrong.returncode == 2
    assert "no verb 'trian'; did you mean train?" in wrong.stderr


def test_a_run_that_diverges_exits_with_1_and_leaves_no_result(tmp_path: Path) -> None:
    budget = ["finetune.targets=[demo_disease]", "finetune.train_size=64", "finetune.epochs=2"]
    ended = bioner("train", *small(tmp_path), *budget, "optimizer.lr=1e30", cwd=tmp_path)
    assert ended.returncode == 1, ended.stderr
    assert "bioner: diverged: the loss is " in ended.stderr
    assert "Traceback" not in ended.stderr
    (file,) = (tmp_path / "runs").glob("default/*/record.json")
    record = json.loads(file.read_text())
    assert (record["status"], record["error"]["type"]) == ("diverged", "DivergedError")
    assert record["scores"] == record["best"] == {}
    left = {path.name for path in file.parent.rglob("*") if path.is_file()}
    assert not [name for name in left if name.endswith((".tsv", ".tmp", ".safetensors"))], left


def test_debug_shows_the_traceback_of_a_task(tmp_path: Path) -> None:
    (tmp_path / "conf" / "experiment").mkdir(parents=True)
    file = tmp_path / "conf" / "experiment" / "mine.yaml"
    file.write_text("# @package _global_\ndebug: true\n")
    for words in (["debug=True"], ["--config-dir", "conf", "+experiment=mine"]):
        ended = bioner("datasets", "check", "bc2g", *words, cwd=tmp_path)
        assert ended.returncode == 2
        assert "Traceback" in ended.stderr
        assert ended.stderr.splitlines()[-1].startswith("bioner: error: ")


@pytest.mark.parametrize(
    "flag", [["--help"], ["--cfg", "job", "--resolve"], ["--info", "defaults"]]
)
def test_hydra_answers_without_the_heavy_imports(flag: list[str], tmp_path: Path) -> None:
    code = (
        f"import sys; sys.argv = ['bioner', 'train', *{flag!r}]\n"
        "from bioner.cli import main; main()\n"
        "heavy = {'torch', 'transformers', 'pytorch_lightning', 'wandb', 'numpy'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    shown = python(code, cwd=tmp_path)
    assert shown.returncode == 0, shown.stderr
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    # Processor time, whatever else the machine does; 1 to 2 s where it is quiet.
    assert sum(after[:2]) - sum(before[:2]) < 5
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["finetune.tagets=[x]"], "did you mean targets"),
        (["finetune.targets=[demo_disese]"], "did you mean demo_disease"),
        (["+lr=1", "finetune.targets=[demo_disease]"], "optimizer.lr is meant"),
        (["encoder=tinny"], "did you mean tiny"),
        (["mixing=uniformm"], "did you mean uniform"),
        (["experiment=demo/singel"], "did you mean demo/single"),
        (["finetune.train_size=ten"], "finetune.train_size: is 'ten'; expected a whole number, a"),
        (["optimizer.lr=fast"], "optimizer.lr"),
        (["trainer.precison=16"], "did you mean precision"),
        (["finetune.targets=[demo_disease"], "finetune.targets=[demo_disease"),
        (["+dataset.mine.pth=x", "finetune.targets=[mine]"], "dataset.mine.pth"),
        (["+dataset.mine.format=conll", "finetune.targets=[mine]"], "dataset.mine.path"),
        ([], "finetune.targets: is not given"),
    ],
)
def test_bad_configs_end_with_one_message(arguments: list[str], says: str, tmp_path: Path) -> None:
    ended = bioner("train", *arguments, cwd=tmp_path)
    assert ended.returncode == 2
    assert says in ended.stderr
    assert "Traceback" not in ended.stderr
    assert ended.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_misspelt_key_in_a_users_file_names_the_file(tmp_path: Path) -> None:
    file = tmp_path / "conf" / "dataset" / "mine.yaml"
    file.parent.mkdir(parents=True)
    file.write_text("path: x\ntpes: [Gene]\n")
    ended = bioner("train", "--config-dir", "conf", "finetune.targets=[mine]", cwd=tmp_path)
    assert ended.returncode == 2
    assert "mine.yaml: dataset.mine.tpes: no such key; did you mean types" in ended.stderr
    file.write_text("path: x\n types: [Gene]\n")
    ended = bioner("train", "--config-dir", "conf", "finetune.targets=[mine]", cwd=tmp_path)
    assert (ended.returncode, "mine.yaml" in ended.stderr) == (2, True)
    file.rename(file.with_name("my.corpus.yaml"))
    ended = bioner("train", "--config-dir", "conf", "finetune.targets=[mine]", cwd=tmp_path)
    assert ended.returncode == 2
    assert "my.corpus.yaml: a dataset's name has no dot; rename the file" in ended.stderr


def write_corpus(folder: Path) -> None:
    folder.mkdir(parents=True)
    for split in ("train", "devel", "test"):
        sentences = f"The\tO\n{split}BRCA1\tB-Gene\ngene\tO\n\nNo\tO\none\tO\n\n"
        (folder / f"{split}.tsv").write_text(sentences * 4)


# A grid of tests/grid/test_own_folder.py has one of the command line's folder.
@pytest.mark.parametrize("way", [pytest.param("yaml", marks=pytest.mark.slow), "command line"])
def test_a_users_own_dataset(way: str, tmp_path: Path) -> None:
    write_corpus(tmp_path / "corpus")
    run = [*small(tmp_path), "finetune.targets=[mine]", "finetune.epochs=1"]
    if way == "yaml":
        (tmp_path / "conf" / "dataset").mkdir(parents=True)
        (tmp_path / "conf" / "dataset" / "mine.yaml").write_text(
            f"path: {tmp_path}/corpus\ntypes: [Gene]\n"
        )
        arguments = ["--config-dir", "conf", *run]
    else:
        arguments = [f"+dataset.mine.path={tmp_path}/corpus", "+dataset.mine.types=[Gene]", *run]
    ended = bioner("train", *arguments, cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr
    (record,) = (tmp_path / "runs" / "default").glob("*/record.json")
    assert json.loads(record.read_text())["scores"]["mine"]["test"]["support"] == 4
    assert (record.parent / "config.yaml").exists()
    assert (record.parent / "console.log").read_text()
    shown = bioner("report", "study=default", cwd=tmp_path)
    assert (shown.returncode, "mine" in shown.stdout) == (0, True), shown.stderr


def test_bad_data_ends_with_one_message_and_a_failed_record(tmp_path: Path) -> None:
    write_corpus(tmp_path / "corpus")
    (tmp_path / "corpus" / "train.tsv").write_text("A\tO\nB\tX\n")
    mine = [f"+dataset.mine.path={tmp_path}/corpus", "finetune.targets=[mine]"]
    ended = bioner("train", *small(tmp_path), *mine, cwd=tmp_path)
    assert ended.returncode == 2
    (line,) = ended.stderr.splitlines()
    assert line.startswith(f"bioner: error: {tmp_path}/corpus/train.tsv:2: unknown tag 'X'")
    (record,) = (tmp_path / "runs" / "default").glob("*/record.json")
    assert json.loads(record.read_text())["status"] == "failed"


@pytest.mark.slow  # tests/grid has grids of one job and of three
def test_multirun_and_report(tmp_path: Path) -> None:
    run = [
        *small(tmp_path),
        "finetune.targets=[demo_disease]",
        "finetune.epochs=1",
        "finetune.train_size=16",
        "seed=1,2",
        "study=grid",
    ]
    ended = bioner("train", "-m", *run, cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert len(list((tmp_path / "runs" / "grid").glob("*/record.json"))) == 2
    shown = bioner("report", "study=grid", cwd=tmp_path)
    assert shown.returncode == 0
    assert "demo_disease" in shown.stdout
    missing = bioner("report", "study=gird", cwd=tmp_path)
    assert (missing.returncode, "grid" in missing.stderr) == (2, True)


def test_completion_knows_the_verb(tmp_path: Path) -> None:
    for begun, whole in (
        ("finetune=m", "finetune=mtl"),
        ("dataset.bc2gm.p", "dataset.bc2gm.path="),
    ):
        line = f"bioner train {begun}"
        at = str(len(line))
        shown = bioner("-sc", "query=bash", cwd=tmp_path, COMP_LINE=line, COMP_POINT=at)
        assert whole in shown.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="no such signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_is_the_exit_code(number: signal.Signals, tmp_path: Path) -> None:
    code = (
        "import os, sys; sys.argv = ['bioner', 'datasets']\n"
        "from bioner import cli\n"
        f"cli.VERBS['datasets'] = lambda cfg: os.kill(os.getpid(), {number:d})\n"
        "sys.exit(cli.main())"
    )
    ended = python(code, cwd=tmp_path)
    says = "interrupted" if number is signal.SIGINT else f"stopped by {number.name}"
    assert (ended.returncode, ended.stderr) == (128 + number, f"bioner: {says}\n")


@pytest.mark.slow  # tests/tracking/test_runs.py reads such a run back, in this process
def test_wandb_offline_run_reads_back(tmp_path: Path) -> None:
    run = [a for a in small(tmp_path) if a != "logger=none"]
    ended = bioner(
        "train",
        *run,
        "finetune.targets=[demo_disease]",
        "finetune.epochs=2",
        "trainer.log_every_n_steps=4",
        "study=wandb_study",
        cwd=tmp_path,
    )
    assert ended.returncode == 0, ended.stderr
    (file,) = (tmp_path / "runs" / "wandb_study").glob("*/wandb/offline-run-*/*.wandb")
    read = subprocess.run(
        [Path(sys.executable).with_name("wandb"), "leet", "inspect", "--summary", "--json", file],
        capture_output=True,
        text=True,
        check=True,
    )
    told = json.loads(read.stdout)
    (record_file,) = (tmp_path / "runs" / "wandb_study").glob("*/record.json")
    record = json.loads(record_file.read_text())
    test = record["scores"]["demo_disease"]["test"]
    flat = json.dumps(told)
    assert told["config"]["regime"] == "single"
    assert '"test/demo_disease/f1"' in flat
    summary = told.get("summary") or told["metrics"]
    assert summary["test/demo_disease/f1"] == pytest.approx(test["f1"])
    assert summary["test/mean_f1"] == pytest.approx(test["f1"])
    assert "train/demo_disease/loss" in flat


def test_datasets(tmp_path: Path) -> None:
    write_corpus(tmp_path / "corpus")
    mine = ["mine", f"+dataset.mine.path={tmp_path}/corpus", "format=json"]
    shown = bioner("datasets", "describe", *mine, cwd=tmp_path)
    assert shown.returncode == 0, shown.stderr
    train = json.loads(shown.stdout)["mine"]["train"]
    assert (train["sentences"], train["words"], train["mentions"]) == (8, 20, {"Gene": 4})
    assert bioner("datasets", "check", *mine, cwd=tmp_path).returncode == 0
    (tmp_path / "corpus" / "devel.tsv").write_text("The\tO\ngene\tI-Gene\n\nBRCA1\n\n")
    wrong = bioner("datasets", "check", *mine, cwd=tmp_path)
    assert wrong.returncode == 1
    assert [error["line"] for error in json.loads(wrong.stdout)["errors"]] == [2, 4]
    assert "Traceback" not in wrong.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["corpus"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--config-dri", "x"], "unrecognized arguments: --config-dri x"),
        (["chek", "bc2gm"], "action: Invalid value 'chek'"),
        (["check", "bc2g"], "did you mean bc2gm"),
        (["check"], "names: is empty"),
        (["check", "bc2gm", "encodrs=[minilm]"], "did you mean encoders"),
        (["describe", "bc2gm", "datasets_dir=.", "datasets_mirror=nowhere"], "datasets_mirror: is"),
    ],
)
def test_datasets_refuses(arguments: list[str], says: str, tmp_path: Path) -> None:
    ended = bioner("datasets", *arguments, cwd=tmp_path)
    assert ended.returncode == 2
    assert says in ended.stderr
    assert "Traceback" not in ended.stderr
    assert ended.stdout == ""


@pytest.mark.skipif(sys.platform == "win32", reason="no such pipes")
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize(
    "words",
    [
        [],
        ["datasets"],
        ["train", "--help"],
        ["train", "--cfg", "job", *RUN],
        ["train", "dry_run=true", *RUN],
        ["train", "-m", "dry_run=true", *RUN],
    ],
    ids=str,
)
def test_a_reader_that_stops(words: list[str], unbuffered: str, tmp_path: Path) -> None:
    code = (
        f"import os, sys; sys.argv = ['bioner', *{words!r}]\n"
        "from bioner.cli import main\n"
        "read, write = os.pipe(); os.dup2(write, 1); os.close(read); os.close(write)\n"
        "sys.exit(main())"
    )
    ended = python(code, cwd=tmp_path, PYTHONUNBUFFERED=unbuffered)
    assert (ended.returncode, ended.stderr) == (128 + signal.SIGPIPE, "")


def test_a_broken_pipe_that_is_not_the_output_is_a_defect(tmp_path: Path) -> None:
    code = (
        "import sys; sys.argv = ['bioner', 'datasets']\n"
        "from bioner import cli\n"
        "def breaks(cfg): raise BrokenPipeError('another pipe')\n"
        "cli.VERBS['datasets'] = breaks\n"
        "sys.exit(cli.main())"
    )
    ended = python(code, cwd=tmp_path)
    assert ended.returncode == 1
    assert "another pipe" in ended.stderr


@pytest.mark.slow
def test_a_trained_run_is_used(tmp_path: Path) -> None:
    """Train, evaluate, predict and export as a user types them."""
    small_run = [
        *small(tmp_path),
        "finetune.targets=[demo_disease]",
        "finetune.epochs=1",
        "finetune.train_size=64",
    ]
    assert bioner("train", *small_run, cwd=tmp_path).returncode == 0
    (run,) = (tmp_path / "runs" / "default").iterdir()
    given = [f"run={run}", f"datasets_dir={tmp_path}/datasets"]
    scored = bioner("evaluate", *given, "datasets=[demo_disease_related]", cwd=tmp_path)
    assert scored.returncode == 0, scored.stderr
    assert "demo_disease" in scored.stdout
    assert json.loads((run / "record.json").read_text())["cross"]["demo_disease"]
    text = "a patient with asthma\n"
    (tmp_path / "in.txt").write_text(text)
    marked = bioner("predict", given[0], "input=in.txt", "output=o.jsonl", cwd=tmp_path)
    assert marked.returncode == 0, marked.stderr
    found = json.loads((tmp_path / "o.jsonl").read_text())
    assert found["passages"] == [{"text": text, "offset": 0}]
    again = bioner("predict", given[0], "input=in.txt", "output=o.jsonl", cwd=tmp_path)
    assert (again.returncode, "Traceback" in again.stderr) == (2, False)
    assert "overwrite=true" in again.stderr
    (tmp_path / "in.pubtator").write_text("1|t|one\n1\t0\t9\tone\tX\n\n2|t|two\n")
    bad = bioner("predict", given[0], "input=in.pubtator", "output=o.pubtator", cwd=tmp_path)
    assert bad.returncode == 1
    assert "left out" in bad.stderr
    made = bioner("export", *given, "head=demo_disease", "output=hub", cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    assert (tmp_path / "hub" / "model.safetensors").exists()
