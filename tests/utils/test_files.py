"""`get_file` against a web server on this computer."""

import hashlib
import http.server
import io
import os
import pathlib
import tarfile
import threading
import zipfile

import pytest

from kshim.errors import SafetyError
from kshim.utils import data_utils, files, get_file

CONTENT = bytes(range(256)) * 1000


def tar_bytes(entries):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, data in entries.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def zip_bytes(entries):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return buffer.getvalue()


@pytest.fixture
def server(monkeypatch):
    """Serves `pages` (path -> bytes) and counts requests; yields (address, pages, requests)."""
    pages, requests = {"/data.bin": CONTENT}, []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            requests.append(self.path)
            body = pages.get(self.path)
            if body is None:
                self.send_error(404)
                return
            self.send_response(200)
            if self.path != "/unsized.bin":
                short = 1000 if self.path == "/cut.bin" else 0
                self.send_header("Content-Length", str(len(body) + short))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    monkeypatch.setenv("no_proxy", "127.0.0.1")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", pages, requests
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def test_downloads_once(server, home, capsys):
    address, _, requests = server
    path = get_file("mine.bin", address + "/data.bin")
    assert path == str(home / "datasets" / "mine.bin")
    assert pathlib.Path(path).read_bytes() == CONTENT
    out = capsys.readouterr().out
    assert f"Downloading data from {address}/data.bin" in out and "256000/256000 [====" in out
    assert get_file("mine.bin", address + "/data.bin") == path
    assert requests == ["/data.bin"] and capsys.readouterr().out == ""
    assert os.listdir(home / "datasets") == ["mine.bin"]
    get_file("mine.bin", address + "/data.bin", force_download=True)
    assert len(requests) == 2


def test_name_folder_and_unknown_size(server, tmp_path):
    address, pages, _ = server
    pages["/unsized.bin"] = b"abc"
    path = get_file(origin=address + "/unsized.bin", cache_subdir="models/a", cache_dir=tmp_path / "other")
    assert path == str(tmp_path / "other" / "models" / "a" / "unsized.bin")
    assert pathlib.Path(path).read_bytes() == b"abc"
    with pytest.raises(ValueError, match="cannot tell a file name"):
        get_file(origin=address + "/")
    with pytest.raises(ValueError, match="origin"):
        get_file("x")


@pytest.mark.parametrize(
    "algorithm", [{"hash_algorithm": "sha256"}, {"hash_algorithm": "auto"}, {"hash_algorithm": "md5"}, {}]
)
def test_checksums(server, home, algorithm, capsys):
    address, _, requests = server
    kind = "md5" if algorithm.get("hash_algorithm") == "md5" else "sha256"
    digest = hashlib.new(kind, CONTENT).hexdigest()
    path = get_file("a", address + "/data.bin", file_hash=digest, **algorithm)
    get_file("a", address + "/data.bin", file_hash=digest.upper(), **algorithm)
    assert len(requests) == 1
    with open(path, "wb") as f:
        f.write(b"damaged")
    get_file("a", address + "/data.bin", file_hash=digest, **algorithm)
    assert len(requests) == 2 and pathlib.Path(path).read_bytes() == CONTENT
    assert "downloaded again" in capsys.readouterr().out
    assert data_utils.validate_file(path, digest) and not data_utils.validate_file(path, "0" * 64)
    assert data_utils._hash_file(path, kind) == digest


def test_md5_hash_argument(server):
    address, _, requests = server
    for _ in range(2):
        get_file("a", address + "/data.bin", md5_hash=hashlib.md5(CONTENT).hexdigest())
    assert len(requests) == 1


def test_what_arrives_is_wrong(server, home):
    address, pages, _ = server
    pages["/cut.bin"] = CONTENT
    with pytest.raises(ValueError, match="expected 0{64}"):
        get_file("a", address + "/data.bin", file_hash="0" * 64)
    with pytest.raises(files.DownloadError, match="(ended after 256000 of 257000|IncompleteRead)"):
        get_file("b", address + "/cut.bin")
    assert os.listdir(home / "datasets") == []


def test_failure_names_address_and_place_and_keeps_the_old_file(server, home):
    address, _, _ = server
    with pytest.raises(OSError, match="404") as error:
        get_file("a.bin", address + "/missing.bin")
    assert address + "/missing.bin" in str(error.value)
    assert str(home / "datasets" / "a.bin") in str(error.value)
    (home / "datasets" / "a.bin").write_bytes(b"old")
    with pytest.raises(files.DownloadError, match="URL fetch failure on http://127.0.0.1:1/a"):
        get_file("a.bin", "http://127.0.0.1:1/a", file_hash="0" * 32)
    assert (home / "datasets" / "a.bin").read_bytes() == b"old"


def test_file_addresses(tmp_path):
    (tmp_path / "source.txt").write_text("hello")
    path = get_file(origin=(tmp_path / "source.txt").as_uri())
    assert pathlib.Path(path).read_text() == "hello"
    with pytest.raises(files.DownloadError):
        get_file("none", (tmp_path / "none.txt").as_uri())


def test_untar_as_keras_2(server, home):
    address, pages, requests = server
    pages["/flowers.tgz"] = tar_bytes({"flowers/a.txt": b"1", "flowers/deep/b.txt": b"2"})
    for fname in ("flowers", "flowers.tar.gz"):
        path = get_file(fname, address + "/flowers.tgz", untar=True)
        assert path == str(home / "datasets" / "flowers")
        assert pathlib.Path(os.path.join(path, "deep", "b.txt")).read_text() == "2"
    assert len(requests) == 1
    assert sorted(os.listdir(home / "datasets")) == ["flowers", "flowers.tar.gz"]


@pytest.mark.parametrize("make", [zip_bytes, tar_bytes])
def test_extract_serves_keras_2_and_3(server, home, make):
    address, pages, _ = server
    pages["/pets.zip"] = make({"pets/a.txt": b"1"})
    for _ in range(2):
        path = get_file("pets.zip", address + "/pets.zip", extract=True)
        assert path == str(home / "datasets" / "pets_extracted")  # Keras 3
        assert pathlib.Path(os.path.join(path, "pets", "a.txt")).read_text() == "1"
        assert pathlib.Path(os.path.join(os.path.dirname(path), "pets", "a.txt")).read_text() == "1"  # Keras 2
    path = get_file(origin=address + "/pets.zip", extract=True, cache_subdir="b")
    assert path == str(home / "b" / "pets.zip") and os.path.isdir(path)


def test_extract_what_is_no_archive(server):
    address, _, _ = server
    with pytest.warns(UserWarning, match="not an archive"):
        get_file("a.bin", address + "/data.bin", extract=True)
    with pytest.raises(ValueError, match="'rar'"):
        get_file("a.bin", address + "/data.bin", extract=True, archive_format="rar")


def test_hostile_archive_leaves_nothing(server, home):
    address, pages, _ = server
    pages["/evil.zip"] = zip_bytes({"good.txt": b"1", "../../evil.txt": b"2"})
    with pytest.raises(SafetyError, match="evil.txt"):
        get_file("evil.zip", address + "/evil.zip", extract=True)
    assert not list(home.rglob("evil.txt")) and not list(home.rglob("good.txt"))


def test_unwritable_home(server, tmp_path, monkeypatch):
    address, _, _ = server
    blocked = tmp_path / "file"
    blocked.write_text("")  # a file where the folder should be
    monkeypatch.setenv("KERAS_HOME", str(blocked))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.warns(UserWarning, match="KERAS_HOME"):
        path = get_file("a", address + "/data.bin")
    assert path == str(tmp_path / ".keras" / "datasets" / "a")
