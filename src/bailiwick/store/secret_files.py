"""Files that hold secrets: who may read them.

Reads nothing of what they hold.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from bailiwick.errors import Unavailable

_EVERYBODY = stat.S_IRWXO
_GROUP = stat.S_IRWXG


def check_secret_file(file: Path, holds: str) -> None:
    """Can nobody read this file who should not? `holds`: what is in it, for the error. Raises Unavailable.

    SECURITY: a file of another owner's is taken only where that is root and the group may at most read it: so are
    secrets given to containers.
    """
    about = file.stat()
    mode = stat.S_IMODE(about.st_mode)
    own = about.st_uid == os.geteuid() and not mode & _GROUP
    given = about.st_uid == 0 and not mode & (stat.S_IWGRP | stat.S_IXGRP)
    if mode & _EVERYBODY or not (own or given):
        raise Unavailable(
            f"`{file}` has mode `{mode:o}` and owner `{about.st_uid}`",
            f"it holds {holds}: run `chmod 600 {file}` as its user",
        )
