"""Writes the Python of `pubsub_api.proto`, once for the client and once for the emulator: they share no code.

Example: .venv/bin/python proto/generate.py
"""

import sys
from pathlib import Path
from typing import Final

from grpc_tools import protoc

HERE: Final = Path(__file__).resolve().parent
SOURCE: Final = HERE.parent / "src"
TARGETS: Final = ("fairlead/salesforce/wire", "fairlead_emulators/salesforce/events/wire")


def main() -> int:
    """Exit code 0, or what the compiler says."""
    for target in TARGETS:
        folder = SOURCE / target
        code = protoc.main(
            ["protoc", f"-I{HERE}", f"--python_out={folder}", f"--pyi_out={folder}", str(HERE / "pubsub_api.proto")]
        )
        if code:
            return int(code)
    return 0


if __name__ == "__main__":
    sys.exit(main())
