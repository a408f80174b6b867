"""Where the processor's time goes: stacks taken while a process works, and a chart of them.

With FAIRLEAD_BENCH_FLAMES=FILE in its environment a contestant takes its own stack every few milliseconds of processor time
and writes them folded, a line a stack: `outer;inner;innermost count`. `python -m bench.flames [--rows N]` runs Fairlead alone
through the benches and draws docs/images/flames; `--from FOLDER` draws what `python -m bench --flames FOLDER` has written.
"""

import argparse
import os
import signal
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from types import FrameType

EVERY_S = 0.004
FILE = "FAIRLEAD_BENCH_FLAMES"
IMAGES = Path(__file__).parents[1] / "docs" / "images" / "flames"
IDLE = ("selectors:select", "threading:wait", "futures.thread:_worker", "queue:get")
WIDTH, ROW, LETTER = 1_180, 17, 6.1
LEAST = 0.005
"""Share of the whole below which a frame is left out: nobody could see it."""
TALL, LEAST_DEEP = 24, 0.03
"""From that row on a frame must have a larger share."""
HEAD = 56
COLOURS = {
    "fairlead": "#f4a259", "aiohttp": "#8cb8d9", "yarl": "#8cb8d9", "multidict": "#8cb8d9", "django": "#a3c585",
    "psycopg": "#a3c585", "psycopg_binary": "#a3c585", "asyncio": "#d6d0c4", "asgiref": "#d6d0c4", "bench": "#d6d0c4",
}  # fmt: skip
OTHER = "#e6d5ea"
LEGEND = (
    ("fairlead", "Fairlead"),
    ("aiohttp", "HTTP"),
    ("django", "database"),
    ("asyncio", "event loop"),
    ("", "others"),
)


@contextmanager
def sampled() -> Iterator[None]:
    """Take stacks, if the environment asks for it: of the main thread, or, while that waits, of those that work."""
    wanted = os.environ.get(FILE)
    if not wanted:
        yield
        return
    stacks: Counter[str] = Counter()
    main = threading.get_ident()

    def take(number: int, frame: FrameType | None) -> None:
        found = folded(frame)
        if found.endswith(IDLE):
            others = (folded(other) for thread, other in sys._current_frames().items() if thread != main)
            found = next((other for other in others if not other.endswith(IDLE)), found)
        stacks[found] += 1

    before = signal.signal(signal.SIGPROF, take)
    signal.setitimer(signal.ITIMER_PROF, EVERY_S, EVERY_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
        Path(wanted).write_text("".join(f"{stack} {count}\n" for stack, count in stacks.most_common()))


def folded(frame: FrameType | None) -> str:
    """A stack in a line, outermost first."""
    names = []
    while frame is not None:
        if not frame.f_code.co_filename.startswith("<frozen importlib"):  # what is imported tells enough
            names.append(_name(frame))
        frame = frame.f_back
    return ";".join(reversed(names))


def _name(frame: FrameType) -> str:
    code = frame.f_code
    parts = Path(code.co_filename).with_suffix("").parts
    for root in ("site-packages", "src", "bench"):
        if root in parts:
            after = len(parts) - parts[::-1].index(root)
            parts = parts[after - (root == "bench") :]
            break
    else:
        parts = parts[-2:] if parts[-2:-1] and parts[-2] in ("asyncio", "json", "concurrent", "futures") else parts[-1:]
    return f"{'.'.join(parts)}:{code.co_name}".replace(";", ",").replace(" ", "_")


@dataclass
class Node:
    """A function as called from those above it: how many stacks it was in."""

    name: str
    count: int = 0
    inner: dict[str, "Node"] = field(default_factory=dict)


def tree(lines: Iterable[str]) -> Node:
    """All stacks as one tree; what every stack begins with is left out."""
    root = Node("all")
    for line in lines:
        stack, _, number = line.rpartition(" ")
        node = root
        node.count += int(number)
        for name in stack.split(";"):
            node = node.inner.setdefault(name, Node(name))
            node.count += int(number)
    while len(root.inner) == 1 and (only := next(iter(root.inner.values()))).inner:
        root = Node("all", only.count, only.inner)
    return root


def seen(node: Node, row: int, whole: int) -> list[Node]:
    """What it calls that is drawn in the row below: not what nobody could see, nor thin towers that make a chart tall."""
    least = max(whole * (LEAST if row < TALL else LEAST_DEEP), 1)
    return [one for one in node.inner.values() if one.count >= least]


def depth(node: Node, whole: int, row: int = 0) -> int:
    """Rows that a chart of it has from this one down."""
    return 1 + max((depth(one, whole, row + 1) for one in seen(node, row, whole)), default=0)


def chart(root: Node, title: str) -> str:
    """A picture that stands alone: the widest are those in which most time goes; what a function calls hangs below it."""
    height = HEAD + ROW * depth(root, root.count) + 6
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="monospace" font-size="10">',
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
        f'<text x="8" y="20" font-size="14" font-family="sans-serif">{escape(title)}</text>',
    ]
    for place, (name, text) in enumerate(LEGEND):
        x = 8 + 110 * place
        parts.append(f'<rect x="{x}" y="30" width="12" height="12" fill="{COLOURS.get(name, OTHER)}"/>')
        parts.append(f'<text x="{x + 17}" y="40" font-family="sans-serif" font-size="11">{text}</text>')
    parts += _drawn(root, 0.0, 0, WIDTH / root.count if root.count else 0, root.count)
    return "\n".join([*parts, "</svg>\n"])


