"""The cache of arrays: hits, damage, races, a folder that can't be written."""

import dataclasses
import logging
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import numpy as np
import pytest

from bioner.corpora.cache import cached

KEY = {"sha256": "00", "types": ["X"]}


@dataclasses.dataclass(frozen=True)
class Encoded:
    """Some arrays."""

    pieces: np.ndarray
    piece_counts: np.ndarray
    tags: np.ndarray


def encoded(pieces=3):
    return Encoded(
        pieces=np.arange(pieces, dtype=np.int32),
        piece_counts=np.ones(pieces, dtype=np.int32),
        tags=np.arange(pieces, dtype=np.int16) % 3,
    )


def assert_equal(one, other):
    for field in dataclasses.fields(Encoded):
        a, b = getattr(one, field.name), getattr(other, field.name)
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)


def never():
    raise AssertionError("it is in the cache")


@pytest.mark.parametrize("pieces", [0, 3])
def test_what_was_made_once_is_mapped_from_disk(tmp_path, pieces):
    assert_equal(cached(tmp_path / "new", KEY, Encoded, lambda: encoded(pieces)), encoded(pieces))
    found = cached(tmp_path / "new", KEY, Encoded, never)
    assert_equal(found, encoded(pieces))
    assert isinstance(found.pieces, np.memmap) and not found.pieces.flags.writeable


def test_each_key_has_its_own_entry_and_the_order_of_its_parts_is_nothing(tmp_path):
    cached(tmp_path, KEY, Encoded, encoded)
    assert_equal(cached(tmp_path, KEY | {"sha256": "01"}, Encoded, lambda: encoded(4)), encoded(4))
    assert_equal(cached(tmp_path, dict(reversed(KEY.items())), Encoded, never), encoded())


def overwrite(path, old, new):
    data = path.read_bytes()
    assert old in data
    path.write_bytes(data.replace(old, new))


DAMAGE = {
    "cut": lambda e: (e / "pieces.npy").write_bytes((e / "pieces.npy").read_bytes()[:-1]),
    "longer": lambda e: (e / "tags.npy").write_bytes((e / "tags.npy").read_bytes() + b"\0"),
    "one bit": lambda e: overwrite(e / "pieces.npy", b"\2\0\0\0", b"\3\0\0\0"),
    "shape": lambda e: overwrite(e / "tags.npy", b"(3,)", b"(2,)"),
    "array gone": lambda e: (e / "piece_counts.npy").unlink(),
    "meta gone": lambda e: (e / "meta.json").unlink(),
    "meta cut": lambda e: (e / "meta.json").write_text("{"),
    "meta a list": lambda e: (e / "meta.json").write_text("[]"),
    "meta changed": lambda e: overwrite(e / "meta.json", b"sha256", b"sha257"),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_entry_is_made_anew_and_said(tmp_path, caplog, damage):
    cached(tmp_path, KEY, Encoded, encoded)
    (entry,) = tmp_path.iterdir()
    damage(entry)
    assert_equal(cached(tmp_path, KEY, Encoded, encoded), encoded())
    (record,) = caplog.records
    assert str(entry) in record.message and "damaged" in record.message
    assert_equal(cached(tmp_path, KEY, Encoded, never), encoded())
    assert list(tmp_path.iterdir()) == [entry]


def test_an_entry_killed_while_it_was_written_is_not_seen(tmp_path, caplog):
    cached(tmp_path, KEY, Encoded, encoded)
    (entry,) = tmp_path.iterdir()
    (entry / "meta.json").unlink()
    entry.rename(tmp_path / f".{entry.name}.0")
    assert_equal(cached(tmp_path, KEY, Encoded, encoded), encoded())
    assert not caplog.records
    assert_equal(cached(tmp_path, KEY, Encoded, never), encoded())


def test_the_lock_of_a_process_killed_when_the_entry_was_whole_is_removed(tmp_path):
    cached(tmp_path, KEY, Encoded, encoded)
    (entry,) = tmp_path.iterdir()
    (tmp_path / f".{entry.name}.dead.lock").touch()
    assert_equal(cached(tmp_path, KEY, Encoded, never), encoded())
    assert [*tmp_path.iterdir()] == [entry]


def test_the_loser_of_a_race_uses_what_the_winner_wrote(tmp_path, caplog):
    jobs = 4
    barrier = Barrier(jobs, timeout=10)

    def make():
        barrier.wait()
        return encoded(50_000)

    with ThreadPoolExecutor(jobs) as pool:
        found = list(pool.map(lambda _: cached(tmp_path, KEY, Encoded, make), range(jobs)))
    for one in found:
        assert_equal(one, encoded(50_000))
        assert isinstance(one.pieces, np.memmap)
    assert not caplog.records
    (entry,) = tmp_path.iterdir()
    assert (entry / "meta.json").is_file()


def test_a_folder_that_cannot_be_written_is_warned_of_once_and_not_used(tmp_path, caplog):
    (tmp_path / "file").write_text("no folder")
    folder = tmp_path / "file" / "cache"
    with caplog.at_level(logging.INFO):
        assert_equal(cached(folder, KEY, Encoded, encoded), encoded())
        assert_equal(cached(folder, KEY | {"sha256": "01"}, Encoded, encoded), encoded())
    (record,) = caplog.records
    assert str(folder) in record.message and "can't be written" in record.message


def test_a_failure_to_make_leaves_nothing_behind(tmp_path):
    with pytest.raises(ZeroDivisionError):
        cached(tmp_path, KEY, Encoded, lambda: 1 / 0)
    assert not list(tmp_path.iterdir())
