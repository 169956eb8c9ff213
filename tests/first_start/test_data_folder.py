"""The file that says where the data lives."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance import data_folder
from appliance.data_folder import DataFolderAway


def test_the_usual_place_needs_no_file(home: Path) -> None:
    """Nothing is written until another folder is chosen, and nothing is left when it is the usual one again."""
    assert data_folder.find() == data_folder.usual()
    data_folder.choose(data_folder.usual())
    assert not data_folder.pointer().exists()


def test_a_chosen_folder(home: Path, tmp_path: Path) -> None:
    """Is found whatever its name is; one that holds no data, or is gone, is told and not replaced."""
    folder = tmp_path / "Ann's data \udcff ü"
    data_folder.choose(folder)
    with pytest.raises(DataFolderAway, match="cannot be found now"):
        data_folder.find()
    folder.mkdir()
    with pytest.raises(DataFolderAway):
        data_folder.find()
    (folder / "appliance.db").touch()
    assert data_folder.find() == folder
    assert [path.name for path in data_folder.pointer().parent.iterdir()] == ["data-folder.txt"]
    data_folder.choose(data_folder.usual())
    assert data_folder.find() == data_folder.usual()


def test_changed_by_hand(home: Path, tmp_path: Path) -> None:
    """An editor may end lines as Windows does, and put its mark before the first."""
    (tmp_path / "appliance.db").touch()
    data_folder.choose(tmp_path)
    data_folder.pointer().write_bytes(b"\xef\xbb\xbf" + str(tmp_path).encode() + b"\r\n")
    assert data_folder.find() == tmp_path


@pytest.mark.parametrize("text", ["", "somewhere", "/a\0b", "\n"])
def test_a_damaged_file(home: Path, text: str) -> None:
    """Names no folder: told with the file's name, rather than beginning anew."""
    data_folder.pointer().parent.mkdir(parents=True)
    data_folder.pointer().write_text(text)
    with pytest.raises(DataFolderAway, match=r"data-folder\.txt"):
        data_folder.find()
