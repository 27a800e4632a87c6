"""Files that a command writes for people: whole, or as they were before."""

import os
import shutil
from pathlib import Path


def write_whole(file: Path, text: str) -> None:
    """Write a text as UTF-8 in the place of what stands there; on a full disk that is still there afterwards.

    A link is followed, and an old file's mode is kept. What is no file, such as a terminal, or stands in a folder that
    takes nothing else, is written as it is.

    Raises: OSError.
    """
    there = file.exists()
    if there and not (file.is_file() and os.access(file.resolve().parent, os.W_OK)):
        file.write_text(text, encoding="utf-8")
        return
    file = file.resolve()
    half = file.with_name(f".{file.name}.new")
    try:
        with half.open("w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        if there:
            shutil.copymode(file, half)
        half.replace(file)
    except BaseException:
        half.unlink(missing_ok=True)
        raise
