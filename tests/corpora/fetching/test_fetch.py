"""Fetching datasets: from a server that works or fails, from files and from the generator."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any

import pytest

from bioner.config.dataset import DatasetConfig
from bioner.corpora.demo import generator
from bioner.corpora.fetching.fetch import ensure
from bioner.corpora.files import sha256 as file_sha256
from bioner.errors import ConfigError, DataError, UserError
from bioner.machine.user_cache import user_cache
from tests.composition import train_config

CONFIG = DatasetConfig(path="mine")
FILES = {
    "train": b"a\tB-Gene\nb\tO\n" * 20,
    "devel": b"d\tB-Gene\n",
    "test": b"e\tO\n\nf\tO\n",
}
SHA256 = {split: sha256(data).hexdigest() for split, data in FILES.items()}
Answer = Callable[[BaseHTTPRequestHandler, bytes], None]


def whole(handler: BaseHTTPRequestHandler, data: bytes) -> None:
    """Answer with the file, or with the part that is asked for."""
    start = int((handler.headers["Range"] or "bytes=0-").removeprefix("bytes=").rstrip("-"))
    if start >= len(data):
        return handler.send_error(416)
    handler.send_response(206 if start else 200)
    if start:
        handler.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
    handler.send_header("Content-Length", str(len(data) - start))
    handler.end_headers()
    handler.wfile.write(data[start:])


def without_ranges(handler: BaseHTTPRequestHandler, data: bytes) -> None:
    del handler.headers["Range"]
    whole(handler, data)


def half(handler: BaseHTTPRequestHandler, data: bytes) -> None:
    """Promise the whole file, then hang up."""
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(data)))
    handler.end_headers()
    handler.wfile.write(data[: len(data) // 2])


def half_of_unknown_length(handler: BaseHTTPRequestHandler, data: bytes) -> None:
    handler.send_response(200)
    handler.end_headers()
    handler.wfile.write(data[: len(data) // 2])


def absent(handler: BaseHTTPRequestHandler, data: bytes) -> None:
    handler.send_error(404)


def overloaded(handler: BaseHTTPRequestHandler, data: bytes) -> None:
    handler.send_error(503)


def other(handler: BaseHTTPRequestHandler, data: bytes) -> None:
    """Answer with as many bytes of something else."""
    whole(handler, data[::-1])


def in_turn(*answers: Answer) -> Answer:
    """Answer each request as told, and the rest as the last."""
    left = list(answers)
    return lambda handler, data: (left.pop(0) if len(left) > 1 else left[0])(handler, data)


class Server(ThreadingHTTPServer):
    """Serves files, by default FILES as `/corpus/SPLIT.tsv`, and remembers what was asked."""

    answer: Answer = staticmethod(whole)

    def __init__(self) -> None:
        """Listen on a free port."""
        self.asked: list[tuple[str, str | None]] = []
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def root(self) -> str:
        """The address of the server."""
        return f"http://127.0.0.1:{self.server_port}"

    @property
    def url(self) -> str:
        """The template of the addresses."""
        return f"{self.root}/corpus/{{file}}"

    def contents(self, path: str) -> bytes:
        """Return the file behind an address."""
        return FILES[path.removeprefix("/corpus/").removesuffix(".tsv")]


class Handler(BaseHTTPRequestHandler):
    """Answers as its server says."""

    server: Server

    def do_GET(self) -> None:
        """Answer one request."""
        self.server.asked.append((self.path, self.headers["Range"]))
        self.server.answer(self, self.server.contents(self.path))

    def log_message(self, format: str, *args: Any) -> None:
        """Keep quiet."""


@pytest.fixture(autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of the user that each test has for itself."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
    return user_cache()


def left_over(cache: Path) -> dict[str, bytes]:
    """What the cache holds besides datasets and locks, which are empty."""
    files = (path for path in (cache / "fetching").rglob("*") if path.is_file())
    return {file.name: file.read_bytes() for file in files if file.suffix != ".lock"}


def leave(cache: Path, folder: Path, data: bytes) -> None:
    """Leave the beginning of a train file, as a killed process does."""
    work = cache / "fetching" / sha256(str(folder).encode()).hexdigest()[:32]
    work.mkdir(parents=True)
    (work / "train.tsv").write_bytes(data)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bioner.corpora.fetching.download.WAITS", (0.0, 0.0))


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        Thread(target=running.serve_forever, daemon=True).start()
        yield running
        running.shutdown()


def put(folder: Path, *splits: str) -> None:
    folder.mkdir(exist_ok=True)
    for split in splits:
        (folder / f"{split}.tsv").write_bytes(FILES[split])


def contents(files: dict[str, Path]) -> dict[str, bytes]:
    return {split: path.read_bytes() for split, path in files.items()}


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} if folder.exists() else set()


def message_of(config: DatasetConfig, datasets: Path) -> str:
    with pytest.raises(DataError) as raised:
        ensure("mine", config, datasets)
    return str(raised.value)


def test_present_files_are_taken_as_they_are(tmp_path: Path, server: Server) -> None:
    put(tmp_path / "mine", *FILES)
    config = replace(CONFIG, url=server.url, sha256={"train": "ab" * 32})
    assert contents(ensure("mine", config, tmp_path)) == FILES
    assert server.asked == []
    assert {path.name for path in (tmp_path / "mine").iterdir()} == {
        "train.tsv",
        "devel.tsv",
        "test.tsv",
    }


def test_missing_files_are_fetched(tmp_path: Path, server: Server, cache: Path) -> None:
    put(tmp_path / "mine", "devel")
    leave(cache, tmp_path / "mine", b"left by a killed process" * 100)
    config = replace(CONFIG, url=server.url, sha256=SHA256)
    assert contents(ensure("mine", config, tmp_path)) == FILES
    assert sorted(path for path, _ in server.asked)[0] == "/corpus/test.tsv"
    assert "/corpus/devel.tsv" not in dict(server.asked)
    assert names(tmp_path / "mine") == {"train.tsv", "devel.tsv", "test.tsv"}


def test_fetched_files_can_be_read_by_others(tmp_path: Path, server: Server) -> None:
    files = ensure("mine", replace(CONFIG, url=server.url), tmp_path / "new" / "folder")
    umask = os.umask(0)
    os.umask(umask)
    assert all(path.stat().st_mode & 0o777 == 0o666 & ~umask for path in files.values())


def test_other_names_and_folders(tmp_path: Path, server: Server) -> None:
    splits = {split: f"corpus/{split}.tsv" for split in FILES}
    url = server.url.replace("corpus/{file}", "{file}")
    files = ensure("mine", replace(CONFIG, files=splits, url=url), tmp_path)
    assert contents(files) == FILES
    assert files["train"] == tmp_path / "mine" / "corpus" / "train.tsv"


def test_a_file_address(tmp_path: Path) -> None:
    put(tmp_path / "source", *FILES)
    config = replace(CONFIG, url=f"file://{tmp_path}/source/{{file}}", sha256=SHA256)
    assert contents(ensure("mine", config, tmp_path)) == FILES
    (tmp_path / "mine" / "test.tsv").unlink()
    (tmp_path / "source" / "test.tsv").unlink()
    found = message_of(config, tmp_path)
    assert found.startswith(
        f"{tmp_path}/mine/test.tsv: no such file; file://{tmp_path}/source/test.tsv can't be "
        "fetched: "
    )
    assert "No such file" in found
    assert found.endswith("; put the files of dataset mine there by hand")


def test_a_wrong_file_is_not_kept(tmp_path: Path, server: Server) -> None:
    config = replace(CONFIG, url=server.url, sha256=SHA256 | {"devel": "ab" * 32})
    assert message_of(config, tmp_path) == (
        f"{tmp_path}/mine/devel.tsv: what {server.url.replace('{file}', 'devel.tsv')} gives has "
        f"SHA-256 {SHA256['devel']}, but dataset.mine.sha256.devel is {'ab' * 32}; it was not "
        "kept; put the right file there by hand, or correct the YAML"
    )
    assert names(tmp_path / "mine") == {"train.tsv"}


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (absent, "can't be fetched: HTTP Error 404: Not Found; put the files of dataset mine"),
        (overloaded, "can't be fetched: HTTP Error 503: Service Unavailable; put the files"),
        (half, "can't be fetched: the connection broke after 130 of 260 bytes; put the"),
        (other, "gives has SHA-256"),
        (half_of_unknown_length, "gives has SHA-256"),
    ],
)
def test_a_server_that_fails(
    tmp_path: Path, server: Server, answer: Answer, why: str, cache: Path
) -> None:
    server.answer = answer
    config = replace(CONFIG, url=server.url, sha256=SHA256)
    found = message_of(config, tmp_path)
    assert found.startswith(f"{tmp_path}/mine/train.tsv: ")
    assert f"{server.url.replace('{file}', 'train.tsv')} {why}" in found
    assert list(tmp_path.iterdir()) == []  # what failed leaves nothing; a half stays in the cache
    assert left_over(cache) == ({"train.tsv": FILES["train"][:130]} if answer is half else {})
    server.answer = whole
    assert contents(ensure("mine", config, tmp_path)) == FILES
    assert names(tmp_path / "mine") == {"train.tsv", "devel.tsv", "test.tsv"}


@pytest.mark.parametrize("faults", [(half,), (overloaded, half), (absent,)])
def test_a_fault_that_passes_is_tried_again(
    tmp_path: Path, server: Server, faults: tuple[Answer, ...]
) -> None:
    server.answer = in_turn(*faults, whole)
    config = replace(CONFIG, url=server.url, sha256=SHA256)
    if absent in faults:  # no such file is no fault that passes
        assert "404" in message_of(config, tmp_path)
        assert len(server.asked) == 1
        return
    assert contents(ensure("mine", config, tmp_path)) == FILES
    of_train = [asked for path, asked in server.asked if path == "/corpus/train.tsv"]
    assert of_train == [None] * len(faults) + ["bytes=130-"]


def test_without_a_hash_nothing_is_resumed(tmp_path: Path, server: Server, cache: Path) -> None:
    server.answer = in_turn(half, whole)
    leave(cache, tmp_path / "mine", FILES["train"][:100])
    assert contents(ensure("mine", replace(CONFIG, url=server.url), tmp_path)) == FILES
    assert {asked for _, asked in server.asked} == {None}


@pytest.mark.parametrize("left", [FILES["train"][:100], b"x" * 100, b"x" * 2400, FILES["train"]])
@pytest.mark.parametrize("answer", [whole, without_ranges])
def test_what_a_killed_process_left_is_gone_on_from_or_thrown_away(
    tmp_path: Path, server: Server, answer: Answer, left: bytes, cache: Path
) -> None:
    server.answer = answer
    leave(cache, tmp_path / "mine", left)
    config = replace(CONFIG, url=server.url, sha256=SHA256)
    assert contents(ensure("mine", config, tmp_path)) == FILES
    assert server.asked[0] == ("/corpus/train.tsv", f"bytes={len(left)}-")
    assert names(tmp_path / "mine") == {"train.tsv", "devel.tsv", "test.tsv"}


@pytest.mark.parametrize("kind", ["folder", "file", "http"])
def test_a_mirror(tmp_path: Path, server: Server, kind: str) -> None:
    put(tmp_path / "corpus", *FILES)
    mirror = {"folder": str(tmp_path), "file": tmp_path.as_uri(), "http": f"{server.root}/"}[kind]
    config = replace(CONFIG, path="corpus", url="https://nowhere.invalid/{file}", sha256=SHA256)
    assert contents(ensure("mine", config, tmp_path / "own", mirror)) == FILES
    assert len(server.asked) == (3 if kind == "http" else 0)
    (tmp_path / "corpus" / "test.tsv").write_bytes(b"other")
    (tmp_path / "own" / "corpus" / "test.tsv").unlink()
    if kind != "http":
        with pytest.raises(DataError, match=r"corpus/test\.tsv gives has SHA-256"):
            ensure("mine", config, tmp_path / "own", mirror)


@pytest.mark.parametrize("mirror", ["/no/such/folder", "ftp://host/corpora"])
def test_a_mirror_that_can_not_be_used(tmp_path: Path, mirror: str) -> None:
    with pytest.raises(ConfigError, match=f"^datasets_mirror: is {mirror!r}"):
        ensure("mine", CONFIG, tmp_path, mirror)


def test_a_mirror_holds_no_folder_outside(tmp_path: Path, server: Server) -> None:
    config = replace(CONFIG, path=str(tmp_path / "own"), url=server.url)
    assert contents(ensure("mine", config, tmp_path, "https://nowhere.invalid")) == FILES


class CorporaServer(Server):
    """Serves a folder of real corpora."""

    folder: Path

    def contents(self, path: str) -> bytes:
        """Return the file behind an address."""
        return (self.folder / path.lstrip("/")).read_bytes()


def test_real_corpora_from_a_server_that_dies_half_way(tmp_path: Path, corpora: Path) -> None:
    config = train_config("finetune.targets=[ncbi_disease]").dataset["ncbi_disease"]
    with CorporaServer() as server:
        server.folder = corpora
        server.answer = in_turn(half, whole, half, whole)
        Thread(target=server.serve_forever, daemon=True).start()
        files = ensure("ncbi_disease", config, tmp_path, server.root)
        server.shutdown()
    assert {split: file_sha256(path) for split, path in files.items()} == config.sha256
    assert [asked is not None for _, asked in server.asked] == [False, True, False, True, False]


def test_no_server(tmp_path: Path) -> None:
    with Server() as stopped:
        url = stopped.url
    found = message_of(replace(CONFIG, url=url), tmp_path)
    assert found.startswith(f"{tmp_path}/mine/train.tsv: no such file (nor devel.tsv, test.tsv); ")
    assert "can't be fetched" in found and "Connection refused" in found


def test_no_url(tmp_path: Path) -> None:
    put(tmp_path / "mine", "train")
    assert message_of(CONFIG, tmp_path) == (
        f"{tmp_path}/mine/devel.tsv: no such file (nor test.tsv); dataset.mine.url gives no place "
        "to fetch it from; put the files of dataset mine there by hand, or name others in "
        "dataset.mine.files, or leave devel and test out of them and give dataset.mine.devel_share "
        "and dataset.mine.test_share"
    )


def test_no_devel_file_and_no_url(tmp_path: Path) -> None:
    put(tmp_path / "mine", "train", "test")
    assert message_of(CONFIG, tmp_path).endswith(
        "in dataset.mine.files, or leave devel out of them and give dataset.mine.devel_share"
    )


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("ftp://host/{file}", "is 'ftp://host/{file}'; expected an http, https or file address"),
        (
            "/data/{file}",
            "is '/data/{file}'; expected an http, https or file address with {file} in it",
        ),
        ("generated:other", "is 'generated:other'; expected an http, https or file address"),
        ("https://host/train.tsv", "'https://host/train.tsv' has no {file}, the place of a file"),
    ],
)
def test_a_url_that_can_not_be_used(tmp_path: Path, url: str, message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        ensure("mine", replace(CONFIG, url=url), tmp_path)
    assert str(raised.value).startswith(f"dataset.mine.url: {message}")


def test_a_file_where_the_folder_should_be(tmp_path: Path, server: Server) -> None:
    (tmp_path / "mine").write_text("a\tO\n")
    assert message_of(replace(CONFIG, url=server.url), tmp_path) == (
        f"{tmp_path}/mine: is a file; expected the folder of dataset mine"
    )


@pytest.fixture
def read_only() -> Iterator[Path]:
    """A datasets_dir that the user may read but not write, with one whole dataset in it."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        put(folder / "mine", *FILES)
        (folder / "mine").chmod(0o555)
        folder.chmod(0o555)
        user = os.geteuid()
        if user == 0:
            os.seteuid(65534)
        yield folder
        os.seteuid(user)
        folder.chmod(0o755)
        (folder / "mine").chmod(0o755)


