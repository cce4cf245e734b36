"""Checksums of files, md5 and sha256."""

import hashlib


def hasher(algorithm, file_hash=None):
    """A new hash object; 'auto' tells sha256 from md5 by the length of `file_hash`."""
    if algorithm == "sha256" or (algorithm == "auto" and file_hash is not None and len(str(file_hash)) == 64):
        return hashlib.sha256()
    if algorithm not in ("auto", "md5"):
        raise ValueError(f"Unknown hash algorithm: {algorithm!r}. Expected 'auto', 'md5' or 'sha256'.")
    return hashlib.md5(usedforsecurity=False)


def hash_file(fpath, algorithm="sha256", chunk_size=65535):
    """Hex digest of a file; `algorithm` is a name or a hash object."""
    digest = hasher(algorithm) if isinstance(algorithm, str) else algorithm
    with open(fpath, "rb") as f:
        while chunk := f.read(chunk_size):
            digest.update(chunk)
    return digest.hexdigest()


def validate_file(fpath, file_hash, algorithm="auto", chunk_size=65535):
    """Whether the file has the checksum `file_hash`."""
    return hash_file(fpath, hasher(algorithm, file_hash), chunk_size) == str(file_hash).lower()
