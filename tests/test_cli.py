"""The command line: what it prints and how it ends. Serving is in test_app.py."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import appliance
from appliance import cli
from appliance.packages import InstalledPackages

QUESTION = "mandatory: True\nquestion: Hello\n"


def written(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def package(folder: Path, name: str = "hello", needs: str = "") -> Path:
    written(folder / "pyproject.toml",
            f'[project]\nname = "docassemble.{name}"\nversion = "1.2"\ndependencies = [{needs}]\n')
    written(folder / "docassemble" / name / "data" / "questions" / "a.yml", QUESTION)
    return folder


def test_the_version_is_that_of_the_package() -> None:
    """As a process of its own, which also shows that `python -m appliance` works."""
    done = subprocess.run([sys.executable, "-m", "appliance", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == f"Interview Appliance {appliance.__version__}"


@pytest.mark.parametrize("arguments", [["serve", "--port", "http"], ["serve", "--port", "70000"], ["nonsense"],
                                       ["install"], ["check"]])
def test_a_wrong_command_line_is_explained(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert ended.value.code == 2
    assert "usage: appliance" in capsys.readouterr().err


class TestInstall:
    def test_it_installs_several_together_and_says_so(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        first, second = package(tmp_path / "1"), package(tmp_path / "2", "other", '"docassemble.hello"')
        assert cli.main(["install", str(second), str(first), "--data", str(tmp_path / "data")]) == 0
        assert capsys.readouterr().out.splitlines() == ["docassemble.other 1.2 is installed.",
                                                        "docassemble.hello 1.2 is installed."]
        found = InstalledPackages(tmp_path / "data" / "packages").installed()
        assert set(found) == {"docassemble.hello", "docassemble.other"}

    def test_the_data_folder_may_be_named_before_the_command(self, tmp_path: Path) -> None:
        assert cli.main(["--data", str(tmp_path / "data"), "install", str(package(tmp_path / "1"))]) == 0
        assert (tmp_path / "data" / "packages" / "index.json").is_file()

    def test_missing_python_packages_are_named(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        source, data = str(package(tmp_path / "1", needs='"no-such-thing", "pyyaml"')), str(tmp_path / "data")
        assert cli.main(["install", source, "--data", data]) == 1
        assert "docassemble.hello needs no-such-thing" in capsys.readouterr().err
        assert cli.main(["install", "--anyway", source, "--data", data]) == 0

    def test_what_is_no_package_is_one_sentence_and_no_traceback(self, tmp_path: Path,
                                                                 capsys: pytest.CaptureFixture[str]) -> None:
        with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
            archive.writestr("readme.txt", "hello")
        assert cli.main(["install", str(tmp_path / "x.zip"), "--data", str(tmp_path / "data")]) == 1
        printed = capsys.readouterr().err
        assert "holds no docassemble package" in printed
        assert "Traceback" not in printed


class TestCheck:
    def check(self, tmp_path: Path, *files: Path) -> int:
        return cli.main(["check", *map(str, files), "--data", str(tmp_path / "data")])

    def test_a_good_interview_is_good(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert self.check(tmp_path, written(tmp_path / "a.yml", QUESTION)) == 0
        assert capsys.readouterr().out == "1 file checked, none with a mistake.\n"

    def test_a_mistake_is_named_with_file_line_and_suggestion(self, tmp_path: Path,
                                                              capsys: pytest.CaptureFixture[str]) -> None:
        file = written(tmp_path / "a.yml", "question: Hi\nfeilds:\n  - Name: name\n")
        assert self.check(tmp_path, file) == 1
        printed = capsys.readouterr().out
        assert printed.startswith(f"{file}, line 2: ")
        assert "did you mean 'fields'?" in printed

    def test_a_mistake_in_an_included_file_is_named_there(self, tmp_path: Path,
                                                          capsys: pytest.CaptureFixture[str]) -> None:
        library = written(tmp_path / "library.yml", "---\nquestion: Hi\nfeilds: []\n")
        assert self.check(tmp_path, written(tmp_path / "a.yml", f"include:\n  - library.yml\n---\n{QUESTION}")) == 1
        assert capsys.readouterr().out.startswith(f"{library}, line 3: ")

    def test_a_missing_file_is_named(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert self.check(tmp_path, tmp_path / "absent.yml") == 1
        assert "there is no such file" in capsys.readouterr().out

    def test_an_include_of_a_file_that_is_not_there_is_named(self, tmp_path: Path,
                                                             capsys: pytest.CaptureFixture[str]) -> None:
        assert self.check(tmp_path, written(tmp_path / "a.yml", f"include:\n  - absent.yml\n---\n{QUESTION}")) == 1
        assert "absent.yml" in capsys.readouterr().out

    def test_files_of_a_package_find_its_other_files_and_modules(self, tmp_path: Path) -> None:
        root = tmp_path / "docassemble-checkme" / "docassemble" / "checkme"
        written(root / "helpers.py", "def helper():\n    return 1\n")
        written(root / "data" / "questions" / "library.yml", QUESTION)
        file = written(root / "data" / "questions" / "a.yml",
                       "modules:\n  - .helpers\n---\ninclude:\n  - docassemble.checkme:data/questions/library.yml\n")
        assert self.check(tmp_path, file) == 0
        assert self.check(tmp_path, tmp_path / "docassemble-checkme") == 0

    def test_modules_beside_a_loose_file_are_found(self, tmp_path: Path) -> None:
        written(tmp_path / "loose_helpers.py", "def helper():\n    return 1\n")
        assert self.check(tmp_path, written(tmp_path / "a.yml", f"modules:\n  - .loose_helpers\n---\n{QUESTION}")) == 0
