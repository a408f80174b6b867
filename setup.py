"""The documentation and the metadata for the org travel with the package. Everything else stands in pyproject.toml."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

VENDOR = Path("src/fairlead/ui/static/vendor")
NODE = shutil.ignore_patterns("node_modules")


class WithDocuments(build_py):
    """Copies the pages of `docs` and the project of `salesforce` into the package; a checkout reads them where they stand."""

    def run(self) -> None:
        super().run()
        if self.editable_mode:
            return
        if not VENDOR.is_dir():
            raise SystemExit("The libraries of the pages are missing: run `make setup` first, then build.")
        package = Path(self.build_lib) / "fairlead"
        for page in sorted(Path("docs").glob("*/*.md")):
            if page.parent.name not in ("decisions", "codes"):  # the codes travel with the package as it is
                there = package / "documents" / page.parent.name / page.name
                there.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(page, there)
        shutil.copytree("salesforce", package / "salesforce_project", dirs_exist_ok=True, ignore=NODE)


setup(cmdclass={"build_py": WithDocuments})