def _drawn(node: Node, x: float, row: int, scale: float, whole: int) -> Iterator[str]:
    width = node.count * scale
    y = HEAD + row * ROW
    share = 100 * node.count / max(whole, 1)
    name = escape(node.name)
    colour = COLOURS.get(node.name.split(":")[0].split(".")[0], OTHER)
    shown = node.name if len(node.name) * LETTER < width else node.name.rpartition(":")[2]
    shown = shown if len(shown) * LETTER < width else shown[: max(0, int(width / LETTER) - 1)]
    text = f'<text x="{x + 2:.1f}" y="{y + 12}">{escape(shown)}</text>' if len(shown) > 2 else ""
    yield (
        f'<g><title>{name}: {share:.1f} %</title><rect x="{x:.1f}" y="{y}" width="{max(width - 0.5, 0.5):.1f}" '
        f'height="{ROW - 1}" fill="{colour}"/>{text}</g>'
    )
    shown_below = {one.name for one in seen(node, row, whole)}
    for one in sorted(node.inner.values(), key=lambda each: -each.count):
        if one.name in shown_below:
            yield from _drawn(one, x, row + 1, scale, whole)
        x += one.count * scale


def leaves(root: Node) -> list[tuple[str, float]]:
    """Packages by the share of stacks that end in them, most first."""
    counts: Counter[str] = Counter()

    def walk(node: Node) -> None:
        own = node.count - sum(one.count for one in node.inner.values())
        if own:
            counts[node.name.split(":")[0]] += own
        for one in node.inner.values():
            walk(one)

    walk(root)
    return [(name, count / max(root.count, 1)) for name, count in counts.most_common()]


def draw(folder: Path, into: Path = IMAGES) -> list[str]:
    """Draw every folded file; names of what was drawn."""
    from bench.jobs import benches

    titles = {one.name: one.title for one in benches(1, 1)}
    into.mkdir(parents=True, exist_ok=True)
    drawn = []
    for file in sorted(folder.glob("*.folded")):
        root = tree(file.read_text().splitlines())
        title = (
            f"{titles.get(file.stem, file.stem)}: {root.count:,} stacks, one every {1000 * EVERY_S:.0f} ms of processor"
        )
        (into / f"{file.stem}.svg").write_text(chart(root, title))
        drawn.append(file.stem)
        top = ", ".join(f"{name} {100 * share:.0f} %" for name, share in leaves(root)[:8])
        print(f"{file.stem}: {top}")
    return drawn


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.flames", description=__doc__)
    parser.add_argument("--rows", type=int, default=200_000, help="of each bench (default 200,000)")
    parser.add_argument("--from", dest="folder", type=Path, metavar="FOLDER", help="draw the stacks that are there")
    wanted = parser.parse_args()
    if wanted.folder:
        draw(wanted.folder)
        return
    from bench.jobs import FAIRLEAD, benches
    from bench.measure import measured

    with tempfile.TemporaryDirectory(prefix="fairlead-flames-") as folder:
        for bench in benches(wanted.rows, 0):
            if not bench.world.latency_ms:
                print(f"{bench.name} …", flush=True)
                list(measured(bench, [FAIRLEAD], Path(folder)))
        draw(Path(folder))


if __name__ == "__main__":
    main()
