"""The generation word: one number in shared memory that tells every process of a host that something changed.

A writer bumps it after each commit and before it answers; a reader compares it with one memory read,
without a system call. It says *that* something changed, not what: the log's head says what.
CAUTION: a writer that is killed between commit and bump announces nothing. Its change was never
acknowledged; the next bump, or the reader's slow poll of the heads, brings it.
Implements docs/spec.md, section "Freshness".
"""

from __future__ import annotations

import fcntl
import mmap
import os
import time
from pathlib import Path
from threading import Lock

WORD_BYTES = 8
LOOK_SECONDS = 0.02


class SharedGeneration:
    """The word in a file that is mapped by every process which opened the same data directory."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if os.fstat(self._file).st_size < WORD_BYTES:
            os.ftruncate(self._file, WORD_BYTES)
        self._memory = mmap.mmap(self._file, WORD_BYTES)
        self._word = memoryview(self._memory).cast("Q")
        self._lock = Lock()

    def read(self) -> int:
        """Which generation is the newest that was announced?"""
        return self._word[0]

    def bump(self) -> None:
        """Announce a commit.

        INVARIANT: no two bumps merge into one. The file lock serialises processes, the mutex threads
        (which share the file's lock).
        """
        with self._lock:
            fcntl.flock(self._file, fcntl.LOCK_EX)
            try:
                self._word[0] += 1
            finally:
                fcntl.flock(self._file, fcntl.LOCK_UN)

    def close(self) -> None:
        """Let go of the mapping; reading afterwards fails."""
        self._word.release()
        self._memory.close()
        os.close(self._file)


class WordFeed:
    """Wakes a follower when the word has grown. Looks at memory only, so it may look often."""

    def __init__(self, word: SharedGeneration | LocalGeneration) -> None:
        self._word = word
        self._seen = word.read()

    def wait(self, seconds: float) -> bool:
        """Has the word grown since this was last asked, or will it within so long?"""
        deadline = time.monotonic() + seconds
        while (now := self._word.read()) == self._seen:
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            time.sleep(min(left, LOOK_SECONDS))
        self._seen = now
        return True


class LocalGeneration:
    """The word of a store that lives in this process alone."""

    def __init__(self) -> None:
        self._word = 0
        self._lock = Lock()

    def read(self) -> int:
        """Which generation is the newest that was announced?"""
        return self._word

    def bump(self) -> None:
        """Announce a commit."""
        with self._lock:
            self._word += 1
