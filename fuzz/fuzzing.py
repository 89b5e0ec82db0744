"""Fuzzes the product's readers: with atheris where it is installed (coverage leads it), else by seeded mutations.

    python fuzz/fuzzing.py [--only NAME,…] [--seconds 60] [--seed 1] [--atheris]

Prints a line for each target and writes what broke one into build/fuzz/; exit code 1 then. Reproduce a finding with
`python fuzz/fuzzing.py --only NAME --input FILE`.
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import sys
import time
import traceback
from pathlib import Path
from typing import Iterator, List, Optional, Sequence

ROOT = Path(__file__).parents[1]
FINDINGS = ROOT / "build" / "fuzz"


def mutated(name: str, seed: object, seconds: float, most: Optional[int] = None) -> int:
    """How many inputs a target took in the time, or before it had as many as `most`. Raises what breaks it."""
    from mutate import mutants
    from targets import TARGETS, corpus

    target, end, count = TARGETS[name], time.monotonic() + seconds, 0
    for data in mutants(corpus(name), (seed, name)):
        if time.monotonic() >= end or count == most:
            break
        try:
            target(data)
        except BaseException:  # whatever it is: kept, and raised again
            kept(name, data)
            raise
        count += 1
    return count


def kept(name: str, data: bytes) -> Path:
    """Keeps an input that broke a target."""
    FINDINGS.mkdir(parents=True, exist_ok=True)
    path = FINDINGS / f"{name}-{hashlib.sha256(data).hexdigest()[:12]}"
    path.write_bytes(data)
    return path


def led(name: str, seconds: float) -> None:
    """One target under atheris, which ends this process: its findings go into the same folder."""
    import atheris

    with atheris.instrument_imports(include=["ipthreat"]):
        from targets import TARGETS, corpus
    folder = FINDINGS / f"corpus-{name}"
    folder.mkdir(parents=True, exist_ok=True)
    for number, data in enumerate(corpus(name)):
        (folder / f"seed-{number}").write_bytes(data)
    words = [f"-max_total_time={seconds:.0f}", "-max_len=8192", f"-artifact_prefix={FINDINGS / name}-", str(folder)]
    atheris.Setup([sys.argv[0], *words], TARGETS[name])
    atheris.Fuzz()


def each(names: Sequence[str], options: argparse.Namespace) -> Iterator[str]:
    """Runs the targets in turn; the names of those that broke."""
    for name in names:
        started = time.monotonic()
        try:
            if options.atheris:
                command = [sys.executable, __file__, "--led", name, "--seconds", str(options.seconds)]
                subprocess.run(command, check=True, capture_output=True)  # noqa: S603  # this program
                told = "led by coverage"
            else:
                told = f"{mutated(name, options.seed, options.seconds):,} inputs"
        except subprocess.CalledProcessError as error:
            told = f"BROKE: {error.stderr.decode(errors='replace')[-1500:]}"
            yield name
        except Exception as error:  # noqa: BLE001  # whatever breaks a target is what is looked for
            told = f"BROKE: {type(error).__name__}: {error}\n{''.join(traceback.format_exc(limit=-3))}"
            yield name
        print(f"{name}: {told} in {time.monotonic() - started:.0f} s", flush=True)


def main() -> int:
    """Fuzzes; exit code 1 when something broke."""
    from targets import TARGETS

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="names of targets, by commas")
    parser.add_argument("--seconds", type=float, default=60.0, help="for each target")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--atheris", action="store_true", help="let coverage lead")
    parser.add_argument("--input", type=Path, help="run the targets on this file alone")
    options = parser.parse_args()
    names: List[str] = options.only.split(",") if options.only else list(TARGETS)
    unknown = sorted(set(names) - set(TARGETS))
    if unknown:
        parser.error(f"there is no target {unknown[0]}; there are {', '.join(TARGETS)}")
    if options.input:
        for name in names:
            TARGETS[name](options.input.read_bytes())
        return 0
    return 1 if list(each(names, options)) else 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["--led"]:
        led(sys.argv[2], float(sys.argv[4]))
    else:
        sys.exit(main())
