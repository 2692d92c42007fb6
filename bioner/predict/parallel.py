"""Chunks of documents over the cores of a machine, or over a Ray cluster; the results in order.

Every process makes an annotator of its own, once. What is tagged together is decided before it is
handed out, so that the output is that of one process. The reading and the writing stay in the
process that was started.
"""

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache, partial
from multiprocessing.connection import Connection

import torch

from bioner.config.predict import Backend, Merge
from bioner.corpora.document import Document
from bioner.errors import ConfigError, UserError
from bioner.machine.ray_address import check_answers
from bioner.predict.annotator import Annotator, Chunk

Mark = Callable[[Iterable[Chunk]], Iterator[list[Document]]]
"""Yields the marked documents of each chunk, in order; few chunks are in memory at a time."""

_GO_ON = "resume=true goes on, with a smaller n_jobs if it was memory"
_Submit = Callable[[Chunk], Future[list[Document] | UserError]]


@dataclass(frozen=True)
class Work:
    """What makes an annotator; arguments as in `bioner.load`."""

    run: str
    heads: tuple[str, ...]
    merge: Merge
    device: str
    precision: str
    fetch: bool

    def annotator(self) -> Annotator:
        """Load it."""
        return Annotator(self.run, self.heads, self.merge, self.device, self.precision, self.fetch)


@contextmanager
def marking(work: Work, backend: Backend, n_jobs: int | None) -> Iterator[Mark]:
    """Lend what marks chunks; the run is loaded when it is lent.

    Args:
        work: what the annotators are made of.
        backend: processes of this machine, or tasks of a Ray cluster.
        n_jobs: chunks that are tagged at a time; None is one process, on Ray one for each core.

    Raises:
        UserError: the run can't be used, Ray is not there, or a process died.
    """
    if backend == Backend.processes and (n_jobs or 1) == 1:
        yield partial(map, work.annotator().mark)
        return
    pool = _ray(work, n_jobs) if backend == Backend.ray else _processes(work, n_jobs or 1)
    with pool as (submit, jobs):
        _result(submit([]))
        yield partial(_in_order, submit, 2 * jobs)


def _in_order(submit: _Submit, ahead: int, chunks: Iterable[Chunk]) -> Iterator[list[Document]]:
    """Yield what becomes of the chunks; at most `ahead` are handed out and not yet yielded."""
    waiting: deque[Future[list[Document] | UserError]] = deque()
    for chunk in chunks:
        waiting.append(submit(chunk))
        if len(waiting) == ahead:
            yield _result(waiting.popleft())
    while waiting:
        yield _result(waiting.popleft())


def _result(future: Future[list[Document] | UserError]) -> list[Document]:
    found = future.result()
    if isinstance(found, UserError):
        raise found
    return found


def _mark(work: Work, chunk: Chunk) -> list[Document] | UserError:
    """Mark a chunk in a process of a pool; a refusal is returned: pools change what is raised."""
    try:
        return _annotator(work).mark(chunk)
    except UserError as error:
        return UserError(str(error))


_annotator = lru_cache(maxsize=1)(Work.annotator)


@contextmanager
def _processes(work: Work, jobs: int) -> Iterator[tuple[_Submit, int]]:
    # Never forked: torch and the tokenizers have threads by now.
    context = multiprocessing.get_context("spawn")
    heard, ours = context.Pipe(duplex=False)
    threads = max(1, torch.get_num_threads() // jobs)
    pool = ProcessPoolExecutor(jobs, context, _begin, (heard, threads))
    try:
        yield lambda chunk: pool.submit(_mark, work, chunk), jobs
    except BrokenProcessPool as error:
        says = "a process that tagged was killed, or had no memory left"
        raise UserError(f"{says}; {_GO_ON}") from error
    finally:
        ours.close()
        pool.shutdown(cancel_futures=True)


def _begin(parent: Connection, threads: int) -> None:
    """Set a process of the pool up: its threads, and that it ends with its parent, however."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends this one
    torch.set_num_threads(threads)
    os.environ.setdefault("RAYON_NUM_THREADS", f"{threads}")
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: Connection) -> None:
    with suppress(EOFError, OSError):
        parent.recv_bytes()
    os._exit(1)


@contextmanager
def _ray(work: Work, n_jobs: int | None) -> Iterator[tuple[_Submit, int]]:
    """Lend tasks of the cluster of RAY_ADDRESS, else of one that runs here, else of one made here.

    Tasks, not actors: Ray starts them again elsewhere when a machine is lost.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
    except ImportError as error:
        found = f"is ray, and {error.name} is not installed"
        raise ConfigError("backend", found, "pip install 'bioner[ray]'") from error
    begun = not ray.is_initialized()
    try:
        if begun:
            check_answers(None)
            ray.init(logging_level="warning")
    except Exception as error:  # a plain one where a node does not start in time
        says = str(error).partition("\n")[0] or type(error).__name__
        legal = "RAY_ADDRESS=HOST:PORT, with RAY_AUTH_MODE=token where the cluster wants a token"
        raise ConfigError("backend", f"is ray, and {says}", legal) from error
    try:
        gpus = 1 if work.device.startswith("cuda") else 0
        task = ray.remote(num_cpus=1, num_gpus=gpus)(_mark)
        shared = ray.put(work)
        there = ray.cluster_resources().get("GPU" if gpus else "CPU", 0)
        jobs = n_jobs or max(1, int(there))
        yield (lambda chunk: task.remote(shared, chunk).future()), jobs
    except ray.exceptions.RayError as error:
        raise UserError(f"Ray: {error}; {_GO_ON}") from error
    finally:
        if begun:
            ray.shutdown()
