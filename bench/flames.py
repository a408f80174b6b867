"""Where the processor's time goes: stacks taken while a process works, and a chart of them.

With FAIRLEAD_BENCH_FLAMES=FILE in its environment a contestant takes its own stack every few milliseconds of processor time
and writes them folded, a line a stack: `outer;inner;innermost count`. `python -m bench.flames` draws the charts of the docs.
"""

import os
import signal
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

EVERY_S = 0.004
FILE = "FAIRLEAD_BENCH_FLAMES"


@contextmanager
def sampled() -> Iterator[None]:
    """Take stacks of the main thread, if the environment asks for it."""
    wanted = os.environ.get(FILE)
    if not wanted:
        yield
        return
    stacks: Counter[str] = Counter()

    def take(number: int, frame: FrameType | None) -> None:
        names = []
        while frame is not None:
            names.append(_name(frame))
            frame = frame.f_back
        stacks[";".join(reversed(names))] += 1

    signal.signal(signal.SIGPROF, take)
    signal.setitimer(signal.ITIMER_PROF, EVERY_S, EVERY_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        Path(wanted).write_text("".join(f"{stack} {count}\n" for stack, count in stacks.most_common()))


def _name(frame: FrameType) -> str:
    code = frame.f_code
    parts = Path(code.co_filename).with_suffix("").parts
    for root in ("site-packages", "src"):
        if root in parts:
            parts = parts[len(parts) - parts[::-1].index(root) :]
            break
    else:
        parts = parts[-2:] if "bench" in parts[-3:] else parts[-1:]
    return f"{'.'.join(parts)}:{code.co_name}".replace(";", ",").replace(" ", "_")


if __name__ == "__main__":
    sys.exit("nothing is drawn yet")
