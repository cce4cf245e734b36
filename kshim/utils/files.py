"""`get_file`: a file from the net, kept in the cache folder of Keras."""

import http.client
import os
import tempfile
import urllib.error
import urllib.parse
import urllib.request
import warnings
from shutil import copytree

from ..config import keras_home
from ..errors import KshimError
from .archives import extract_archive
from .hashing import hasher, validate_file
from .io_utils import path_to_string, print_msg
from .progbar import Progbar

_CHUNK = 1 << 16
_TIMEOUT = 30.0


class DownloadError(KshimError, OSError):
    """A file could not be fetched; the message names its address and the place it belongs to."""


def _cache_folder(base, subdir, stored):
    """`base/subdir`, made if need be; one in the temporary folder when `base` cannot be written, as in Keras."""
    folder = os.path.join(base, subdir)
    if os.path.exists(os.path.join(folder, stored)):
        return folder
    try:
        os.makedirs(folder, exist_ok=True)
        if os.access(folder, os.W_OK):
            return folder
        reason = "it is not writable"
    except OSError as error:
        reason = error.strerror
    other = os.path.join(tempfile.gettempdir(), ".keras", subdir)
    message = f"Cannot use the cache folder {folder} ({reason}); using {other}. Set KERAS_HOME to choose."
    warnings.warn(message, stacklevel=4)
    os.makedirs(other, exist_ok=True)
    return other


def _download(origin, target, file_hash, algorithm):
    from ..saving.atomic import replacing

    print_msg(f"Downloading data from {origin}")
    digest = hasher(algorithm, file_hash)
    try:
        with replacing(target) as temporary:
            with urllib.request.urlopen(origin, timeout=_TIMEOUT) as response, open(temporary, "wb") as f:
                length = response.headers.get("Content-Length")
                total = int(length) if length else None
                bar, done = Progbar(total), 0
                while chunk := response.read(_CHUNK):
                    f.write(chunk)
                    digest.update(chunk)
                    done += len(chunk)
                    bar.update(done)
                if total is not None and done < total:
                    raise _failed(origin, target, f"the connection ended after {done} of {total} bytes")
                if total is None:
                    bar.update(done, finalize=True)
            if file_hash is not None and digest.hexdigest() != str(file_hash).lower():
                raise ValueError(
                    f"Incomplete or corrupted file: what {origin} sent has the {digest.name} hash "
                    f"{digest.hexdigest()}, expected {file_hash}. Nothing was stored at {target}."
                )
    except urllib.error.HTTPError as error:
        error.close()
        raise _failed(origin, target, f"{error.code} -- {error.reason}") from error
    except urllib.error.URLError as error:
        raise _failed(origin, target, error.reason) from error
    except TimeoutError as error:
        raise _failed(origin, target, f"no answer within {_TIMEOUT:.0f} s") from error
    except (http.client.HTTPException, ConnectionError) as error:
        raise _failed(origin, target, f"{type(error).__name__} {error}") from error


def _failed(origin, target, reason):
    return DownloadError(
        f"URL fetch failure on {origin}: {reason}. If this computer has no network, fetch the file elsewhere and put "
        f"it at {target}."
    )


def _names(fname, origin, untar, extract):
    """(name of the downloaded file, name of what is returned), relative to the cache folder."""
    given = bool(fname)
    if not given:
        fname = os.path.basename(urllib.parse.urlsplit(origin).path)
        if not fname:
            raise ValueError(f"get_file cannot tell a file name from origin={origin!r}. Pass the fname argument.")
    if untar:  # Keras 2: fname is the folder inside the archive
        fname = fname.removesuffix(".tar.gz")
        return fname + ".tar.gz", fname
    if not extract:
        return fname, fname
    if given and "." in fname:  # Keras 3's names from here on
        return fname, fname.split(".")[0] + "_extracted"
    return fname + "_archive", fname


def _show_beside(extracted, folder):
    """Keras 2 unpacked into the cache folder itself: let its scripts find the entries there too."""
    for entry in os.listdir(extracted):
        source, target = os.path.join(extracted, entry), os.path.join(folder, entry)
        if os.path.lexists(target):
            continue
        try:
            os.symlink(os.path.relpath(source, folder), target)
        except OSError:  # no links on this file system
            copytree(source, target) if os.path.isdir(source) else os.link(source, target)


def get_file(
    fname=None,
    origin=None,
    untar=False,
    md5_hash=None,
    file_hash=None,
    cache_subdir="datasets",
    hash_algorithm="auto",
    extract=False,
    archive_format="auto",
    cache_dir=None,
    force_download=False,
):
    """Path of a local copy of the file at the URL `origin`, downloaded at need.

    It lives in `cache_dir/cache_subdir` (`cache_dir` defaults to `$KERAS_HOME` or `~/.keras`) under `fname`, the last
    part of the URL by default. A copy whose checksum is not `file_hash` (md5 or sha256) is fetched again.

    untar: the archive is kept as `fname.tar.gz`, unpacked, and the path of `fname` is returned (Keras 1, 2).
    extract: the archive is unpacked and the folder of its content returned (Keras 3); the content also appears beside
    the archive, where Keras 2 put it.

    Raises `DownloadError` (an `OSError`) when the file cannot be fetched, `ValueError` when what arrives has another
    checksum, `SafetyError` when an archive would write outside the folder. A failure leaves an older copy in place.
    """
    if origin is None:
        raise ValueError('Please specify the "origin" argument of get_file (the URL of the file to download).')
    if md5_hash is not None and file_hash is None:
        file_hash, hash_algorithm = md5_hash, "md5"
    base = os.path.expanduser(path_to_string(cache_dir) or keras_home())
    stored, returned = _names(path_to_string(fname), origin, untar, extract)
    folder = _cache_folder(base, path_to_string(cache_subdir), stored)
    target, result = os.path.join(folder, stored), os.path.join(folder, returned)
    os.makedirs(os.path.dirname(target), exist_ok=True)

    download = force_download or not os.path.exists(target)
    if not download and file_hash is not None and not validate_file(target, file_hash, hash_algorithm):
        print_msg(
            f"The file {target} does not have the {hasher(hash_algorithm, file_hash).name} hash {file_hash}: it is "
            "incomplete or of another version, so it is downloaded again."
        )
        download = True
    if download:
        _download(origin, target, file_hash, hash_algorithm)
    if untar:
        if download or not os.path.exists(result):
            extract_archive(target, folder, "tar")
    elif extract:
        if download or not os.path.exists(result):
            if not extract_archive(target, result, archive_format):
                warnings.warn(f"get_file: {target} is not an archive of format {archive_format!r}.", stacklevel=2)
                return result
        _show_beside(result, folder)
    return result
