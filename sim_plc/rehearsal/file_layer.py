"""Every write, sync, truncation and deletion of this process's SQLite: seen as it happens, and made to fail at will.

The library is the one that the interpreter's own `sqlite3` is linked to, unmodified, and so is the code above it: the
journal runs as in production. Only the table through which SQLite reaches files (its VFS, sqlite.org/vfs.html, an
interface that has not changed since 2010) is put behind functions of ours, by `ctypes`: no compiler, no second copy of
SQLite with another version, no child process. Memory that is mapped, the `-shm` file, is not seen: a power cut empties
it, and SQLite makes it anew.
"""

import _sqlite3
import ctypes
import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ctypes import CFUNCTYPE, POINTER, Structure, c_char_p, c_int, c_int64, c_void_p
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from typing import Any, ClassVar, Final

from controller.store import database

OK: Final = 0
READONLY: Final = 8
IOERR: Final = 10
FULL: Final = 13
CANTOPEN: Final = 14
IOERR_WRITE: Final = 10 | 3 << 8
IOERR_FSYNC: Final = 10 | 4 << 8
"""SQLite's result codes (sqlite.org/rescode.html)."""

_OPEN_CREATE: Final = 0x04


class Kind(Enum):
    """What is done to a file."""

    CREATE = auto()
    WRITE = auto()
    TRUNCATE = auto()
    SYNC = auto()
    DELETE = auto()
    SYNC_FOLDER = auto()


@dataclass(frozen=True, slots=True)
class Act:
    """One deed at one file (by name, without its folder); ``offset``: of a write, or the new size of a truncation."""

    kind: Kind
    name: str
    offset: int = 0
    data: bytes = b""


Tap = Callable[[Act], int]
"""Told of each act before it happens; returns `OK`, or the result code with which it fails instead."""


class _File(Structure):
    _fields_: ClassVar = [("methods", c_void_p)]


_Open = CFUNCTYPE(c_int, c_void_p, c_void_p, c_void_p, c_int, c_void_p)
_Delete = CFUNCTYPE(c_int, c_void_p, c_char_p, c_int)
_SetCall = CFUNCTYPE(c_int, c_void_p, c_char_p, c_void_p)
_GetCall = CFUNCTYPE(c_void_p, c_void_p, c_char_p)
_Write = CFUNCTYPE(c_int, c_void_p, c_void_p, c_int, c_int64)
_Truncate = CFUNCTYPE(c_int, c_void_p, c_int64)
_Sync = CFUNCTYPE(c_int, c_void_p, c_int)
_OpenDirectory = CFUNCTYPE(c_int, c_char_p, POINTER(c_int))

_OPEN_DIRECTORY: Final = b"openDirectory"


class _Vfs(Structure):
    _fields_: ClassVar = [
        ("version", c_int),
        ("file_size", c_int),
        ("longest_path", c_int),
        ("next", c_void_p),
        ("name", c_char_p),
        ("data", c_void_p),
        ("open", c_void_p),
        ("delete", c_void_p),
        *((name, c_void_p) for name in ("access", "full", "dl_open", "dl_error", "dl_sym", "dl_close", "random")),
        *((name, c_void_p) for name in ("sleep", "time", "last_error", "time64", "set_call", "get_call", "next_call")),
    ]


class _Methods(Structure):
    _fields_: ClassVar = [
        ("version", c_int),
        *((name, c_void_p) for name in ("close", "read", "write", "truncate", "sync", "size", "lock", "unlock")),
        *((name, c_void_p) for name in ("reserved", "control", "sector", "traits", "shm_map", "shm_lock")),
        *((name, c_void_p) for name in ("shm_barrier", "shm_unmap", "fetch", "unfetch")),
    ]


@contextmanager
def tapped(folder: Path, tap: Tap) -> Iterator[None]:
    """Tell ``tap`` of all that this process's SQLite does to the files in ``folder`` while the context is open.

    Connections must be made and closed within it.
    """
    layer = _Layer(folder, tap)
    layer.put_on()
    try:
        yield
    finally:
        layer.take_off()
    if layer.broken is not None:
        raise layer.broken


