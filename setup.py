"""The documentation travels with the package: the help shows it. Everything else stands in pyproject.toml."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py


class WithDocuments(build_py):
    """Copies the pages of `docs` into the package; a checkout in use reads them where they stand."""

    def run(self) -> None:
        super().run()
        if not self.editable_mode:
            for page in sorted(Path("docs").glob("*/*.md")):
                if page.parent.name not in ("decisions", "codes"):  # the codes travel with the package as it is
                    there = Path(self.build_lib) / "fairlead" / "documents" / page.parent.name / page.name
                    there.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(page, there)


setup(cmdclass={"build_py": WithDocuments})
