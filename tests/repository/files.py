"""The files of this repository, for tests that read them all."""

import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]


@cache
def files() -> tuple[Path, ...]:
    """Every file that is or would be committed."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout.decode()
    return tuple(path for name in sorted(filter(None, listed.split("\0"))) if (path := ROOT / name).is_file())


def having(*suffixes: str, below: str = "") -> list[Path]:
    """Those with one of these endings, below a folder."""
    return [path for path in files() if path.suffix in suffixes and path.is_relative_to(ROOT / below)]


def text_of(path: Path) -> str | None:
    """The file's text, or None when it is not text."""
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError:
        return None


def named(path: Path) -> str:
    """The file's name as people write it."""
    return path.relative_to(ROOT).as_posix()