def test_a_read_only_datasets_dir(read_only: Path, server: Server) -> None:
    config = replace(CONFIG, url=server.url)
    assert contents(ensure("mine", config, read_only)) == FILES
    by_hand = "set datasets_dir to a folder that you may write in, or put the files there by hand"
    for change, path in ({"path": "other"}, "other"), ({"files": {"train": "more.tsv"}}, "mine"):
        assert message_of(replace(config, **change), read_only) == (
            f"{read_only / path}: dataset mine is not there, and can't be put there: "
            f"Permission denied; {by_hand}"
        )
    assert server.asked == []


def test_generated(tmp_path: Path, cache: Path) -> None:
    config = replace(CONFIG, url="generated:demo/demo_disease")
    files = ensure("mine", config, tmp_path)
    generator.write("demo_disease", tmp_path / "direct")
    for split, path in files.items():
        assert path.read_bytes() == (tmp_path / "direct" / f"{split}.tsv").read_bytes()
    # datasets_dir may be others': what bioner makes itself lies in its cache.
    assert names(cache / "datasets" / "mine") == {"train.tsv", "devel.tsv", "test.tsv"}
    assert names(tmp_path) == {"direct"}


def test_generated_files_of_datasets_dir_are_taken(tmp_path: Path) -> None:
    put(tmp_path / "mine", *FILES)
    files = ensure("mine", replace(CONFIG, url="generated:demo/demo_disease"), tmp_path)
    assert contents(files) == FILES


