"""Archives: what is unpacked, and that nothing gets out of the folder."""

import io
import random
import stat
import tarfile
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from threading import Thread

import pytest

from bioner.config.dataset import DatasetConfig
from bioner.corpora.catalogue import load_corpus
from bioner.corpora.dataset_checks import check_config
from bioner.corpora.fetching import archive
from bioner.corpora.fetching.archive import ArchiveError, unpack
from bioner.corpora.fetching.fetch import ensure
from bioner.errors import ConfigError, DataError
from tests.corpora.fetching.test_fetch import Server, half, in_turn, other, whole

FILES = {
    "corpus/train.tsv": b"a\tB-Gene\nb\tO\n" * 20,
    "corpus/devel.tsv": b"d\tB-Gene\n",
    "corpus/test.tsv": b"e\tO\n\nf\tO\n",
    "corpus/README": b"read me",
    "corpus/brat/1.txt": b"one",
    "corpus/brat/sub/2.txt": b"two",
}
SPLITS = {split: f"corpus/{split}.tsv" for split in ("train", "devel", "test")}
KINDS = ("zip", "tar", "tar.gz", "tar.bz2", "tar.xz")


def packed(kind: str, files: Mapping[str, bytes] = FILES) -> bytes:
    buffer = io.BytesIO()
    if kind == "zip":
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as opened:
            opened.mkdir("corpus")
            for name, data in files.items():
                opened.writestr(name, data)
        return buffer.getvalue()
    with tarfile.open(fileobj=buffer, mode=f"w:{kind.partition('.')[2]}") as tar:
        folder = tarfile.TarInfo("corpus")
        folder.type = tarfile.DIRTYPE
        tar.addfile(folder)
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def below(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != ".lock")
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "outer" / "folder"
    place.mkdir(parents=True)
    return place


def put(tmp_path: Path, data: bytes) -> Path:
    (tmp_path / "archive").write_bytes(data)
    return tmp_path / "archive"


@pytest.mark.parametrize("kind", KINDS)
def test_only_what_is_wanted_is_unpacked(tmp_path: Path, folder: Path, kind: str) -> None:
    unpack(put(tmp_path, packed(kind)), ["corpus/test.tsv", "corpus/brat"], folder)
    names = ("corpus/test.tsv", "corpus/brat/1.txt", "corpus/brat/sub/2.txt")
    assert below(folder) == {name: FILES[name] for name in names}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "name", ["../evil", "corpus/../../evil", "/tmp/evil", "..\\evil", "C:/evil", "corpus/.."]
)
def test_nothing_leaves_the_folder(tmp_path: Path, folder: Path, kind: str, name: str) -> None:
    data = packed(kind, {name: b"evil", **FILES})
    with pytest.raises(ArchiveError, match="would leave the folder"):
        unpack(put(tmp_path, data), ["corpus", name], folder)
    assert below(tmp_path) == {"archive": data}


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE])
def test_no_links_and_devices_in_a_tar(tmp_path: Path, folder: Path, kind: bytes) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        info = tarfile.TarInfo("corpus/train.tsv")
        info.type, info.linkname = kind, "/etc/passwd"
        tar.addfile(info)
    with pytest.raises(ArchiveError, match=r"'corpus/train\.tsv' is a link or a device"):
        unpack(put(tmp_path, buffer.getvalue()), ["corpus/train.tsv"], folder)
    assert below(folder) == {}


