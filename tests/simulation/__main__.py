"""Play worlds on every core until a law breaks: python -m simulation [--seeds 1000] [--from 0] [--seed 41]"""

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from time import monotonic

from simulation.scripts import script_of
from simulation.shrinking import failure_of, shrunk
from simulation.tracing import trace

AT_ONCE = 20
"""Seeds that a process plays before it says how it went."""


def broken(seeds: Sequence[int]) -> int | None:
    """The first of them whose world breaks a law."""
    return next((seed for seed in seeds if failure_of(script_of(seed)) is not None), None)


def played(seeds: range) -> Iterator[tuple[int, int | None]]:
    """How many were played, and which one broke a law, if one did."""
    stretches = [seeds[start : start + AT_ONCE] for start in range(0, len(seeds), AT_ONCE)]
    with ProcessPoolExecutor(os.cpu_count()) as processes:
        for stretch, found in zip(stretches, processes.map(broken, stretches), strict=True):
            yield len(stretch), found
            if found is not None:
                processes.shutdown(cancel_futures=True)
                return


def shown(seed: int) -> str | None:
    """What is wrong in a seed's world, made small; None: nothing is."""
    failure = failure_of(script_of(seed))
    return None if failure is None else trace(shrunk(failure))


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1_000)
    parser.add_argument("--from", type=int, default=0, dest="first", help="the first of them")
    parser.add_argument("--seed", type=int, help="only this one")
    asked = parser.parse_args(arguments)
    if asked.seed is not None:
        found = shown(asked.seed)
        sys.stdout.write(f"{found or f'seed {asked.seed}: every law holds'}\n")
        return 0 if found is None else 1
    started, done = monotonic(), 0
    for count, seed in played(range(asked.first, asked.first + asked.seeds)):
        done += count
        rate = done / (monotonic() - started)
        filled = 30 * done // asked.seeds
        sys.stderr.write(f"\r[{'█' * filled}{' ' * (30 - filled)}] {done} of {asked.seeds} worlds, {rate:.0f} a second")
        if seed is not None:
            sys.stderr.write("\n")
            sys.stdout.write(f"{shown(seed)}\n")
            return 1
    sys.stderr.write("\n")
    sys.stdout.write(f"every law holds in {done} worlds\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
