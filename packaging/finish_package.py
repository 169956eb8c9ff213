"""Makes a package of a bundle. It runs in the environment that the bundle was made in, whose licences it carries."""

from __future__ import annotations

import os
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path

from carried_licences import copyright_text
from system_files import Facts


def main(what: str, bundle: Path, target: Path) -> None:
    """:param what: ``deb``, ``tarball`` or ``folder``."""
    facts = Facts(datetime.fromtimestamp(int(os.environ["SOURCE_DATE_EPOCH"]), UTC))
    target.mkdir(exist_ok=True)
    if what == "deb":
        from debian_package import build_deb

        deb = build_deb(bundle, copyright_text("gtk"), facts, target)
        tell(deb.file, deb.installed)
    elif what == "tarball":
        from tarball import build_tarball

        packed = build_tarball(bundle, copyright_text("qt"), facts, target)
        tell(packed.file, packed.unpacked)
    else:
        # The folder for Windows' installer; the app for macOS, which lies beside it.
        app = bundle.parent / "Interview Appliance.app"
        source = app if app.is_dir() else bundle
        shutil.rmtree(target / source.name, ignore_errors=True)
        shutil.copytree(source, target / source.name, symlinks=True)


def tell(file: Path, unpacked: int) -> None:
    """Say what was made, and how large it is."""
    print(f"{file}: {file.stat().st_size / 1e6:.0f} MB, {unpacked / 1e6:.0f} MB when installed")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
