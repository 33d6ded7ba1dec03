"""Plugs: found inside and outside the package, loaded, and what bad ones get."""

import importlib
from collections.abc import Callable
from pathlib import Path

import pytest

from project import plugs
from project.plugs.serving import misfits, served

Write = Callable[[str, str], Path]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Puts a file where the person stands, who stands there from now on."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))

    def file(name: str, text: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        importlib.invalidate_caches()
        return path

    return file


def test_a_built_in_plug_is_a_file_of_its_folder() -> None:
    plug = plugs.find("data", "fashion-mnist")
    assert (plug.module, plug.part) == ("project.datasets.fashion_mnist", None)
    assert not plug.outside and Path(plug.path).name == "fashion_mnist.py"
    assert plugs.name_of(plug.module) == plug.name == "fashion-mnist"


def test_no_package_on_the_way_to_an_outside_plug_is_imported(write: Write) -> None:
    write("plugs_a/__init__.py", "raise AssertionError")
    write("plugs_a/b/__init__.py", "raise AssertionError")
    path = write("plugs_a/b/c.py", "class Net: ...\nraise AssertionError\n")
    plug = plugs.find("model", "plugs_a.b.c:Net")
    assert plug.outside and Path(plug.path).samefile(path)
    assert (plug.name, plug.part) == ("plugs_a.b.c", "Net")


def test_a_built_in_name_wins(write: Write) -> None:
    write("torchvision.py", "resnet18 = 1")
    plug = plugs.find("model", "torchvision:resnet18")
    assert not plug.outside and plug.part == "resnet18"


def test_a_folder_without_init_holds_plugs_too(write: Write) -> None:
    write("plugs_n/d/e.py", "x = y = 1")
    assert plugs.find("loss", "plugs_n.d.e:y").outside


@pytest.mark.parametrize(
    "text, message",
    [
        ("cnm", "--model 'cnm' is unknown, did you mean 'cnn'?"),
        ("cnn:Net", "--model 'cnn:Net': cnn takes no variant, write --model cnn; /"),
        ("cnn:Net", "/cnn.py needs another name"),
        ("mlp:Net", "--model 'mlp:Net': mlp takes no variant, write --model mlp"),
        ("torchvision", "takes a variant, write --model torchvision:NAME"),
        ("torchvison:x", "there is no module torchvison in the folder you stand in, nor on"),
        ("gone.mynets:Net", "there is no module gone.mynets in"),
        ("plugs_f.deeper:Net", "there is no module plugs_f.deeper in"),
        ("plugs_f:net", "plugs_f.py defines no net, did you mean 'Net'?"),
        ("plugs_bad:Net", "plugs_bad.py:2: expected ':'"),
        ("plugs_folder:Net", "plugs_folder is no Python source"),
        ("json:Net", "json is a module of Python's own; give yours another name"),
        ("project.plan:Plan", "project is this package's own"),
        ("a b:Net", "write MODULE:NAME"),
        ("mynets:", "write MODULE:NAME"),
        (".mynets:Net", "write MODULE:NAME"),
    ],
)
def test_what_is_no_plug_gets_a_line(write: Write, text: str, message: str) -> None:
    write("plugs_f.py", "class Net: ...")
    write("plugs_bad.py", "\nclass Net\n")
    write("plugs_folder/more.py", "")
    write("cnn.py", "class Net: ...")
    with pytest.raises(ValueError) as caught:
        plugs.find("model", text)
    assert message in str(caught.value) and "\n" not in str(caught.value)
    assert str(caught.value).startswith(f"--model {text!r}")


@pytest.mark.parametrize(
    "content, message",
    [
        ("import no_such_thing\nNet = 1", ":1: ModuleNotFoundError: No module named 'no_such_thin"),
        ("\nNet = 1 / 0", ":2: ZeroDivisionError: division by zero"),
        ("import sys\nNet = 1\nsys.exit()", ":3: SystemExit"),
    ],
)
def test_an_outside_module_that_cannot_be_imported_gets_a_line(
    write: Write, content: str, message: str
) -> None:
    write("plugs_broken.py", content)
    with pytest.raises(ValueError) as caught:
        plugs.load("model", "plugs_broken:Net")
    start = f"--model 'plugs_broken:Net': plugs_broken can't be imported: plugs_broken.py{message}"
    assert str(caught.value).startswith(start) and "\n" not in str(caught.value)


def test_a_name_that_is_only_there_at_run_time_is_looked_for_then(write: Write) -> None:
    write("plugs_dynamic.py", "from plugs_source import *")
    write("plugs_source.py", "def Net(): ...")
    assert plugs.load("model", "plugs_dynamic:Net").__name__ == "Net"
    assert plugs.find("model", "plugs_dynamic:Other")
    with pytest.raises(ValueError, match=r"plugs_dynamic\.py defines no Other"):
        plugs.load("model", "plugs_dynamic:Other")


def test_a_module_that_another_of_its_name_hides_is_told(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("one/plugs_twice.py", "Net = 1")
    write("two/plugs_twice.py", "Net = 2")
    monkeypatch.syspath_prepend(str(tmp_path / "one"))
    assert plugs.load("model", "plugs_twice:Net") == 1
    monkeypatch.syspath_prepend(str(tmp_path / "two"))
    with pytest.raises(ValueError, match="is hidden by .*one"):
        plugs.load("model", "plugs_twice:Net")


@pytest.mark.parametrize(
    "variant, task",
    [("resnet18", "classification"), ("fcn_resnet50", "segmentation"), ("x", "classification")],
)
def test_a_variant_serves_the_task_that_names_it_or_the_first(variant: str, task: str) -> None:
    assert served("model", f"torchvision:{variant}") == (task,)


@pytest.mark.parametrize(
    "data, model, said",
    [
        ("shapes", "cnn", "classification, not segmentation (of --data shapes): --model hrnet or"),
        ("digits", "unet", "segmentation, not classification (of --data digits): --model cnn or"),
        ("digits", "smp:unet/resnet18", "segmentation, not classification (of --data digits): "),
        ("shapes", "torchvision:fcn_resnet5", ", did you mean 'torchvision:fcn_resnet50'?"),
        ("digits", "torchvision:fcn_resnet50", "segmentation, not classification (of --data"),
    ],
)
def test_a_model_of_another_task_is_told_in_a_line(data: str, model: str, said: str) -> None:
    (line,) = misfits({"data": data, "model": model})
    assert line.startswith(f"model {model} serves ") and said in line
