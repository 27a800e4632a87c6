"""Whose the files are that root makes for a daemon."""

import os
from pathlib import Path


def as_its_folder(file: Path) -> None:
    """Give a file that root has made to the owner of its folder: the daemon there could not open it otherwise.

    Raises: OSError.
    """
    if os.geteuid() == 0:
        folder = file.parent.stat()
        os.chown(file, folder.st_uid, folder.st_gid)
