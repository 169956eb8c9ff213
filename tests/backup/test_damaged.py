"""Damaged and hostile backups: every one is refused in words, and the folder is as it was."""

from __future__ import annotations

import hashlib
import json
import random
import tarfile
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import pytest

import appliance
from appliance.backup.errors import BackupError, BadBackup, WrongPassphrase
from appliance.backup.names import MANIFEST
from appliance.backup.restoring import check, restore
from tests.backup.folder import PASSPHRASE, Content, Folder, opened, snapshot, write_backup

EVIL_NAMES = (
    "../evil", "../../evil", "/tmp/evil", "//server/share/evil", "packages/../evil", "packages/../../evil",
    "packages/./evil", "packages//evil", "packages/a\\..\\..\\evil", "packages/C:evil", "C:\\evil", "..\\evil",
    "packages/x/../../../evil", "files/../evil", "files/ab/evil", "files/ab/../../evil", "packages/con",
    "packages/NUL.yml", "packages/a\nb", "packages/", "packages", "evil.exe", "logs/appliance.log", "backups/evil",
    "running.lock", "restoring.json", "appliance.db-wal", "appliance.db/evil", "./appliance.db",
    "packages/x\x7f", "packages/" + "a" * 1200,
)
LINKS = (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE, tarfile.CONTTYPE)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Folder, Path]:
    """A folder, and a backup of it."""
    root = tmp_path_factory.mktemp("made")
    folder = Folder(root)
    backup = folder.backup(root / "good.backup")
    folder.store.close()
    return folder, backup


@pytest.fixture
def refuse(made: tuple[Folder, Path], tmp_path: Path) -> Callable[..., str]:
    """Tries a backup on the folder and on none; both are as they were, and the words are given."""
    folder, _ = made

    def attempt(file: Path, secret: str = PASSPHRASE, error: type[BackupError] = BadBackup) -> str:
        before, keys = snapshot(folder.data), snapshot(folder.keys)
        assert before
        with pytest.raises(error) as told:
            restore(file, folder.data, secret, config_folder=folder.keys)
        with pytest.raises(error):
            restore(file, tmp_path / "new", secret, config_folder=folder.keys)
        assert snapshot(folder.data) == before
        assert snapshot(folder.keys) == keys
        assert not (tmp_path / "new").exists()
        assert not list((folder.data / "backups").glob("*"))
        return str(told.value)

    return attempt


def test_a_good_one_made_by_the_same_means_is_taken(made: tuple[Folder, Path], tmp_path: Path) -> None:
    """The tests below refuse for the right reason: what write_backup makes of right contents is a backup."""
    folder, backup = made
    restored = restore(write_backup(tmp_path / "b", opened(backup)), tmp_path / "new", PASSPHRASE,
                       config_folder=tmp_path / "keys")
    assert restored.manifest.appliance_key == folder.key.hex()


@pytest.mark.parametrize("part", [0, 1, 20, 27, 28, 31, 60, 300, 0.1, 0.5, 0.9, 0.999, -1, -16, -17, -512, -1024])
def test_a_truncated_backup_is_refused(made: tuple[Folder, Path], tmp_path: Path, refuse: Callable[..., str],
                                       part: float) -> None:
    """Cut off in its head, in its middle, and by a byte at its end."""
    whole = made[1].read_bytes()
    cut = int(len(whole) * part) if 0 < part < 1 else int(part)
    (tmp_path / "b").write_bytes(whole[:cut])
    assert "Nothing was changed" in refuse(tmp_path / "b")


def test_a_flipped_bit_anywhere_is_refused(made: tuple[Folder, Path], tmp_path: Path) -> None:
    """Each byte of the head, and 40 places in the rest; in a new folder, which is quicker than looking at one."""
    whole = made[1].read_bytes()
    head = whole.index(b"}]}") + 3 + 32
    random.seed(7)
    places = [*range(head + 1), *random.sample(range(head, len(whole)), 40), len(whole) - 1]
    for place in places:
        changed = bytearray(whole)
        changed[place] ^= 1 << random.randrange(8)
        (tmp_path / "b").write_bytes(changed)
        with pytest.raises(BadBackup, match="Nothing was changed"):
            restore(tmp_path / "b", tmp_path / "new", PASSPHRASE, config_folder=tmp_path / "keys")
    assert not (tmp_path / "new").exists()
    assert not (tmp_path / "keys").exists()