class _Layer:
    """The functions between SQLite and its own way to files."""

    def __init__(self, folder: Path, tap: Tap) -> None:
        self._folder = str(folder.resolve())
        self._tap = tap
        self._names: dict[int, str] = {}
        """By the address of an open file."""
        self._methods: dict[int, tuple[_Methods, Any]] = {}
        """By the address of a table: the table in its place, and the functions in that."""
        self.broken: BaseException | None = None
        find = ctypes.CDLL(_sqlite3.__file__).sqlite3_vfs_find
        find.restype = POINTER(_Vfs)
        find.argtypes = [c_char_p]
        self._vfs = find(None)

    def put_on(self) -> None:
        vfs = self._vfs.contents
        self._before = vfs.open, vfs.delete
        self._real_open, self._real_delete = _Open(vfs.open), _Delete(vfs.delete)
        self._set_call = _SetCall(vfs.set_call)
        self._before_directory = _GetCall(vfs.get_call)(ctypes.addressof(vfs), _OPEN_DIRECTORY)
        self._real_directory = _OpenDirectory(self._before_directory)
        self._ours = _Open(self._open), _Delete(self._delete), _OpenDirectory(self._directory)
        vfs.open, vfs.delete = (ctypes.cast(each, c_void_p).value for each in self._ours[:2])
        self._set_call(ctypes.addressof(vfs), _OPEN_DIRECTORY, ctypes.cast(self._ours[2], c_void_p).value)
        self._sync_folder, self._renew_log = database.sync_folder, database.renew_log
        database.sync_folder, database.renew_log = self._product_syncs_folder, self._product_renews_log

    def take_off(self) -> None:
        vfs = self._vfs.contents
        vfs.open, vfs.delete = self._before
        self._set_call(ctypes.addressof(vfs), _OPEN_DIRECTORY, self._before_directory)
        database.sync_folder, database.renew_log = self._sync_folder, self._renew_log

    def _told(self, kind: Kind, path: str, offset: int = 0, data: bytes = b"") -> int:
        """Return the result code for an act; an error of the tap itself is raised at the end of the context."""
        folder, _, name = path.rpartition("/")
        if folder != self._folder:
            return OK
        try:
            return self._tap(Act(kind, name, offset, data))
        except BaseException as error:  # noqa: BLE001 - it cannot pass through SQLite
            self.broken = self.broken or error
            return IOERR

    def _open(self, vfs: int, path: int | None, file: int, flags: int, out: int | None) -> int:
        name = "" if path is None else os.fsdecode(ctypes.string_at(path))
        if flags & _OPEN_CREATE and name and not Path(name).exists():
            code = self._told(Kind.CREATE, name)
            if code != OK:
                return code
        code = int(self._real_open(vfs, path, file, flags, out))
        if code == OK:
            self._names[file] = name
            opened = _File.from_address(file)
            opened.methods = ctypes.addressof(self._table(opened.methods)[0])
        return code

    def _delete(self, vfs: int, path: bytes, sync: int) -> int:
        return self._told(Kind.DELETE, os.fsdecode(path)) or int(self._real_delete(vfs, path, sync))

    def _directory(self, path: bytes, descriptor: Any) -> int:
        self._told(Kind.SYNC_FOLDER, os.fsdecode(path))
        return int(self._real_directory(path, descriptor))

    def _product_syncs_folder(self, file: Path) -> None:
        self._must(Kind.SYNC_FOLDER, str(file.resolve()))
        self._sync_folder(file)

    def _product_renews_log(self, file: Path) -> None:
        log = file.resolve().with_name(file.name + "-wal")
        if log.exists():
            # All that the journal does to a file without SQLite.
            self._must(Kind.WRITE, str(log), 0, log.read_bytes())
            self._must(Kind.SYNC, str(log))
        self._renew_log(file)

    def _must(self, kind: Kind, path: str, offset: int = 0, data: bytes = b"") -> None:
        """Tell of what the journal does by itself; refused, it fails there as the system would let it fail."""
        if self._told(kind, path, offset, data) != OK:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    def _table(self, address: int) -> tuple[_Methods, Any]:
        """Return the table of functions in the place of SQLite's at ``address``."""
        if address in self._methods:
            return self._methods[address]
        real = _Methods.from_address(address)
        ours = _Methods.from_buffer_copy(real)
        write, truncate, sync = _Write(real.write), _Truncate(real.truncate), _Sync(real.sync)

        def on_write(file: int, data: int, size: int, offset: int) -> int:
            content = ctypes.string_at(data, size)
            return self._told(Kind.WRITE, self._names[file], offset, content) or int(write(file, data, size, offset))

        def on_truncate(file: int, size: int) -> int:
            return self._told(Kind.TRUNCATE, self._names[file], size) or int(truncate(file, size))

        def on_sync(file: int, flags: int) -> int:
            return self._told(Kind.SYNC, self._names[file]) or int(sync(file, flags))

        functions = _Write(on_write), _Truncate(on_truncate), _Sync(on_sync)
        ours.write, ours.truncate, ours.sync = (ctypes.cast(each, c_void_p).value for each in functions)
        self._methods[address] = ours, functions
        return self._methods[address]