def test_no_links_in_a_zip(tmp_path: Path, folder: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as opened:
        info = zipfile.ZipInfo("corpus/train.tsv")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        opened.writestr(info, "/etc/passwd")
    with pytest.raises(ArchiveError, match=r"'corpus/train\.tsv' is a link or a device"):
        unpack(put(tmp_path, buffer.getvalue()), ["corpus/train.tsv"], folder)


@pytest.mark.parametrize("kind", KINDS)
def test_size_and_number_are_bounded(
    tmp_path: Path, folder: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed_file = put(tmp_path, packed(kind))
    monkeypatch.setattr(archive, "MOST_BYTES", 270)
    with pytest.raises(ArchiveError, match="unpacks to more than 270 bytes"):
        unpack(
            packed_file, ["corpus/brat", "corpus/train.tsv", "corpus/test.tsv", "corpus"], folder
        )
    monkeypatch.setattr(archive, "MOST_MEMBERS", 3)
    with pytest.raises(ArchiveError, match="holds more than 3 members"):
        unpack(packed_file, ["corpus/README"], folder)


@pytest.mark.parametrize("kind", KINDS)
def test_a_damaged_archive(tmp_path: Path, folder: Path, kind: str) -> None:
    data = packed(kind, {"corpus/train.tsv": bytes(range(256)) * 400})
    for cut in (data[: len(data) // 2], b"<html>404</html>", b""):
        with pytest.raises(ArchiveError, match="damaged, or of an unknown kind"):
            unpack(put(tmp_path, cut), ["corpus/train.tsv"], folder)


@pytest.mark.parametrize("kind", ["zip", "tar.gz", "tar.bz2", "tar.xz"])
def test_no_flipped_bit_is_read_as_if_nothing_were(tmp_path: Path, folder: Path, kind: str) -> None:
    words = random.Random(3)
    long = "".join(f"{words.randrange(10**9)}\tO\n" for _ in range(2000)).encode()
    files = {"train.tsv": long, "other.tsv": long[::-1]}
    data = packed(kind, files)
    for place in words.sample(range(len(data)), 60):
        flipped = bytearray(data)
        flipped[place] ^= 1 << words.randrange(8)
        try:
            unpack(put(tmp_path, bytes(flipped)), ["train.tsv"], folder)
        except ArchiveError:
            continue
        assert (folder / "train.tsv").read_bytes() == long


def test_the_last_of_two_members_of_one_name(tmp_path: Path, folder: Path) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for data in (b"old", b"new"):
            info = tarfile.TarInfo("train.tsv")
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    unpack(put(tmp_path, buffer.getvalue()), ["train.tsv"], folder)
    assert below(folder) == {"train.tsv": b"new"}


@pytest.mark.parametrize("kind", KINDS)
def test_a_member_that_is_a_file_and_a_folder(tmp_path: Path, folder: Path, kind: str) -> None:
    data = packed(kind, {"train.tsv": b"x", "train.tsv/x": b"y"})
    with pytest.raises(ArchiveError, match="is a file and a folder at once"):
        unpack(put(tmp_path, data), ["train.tsv"], folder)


def test_a_member_that_is_not_there(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(ArchiveError, match=r"does not hold corpus/tra, nothing"):
        unpack(put(tmp_path, packed("zip")), ["nothing", "corpus/tra"], folder)


class ArchiveServer(Server):
    """Serves one archive."""

    data = packed("zip")

    def contents(self, path: str) -> bytes:
        """Return the file behind an address."""
        assert path == "/corpus.zip"
        return self.data


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bioner.corpora.fetching.download.WAITS", (0.0, 0.0))


@pytest.fixture
def server() -> Iterator[ArchiveServer]:
    with ArchiveServer() as running:
        Thread(target=running.serve_forever, daemon=True).start()
        yield running
        running.shutdown()


@pytest.fixture
def config(server: ArchiveServer) -> DatasetConfig:
    digests = {split: sha256(FILES[name]).hexdigest() for split, name in SPLITS.items()}
    return DatasetConfig(
        path="mine",
        files=SPLITS,
        types=["Gene"],
        archive="corpus.zip",
        url=f"{server.root}/corpus.zip",
        sha256=digests | {"archive": sha256(server.data).hexdigest()},
    )


def test_an_archive_is_fetched_once_and_read(
    tmp_path: Path, server: ArchiveServer, config: DatasetConfig
) -> None:
    server.answer = in_turn(half, whole)
    corpus = load_corpus("mine", config, tmp_path)
    assert [len(split.sentences) for split in corpus.splits.values()] == [1, 1, 2]
    assert [asked is not None for _, asked in server.asked] == [False, True]
    expected = {name: FILES[name] for name in SPLITS.values()} | {"corpus.zip": server.data}
    assert below(tmp_path / "mine") == expected
    (tmp_path / "mine" / "corpus" / "devel.tsv").unlink()
    ensure("mine", config, tmp_path)
    assert below(tmp_path / "mine") == expected and len(server.asked) == 2


def test_an_archive_that_was_put_there_by_hand(
    tmp_path: Path, server: ArchiveServer, config: DatasetConfig
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "corpus.zip").write_bytes(server.data)
    files = ensure("mine", replace(config, url=None), tmp_path)
    assert files["test"].read_bytes() == FILES["corpus/test.tsv"]
    (tmp_path / "mine" / "corpus.zip").write_bytes(packed("tar.gz"))
    files["test"].unlink()
    with pytest.raises(DataError, match=r"corpus\.zip: its SHA-256 is .*sha256\.archive is"):
        ensure("mine", config, tmp_path)


def test_two_splits_may_be_one_file_of_an_archive(tmp_path: Path, config: DatasetConfig) -> None:
    files = SPLITS | {"test": SPLITS["devel"]}
    found = ensure("mine", replace(config, files=files, sha256={}), tmp_path)
    assert found["test"] == found["devel"]
    assert found["test"].read_bytes() == FILES[SPLITS["devel"]]


def test_an_address_that_is_none(tmp_path: Path, config: DatasetConfig) -> None:
    with pytest.raises(ConfigError, match=r"dataset\.mine\.url: is 'http://\[::1/"):
        ensure("mine", replace(config, url="http://[::1/{file}"), tmp_path)


def test_an_archive_from_a_mirror(tmp_path: Path, config: DatasetConfig) -> None:
    (tmp_path / "mirror" / "mine").mkdir(parents=True)
    (tmp_path / "mirror" / "mine" / "corpus.zip").write_bytes(packed("zip"))
    without = replace(config, sha256={}, url="https://nowhere.invalid/x.zip")
    files = ensure("mine", without, tmp_path / "own", str(tmp_path / "mirror"))
    assert files["train"].read_bytes() == FILES["corpus/train.tsv"]


def test_other_bytes_are_not_kept(
    tmp_path: Path, server: ArchiveServer, config: DatasetConfig
) -> None:
    server.answer = other
    with pytest.raises(DataError, match=r"gives has SHA-256 .*sha256\.archive is"):
        ensure("mine", config, tmp_path)
    assert below(tmp_path / "mine") == {}


def test_an_archive_with_another_split_in_it(
    tmp_path: Path, server: ArchiveServer, config: DatasetConfig
) -> None:
    wrong = replace(config, sha256=config.sha256 | {"devel": "ab" * 32})
    with pytest.raises(DataError, match=r"corpus\.zip gives has SHA-256 .*sha256\.devel is"):
        ensure("mine", wrong, tmp_path)
    assert "corpus/devel.tsv" not in below(tmp_path / "mine")


def test_an_archive_without_a_split(
    tmp_path: Path, server: ArchiveServer, config: DatasetConfig
) -> None:
    missing = replace(config, files=SPLITS | {"test": "corpus/none.tsv"})
    with pytest.raises(DataError) as raised:
        ensure("mine", missing, tmp_path)
    assert str(raised.value) == (
        f"{tmp_path}/mine/corpus.zip: can't be unpacked: it does not hold corpus/none.tsv; remove "
        "it so that it is fetched again, or unpack it by hand"
    )
    assert below(tmp_path / "mine") == {"corpus.zip": server.data}


def test_the_archives_hash_needs_an_archive(config: DatasetConfig) -> None:
    check_config("mine", config)
    with pytest.raises(ConfigError, match=r"^dataset\.mine\.sha256\.archive: no such split"):
        check_config("mine", replace(config, archive=None))
