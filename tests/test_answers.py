"""What is answered at once needs neither torch nor Lightning nor transformers."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bioner.config.identity import run_name
from bioner.runs.record_file import write_record
from tests.composition import train_config
from tests.records import complete_record

RUN = ["finetune.targets=[demo_disease]", "encoder=tiny", "logger=none"]
# Each with its exit code and a word of what it says.
ANSWERS = [
    (["train", "finetune.targts=[demo_disease]"], 2, "did you mean targets?"),
    (["train", "finetune.targets=[demo_diseas]"], 2, "did you mean demo_disease"),
    (["train", "--cfg", "job", *RUN], 0, "demo_disease"),
    (["train", "--help"], 0, "finetune.targets"),
    (["train", *RUN, "seed=2", "dry_run=true"], 0, "to do"),
    (["train", *RUN, "dry_run=true"], 0, "done"),
    (["train", *RUN], 0, "skipped, finished already"),
    (["train", "-m", *RUN, "seed=1"], 0, "1 job: 1 done"),
    (["datasets"], 0, "bc2gm"),
    (["stages"], 0, "0 stages"),
]
HEAVY = {"torch", "pytorch_lightning", "transformers", "sklearn", "scipy", "pandas", "wandb"}

# One process imports what all of them need, and each is a fork of it.
FORKS = """
import json, os, sys
from bioner.cli import main
for words, name in json.load(sys.stdin):
    if os.fork() == 0:
        out = os.open(name, os.O_WRONLY | os.O_CREAT)
        os.dup2(out, 1), os.dup2(out, 2)
        sys.argv = ["bioner", *words]
        try:
            code = main()
        except SystemExit as ended:
            code = ended.code or 0
        print(json.dumps([code, sorted(sys.modules)]), flush=True)
        os._exit(0)
    os.wait()
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
def test_no_answer_imports_what_training_does(tmp_path: Path) -> None:
    config = train_config(*RUN)
    done = tmp_path / "runs" / "default" / run_name(config)
    done.mkdir(parents=True)
    write_record(done, complete_record(config, run=done.name))
    asked = [(words, f"{i}.txt") for i, (words, _, _) in enumerate(ANSWERS)]
    environment = {**os.environ, "BIONER_DATASETS": str(tmp_path)}
    subprocess.run(
        [sys.executable, "-c", FORKS],
        input=json.dumps(asked),
        text=True,
        cwd=tmp_path,
        env=environment,
        check=True,
    )
    for i, (words, right, says) in enumerate(ANSWERS):
        *said, last = (tmp_path / f"{i}.txt").read_text().splitlines()
        code, modules = json.loads(last)
        assert code == right, said
        assert says in "\n".join(said), words
        assert not HEAVY & set(modules), words
