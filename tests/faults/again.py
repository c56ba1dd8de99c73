"""The tests of faults, again and again with other seeds: `python -m tests.faults.again --minutes 10`.

Stops at the first failure, and says by which seed it comes again.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path
from random import SystemRandom

FOLDER = Path(__file__).parent
SEED = "BAILIWICK_FAULTS_SEED"


def main() -> None:
    """Run until the time is over."""
    parser = argparse.ArgumentParser(description="break nodes and databases with other seeds")
    parser.add_argument("--minutes", type=float, default=10)
    deadline = time.monotonic() + 60 * parser.parse_args().minutes
    rounds = 0
    while time.monotonic() < deadline:
        seed = str(SystemRandom().randrange(1, 1_000_000_000))
        print(f"round {rounds + 1}: {SEED}={seed}", flush=True)
        words = [sys.executable, "-m", "pytest", "-q", "-x", "-n", "2", "--dist", "loadfile", str(FOLDER)]
        if subprocess.run(words, env={**os.environ, SEED: seed}, check=False).returncode:
            raise SystemExit(f"failed; again by {SEED}={seed} pytest {FOLDER}")
        rounds += 1
    print(f"{rounds} rounds without a failure")


if __name__ == "__main__":
    main()
