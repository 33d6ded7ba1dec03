"""A net's file as a `Document`: its words are known, each says what it must; all mistakes at once.

Nothing is worked out: that needs the images' shape and the flags.
"""

from collections.abc import Mapping

from project.files.marked_yaml import Node, parse
from project.nets.text import layers, links, numbers, settings
from project.nets.text.catalogue import STRUCTURE, Takes, Word, items
from project.nets.text.document import INPUT, Block, Document, Enough, in_order
from project.nets.text.saying import is_name, mapping, names_of
from project.words.telling import did_you_mean, quoted

WORDS = ("settings", "defaults", "inputs", "blocks", "layers", "outputs", "main")
_OF_BLOCK = ("parameters", "inputs", "layers", "outputs")
# Which part of what comes an input may be.
PARTS = ("view", "channels", "rows", "columns")


def read(text: str, path: str) -> Document:
    """What a net's text says; `problems` has a line for each mistake, `warnings` for vain words.

    Args:
        text: YAML.
        path: that messages name.
    """
    root, problems = parse(text, path)
    document = Document(path, problems=problems)
    if root is None or not isinstance(root.value, dict):
        if not problems:
            found = "nothing" if root is None else root.told
            document.tell(1, f"a net has names with values ({', '.join(WORDS)}), not {found}")
        return document
    try:
        _read(document, root.value)
    except Enough:
        document.is_whole = False
    document.problems = in_order(document.problems, path)
    document.warnings = in_order(document.warnings, path)
    return document


def _read(document: Document, said: Mapping[str, Node]) -> None:
    _known(document, said, WORDS, "")
    document.settings = mapping(document, said, "settings")
    document.inputs = _inputs(document, said.get("inputs"))
    words = _words(document, mapping(document, said, "blocks"))
    for name in words:
        document.blocks[name] = _block(document, name, said["blocks"].value[name], words)
    document.defaults = _defaults(document, mapping(document, said, "defaults"))
    if "layers" in said:
        document.layers = layers.read(document, said["layers"], words)
    else:
        document.tell(1, "layers is missing: the list of what the net does, item by item")
    document.outputs = names_of(document, said.get("outputs"), "outputs")
    last = document.layers[-1].line if document.layers else 1
    document.outputs_line = said["outputs"].line if document.outputs else last
    document.main = _main(document, said.get("main"))
    numbers.check(document)
    links.check(document)
    document.flags = settings.fields(document)


def _known(document: Document, said: Mapping[str, Node], words: tuple[str, ...], of: str) -> None:
    for word in said:
        if word not in words:
            why = f"unknown word {quoted(word)}{of}{did_you_mean(word, words)}"
            document.tell(said[word].line, f"{why} (words: {', '.join(words)})")


def _inputs(document: Document, node: Node | None) -> dict[str, Mapping[str, Node]]:
    """The net's inputs: names alone, or what part of what comes each is."""
    if node is None or not isinstance(node.value, dict):
        names = names_of(document, node, "inputs") or (INPUT,)
        return {n: {} for n in names if n == INPUT or is_name(document, node.line, n)}
    found: dict[str, Mapping[str, Node]] = {}
    for name, part in node.value.items():
        if name == INPUT or is_name(document, part.line, name):
            found[name] = mapping(document, node.value, name)
            _known(document, found[name], PARTS, f" of input {name}")
    return found


def _words(document: Document, blocks: Mapping[str, Node]) -> dict[str, Word]:
    """The blocks as words: known in each other, wherever they stand."""
    found = {}
    for name, node in blocks.items():
        if not is_name(document, node.line, name, [*items(), *STRUCTURE]):
            continue
        if not isinstance(node.value, dict):
            document.tell(node.line, f"block {name} has names with values, not {node.told}")
            continue
        takes = {n: Takes(p is None, True, True) for n, p in _parameters(node.value).items()}
        inputs = names_of(Document(""), node.value.get("inputs"), "inputs") or (INPUT,)
        found[name] = Word(name, takes, None, len(inputs), len(inputs))
    return found


def _parameters(said: Mapping[str, Node]) -> dict[str, Node | None]:
    """A block's parameters with their defaults, as a list of names or as names with values."""
    node = said.get("parameters")
    value = node.value if node else None
    if isinstance(value, dict):
        return {name: each if each.value is not None else None for name, each in value.items()}
    names = value if isinstance(value, list) else [node] if isinstance(value, str) else []
    return {each.value: None for each in names if isinstance(each.value, str)}


def _block(document: Document, name: str, node: Node, words: Mapping[str, Word]) -> Block:
    said, of = node.value, f"block {name}"
    _known(document, said, _OF_BLOCK, f" of {of}")
    parameters = _parameters(said)
    for parameter in parameters:
        is_name(document, said["parameters"].line, parameter, ("name", "from"))
    inputs = names_of(document, said.get("inputs"), f"inputs of {of}")
    for each in inputs:
        is_name(document, said["inputs"].line, each)
    outputs = names_of(document, said.get("outputs"), f"outputs of {of}")
    body = said.get("layers")
    if body is None:
        document.tell(node.line, f"{of} has no layers")
    inside = layers.read(document, body, words) if body else ()
    return Block(name, parameters, inputs or (INPUT,), outputs, inside, node.line)


def _defaults(document: Document, said: Mapping[str, Node]) -> dict[str, dict[str, Node]]:
    """Defaults of all items that have such a parameter, and of single items."""
    known, found = items(), {"": {}}
    every = {name for word in known.values() for name in word.parameters}
    for name, node in said.items():
        if name in known and isinstance(node.value, dict):
            found[name] = node.value
            wrong = [each for each in node.value if each not in known[name].parameters]
            for each in wrong:
                near = did_you_mean(each, known[name].parameters)
                document.tell(node.value[each].line, f"{name} takes no {quoted(each)}{near}")
        elif name in every:
            found[""][name] = node
        else:
            near = did_you_mean(name, [*every, *known])
            document.tell(node.line, f"no item has {quoted(name)}, a default{near}")
    return found


def _main(document: Document, node: Node | None) -> str | None:
    if node is None or node.value is None:
        return None
    if len(document.outputs) < 2:
        document.tell(node.line, "main says which of several outputs is the task's; name these")
    elif node.value not in document.outputs:
        near = did_you_mean(str(node.value), document.outputs)
        document.tell(node.line, f"main is one of the outputs, not {node.told}{near}")
    else:
        others = " and ".join(name for name in document.outputs if name != node.value)
        document.warn(node.line, f"main is {node.value}: what {others} alone needs is left out")
        return str(node.value)
    return None
