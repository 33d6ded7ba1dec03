"""What comes into a net, as nodes: all of it, or a part for each of its inputs."""

from project.nets.assembling import Assembly
from project.nets.graph import GraphNode
from project.nets.items import Shape
from project.nets.making import Make
from project.nets.scope import WRONG, Scope
from project.nets.structure import Part, equal_part, part_of
from project.nets.text.document import INPUT
from project.nets.text.numbers import ANY, meant
from project.nets.tracing import blank, run


def incoming(assembly: Assembly, scope: Scope, shape: Shape) -> int | None:
    """Enter what comes in, by the names of the net's inputs.

    Returns:
        The place of what comes before the first layer; None: the net has several inputs.
    """
    document = assembly.document
    whole = GraphNode(INPUT, INPUT, None, "", (), shape, 1)
    assembly.add(whole, blank(shape))
    plain = [name for name, said in document.inputs.items() if not said]
    if len(document.inputs) == 1 and plain and len(shape) == 3:
        scope.values[plain[0]] = 0
        return 0
    for i, name in enumerate(document.inputs):
        line = _line(assembly, name)
        try:
            part = _part(assembly, name, shape, i)
            found = run(part, [assembly.values[0]])
        except ValueError as error:
            what = f"input {name}" if document.inputs[name] else f"inputs {' and '.join(plain)}"
            document.tell(line, f"{what} {error}")
            scope.values[name] = WRONG
            continue
        assembly.makes[name] = Make(lambda _, part=part: part), []
        node = GraphNode(name, INPUT, None, name, (0,), tuple(found.shape[1:]), line)
        scope.values[name] = assembly.add(node, found)
    return next(iter(scope.values.values())) if len(document.inputs) == 1 else None


def _part(assembly: Assembly, name: str, shape: Shape, place: int) -> Part:
    said = assembly.document.inputs[name]
    if not said:
        return equal_part(shape, place, len(assembly.document.inputs))
    return part_of(shape, {word: meant(n, ANY, assembly.known) for word, n in said.items()})


def _line(assembly: Assembly, name: str) -> int:
    said = assembly.document.inputs[name]
    return min((node.line for node in said.values()), default=1)
