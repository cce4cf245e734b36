"""Where the files of the data sets come from and are kept, as Keras does it."""

import os
import warnings

from ..config import keras_home
from ..utils.archives import extract_archive
from ..utils.files import DownloadError, get_file
from ..utils.io_utils import path_to_string

#: Folder of Keras's copies of most data sets.
STORAGE = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"


def fetch(fname, origin, file_hash=None, cache_dir=None, cache_subdir="datasets", untar=False):
    """Path of a data set's file (or, with `untar`, folder) in the cache, downloaded at need.

    A file of that name with another checksum is replaced, as in Keras; if it cannot be, it is used with a warning.
    Raises `DownloadError` when there is none at all.
    """
    try:
        return get_file(fname, origin, untar, file_hash=file_hash, cache_dir=cache_dir, cache_subdir=cache_subdir)
    except DownloadError as error:
        folder = os.path.join(os.path.expanduser(path_to_string(cache_dir) or keras_home()), cache_subdir)
        result = os.path.join(folder, fname)
        stored = result + ".tar.gz" if untar else result
        if not os.path.exists(stored) and not os.path.exists(result):
            raise DownloadError(
                f"{error} Or use kshim.datasets.digits.load_data(image_size=28): 1,797 small pictures of handwritten "
                "digits that come with kshim."
            ) from error
        if untar and not os.path.exists(result):
            extract_archive(stored, folder, "tar")
        reason = f"does not have the checksum {file_hash} of Keras's copy" if file_hash else "could not be checked"
        warnings.warn(
            f"Using {stored if os.path.exists(stored) else result}, which {reason} and cannot be fetched again from "
            f"{origin}.",
            stacklevel=3,
        )
        return result
