"""A chart of stacks shows each function as wide as its share, and stands alone."""

import time
from xml.etree import ElementTree as ET

import pytest
from bench import flames

LINES = [
    "run:main;fairlead.sync.run:go;aiohttp.client:get 30", "run:main;fairlead.sync.run:go;json:loads 10",
    "run:main;django.db:execute 59", "run:main;tiny<x>:one 1",
]  # fmt: skip


def test_stacks_make_a_tree_without_what_all_of_them_begin_with():
    root = flames.tree(LINES)
    assert root.count == 100
    assert {name: one.count for name, one in root.inner.items()} == {
        "fairlead.sync.run:go": 40, "django.db:execute": 59, "tiny<x>:one": 1,
    }  # fmt: skip
    assert flames.depth(root, 100) == 3
    assert flames.depth(root, 10_000) == 2  # of so many, ten could not be seen


def test_a_chart_is_well_formed_and_as_wide_as_shares_are():
    text = flames.chart(flames.tree(LINES), "A & B")
    drawn = ET.fromstring(text)
    boxes = {one[0].text: float(one[1].get("width", "0")) for one in drawn if len(one)}
    whole = boxes["all: 100.0 %"]
    assert boxes["django.db:execute: 59.0 %"] == pytest.approx(0.59 * whole, abs=0.5)
    assert "tiny<x>:one: 1.0 %" in boxes
    assert "script" not in text


def test_leaves_are_told_by_package():
    assert flames.leaves(flames.tree(LINES))[:2] == [("django.db", 0.59), ("aiohttp.client", 0.3)]


def test_a_process_takes_its_own_stacks_when_it_is_asked_to(monkeypatch, tmp_path):
    file = tmp_path / "own.folded"
    monkeypatch.setenv(flames.FILE, str(file))
    with flames.sampled():
        while time.process_time() >= 0 and not _busy():
            pass
    assert "test_flames:_busy" in file.read_text()
    assert flames.draw(tmp_path, tmp_path / "drawn") == ["own"]
    assert (tmp_path / "drawn" / "own.svg").stat().st_size > 500


def _busy() -> bool:
    """Uses the processor for a while."""
    end = time.process_time() + 0.1
    while time.process_time() < end:
        sum(range(1_000))
    return True


def test_without_being_asked_no_stack_is_taken(tmp_path, monkeypatch):
    monkeypatch.delenv(flames.FILE, raising=False)
    with flames.sampled():
        pass
    assert list(tmp_path.iterdir()) == []


def test_the_charts_of_the_documentation_stand_alone_and_are_small():
    drawn = sorted(flames.IMAGES.glob("*.svg"))
    told = (flames.IMAGES.parents[1] / "explanation" / "where-the-time-goes.md").read_text()
    assert drawn
    for one in drawn:
        text = one.read_text()
        assert len(text.encode()) < 150_000
        assert not any(word in text for word in ("<script", "href", "url(", "@import", "<image"))
        assert f"../images/flames/{one.name}" in told
