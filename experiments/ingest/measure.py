"""How fast corpora are read and encoded, and how much memory a large one takes.

python experiments/ingest/measure.py speed     # BC2GM: cold, warm, and the tokenizer alone
python experiments/ingest/measure.py memory    # NCBI-disease against 2 million sentences
"""

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ["OMP_NUM_THREADS"] = "1"
os.environ["RAYON_NUM_THREADS"] = "1"

from hydra import compose, initialize_config_dir

from bioner.batches.tokenizer import fingerprint
from bioner.config.checks import to_train_config
from bioner.config.config_folders import shipped
from bioner.config.hydra_setup import register
from bioner.config.train import TrainConfig
from bioner.corpora.catalogue import load_corpus
from bioner.model.pretrained import Pretrained
from bioner.train import tasks

SENTENCES = 2_000_000


def config_of(target: str, datasets: Path, folder: Path, *overrides: str) -> TrainConfig:
    """Return the config of one step on one target."""
    register()
    given = [
        f"finetune.targets=[{target}]",
        "encoder=tiny",
        "logger=none",
        "trainer.accelerator=cpu",
        f"datasets_dir={datasets}",
        f"runs_dir={folder}/runs",
        f"cache_dir={folder}/cache",
    ]
    with initialize_config_dir(str(shipped("conf").resolve()), version_base="1.3"):
        return to_train_config(compose("train", [*given, *overrides]))


def seconds_of(action: Callable[[], object]) -> tuple[float, float]:
    """Return the seconds that an action takes: those of the clock, and those of the processor."""
    clock, processor = time.perf_counter(), time.process_time()
    action()
    return time.perf_counter() - clock, time.process_time() - processor


def medians(taken: Sequence[tuple[float, float]]) -> dict[str, float]:
    """Return the median of both kinds of seconds."""
    clock, processor = (statistics.median(one) for one in zip(*taken, strict=True))
    return {"seconds": clock, "processor_seconds": processor}


def speed(datasets: Path, folder: Path) -> dict[str, Any]:
    """Read and encode BC2GM, cold and warm; tokenise the same sentences and nothing else."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    config = config_of("bc2gm", datasets, folder, "encoder=minilm")
    tokenizer = Pretrained(config.encoder).tokenizer
    vocabulary = fingerprint(tokenizer)

    def ingest() -> None:
        corpus = load_corpus(
            "bc2gm", config.dataset["bc2gm"], datasets, cache=Path(config.cache_dir) / "sentences"
        )
        tasks.encode_corpus(corpus, config, tokenizer, vocabulary)

    def cold() -> None:
        shutil.rmtree(config.cache_dir, ignore_errors=True)
        ingest()

    corpus = load_corpus("bc2gm", config.dataset["bc2gm"], datasets)
    sentences = [list(s.words) for split in corpus.splits.values() for s in split.sentences]
    words = sum(map(len, sentences))

    def alone() -> None:
        tokenizer(sentences, is_split_into_words=True, add_special_tokens=False)

    # In turns, so that what else the machine does weighs on both.
    turns = [(seconds_of(cold), seconds_of(alone)) for _ in range(5)]
    found: dict[str, Any] = {
        "cold": medians([one for one, _ in turns]),
        "tokenizer alone": medians([other for _, other in turns]),
    }
    for one in found.values():
        one["words_per_second"] = words / one["seconds"]
        one["words_per_processor_second"] = words / one["processor_seconds"]
    found["words"] = words
    found["cold / tokenizer alone, words per processor second"] = statistics.median(
        other[1] / one[1] for one, other in turns
    )
    ingest()
    found["warm"] = medians([seconds_of(ingest) for _ in range(9)])
    return found


def repeated(datasets: Path, folder: Path) -> Path:
    """Write linnaeus so often that its train split has 2 million sentences; return the folder."""
    place = folder / "many"
    if (place / "test.tsv").exists():
        return place
    place.mkdir(parents=True, exist_ok=True)
    for split in ("train", "devel", "test"):
        text = (datasets / "linnaeus" / f"{split}.tsv").read_text("utf-8").rstrip("\n") + "\n\n"
        times = -(-SENTENCES // text.count("\n\n")) if split == "train" else 1
        with (place / f"{split}.tsv").open("w", encoding="utf-8") as file:
            for _ in range(times):
                file.write(text)
    return place


def first_step(name: str, datasets: Path, folder: Path) -> dict[str, Any]:
    """Train one step, reading and encoding as a run does; return the memory then, in bytes."""
    from bioner.batches.datamodule import MultiTaskData
    from bioner.train.assembly import make_module, plan_stage
    from bioner.train.stage import Stage
    from bioner.train.stage_kinds import asked_stages

    config = config_of("linnaeus" if name == "many" else name, datasets, folder)
    if name == "many":
        one = config.dataset["linnaeus"]
        config.dataset["linnaeus"] = replace(
            one, path=str(folder / "many"), sha256={}, sentences={}, mentions={}
        )
    started = time.perf_counter()
    pretrained = Pretrained(config.encoder)
    window = pretrained.window
    (asked,) = asked_stages(config)
    loaded = tasks.load_tasks(config, [asked], pretrained.tokenizer, window.room)[asked.name]
    (target,) = loaded
    stage = Stage("finetune", loaded, [target], {target: [target]}, None, 1)
    plan = plan_stage(stage, config, window, 1)
    module = make_module(stage, config, pretrained, plan.steps)
    data = MultiTaskData(
        {target: (loaded[target].encoded["train"], loaded[target].used)}, {}, plan, window
    )
    import pytorch_lightning as pl

    trainer = pl.Trainer(
        accelerator="cpu",
        max_steps=1,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        limit_val_batches=0,
        default_root_dir=folder,
    )
    trainer.fit(module, data)
    return {
        "sentences": len(loaded[target].used),
        "seconds": time.perf_counter() - started,
        "resident_bytes": resident(),
        "of_files_bytes": resident("RssFile"),
        "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }


def resident(kind: str = "VmRSS") -> int:
    """Return the resident memory of this process in bytes; `RssFile`: that of mapped files."""
    status = Path("/proc/self/status").read_text("utf-8")
    return int(status.partition(f"{kind}:")[2].split(maxsplit=1)[0]) * 1024


def memory(datasets: Path, folder: Path) -> dict[str, Any]:
    """Train one step of each from a warm cache, each in a process of its own."""
    repeated(datasets, folder)
    found: dict[str, Any] = {}
    for name in ("ncbi_disease", "many"):
        for cache in ("cold", "warm"):
            command = [sys.executable, __file__, f"--folder={folder}", "step", f"--name={name}"]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            found[f"{name} {cache}"] = json.loads(done.stdout.splitlines()[-1])
    for what in ("resident_bytes", "of_files_bytes", "peak_bytes"):
        more = found["many warm"][what] - found["ncbi_disease warm"][what]
        found[f"more {what}"] = more
    return found


def main() -> None:
    """Measure what is asked for, and print it as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("speed", "memory", "step"))
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "ingest")
    parser.add_argument("--name", default="ncbi_disease")
    options = parser.parse_args()
    datasets = Path(os.environ["BIONER_DATASETS"])
    options.folder.mkdir(parents=True, exist_ok=True)
    if options.what == "step":
        print(json.dumps(first_step(options.name, datasets, options.folder)))
        return
    action = {"speed": speed, "memory": memory}[options.what]
    print(json.dumps(action(datasets, options.folder), indent=1))


if __name__ == "__main__":
    main()