def test_more_than_was_written_is_refused(made: tuple[Folder, Path], tmp_path: Path,
                                          refuse: Callable[..., str]) -> None:
    """Bytes behind the end, the same stream twice, and a chunk of it swapped with another."""
    whole, megabyte = made[1].read_bytes(), (1 << 20) + 16
    start = whole.index(b"}]}") + 3 + 32 + 1
    swapped = whole[:start] + whole[start + megabyte:start + 2 * megabyte] + whole[start:start + megabyte] \
        + whole[start + 2 * megabyte:]
    for changed in (whole + b"x", whole + whole, whole + bytes(1024), whole + whole[start:], swapped):
        (tmp_path / "b").write_bytes(changed)
        assert "Nothing was changed" in refuse(tmp_path / "b")


@pytest.mark.parametrize("secret", ["", "wrong", "four words are enough ", "Four words are enough",
                                    "00000-00000-00000-00000-00000-00000"])
def test_another_passphrase_is_told_as_that(made: tuple[Folder, Path], refuse: Callable[..., str], secret: str) -> None:
    """A wrong passphrase is not taken for damage."""
    assert "neither as its passphrase nor as a recovery code" in refuse(made[1], secret, WrongPassphrase)


@pytest.mark.parametrize("name", EVIL_NAMES)
def test_names_that_lead_elsewhere_are_refused(made: tuple[Folder, Path], tmp_path: Path, refuse: Callable[..., str],
                                               name: str) -> None:
    """Sealed with the right passphrase and told in the manifest, as somebody would who wants to harm."""
    content, before = opened(made[1]), set(tmp_path.parent.rglob("evil*"))
    content.files = {name: b"evil"} | content.files
    refuse(write_backup(tmp_path / "b", content))
    assert set(tmp_path.parent.rglob("evil*")) == before


@pytest.mark.parametrize("kind", LINKS)
def test_what_is_no_ordinary_file_is_refused(made: tuple[Folder, Path], tmp_path: Path, refuse: Callable[..., str],
                                             kind: bytes) -> None:
    """Links, devices, folders."""
    content = opened(made[1])
    info = tarfile.TarInfo("packages/link")
    info.type, info.linkname = kind, "../../../etc/passwd"
    content.extra = [(info, b"")]
    assert "not an ordinary file" in refuse(write_backup(tmp_path / "b", content))


def test_a_sparse_file_that_would_unpack_to_a_terabyte_is_refused(made: tuple[Folder, Path], tmp_path: Path,
                                                                  refuse: Callable[..., str]) -> None:
    """The one way in which a tar file could be a bomb."""
    content = opened(made[1])
    info = tarfile.TarInfo("packages/bomb")
    info.pax_headers = {"GNU.sparse.major": "0", "GNU.sparse.minor": "1", "GNU.sparse.name": "packages/bomb",
                        "GNU.sparse.size": str(1 << 40), "GNU.sparse.map": f"0,0,{1 << 40},0"}
    content.extra = [(info, b"")]
    refuse(write_backup(tmp_path / "b", content))


Change = Callable[[dict[str, bytes]], dict[str, bytes]]


def without(name: str) -> Change:
    return lambda files: {one: body for one, body in files.items() if not one.startswith(name)}


@pytest.mark.parametrize("change", [
    without("appliance.db"), without("author.db"), without("config.yml"), without("packages/"), without("files/"),
    lambda files: files | {"config.yml": b"other"}, lambda files: files | {"mail-certificate.pem": b"more"},
    lambda files: files | {"packages/INDEX.json": b"the same name elsewhere"},
    lambda files: {MANIFEST: b"{}"} | files,
], ids=["database", "author", "config", "packages", "files", "changed", "more", "twice", "order"])
def test_contents_that_the_manifest_does_not_tell_are_refused(made: tuple[Folder, Path], tmp_path: Path,
                                                              refuse: Callable[..., str], change: Change) -> None:
    """Members that are missing, changed, added, twice there for systems that do not tell large letters from small."""
    assert "damaged" in refuse(write_backup(tmp_path / "b", opened(made[1]), change))


@pytest.mark.parametrize("manifest", [b"", b"{}", b"[]", b"null", b"\xff", b'{"members": 5}', b"[" * 100_000])
def test_a_manifest_that_is_none_is_refused(made: tuple[Folder, Path], tmp_path: Path, refuse: Callable[..., str],
                                            manifest: bytes) -> None:
    refuse(write_backup(tmp_path / "b", opened(made[1]), manifest=manifest))


