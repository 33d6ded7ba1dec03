"""Image series: pictures stored once, read in order, and gone when their series is."""

from __future__ import annotations

import base64
import io
from typing import Any

import pytest
from PIL import Image
from starlette.testclient import TestClient

from tests.server.batches import ROOT, TIME, Run, do, log, make_run
from tests.server.sending import send_file, spooled, stored

BAD = "logSeriesValueError"


@pytest.fixture
def run(client: TestClient) -> Run:
    return make_run(client)


def picture(number: int, format_: str = "PNG") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (4, 4), (number, 0, 0)).save(out, format_)
    return out.getvalue()


def image(content: bytes, **about: str) -> dict[str, str]:
    return {"data": base64.b64encode(content).decode(), **about}


def logged(*points: tuple[float | None, int, bytes], path: str = "a/i") -> dict[str, Any]:
    """An operation that logs (step, timestamp, content) entries."""
    entries = [(step, timestamp, image(content)) for step, timestamp, content in points]
    return log(path, *entries, name="logImages")


def get(run: Run, index: int, path: str = "a/i") -> Any:
    params = {"experimentId": run.id, "attribute": path, "index": index}
    return run.client.get(f"{ROOT}/attributes/series/image/single", params=params)


def pictures(run: Run, path: str = "a/i") -> list[bytes]:
    total = run.page(path, "image", limit=1).json()["totalItemCount"]
    return [get(run, index, path).content for index in range(total)]


def test_pictures_come_back_as_they_were_logged(run: Run) -> None:
    sent = [picture(number) for number in range(3)]
    points = [(number / 2, TIME + number, content) for number, content in enumerate(sent)]
    assert run.send(logged(*points[:2]), logged(points[2])) == []
    assert pictures(run) == sent
    assert sorted(stored(run).values()) == sorted(sent)
    assert all(name.startswith("a/i/") and name.endswith(".png") for name in stored(run))
    values = run.page("a/i", "image").json()["values"]
    assert [(v["step"], v["timestampMillis"]) for v in values] == [(p[0], p[1]) for p in points]
    answer = get(run, 0)
    assert answer.headers["content-type"] == "image/png"  # the client's name for the file
    assert answer.headers["content-disposition"] == 'attachment; filename="0.png"'
    assert spooled() == []


def test_pictures_have_names_and_descriptions(run: Run) -> None:
    value = image(picture(0), name='a "name"', description="ü\n")
    run.send(log("i", (None, TIME, value), name="logImages"))
    assert run.page("i", "image").json()["values"] == [
        {"step": 0, "timestampMillis": TIME, "value": {"name": 'a "name"', "description": "ü\n"}}
    ]


def test_entries_are_read_by_step(run: Run) -> None:
    for step in (5, 1, 3):
        run.send(logged((step, TIME + step, picture(step))))
    assert pictures(run) == [picture(step) for step in (1, 3, 5)]


@pytest.mark.parametrize("steps", [(0, 1, 2), (None, None, None), (0, None, 7)])
def test_a_batch_sent_again_changes_nothing(run: Run, steps: tuple[float | None, ...]) -> None:
    sent = [picture(number) for number in range(3)]
    batch = logged(*((step, TIME + i, sent[i]) for i, step in enumerate(steps)))
    assert run.send(batch) == run.send(batch) == []
    assert (pictures(run), len(stored(run))) == (sent, 3)


@pytest.mark.parametrize("steps", [(0, 1, 2), (None, None, None)])
def test_a_batch_with_other_boundaries_is_known(run: Run, steps: tuple[float | None, ...]) -> None:
    sent = [picture(number) for number in range(3)]
    points = [(step, TIME + i, sent[i]) for i, step in enumerate(steps)]
    assert run.send(logged(*points[:2])) == []
    assert run.send(logged(*points), do("x", "assignInt", value=1)) == []
    assert (pictures(run), len(stored(run))) == (sent, 3)


FORMATS = {"PNG": "png", "JPEG": "jpeg", "GIF": "gif", "WEBP": "webp", "BMP": "bmp", "TIFF": "tiff"}


@pytest.mark.parametrize("format_, type_", FORMATS.items())
def test_the_content_says_what_it_is(run: Run, format_: str, type_: str) -> None:
    run.send(logged((0, TIME, picture(9, format_))))
    answer = get(run, 0)
    assert answer.headers["content-type"] == f"image/{type_}"
    assert answer.content == picture(9, format_)


def test_what_is_no_picture_is_no_page_either(run: Run) -> None:
    page = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
    run.send(logged((0, TIME, page)))
    headers = get(run, 0).headers
    assert headers["content-type"] == "application/octet-stream"
    assert headers["content-disposition"] == 'attachment; filename="0.bin"'
    assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("data", ["", "%", "abc", "é", "YQ==\n"])
def test_an_entry_without_a_picture_is_told_and_the_rest_applies(run: Run, data: str) -> None:
    points = [(0, TIME, {"data": data}), (1, TIME, image(picture(1)))]
    assert run.send(log("i", *points, name="logImages"), do("x", "assignInt", value=1)) == [BAD]
    assert pictures(run, "i") == [picture(1)]
    assert run.all()["x"] == 1


def test_clearing_and_deleting_remove_the_files(run: Run) -> None:
    run.send(logged((0, TIME, picture(0))), logged((0, TIME, picture(1)), path="b"))
    assert run.send(do("a/i", "clearImageSeries")) == []
    assert (pictures(run), pictures(run, "b")) == ([], [picture(1)])
    assert list(stored(run).values()) == [picture(1)]
    assert run.send(do("b", "deleteAttribute")) == []
    assert stored(run) == {}
    assert get(run, 0, "b").status_code == 404


def test_a_picture_cleared_and_logged_again_in_one_batch_is_there(run: Run) -> None:
    entry = logged((0, TIME, picture(0)))
    run.send(entry)
    run.send(entry, do("a/i", "clearImageSeries"), entry)
    assert pictures(run) == [picture(0)]
    run.send(logged((1, TIME, picture(1))), do("a/i", "deleteAttribute"))
    assert stored(run) == {}


def test_another_type_in_the_place_leaves_no_files(run: Run) -> None:
    run.send(do("a/i", "assignFloat", value=1.5))
    assert run.send(logged((0, TIME, picture(0)))) == ["metadata_inconsistency"]
    assert stored(run) == {}
    assert run.send(do("a/i", "deleteAttribute"), logged((0, TIME, picture(0)))) == []
    assert pictures(run) == [picture(0)]


def test_a_series_and_a_file_do_not_meet(run: Run) -> None:
    run.send(logged((0, TIME, picture(0)), path="a"))
    send_file(run, "a/b", b"content", "txt")
    run.send(do("a", "deleteAttribute"))
    assert list(stored(run).values()) == [b"content"]


def test_pages_and_places_that_are_not_there(run: Run) -> None:
    run.send(*(logged((n, TIME + n, picture(n))) for n in range(5)))
    assert len(run.page("a/i", "image", offset=3).json()["values"]) == 2
    assert run.page("a/i", "image", offset=9, limit=0).json()["totalItemCount"] == 5
    assert run.page("a/i", "image", offset=-1).status_code == 400
    for index in (5, -1, 2**63):
        assert get(run, index).status_code == 404
    run.send(do("x", "assignInt", value=1))
    assert run.page("x", "image").status_code == 400
    assert run.page("y", "image").status_code == 404
