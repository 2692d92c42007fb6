"""Words a second of `bioner train` at 8 sentences an update against 32, the same sentences.

python experiments/speed/small_updates.py --corpora ncbi_disease --updates 10 --rounds 5 --cpus 0

Options are the benchmark's; `--updates` counts those of 32 sentences. One process each, in turn.
"""

import os
from dataclasses import replace

from benchmark import job_of, options, prepared, worker_of
from ratios import spread, times_faster

SIZES = (8, 32)


def main() -> None:
    """Measure and print."""
    asked = replace(options(), sentences=max(SIZES))
    asked.output.mkdir(parents=True, exist_ok=True)
    os.sched_setaffinity(0, asked.cpus)
    for name in asked.corpora:
        sample = prepared(asked, name)
        whole = job_of(asked, name, "bioner", "fp32", sample.folder)
        workers = {}
        for size in SIZES:
            job = replace(
                whole,
                sentences=size,
                updates=asked.updates * whole.sentences // size,
                output=f"{whole.output}-{size}",
            )
            workers[size] = worker_of(asked, "bioner", job)
            workers[size].begin()
        seconds: dict[int, list[float]] = {size: [] for size in SIZES}
        for number in range(asked.rounds):
            for size in SIZES if number % 2 else reversed(SIZES):
                seconds[size].append(workers[size].round()[asked.clock])
        for size, worker in workers.items():
            worker.stop()
            pace = spread([sample.words["train"] / one for one in seconds[size]])
            print(f"{size:3} sentences an update: {pace} words/s")
        small, large = (seconds[size] for size in SIZES)
        print(f"{SIZES[0]} against {SIZES[1]}: {times_faster(small, large)} of its words/s")


if __name__ == "__main__":
    main()