def test_a_manifest_with_another_key_or_folder_is_refused(made: tuple[Folder, Path], tmp_path: Path,
                                                          refuse: Callable[..., str]) -> None:
    """What the key opens is looked at before it is kept."""
    content = opened(made[1])
    for other in ({"appliance_key": "00" * 32}, {"folder_id": "0" * 32}, {"appliance_key": ""}, {"made": 1e300}):
        told = asdict(replace(content.told(), **other))
        refuse(write_backup(tmp_path / "b", content, manifest=json.dumps(told).encode()))


def forget_the_blobs(content: Content, _: Path) -> None:
    content.files = without("files/")(content.files)


def break_a_page(content: Content, _: Path) -> None:
    body = bytearray(content.files["appliance.db"])
    body[4096:8192] = bytes(4096)
    content.files["appliance.db"] = bytes(body)


def break_the_authors(content: Content, _: Path) -> None:
    content.files["author.db"] = b"SQLite format 3\0" + b"nonsense" * 600


@pytest.mark.parametrize(("change", "words"), [
    (lambda content, work: content.database(["PRAGMA user_version = 999"], work), "newer appliance"),
    (lambda content, work: content.database(["PRAGMA application_id = 5"], work), "another program"),
    (lambda content, work: content.database(["DELETE FROM meta"], work), "key"),
    (lambda content, work: content.database(["DROP TABLE meta"], work), "cannot be read"),
    (lambda content, work: content.files.update({"appliance.db": b""}), "another program"),
    (lambda content, work: content.files.update({"appliance.db": b"no database at all"}), "cannot be read"),
    (break_a_page, "database"), (break_the_authors, "author.db"), (forget_the_blobs, "speaks of"),
], ids=["newer", "another", "no meta", "no table", "empty", "none", "page", "author", "blobs"])
def test_databases_that_cannot_be_used_are_refused(made: tuple[Folder, Path], tmp_path: Path,
                                                   refuse: Callable[..., str], change: Callable[[Content, Path], None],
                                                   words: str) -> None:
    """Sealed and told rightly, but of no use: integrity, version, whose it is, and the files that it speaks of."""
    content = opened(made[1])
    change(content, tmp_path)
    assert words in refuse(write_backup(tmp_path / "b", content))


@pytest.mark.parametrize("head", [{"format": 1, "data": 999}, {"format": 2}], ids=["data", "format"])
def test_a_backup_of_a_newer_appliance_is_refused_before_a_passphrase_is_asked_for(
        made: tuple[Folder, Path], tmp_path: Path, head: dict[str, object]) -> None:
    """Both versions are named."""
    told = json.dumps({"made": 0, "openers": [], "version": "99.1.2"} | head).encode()
    start = b"Interview Appliance backup\n" + len(told).to_bytes(4, "big") + told
    (tmp_path / "b").write_bytes(start + hashlib.sha256(start).digest())
    with pytest.raises(BadBackup, match=f"Interview Appliance 99.1.2, .* than this one, {appliance.__version__}"):
        check(tmp_path / "b", made[0].data)


def test_what_a_newer_appliance_says_besides_does_no_harm(made: tuple[Folder, Path], tmp_path: Path) -> None:
    """A manifest with more in it, of data that this appliance can read."""
    told = asdict(opened(made[1]).told()) | {"of later": 1}
    told["members"][0]["of later"] = 1
    backup = write_backup(tmp_path / "b", opened(made[1]), manifest=json.dumps(told).encode())
    restore(backup, tmp_path / "new", PASSPHRASE, config_folder=tmp_path / "keys")


def test_heads_that_ask_for_too_much_are_refused_at_once(made: tuple[Folder, Path], tmp_path: Path,
                                                         refuse: Callable[..., str]) -> None:
    """A scrypt that takes all memory, a head of gigabytes, and what a later appliance may write."""
    magic = b"Interview Appliance backup\n"
    opener: dict[str, object] = {"by": "passphrase", "salt": "00", "key": "00"}
    heads: list[object] = [{"format": 1, "made": 0, "openers": [opener | {"cost": cost}]}
                           for cost in (2 ** 40, -1, 0, 3, "many", None)]
    heads += [{"format": 2, "made": 0, "openers": []}, {"format": 1, "made": "x", "openers": []}, {"format": 1}, [], 5]
    for head in heads:
        told = json.dumps(head).encode()
        start = magic + len(told).to_bytes(4, "big") + told
        (tmp_path / "b").write_bytes(start + hashlib.sha256(start).digest() + b"rest")
        refuse(tmp_path / "b")
    (tmp_path / "b").write_bytes(magic + b"\xff\xff\xff\xff" + b"x" * 1000)
    refuse(tmp_path / "b")
    refuse(tmp_path / "absent")
    refuse(tmp_path)
