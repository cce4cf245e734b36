"""`tf.io.gfile` and `tf.gfile`: files of the local file system."""

import glob as _glob
import os
import shutil

__all__ = [
    "GFile", "Open", "copy", "exists", "Exists", "glob", "Glob", "isdir", "IsDirectory", "join", "listdir",
    "ListDirectory", "makedirs", "MakeDirs", "mkdir", "remove", "rename", "rmtree", "walk",
]  # fmt: skip

GFile = Open = open
exists = Exists = os.path.exists
isdir = IsDirectory = os.path.isdir
listdir = ListDirectory = os.listdir
join, mkdir, remove, rmtree, walk = os.path.join, os.mkdir, os.remove, shutil.rmtree, os.walk


def glob(pattern):
    """Paths matching one pattern or any of several, sorted."""
    patterns = pattern if isinstance(pattern, (list, tuple)) else [pattern]
    return sorted({path for p in patterns for path in _glob.glob(str(p))})


Glob = glob


def makedirs(path):
    os.makedirs(path, exist_ok=True)


MakeDirs = makedirs


def copy(src, dst, overwrite=False):
    """Copy a file; `FileExistsError` if `dst` exists and `overwrite` is false."""
    if not overwrite and os.path.exists(dst):
        raise FileExistsError(f"{dst} exists; give overwrite=True to replace it.")
    shutil.copyfile(src, dst)


def rename(src, dst, overwrite=False):
    """Rename a file; `FileExistsError` if `dst` exists and `overwrite` is false."""
    if not overwrite and os.path.exists(dst):
        raise FileExistsError(f"{dst} exists; give overwrite=True to replace it.")
    os.replace(src, dst)