def test_generated_otherwise_than_described(tmp_path: Path, cache: Path) -> None:
    url = "generated:demo/demo_disease"
    found = message_of(replace(CONFIG, url=url, sha256={"train": "ab" * 32}), tmp_path)
    assert found.startswith(f"{cache}/datasets/mine/train.tsv: what {url} gives has SHA-256 ")
    assert names(cache / "datasets") == set()


def test_no_such_generator(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="'demo_diseas'; did you mean demo_disease"):
        ensure("mine", replace(CONFIG, url="generated:demo/demo_diseas"), tmp_path)


@pytest.mark.parametrize("generated", [False, True])
def test_processes_at_the_same_time(tmp_path: Path, server: Server, generated: bool) -> None:
    url = "generated:demo/demo_disease" if generated else server.url
    script = (
        "import sys; from pathlib import Path; from bioner.config.dataset import DatasetConfig; "
        "from bioner.corpora.catalogue import load_corpus; "
        "config = DatasetConfig(path='mine', url=sys.argv[1]); "
        "corpus = load_corpus('mine', config, Path(sys.argv[2])); "
        "print(*[split.sha256 for split in corpus.splits.values()])"
    )
    command = [sys.executable, "-c", script, url, str(tmp_path)]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    said = {process.communicate()[0] for process in processes}
    assert [process.returncode for process in processes] == [0] * 4
    assert len(said) == 1
    if not generated:
        asked = sorted(path for path, _ in server.asked)
        assert asked == [f"/corpus/{split}.tsv" for split in sorted(FILES)]
        assert said == {" ".join(SHA256.values()) + "\n"}


