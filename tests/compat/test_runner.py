"""`python -m kshim` does what `python` does: each program is run both ways and everything must be equal."""

import os
import sys

import pytest

PROGRAMS = {
    "facts": "import sys\nprint(__name__, __file__, sys.argv, sys.path[0], __spec__, __package__, __doc__, __builtins__.__name__)\n",
    "main_is_itself": "import sys, pickle\nclass C: pass\nprint(pickle.loads(pickle.dumps(C)) is C, sys.modules['__main__'].C is C)\n",
    "docstring": '"""文档"""\nprint(__doc__)\n',
    "exit_code": "import atexit, sys\natexit.register(lambda: print('bye'))\nsys.exit(7)\n",
    "exit_text": "raise SystemExit('stopped')\n",
    "exit_none": "raise SystemExit\n",
    "interrupt": "raise KeyboardInterrupt\n",
    "error": "def f():\n    return 1 / 0\n\ntry:\n    {}['x']\nexcept KeyError:\n    f()\n",
    "cause": "try:\n    int('x')\nexcept ValueError as error:\n    raise RuntimeError('second') from error\n",
    "group": "import sys\nraise (ExceptionGroup('g', [ValueError(1)]) if sys.version_info >= (3, 11) else ValueError(1))\n",
    "syntax": "x = 1\nif x\n    y\n",
    "import_error": "import no_such_module\n",
    "own_hook": "import sys\nsys.excepthook = lambda k, e, t: print('hook', k.__name__, t.tb_frame.f_code.co_name)\nint('x')\n",
    "sibling": "import helper\nprint(helper.__file__)\n",
    "stdin": "print(input())\n",
    "argv": "import sys\nprint(sys.argv)\nfor line in sys.stdin: print(line, end='')\n",
    "empty": "",
}


def _same(run, *command, stdin=None):
    plain, ours = run(*command, stdin=stdin), run("-m", "kshim", *command, stdin=stdin)
    assert (ours.returncode, ours.stdout, ours.stderr) == (plain.returncode, plain.stdout, plain.stderr)
    return ours


@pytest.mark.parametrize("name", PROGRAMS)
def test_script(run, tmp_path, name):
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "helper.py").write_text("")
    (folder / f"{name}.py").write_text(PROGRAMS[name], encoding="utf-8")
    _same(run, f"folder/{name}.py", "one", "--backend", "-m", stdin="typed\n")


@pytest.mark.parametrize("encoding", ["gbk", "gb2312", "big5", "latin-1", "utf-8-sig", "utf-8"])
def test_source_encoding(run, tmp_path, encoding):
    text = "é" if encoding == "latin-1" else "中文"
    source = f"# -*- coding: {encoding} -*-\nprint({text!r}, __file__)  # {text}\n"
    (tmp_path / "script.py").write_bytes(source.encode(encoding))
    assert text in _same(run, "script.py").stdout


def test_wrong_encoding_is_the_programs_syntax_error(run, tmp_path):
    (tmp_path / "script.py").write_bytes("print('中')\n".encode("gbk"))
    done = run("-m", "kshim", "script.py")
    assert (
        done.returncode == 1
        and "SyntaxError" in done.stderr
        and "script.py" in done.stderr
        and "kshim" not in done.stderr
    )


@pytest.mark.parametrize(
    "code", ["import sys; print(sys.argv, sys.path[0] == '', __name__, __spec__)", "1/0", "raise SystemExit(3)", "x ="]
)
def test_code(run, code):
    _same(run, "-c", code, "a", "-b")


def test_standard_input(run):
    _same(run, "-", "x", stdin="import sys\nprint(sys.argv, __name__, '__file__' in globals())\n")


def test_module_and_package(run, tmp_path):
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg" / "__init__.py").write_text("import sys\nprint('init', sys.argv[0])\n")
    facts = "import sys\nprint(__name__, __package__, __spec__.name, __file__, sys.argv, sys.path[0])\n"
    (tmp_path / "pkg" / "__main__.py").write_text(facts)
    (tmp_path / "pkg" / "part.py").write_text(facts + "from . import __main__ as other\n")
    for name in ("pkg", "pkg.part", "this"):
        _same(run, "-m", name, "x", "-y")
    _same(run, "pkg", "x")  # a folder with a __main__.py


def test_package_without_main_and_missing_modules(run, tmp_path):
    (tmp_path / "bare").mkdir()
    (tmp_path / "bare" / "__init__.py").write_text("")
    for name, text in (
        ("bare", "cannot be directly executed"),
        ("bare.no", "No module named"),
        ("nothing_here", "No module named"),
    ):
        plain, ours = run("-m", name), run("-m", "kshim", "-m", name)
        assert ours.returncode == plain.returncode == 1
        assert text in ours.stderr and text in plain.stderr and "Traceback" not in ours.stderr


