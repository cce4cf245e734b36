"""Archives from strangers: everything lands in the folder, or nothing does."""

import io
import os
import stat
import tarfile
import zipfile

import pytest

from kshim.errors import SafetyError
from kshim.utils.archives import extract_archive


def tar(path, *members, mode="w"):
    """members: (name, bytes) or a ready TarInfo."""
    with tarfile.open(path, mode) as archive:
        for member in members:
            if isinstance(member, tarfile.TarInfo):
                archive.addfile(member)
                continue
            info = tarfile.TarInfo(member[0])
            info.size = len(member[1])
            archive.addfile(info, io.BytesIO(member[1]))
    return path


def link(name, target, kind=tarfile.SYMTYPE):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


@pytest.fixture
def out(tmp_path):
    folder = tmp_path / "deep" / "out"
    folder.mkdir(parents=True)
    return folder


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_tar(tmp_path, out, mode):
    program = tarfile.TarInfo("a/run.sh")
    program.mode = 0o755
    path = tar(tmp_path / "x", ("a/b.txt", b"1"), program, link("a/link", "b.txt"), mode=mode)
    assert extract_archive(path, out)
    assert (out / "a" / "link").read_bytes() == b"1"
    assert os.access(out / "a" / "run.sh", os.X_OK) and not os.access(out / "a" / "b.txt", os.X_OK)
    assert os.listdir(out) == ["a"]


def test_hard_link(tmp_path, out):
    assert extract_archive(tar(tmp_path / "x", ("a/b", b"1"), link("a/c", "a/b", tarfile.LNKTYPE)), out)
    assert (out / "a" / "c").read_bytes() == b"1"


@pytest.mark.parametrize(
    "member",
    [
        ("../evil", b"x"),
        ("/tmp/evil-absolute", b"x"),
        ("a/../../evil", b"x"),
        ("..\\evil", b"x"),
        ("C:\\evil", b"x"),
        link("l", "/etc"),
        link("l", "../.."),
        link("l", "../../evil", tarfile.LNKTYPE),
        link("pipe", "", tarfile.FIFOTYPE),
    ],
)
def test_hostile_tar(tmp_path, out, member):
    path = tar(tmp_path / "x", ("good", b"1"), member)
    with pytest.raises(SafetyError, match="not extracted"):
        extract_archive(path, out)
    assert os.listdir(out) == [] and os.listdir(tmp_path / "deep") == ["out"]


def test_writing_through_a_link(tmp_path, out):
    """A link that is fine alone must not lead later members outside."""
    path = tar(tmp_path / "x", link("a", "b"), link("b", ".."), ("a/evil", b"x"))
    with pytest.raises(SafetyError):
        extract_archive(path, out)
    assert os.listdir(out) == []


def test_zip(tmp_path, out):
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("a/b.txt", "1")
        archive.writestr("empty/", "")
    assert extract_archive(str(tmp_path / "x.zip"), str(out))
    assert (out / "a" / "b.txt").read_text() == "1" and (out / "empty").is_dir()


@pytest.mark.parametrize("name", ["../evil", "/evil", "a/../../evil"])
def test_hostile_zip(tmp_path, out, name):
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr(name, "1")
    with pytest.raises(SafetyError, match="outside the target folder"):
        extract_archive(tmp_path / "x.zip", out)
    assert os.listdir(out) == []


def test_link_in_zip(tmp_path, out):
    info = zipfile.ZipInfo("l")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr(info, "/etc")
    with pytest.raises(SafetyError, match="is a link"):
        extract_archive(tmp_path / "x.zip", out)


def test_merges_with_what_is_there(tmp_path, out):
    (out / "a").mkdir()
    (out / "a" / "old").write_text("kept")
    (out / "a" / "b").write_text("old")
    extract_archive(tar(tmp_path / "x", ("a/b", b"new"), ("a/c/d", b"2")), out)
    assert (out / "a" / "old").read_text() == "kept"
    assert (out / "a" / "b").read_text() == "new" and (out / "a" / "c" / "d").read_text() == "2"


def test_formats(tmp_path, out):
    path = tar(tmp_path / "x", ("a", b"1"))
    assert not extract_archive(path, out, None)
    assert not extract_archive(path, out, "zip")
    assert not extract_archive(path, out, ["zip"])
    assert os.listdir(out) == []
    assert extract_archive(path, out, ["zip", "tar"])
