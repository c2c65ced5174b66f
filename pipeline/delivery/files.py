"""What the outputs ask of the file system: many chunks in one call, one file behind another, all of a disk at once."""

from __future__ import annotations

import errno
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

# What one call takes (IOV_MAX): 1,024 on Linux and macOS.
MOST_CHUNKS = 1024
_AT_ONCE = 4 << 20
# What a kernel says that can't copy from this file system to that one.
_UNABLE = (errno.EXDEV, errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP)


def write_chunks(descriptor: int, chunks: Sequence[bytes]) -> int:
    """Write the chunks one behind another, without joining them; gives how many bytes. Raises an OSError."""
    size = sum(map(len, chunks))
    written = os.writev(descriptor, chunks if len(chunks) <= MOST_CHUNKS else chunks[:MOST_CHUNKS])
    if written < size:  # too many chunks, or a disk that is about to be full: the next call says so
        left = memoryview(b"".join(chunks))[written:]
        while left:
            left = left[os.write(descriptor, left) :]
    return size


def append(source: Path, descriptor: int) -> None:
    """Put what is in the file at the end of the open one: within the kernel, where that can."""
    with source.open("rb", buffering=0) as file:
        size, end = os.fstat(file.fileno()).st_size, os.lseek(descriptor, 0, os.SEEK_END)
        done = _copied(file.fileno(), descriptor, size, end) if sys.platform == "linux" else 0
        file.seek(done)
        os.lseek(descriptor, end + done, os.SEEK_SET)
        while block := file.read(_AT_ONCE):
            write_chunks(descriptor, [block])


def _copied(source: int, target: int, size: int, end: int) -> int:
    """How many bytes the kernel has copied by itself (copy_file_range(2)), perhaps none."""
    done = 0
    try:
        while done < size and (step := os.copy_file_range(source, target, size - done, done, end + done)):
            done += step
    except OSError as error:
        if error.errno not in _UNABLE:
            raise
    return done


def sync_folder(path: Path) -> None:
    """Have the names in this folder on the disk (fsync(2))."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_disk(path: Path) -> None:
    """Have all that was written on this file's disk: one call for thousands of files. Raises an OSError where it fails.

    Elsewhere than on Linux it is all disks, and failures stay unknown (sync(2)).
    """
    if sys.platform != "linux":
        os.sync()
        return
    import ctypes  # only who writes messages pays for it

    descriptor = os.open(path, os.O_RDONLY)
    try:
        if ctypes.CDLL(None, use_errno=True).syncfs(descriptor):
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    finally:
        os.close(descriptor)


def discard(path: Path) -> None:
    """Remove a file, or a folder with all in it. What the disk refuses is swept at the next start."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
