"""Writing files so that a crash never costs the previous one."""

import contextlib
import os
import tempfile


@contextlib.contextmanager
def replacing(path):
    """Yield the name of a temporary file beside `path`; on success it is synced to disk and takes the place of `path`.

    On an error the temporary file is removed and `path` stays as it was.
    """
    path = os.path.abspath(os.fspath(path))
    folder = os.path.dirname(path)
    handle, temporary = tempfile.mkstemp(prefix=f".{os.path.basename(path)}.", suffix=".tmp", dir=folder)
    os.close(handle)
    try:
        yield temporary
        with open(temporary, "rb+") as f:
            os.fsync(f.fileno())
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(temporary, (os.stat(path).st_mode & 0o777) if os.path.exists(path) else 0o666 & ~mask)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        raise
    if hasattr(os, "O_DIRECTORY"):
        directory = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
