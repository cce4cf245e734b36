"""Unpacking tar and zip files that come from elsewhere: nothing is ever written outside the target folder."""

import os
import shutil
import stat
import tarfile
import tempfile
import zipfile

from ..errors import SafetyError


def _inside(base, path):
    return os.path.commonpath([base, os.path.realpath(path)]) == base


def _refuse(archive, member, reason):
    return SafetyError(
        f"Archive {archive} is not extracted: its member {member!r} {reason}. Files from an archive may only land in "
        "the folder it is extracted to; unpack it by hand if you trust it."
    )


def _check_name(archive, base, name):
    path = name.replace("\\", "/")
    if path.startswith("/") or (len(path) > 1 and path[1] == ":") or not _inside(base, os.path.join(base, path)):
        raise _refuse(archive, name, "points outside the target folder")
    return os.path.join(base, *[part for part in path.split("/") if part not in ("", ".")])


def _write(source, target, mode):
    os.makedirs(os.path.dirname(target), exist_ok=True)
    with open(target, "wb") as f:
        shutil.copyfileobj(source, f)
    if mode & 0o100:
        os.chmod(target, os.stat(target).st_mode | (mode & 0o111))


def _extract_tar(path, base):
    with tarfile.open(path) as archive:
        for member in archive:
            target = _check_name(path, base, member.name)
            if member.isdir():
                os.makedirs(target, exist_ok=True)
            elif member.isfile():
                _write(archive.extractfile(member), target, member.mode)
            elif member.issym() or member.islnk():
                # a hard link names a member, a symbolic one a path seen from its own folder
                origin = base if member.islnk() else os.path.dirname(target)
                aim = os.path.join(origin, member.linkname)
                if os.path.isabs(member.linkname) or not _inside(base, aim):
                    raise _refuse(path, member.name, f"links to {member.linkname!r}, outside the target folder")
                os.makedirs(os.path.dirname(target), exist_ok=True)
                os.link(aim, target) if member.islnk() else os.symlink(member.linkname, target)
            else:
                raise _refuse(path, member.name, "is a device or a pipe")


def _extract_zip(path, base):
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            target = _check_name(path, base, member.filename)
            mode = member.external_attr >> 16
            if member.is_dir():
                os.makedirs(target, exist_ok=True)
            elif stat.S_ISLNK(mode):
                raise _refuse(path, member.filename, "is a link")
            else:
                with archive.open(member) as source:
                    _write(source, target, mode)


def _merge(source, target):
    """Move `source` to `target`, replacing files and joining folders."""
    if os.path.isdir(source) and not os.path.islink(source) and os.path.isdir(target):
        for name in os.listdir(source):
            _merge(os.path.join(source, name), os.path.join(target, name))
    else:
        os.replace(source, target)


def extract_archive(file_path, path=".", archive_format="auto"):
    """Unpack a tar (any compression) or zip file into the folder `path`.

    archive_format: 'auto', 'tar', 'zip', a list of them, or None to do nothing. Returns whether anything was
    unpacked. Raises `SafetyError` for a member that would land outside `path`; then nothing is unpacked.
    """
    if archive_format is None:
        return False
    formats = ["tar", "zip"] if archive_format == "auto" else archive_format
    for name in [formats] if isinstance(formats, str) else formats:
        if name not in ("tar", "zip"):
            raise ValueError(f"Unknown archive_format: {name!r}. Expected 'auto', 'tar', 'zip', a list or None.")
        matches, extract = (tarfile.is_tarfile, _extract_tar) if name == "tar" else (zipfile.is_zipfile, _extract_zip)
        if not matches(file_path):
            continue
        os.makedirs(path, exist_ok=True)
        # unpacked beside its place first, so that a broken archive leaves nothing half done
        temporary = tempfile.mkdtemp(prefix=".extract-", dir=path)
        try:
            extract(str(file_path), os.path.realpath(temporary))
            for entry in os.listdir(temporary):
                _merge(os.path.join(temporary, entry), os.path.join(path, entry))
        finally:
            shutil.rmtree(temporary)
        return True
    return False
