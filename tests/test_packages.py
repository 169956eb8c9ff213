"""Installing docassemble packages as they are shared, and finding files in them."""

from __future__ import annotations

import sys
import threading
import zipfile
from pathlib import Path

import pytest

from appliance.installing import MissingPackages, install, read_index, tidy
from appliance.interview.errors import BadInterview, UnknownInterview
from appliance.interview.sources import Sources
from appliance.locks import FileLock, Held
from appliance.package_files import BadPackage, open_package
from appliance.packages import SHIPPED, InstalledPackages

ROOT = Path(__file__).parent.parent
HELLO = "metadata:\n  title: Hello\n---\nmandatory: True\nquestion: Hello\n"
SETUP = """
from setuptools import setup
needs = ['docassemble.base>=1.4', 'pyyaml', 'no-such-package-anywhere==1.0']
setup(name='docassemble.hello', version='0.3.1', install_requires={needs})
"""


def archive(path: Path, files: dict[str, str | bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as into:
        for name, body in files.items():
            into.writestr(name, body)
    return path


def hello(path: Path, *, top: str = "docassemble-hello-main/", question: str = HELLO, needs: str = "[]") -> Path:
    """A package as GitHub and the playground give it."""
    return archive(path, {
        f"{top}setup.py": SETUP.replace("{needs}", needs),
        f"{top}docassemble/__init__.py": "",
        f"{top}docassemble/hello/__init__.py": "",
        f"{top}docassemble/hello/objects.py": "answer = 42\n",
        f"{top}docassemble/hello/data/questions/hello.yml": question,
        f"{top}docassemble/hello/data/questions/examples/part.yml": "question: Part\n",
        f"{top}docassemble/hello/data/questions/examples/library.yml": "question: Beside\n",
        f"{top}docassemble/hello/data/questions/library.yml": "question: Above\n",
        f"{top}docassemble/hello/data/static/logo.svg": "<svg/>",
    })


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data" / "packages"


class TestInstalling:
    def test_a_source_zip_is_found_and_read(self, tmp_path: Path, folder: Path) -> None:
        install([hello(tmp_path / "main.zip")], folder)
        packages = InstalledPackages(folder)
        source = packages.read("docassemble.hello:data/questions/hello.yml")
        assert (source.package, source.path, source.text) == ("docassemble.hello", "data/questions/hello.yml", HELLO)
        entry = packages.installed()["docassemble.hello"]
        assert (entry.distribution, entry.version) == ("docassemble.hello", "0.3.1")
        assert (packages.roots()["docassemble.hello"] / "objects.py").is_file()

    def test_zip_wheel_and_folder_of_the_same_files_are_the_same_package(self, tmp_path: Path) -> None:
        zipped = hello(tmp_path / "main.zip")
        with zipfile.ZipFile(zipped) as source:
            source.extractall(tmp_path / "unpacked")
            wheel = archive(tmp_path / "docassemble.hello-0.3.1-py3-none-any.whl", {
                name.removeprefix("docassemble-hello-main/"): source.read(name)
                for name in source.namelist() if not name.endswith("setup.py")} | {
                "docassemble.hello-0.3.1.dist-info/METADATA":
                    "Metadata-Version: 2.1\nName: docassemble.hello\nVersion: 0.3.1\nRequires-Dist: pyyaml\n"})
        opened = [open_package(path) for path in (zipped, wheel, tmp_path / "unpacked", tmp_path / "unpacked" /
                                                  "docassemble-hello-main")]
        assert len({package.hash() for package in opened}) == 1
        assert {package.version for package in opened} == {"0.3.1"}
        assert opened[1].requires == ("pyyaml",)

    @pytest.mark.parametrize(("name", "text"), [
        ("pyproject.toml", '[project]\nname = "docassemble.x"\nversion = "2"\ndependencies = ["pyyaml"]\n'),
        ("setup.cfg", "[metadata]\nname = docassemble.x\nversion = 2\n[options]\ninstall_requires =\n    pyyaml\n"),
        ("setup.py", "import setuptools as s\ns.setup(name='docassemble.x', version='2', install_requires=['pyyaml'])"),
    ])
    def test_name_version_and_needs_come_from_any_project_file(self, tmp_path: Path, name: str, text: str) -> None:
        package = open_package(archive(tmp_path / "x.zip", {
            f"x/{name}": text, "x/docassemble/x/data/questions/x.yml": HELLO}))
        assert (package.distribution, package.version, package.requires) == ("docassemble.x", "2", ("pyyaml",))

    def test_a_package_below_src_is_found(self, tmp_path: Path) -> None:
        package = open_package(archive(tmp_path / "x.zip", {
            "x/pyproject.toml": '[project]\nname = "docassemble.x"\nversion = "2"\n',
            "x/tests/docassemble/other/data/questions/x.yml": HELLO,
            "x/src/docassemble/x/data/questions/x.yml": HELLO}))
        assert package.names == ("docassemble.x",)
        assert package.version == "2"

    def test_missing_python_packages_are_named_and_nothing_is_installed(self, tmp_path: Path, folder: Path) -> None:
        other = archive(tmp_path / "other.zip", {
            "o/setup.py": "setup(name='docassemble.other', version='1', install_requires=['docassemble.absent'])",
            "o/docassemble/other/data/questions/a.yml": HELLO})
        with pytest.raises(MissingPackages) as caught:
            install([hello(tmp_path / "main.zip", needs="needs"), other], folder)
        assert caught.value.missing == {"docassemble.hello": ["no-such-package-anywhere"],
                                        "docassemble.other": ["docassemble.absent"]}
        assert read_index(folder) == {}
        install([other], folder, anyway=True)
        assert set(read_index(folder)) == {"docassemble.other"}

    def test_packages_that_come_together_may_need_each_other(self, tmp_path: Path, folder: Path) -> None:
        other = archive(tmp_path / "other.zip", {
            "o/setup.py": "setup(name='docassemble.other', version='1', install_requires=['docassemble.hello'])",
            "o/docassemble/other/data/questions/a.yml": HELLO})
        install([other, hello(tmp_path / "main.zip")], folder)
        assert set(read_index(folder)) == {"docassemble.hello", "docassemble.other"}

    def test_of_docassemble_base_only_data_is_kept_and_its_needs_do_not_count(self, tmp_path: Path,
                                                                              folder: Path) -> None:
        wheel = archive(tmp_path / "docassemble_base-1.10.14-py3-none-any.whl", {
            "docassemble/base/util.py": "raise SystemExit",
            "docassemble/base/data/questions/examples/yesno.yml": HELLO,
            "docassemble_base-1.10.14.dist-info/METADATA":
                "Name: docassemble.base\nVersion: 1.10.14\nRequires-Dist: no-such-package-anywhere\n"})
        install([wheel], folder)
        packages = InstalledPackages(folder)
        assert packages.read("docassemble.base:data/questions/examples/yesno.yml").text == HELLO
        assert not (packages.roots()["docassemble.base"] / "util.py").exists()

    def test_the_newest_installation_wins_and_a_running_server_sees_it(self, tmp_path: Path, folder: Path) -> None:
        reference = "docassemble.hello:data/questions/hello.yml"
        packages = InstalledPackages(folder)
        with pytest.raises(UnknownInterview):
            packages.version(reference)
        install([hello(tmp_path / "1.zip")], folder)
        before = packages.version(reference)
        install([hello(tmp_path / "2.zip", question=HELLO + "# newer\n")], folder)
        assert packages.version(reference) != before
        assert packages.read(reference).text.endswith("# newer\n")
        tidy(folder)
        assert len([path for path in folder.iterdir() if path.is_dir()]) == 1
        assert packages.read(reference).text.endswith("# newer\n")

    def test_an_installation_that_fails_leaves_what_was_there(self, tmp_path: Path, folder: Path) -> None:
        install([hello(tmp_path / "1.zip")], folder)
        before = read_index(folder)
        damaged = hello(tmp_path / "2.zip", question="x" * 50_000)
        body = bytearray(damaged.read_bytes())
        start = body.find(b"x" * 100)
        body[start + 500] ^= 1
        damaged.write_bytes(body)
        with pytest.raises(BadPackage, match="damaged"):
            install([damaged], folder)
        assert read_index(folder) == before
        assert not list(folder.glob(".new-*"))

    def test_a_damaged_compressed_file_is_named(self, tmp_path: Path, folder: Path) -> None:
        """What comes after a damaged place cannot even be unpacked, so no check of its sum is reached."""
        source, name = tmp_path / "1.zip", "docassemble/x/data/questions/a.yml"
        with zipfile.ZipFile(source, "w", zipfile.ZIP_DEFLATED) as into:
            into.writestr(name, HELLO * 100)
        body = bytearray(source.read_bytes())
        start = body.find(name.encode()) + len(name)
        body[start:start + 2] = b"\xff\xff"
        source.write_bytes(body)
        with pytest.raises(BadPackage, match="damaged"):
            install([source], folder)

    @pytest.mark.parametrize(("file", "text"), [
        ("pyproject.toml", "project = 3"), ("setup.py", "setup(name='x', version={[]: 1})")])
    def test_project_files_that_say_nonsense_count_as_silent(self, tmp_path: Path, file: str, text: str) -> None:
        package = open_package(archive(tmp_path / "1.zip", {file: text, "docassemble/x/data/questions/a.yml": HELLO}))
        assert package.version == "0"

    def test_two_installations_at_once_both_count(self, tmp_path: Path, folder: Path) -> None:
        sources = [archive(tmp_path / f"p{number}.zip", {
            f"p/docassemble/p{number}/data/questions/a.yml": HELLO}) for number in range(4)]
        threads = [threading.Thread(target=install, args=([source], folder)) for source in sources]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert set(read_index(folder)) == {f"docassemble.p{number}" for number in range(4)}


class TestSafety:
    @pytest.mark.parametrize("name", ["../evil.yml", "/etc/evil", "a/../../evil", "C:/evil", "a\\..\\evil", "a:b",
                                      "a\nb"])
    def test_a_zip_with_an_unsafe_name_is_refused(self, tmp_path: Path, name: str) -> None:
        with pytest.raises(BadPackage, match="unsafe name"):
            open_package(archive(tmp_path / "x.zip", {"docassemble/x/data/questions/x.yml": HELLO, name: "x"}))

    @pytest.mark.parametrize("name", ["con", "data/templates/Aux.docx", "data/NUL/a.yml", "data/static/com1.tar.gz",
                                      "data/static/a.", "data/static/lpt9 "])
    def test_names_that_windows_takes_for_something_else_are_refused(self, tmp_path: Path, name: str) -> None:
        """From a zip and from a folder, on every system: else no backup could be made. Beside the package they may
        be.
        """
        files: dict[str, str | bytes] = {"docassemble/x/data/questions/x.yml": HELLO, f"docassemble/x/{name}": "x"}
        with pytest.raises(BadPackage, match="which Windows does not take"):
            open_package(archive(tmp_path / "x.zip", files))
        if sys.platform != "win32":
            for path, text in files.items():
                (tmp_path / "folder" / path).parent.mkdir(parents=True, exist_ok=True)
                (tmp_path / "folder" / path).write_text(str(text), encoding="utf-8")
            with pytest.raises(BadPackage, match="which Windows does not take"):
                open_package(tmp_path / "folder")
        open_package(archive(tmp_path / "y.zip", {"docassemble/x/data/questions/x.yml": HELLO, "aux.md": "x",
                                                  "docassemble/x/data/static/console.js": "x"}))

    def test_links_are_refused(self, tmp_path: Path) -> None:
        link = zipfile.ZipInfo("docassemble/x/data/static/passwd")
        link.external_attr = 0o120777 << 16
        with zipfile.ZipFile(tmp_path / "x.zip", "w") as into:
            into.writestr(link, "/etc/passwd")
        with pytest.raises(BadPackage, match="link"):
            open_package(tmp_path / "x.zip")

    def test_a_zip_bomb_is_refused_before_it_is_unpacked(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("appliance.package_files.MOST_BYTES", 10_000)
        with pytest.raises(BadPackage, match="too large"):
            open_package(archive(tmp_path / "x.zip", {"docassemble/x/data/static/zeros": b"\0" * 10_001}))

    @pytest.mark.parametrize("files", [{}, {"readme.txt": "x"}, {"docassemble/__init__.py": ""},
                                       {"docassemble/not-a-name/data/x.yml": "x"}])
    def test_a_zip_without_a_package_is_refused(self, tmp_path: Path, files: dict[str, str | bytes]) -> None:
        with pytest.raises(BadPackage, match="holds no docassemble package"):
            open_package(archive(tmp_path / "x.zip", files))

    def test_what_is_no_zip_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "x.whl").write_text("hello")
        with pytest.raises(BadPackage, match="neither a folder, a zip file nor a wheel"):
            open_package(tmp_path / "x.whl")
        with pytest.raises(BadPackage, match="does not exist"):
            open_package(tmp_path / "y.whl")

    def test_a_name_longer_than_names_can_be_is_of_no_file(self, folder: Path) -> None:
        with pytest.raises(UnknownInterview):
            InstalledPackages(folder).read(f"appliance.interviews:data/questions/{'x' * 300}.yml")

    @pytest.mark.parametrize("file", ["../questions/hello.yml", "..", "", "/etc/passwd", "a/../../objects.py",
                                      "..\\questions\\hello.yml", "C:\\windows", "."])
    def test_static_files_never_lead_outside(self, tmp_path: Path, folder: Path, file: str) -> None:
        install([hello(tmp_path / "main.zip")], folder)
        packages = InstalledPackages(folder)
        assert packages.static_file("docassemble.hello", "logo.svg") is not None
        assert packages.static_file("docassemble.hello", file) is None

    def test_python_files_are_no_sources(self, tmp_path: Path, folder: Path) -> None:
        install([hello(tmp_path / "main.zip")], folder)
        for path in ("objects.py", "../objects.py", "data/../objects.py"):
            with pytest.raises(UnknownInterview):
                InstalledPackages(folder).read(f"docassemble.hello:{path}")


class TestSources:
    @pytest.fixture
    def packages(self, tmp_path: Path, folder: Path) -> InstalledPackages:
        install([hello(tmp_path / "main.zip")], folder)
        return InstalledPackages(folder)

    def test_they_are_sources(self, packages: InstalledPackages) -> None:
        sources: Sources = packages
        assert sources.read(f"{SHIPPED}:data/questions/eviction_answer.yml").text

    @pytest.mark.parametrize(("written", "meant"), [
        ("library.yml", "docassemble.hello:data/questions/examples/library.yml"),
        ("hello.yml", "docassemble.hello:data/questions/hello.yml"),
        ("absent.yml", "docassemble.hello:data/questions/absent.yml"),
        ("docassemble.hello:library.yml", "docassemble.hello:data/questions/library.yml"),
        ("docassemble.other:data/questions/a.yml", "docassemble.other:data/questions/a.yml"),
    ])
    def test_an_include_is_looked_for_beside_the_file_and_then_in_the_package(
            self, packages: InstalledPackages, written: str, meant: str) -> None:
        assert packages.resolve(written, "docassemble.hello:data/questions/examples/part.yml") == meant

    def test_other_folders_are_those_of_the_package(self, packages: InstalledPackages) -> None:
        found = packages.resolve("logo.svg", "docassemble.hello:data/questions/examples/part.yml", "static")
        assert found == "docassemble.hello:data/static/logo.svg"

    @pytest.mark.parametrize(("reference", "words"), [
        ("docassemble.hello:data/questions/helo.yml", "did you mean docassemble.hello:data/questions/hello.yml?"),
        ("docassemble.helo:data/questions/hello.yml", "did you mean docassemble.hello?"),
        ("hello.yml", "names no package"),
        ("", "names no package"),
        ("docassemble.hello:data/questions/../../objects.py", "There is no file"),
    ])
    def test_an_unknown_interview_is_named_with_a_suggestion(self, packages: InstalledPackages, reference: str,
                                                             words: str) -> None:
        with pytest.raises(UnknownInterview) as caught:
            packages.read(reference)
        assert words in str(caught.value)

    def test_a_file_that_is_not_text_is_a_bad_interview(self, packages: InstalledPackages) -> None:
        (packages.roots()["docassemble.hello"] / "data" / "questions" / "hello.yml").write_bytes(b"\xff\xfe\x00q")
        with pytest.raises(BadInterview, match="UTF-8"):
            packages.read("docassemble.hello:data/questions/hello.yml")

    def test_the_list_holds_what_has_a_title_and_our_own_first(self, packages: InstalledPackages) -> None:
        listed = packages.listed()
        assert listed[0].package == SHIPPED
        assert [one.title for one in listed if one.package == "docassemble.hello"] == ["Hello"]
        assert "docassemble.hello:data/questions/examples/part.yml" in packages.interviews()

    def test_unlisted_interviews_and_broken_metadata_are_not_in_the_list(self, tmp_path: Path, folder: Path) -> None:
        install([archive(tmp_path / "x.zip", {
            "docassemble/x/data/questions/a.yml": "metadata:\n  title: A\n  unlisted: True\n",
            "docassemble/x/data/questions/b.yml": "metadata:\n  title: {en: Bee, fr: Abeille}\n",
            "docassemble/x/data/questions/c.yml": "metadata:\n  title: [\n",
            "docassemble/x/data/questions/d.yml": b"\xff\xfe"})], folder)
        assert [one.title for one in InstalledPackages(folder).listed() if one.package == "docassemble.x"] == ["Bee"]

    def test_interviews_say_who_sees_them_and_their_sessions_in_lists(self, tmp_path: Path, folder: Path) -> None:
        install([archive(tmp_path / "x.zip", {
            "docassemble/x/data/questions/a.yml":
                "metadata:\n  title: A\n  required privileges for listing: advocate\n",
            "docassemble/x/data/questions/b.yml": "metadata:\n  title: B\n---\nmetadata:\n  hidden: True\n",
            "docassemble/x/data/questions/c.yml": "metadata:\n  title: C\n"})], folder)
        packages = InstalledPackages(folder)
        listed = [one for one in packages.listed() if one.package == "docassemble.x"]
        assert [(one.title, one.privileges) for one in listed] == [("A", ("advocate",)), ("B", ()), ("C", ())]
        assert [packages.hides(f"docassemble.x:data/questions/{name}.yml") for name in "abcz"] == [
            False, True, False, False]


class TestLock:
    def test_a_lock_is_held_once_and_says_what_its_holder_wrote(self, tmp_path: Path) -> None:
        with FileLock(tmp_path / "lock") as held:
            held.write("http://127.0.0.1:8080")
            with pytest.raises(Held) as caught:
                FileLock(tmp_path / "lock").acquire()
            assert caught.value.words == "http://127.0.0.1:8080"
        with FileLock(tmp_path / "lock"):
            pass


@pytest.mark.examples
@pytest.mark.skipif(not (ROOT / ".cache" / "examples" / ".complete").exists(), reason="`make examples` downloads them")
def test_the_example_packages_install_although_the_server_needs_a_hundred_others(folder: Path) -> None:
    install(sorted((ROOT / ".cache" / "examples").glob("*.whl")), folder)
    packages = InstalledPackages(folder)
    assert len(packages.interviews()) > 900
    assert packages.read("docassemble.demo:data/questions/questions.yml").text
    assert not list(packages.roots()["docassemble.base"].glob("*.py"))