def test_missing_file_and_folder_without_main(run, tmp_path):
    (tmp_path / "folder").mkdir()
    for target, code in (("missing.py", 2), ("folder", 1)):
        plain, ours = run(target), run("-m", "kshim", target)
        assert ours.returncode == plain.returncode == code
        assert ours.stderr.split(": ", 1)[1] == plain.stderr.split(": ", 1)[1]


@pytest.mark.skipif(sys.platform == "win32", reason="symbolic links need rights there")
def test_link_to_a_script_finds_its_neighbours(run, tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "script.py").write_text("import sys, helper\nprint(sys.path[0], __file__)\n")
    (tmp_path / "real" / "helper.py").write_text("")
    os.symlink(tmp_path / "real" / "script.py", tmp_path / "link.py")
    _same(run, "link.py")


@pytest.mark.parametrize(
    "program",
    [
        "import keras.no_such_part",
        "from keras import no_such_name",
        "import keras\nkeras.no_such_name",
        "from keras.losses import meen",
    ],
)
def test_redirected_import_errors_show_the_program_only(run, tmp_path, program):
    (tmp_path / "script.py").write_text(program + "\n")
    done = run("-m", "kshim", "script.py")
    places = [line for line in done.stderr.splitlines() if line.startswith("  File")]
    assert done.returncode == 1 and len(places) == 1 and "script.py" in places[0], done.stderr
    assert done.stderr.splitlines()[-1].split(":")[0] in ("ImportError", "ModuleNotFoundError", "AttributeError")


def test_options(run, tmp_path):
    (tmp_path / "script.py").write_text(
        "import os, sys\nprint(os.environ.get('KSHIM_BACKEND'), os.environ.get('KSHIM_DEVICE'), sys.argv)\n"
    )
    for options in (["--backend", "numpy", "--device", "cpu"], ["--backend=numpy", "--device=cpu"]):
        done = run("-m", "kshim", *options, "script.py", "--device", "x")
        assert done.stdout == "numpy cpu ['script.py', '--device', 'x']\n"
    assert run("-m", "kshim", "script.py", KSHIM_BACKEND="numpy").stdout.startswith("numpy None")


@pytest.mark.parametrize(
    ("args", "text"),
    [
        ((), "Nothing to run"), (("--backend",), "needs a value"), (("--bakend", "x"), "Unknown option: --bakend"), (("-m",), "needs a value"),
        (("--backend", "tensorfow", "x.py"), "Did you mean 'tensorflow'"),
    ],
)  # fmt: skip
def test_wrong_command_lines(run, args, text):
    done = run("-m", "kshim", *args)
    assert (done.returncode, done.stdout) == (2, "") and text in done.stderr and "Traceback" not in done.stderr


def test_missing_framework_is_said_at_once(run, tmp_path):
    (tmp_path / "script.py").write_text("print('ran')\n")
    hide = "import sys; sys.modules['torch'] = None; from kshim.runner import main; sys.exit(main(['--backend', 'torch', 'script.py']))"
    done = run("-c", hide)
    assert done.returncode == 2 and "pip install 'kshim[torch]'" in done.stderr and done.stdout == ""


def test_help_and_version(run):
    import kshim

    assert "--backend" in run("-m", "kshim", "--help").stdout
    assert run("-m", "kshim", "--version").stdout == f"kshim {kshim.__version__}\n"


def test_doctor_survives_broken_frameworks(run, tmp_path):
    broken = tmp_path / "broken"
    for name, text in (("torch", "import os; os.abort()"), ("jax", "raise RuntimeError('no driver')")):
        (broken / name).mkdir(parents=True)
        (broken / name / "__init__.py").write_text(text)
    code = (
        f"import sys; sys.path.insert(0, {str(broken)!r}); sys.modules['tensorflow'] = None\n"
        "from kshim.runner import main; sys.exit(main(['doctor']))"
    )
    done = run("-c", code)
    lines = {line[2:].split()[0]: line for line in done.stdout.splitlines() if line[2:].strip()}
    assert done.returncode == 0, done.stderr
    assert lines["numpy"].startswith("* ") and "runs on cpu" in lines["numpy"]
    assert "signal 6" in lines["torch"] and "no driver" in lines["jax"]
    assert "pip install 'kshim[tensorflow]'" in lines["tensorflow"]
    assert run("-m", "kshim", "--backend", "nothing", "doctor").returncode == 1


def test_console_command_matches_the_module(run, tmp_path):
    (tmp_path / "script.py").write_text("import sys\nprint(__name__, sys.argv, sys.path[0])\n1 / 0\n")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "kshim").write_text(
        "import sys\nfrom kshim.runner import main\nif __name__ == '__main__':\n    sys.exit(main())\n"
    )
    command, module = run("bin/kshim", "script.py", "x"), run("-m", "kshim", "script.py", "x")
    assert (command.returncode, command.stdout, command.stderr) == (module.returncode, module.stdout, module.stderr)
