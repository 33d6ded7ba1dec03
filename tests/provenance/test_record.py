"""The record: complete, in order, and without secrets."""

import json

from project.provenance.code import CodeState
from project.provenance.record import make_record
from project.provenance.redact import Redactor
from project.provenance.schema import SCHEMA

SECRET = "q7Zw-" "it's-93kd"
REDACTOR = Redactor({"MY_TOKEN": SECRET})
FLAGS = {"exp_name": "trial", "description": "two words", "tags": ("a", "b"), "seed": 3, "lr": 0.1}
CODE = CodeState(sha="ab" * 20, branch="main", dirty=True, patch=b"diff")
DATA = {"name": "digits", "hash": "blake3:" + "0a" * 32, "classes": ["token", "zero"]}
MODEL = {"name": "cnn", "n_parameters": 10, "n_trainable": 10}
MACHINE = {"python": "3.11.7", "host": "box", "user": "ada", "packages": {"google-auth": "2.9"}}
TASK = {"name": "classification", "headline": ["accuracy"], "judged": "accuracy"}
SCORES = {"loss": "min", "accuracy": "max", "roc_auc_error_bound": None}
SOURCES = {"project/run.py": "0c" * 32}
MORE = {"task": TASK, "scores": SCORES, "sources": SOURCES}
START = {"generators": {"python": "blake3:" + "0b" * 32}, "weights": None}


def test_the_record_has_all_that_was_asked_for() -> None:
    argv = ["--exp-name", "trial", "--description", "two words"]
    record = make_record(FLAGS, argv, CODE, DATA, MODEL, MACHINE, START, REDACTOR, **MORE)
    assert record == {
        "schema": SCHEMA,
        "exp_name": "trial",
        "command": "python -m project.run --exp-name trial --description 'two words'",
        "flags": FLAGS | {"tags": ["a", "b"]},
        "defaults": {},
        "description": "two words",
        "tags": ["a", "b"],
        "seed": 3,
        "start": START,
        "parent": None,
        "sweep": None,
        "code": CODE.describe(),
        "sources": SOURCES,
        "data": DATA,
        "task": TASK,
        "model": MODEL,
        "class_weights": None,
        "scores": SCORES,
        "environment": {"python": "3.11.7", "packages": {"google-auth": "2.9"}},
        "host": "box",
        "user": "ada",
    }


def test_no_secret_is_in_it() -> None:
    flags = FLAGS | {"description": f"with {SECRET}", "data_dir": "s3://k:" "hidden1@bucket"}
    argv = [
        "--description",
        f"with {SECRET}",
        "--data-dir=s3://k:" "hidden1@bucket",
        "--api-key",
        "x",
    ]
    record = make_record(
        flags,
        argv,
        CODE,
        DATA,
        MODEL,
        MACHINE | {"user": SECRET},
        START,
        REDACTOR,
        **MORE,
    )
    assert record["command"] == (
        "python -m project.run --description 'with ***' '--data-dir=s3://***@bucket'"
        " --api-key '***'"
    )
    assert record["user"] == "***"
    text = json.dumps(record)
    assert "q7Zw" not in text and "93kd" not in text and "hidden1" not in text


def test_arguments_that_are_not_utf8_can_be_written() -> None:
    odd = b"caf\xe9".decode("utf-8", "surrogateescape")
    record = make_record(
        FLAGS,
        ["--data-dir", odd],
        CODE,
        DATA,
        MODEL,
        MACHINE,
        START,
        REDACTOR,
        **MORE,
    )
    assert json.dumps(record, ensure_ascii=False).encode()
    assert "caf\\udce9" in record["command"]