OUTSIDE = ["../evil.py", "/abs/evil.py", "a/../../evil.py", "..\\evil.py", "C:\\evil.py", "~/evil"]


@pytest.mark.parametrize("path", OUTSIDE)
def test_no_path_of_a_yaml_leads_out_of_its_folder(
    path: str, tmp_path: Path, server: Server
) -> None:
    server.answer = lambda handler, data: whole(handler, b"import os")
    datasets = tmp_path / "deep" / "datasets"
    good = dict.fromkeys(FILES, "good.tsv")
    hostile = {
        "files.train": replace(CONFIG, url=server.url, files=good | {"train": path}),
        "archive": replace(CONFIG, url=server.url, files=good, archive=path),
    }
    if not path.startswith(("/", "~")):
        hostile["path"] = replace(CONFIG, url=server.url, path=path)
    for key, config in hostile.items():
        with pytest.raises(ConfigError, match=rf"^dataset\.mine\.{key}: is "):
            ensure("mine", config, datasets)
        with pytest.raises(ConfigError, match=rf"^dataset\.mine\.{key}: is "):
            ensure("mine", replace(config, url="generated:demo/demo_disease"), datasets)
    assert server.asked == [] and list(tmp_path.iterdir()) == []


def test_nothing_is_fetched_to_outside_of_datasets_dir(tmp_path: Path, server: Server) -> None:
    config = replace(CONFIG, path=str(tmp_path / "elsewhere"), url=server.url)
    said = message_of(config, tmp_path / "datasets")
    assert "nothing is fetched to outside of datasets_dir" in said
    assert server.asked == [] and list(tmp_path.iterdir()) == []
    put(tmp_path / "elsewhere", *FILES)
    assert contents(ensure("mine", config, tmp_path / "datasets")) == FILES
