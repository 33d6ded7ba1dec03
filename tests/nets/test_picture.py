"""Pictures of graphs: each layer and each link is there, and none lies over another."""

import random
import re
from xml.etree import ElementTree

from project.nets._lanes import lanes_of
from project.nets.picture import picture
from tests.nets.making import IMAGE, net

NET = """
    defaults: {conv: {norm: batch}}
    blocks:
      two: {layers: [conv: {out: 6}, conv: {out: 6}]}
    layers:
      - conv: {name: stem, out: 6}
      - two: {name: large}
      - conv: {name: halved, out: 6, stride: 2}
      - conv: {name: deeper, out: 6}
      - residual: {name: added, from: halved}
      - identity: {name: top, from: large}
      - fusion: {name: exchange, from: added}
      - select: {name: up, from: exchange, index: 0}
      - dense: {name: wide, from: [stem, large, halved, deeper, top], resize: true}
      - use: {name: again, of: deeper, from: halved}
      - residual: {from: added}
      - dense: {from: wide, resize: true}
      - global_pool: avg
      - linear: classes
    """
TAG = "{http://www.w3.org/2000/svg}"


def test_every_layer_has_a_box_and_what_is_known_of_it() -> None:
    graph = net(NET).graph
    root = ElementTree.fromstring(picture(graph))
    boxes = list(root.iter(f"{TAG}g"))
    assert len(boxes) == len(graph.nodes) + 1  # and what comes out
    titles = [box.find(f"{TAG}title").text for box in boxes]
    (wide,) = [title for title in titles if title.startswith("wide")]
    assert (
        wide
        == "wide: dense, gives 36x8x8, takes up, stem, large.conv_2, halved, deeper, top, line 14"
    )
    said = {
        title.partition(":")[0]: [t.text for t in box.iter(f"{TAG}text")]
        for title, box in zip(titles, boxes, strict=True)
    }
    assert said["stem"] == ["stem", "conv", "120", "6×8×8"]  # 9 x 2 x 6 and a norm
    assert said["large.conv_2"] == ["conv_2", "336", "6×8×8"]  # its block's name stands beside it
    assert said["exchange"][-1] == "6×8×8 +1" and "shared" in said["again"]
    rows = [[int(box.find(f"{TAG}rect").get(k)) for k in ("x", "y", "height")] for box in boxes]
    assert all(a[1] + a[2] < b[1] for a, b in zip(rows, rows[1:], strict=False))
    lefts = dict(zip([t.partition(":")[0] for t in titles], [row[0] for row in rows], strict=True))
    # A map of half the size stands further right, and features where they were made.
    assert lefts["stem"] == lefts["up"] == lefts["wide"] < lefts["halved"] == lefts["output"]
    text = ["".join(each.itertext()) for each in root.iter(f"{TAG}text")]
    # The name of a block stands there, and where the pointer rests on it.
    assert text[0].startswith("net.yaml: 15 layers, ") and "largelarge" in text


def test_every_link_ends_at_its_box_at_a_place_of_its_own() -> None:
    graph = net(NET).graph
    root = ElementTree.fromstring(picture(graph))
    rects = [box.find(f"{TAG}rect") for box in root.iter(f"{TAG}g")]
    ends = []
    for path in root.iter(f"{TAG}path"):
        if tip := re.fullmatch(r"M(\d+) (\d+)l7 -4v8z", path.get("d")):
            ends.append((int(tip[1]), int(tip[2])))
    inputs = [*(node.inputs for node in graph.nodes), graph.outputs]
    for row, (rect, sources) in enumerate(zip(rects, inputs, strict=True)):
        left, top, width, height = (int(rect.get(k)) for k in ("x", "y", "width", "height"))
        here = [y for x, y in ends if x == left + width and top < y < top + height]
        # The line from the box above is no link.
        assert len(set(here)) == len(here) == len({*sources} - {row - 1})
    assert len(ends) == sum(len({*sources} - {row - 1}) for row, sources in enumerate(inputs))


def test_no_two_links_share_a_piece_of_a_lane() -> None:
    draws = random.Random(0)
    for _ in range(50):
        inputs = [sorted({*draws.choices(range(i), k=3)}) if i else [] for i in range(30)]
        links = lanes_of(inputs)
        taken = [(link.lane, row) for link in links for row in range(link.source, link.targets[-1])]
        assert len(taken) == len(set(taken))
        found = {(link.source, target) for link in links for target in link.targets}
        assert found == {(s, i) for i, sources in enumerate(inputs) for s in sources if s < i - 1}
    # One inside another runs inside it.
    inner, outer = lanes_of([[], [0], [1], [2, 1], [3, 0]])
    assert (inner.source, inner.lane, outer.source, outer.lane) == (1, 0, 0, 1)


def test_names_that_mean_something_in_xml_are_written_out() -> None:
    from project.hyperparameters import Hyperparameters
    from project.nets.loading import load

    made = load("layers: [conv: 3]", "a<b>&'.yaml", IMAGE, 3, Hyperparameters(), device="meta")
    assert ElementTree.fromstring(picture(made.graph)).find(f"{TAG}title").text.startswith("a<b>&'")
