"""The help: which page answers which words, where links lead, and that nothing of a page can act."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.test import Client

from fairlead.features.help import documents, rules
from fairlead.features.help.rules import Document

ROOT = Path(__file__).parents[4]


@pytest.mark.parametrize(
    ("link", "leads"),
    [
        ("webhooks.md", ("howto", "webhooks", "")),
        ("../reference/api.md#tokens", ("reference", "api", "tokens")),
        ("../../README.md", None),
        ("../index.md", None),
        ("https://www.example.com/x.md", None),
        ("#here", None),
        ("picture.png", None),
    ],
)
def test_links_between_pages_lead_to_pages(link: str, leads: tuple[str, str, str] | None) -> None:
    assert rules.target("howto", link) == leads


def test_every_page_of_the_documentation_is_there_and_every_link_between_them_leads_on() -> None:
    found = documents.documents()
    shipped = {(path.parent.name, path.stem) for path in (ROOT / "docs").glob("*/*.md")}
    assert {(one.folder, one.name) for one in found} == {one for one in shipped if one[0] not in rules.LEFT_OUT}
    assert [title for title, _ in documents.sections()][:4] == [
        "Tutorials",
        "How to",
        "Questions and answers",
        "Reference",
    ]
    for one in found:
        html = str(documents.rendered(one))
        assert "<h1" not in html, one.name
        assert '.md"' not in html.replace("decisions/", "") or "decisions" in one.text or "index.md" in one.text, (
            one.name
        )


def test_what_is_html_in_a_page_is_shown_as_text_and_pictures_are_words() -> None:
    html = documents.rendered(
        Document(
            "howto",
            "x",
            "X",
            "# X\n\n<script>alert(1)</script>\n\n![A view](a.png) [b](javascript:alert(1))\n\n## A b\n",
        )
    )
    assert "<script" not in html
    assert "<img" not in html
    assert "A view" in html
    assert 'href="javascript' not in html
    assert '<h2 id="a-b">' in html


def test_links_to_codes_lead_to_their_pages() -> None:
    html = documents.rendered(Document("howto", "x", "X", "[a](../codes/FL-111.md) [b](../codes/FL-999.md)"))
    assert 'href="/help/codes/FL-111/"' in html
    assert 'href="../codes/FL-999.md"' in html


def test_the_help_is_read_in_the_app(admin_client: Client, db: None) -> None:
    index = admin_client.get("/help/").text
    assert 'href="/help/howto/webhooks/"' in index
    assert 'href="/help/decisions/' not in index
    page = admin_client.get("/help/reference/error-codes/").text
    assert '<table class="fl-table">' in page
    assert " style=" not in page
    assert admin_client.get("/help/decisions/0001-embedded-postgresql/").status_code == 404


def test_the_documentation_travels_with_the_package(tmp_path: Path) -> None:
    """What is installed has every page that a checkout shows."""
    source = tmp_path / "source"
    shutil.copytree(ROOT / "docs", source / "docs")
    for name in ("setup.py", "pyproject.toml", "README.md", "LICENSE", "requirements"):
        (shutil.copytree if (ROOT / name).is_dir() else shutil.copyfile)(ROOT / name, source / name)
    (source / "src" / "fairlead" / "ui" / "static" / "vendor").mkdir(parents=True)
    (source / "salesforce").mkdir()
    (source / "src" / "fairlead" / "__init__.py").touch()
    built = tmp_path / "built"
    command = [sys.executable, "setup.py", "-q", "build_py", "--build-lib", str(built)]
    subprocess.run(command, cwd=source, check=True, capture_output=True)
    there = {path.relative_to(built / "fairlead" / "documents") for path in built.glob("fairlead/documents/*/*.md")}
    assert there == {Path(one.folder) / f"{one.name}.md" for one in documents.documents()}
