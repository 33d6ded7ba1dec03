"""Files of nets that would cost time, memory or more if they were believed."""

from collections.abc import Iterator

HEAD = "layers:\n- "


def hostile() -> Iterator[str]:
    """All but the heavy ones; where they name a file to touch, it is HERE."""
    conv, head = "- conv: {out: 4}", HEAD
    laughs = "\n".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 12))
    yield f"a0: &a0 [1]\n{laughs}\n{head}conv: *a11"
    yield f"layers: &a\n{conv}\n- repeat: {{times: 2, layers: *a}}"
    yield "layers: " + "[" * 20_000
    yield head + "{a: " * 9_000
    yield head + "conv: {out: " + "(" * 90 + "1" + ")" * 90 + "}"
    for number in ("1e12", "1e400", "10**9", "9" * 5000, "2**62", "-1", "0x10", "1_0", "9**9**9"):
        yield f"{head}conv: {{out: {number}}}"
        yield f"{head}repeat: {{times: {number}, layers: [conv: 4]}}"
        yield f"{head}upsample: {number}\n- upsample: {number}\n- conv: 4"
        yield f"{head}reshape: [{number}]"
        yield f"{head}conv: {{out: 4, padding: {number}}}\n- conv: {{out: 4, kernel: {number}}}"
        yield f"settings: {{n: {number}}}\n{head}conv: n"
    yield HEAD + nested("repeat: {times: 0, layers: [identity]}")
    doubling = "".join(f"  b{i}: {{layers: [b{i + 1}, b{i + 1}]}}\n" for i in range(30))
    for last in ("identity", "repeat: {times: 0, layers: [identity]}"):
        yield f"blocks:\n{doubling}  b30: {{layers: [{last}]}}\n{head}b0"
    yield f"blocks: {{a: {{layers: [b]}}, b: {{layers: [a]}}}}\n{head}a"
    links = (f"- conv: {{name: a{i}, out: 4, from: a{i + 1}}}" for i in range(300))
    yield "layers:\n" + "\n".join(links)
    yield head + "conv: {out: 1000000}\n" + "- conv: {out: 1000000, kernel: 65535}\n" * 3
    for code in ("os.system: {command: touch HERE}", 'builtins.exec: \'open("HERE", "w")\''):
        yield head + code
    yield head + "subprocess.Popen: {args: [touch, HERE]}"
    yield head + "project.nets.net.Net: {graph: 1}\n- torch.load: {f: HERE}\n- torch.nn.Module"
    yield head + "torch.hub.load: {repo_or_dir: a/b, model: c}\n- model: {of: 'os:system', out: 3}"
    yield head + "torch.nn.Transformer: {d_model: 65536, num_encoder_layers: 100}"
    yield head + "torch.nn.Linear: {in_features: 1000000000, out_features: 1000000000}"
    yield head + "model: {of: resnet, out: 3, width: 65536, depth: 1000}"
    for tag in ("!!python/object/apply:os.system ['touch HERE']", "!!python/name:os.system ''"):
        yield f"{head}conv: {tag}"
        yield f"{tag}"
    yield "\ufeff" + head + "conv: 4"
    yield "%YAML 9.9\n---\n" + head + "conv: 4\n---\n" + head + "conv: 4"
    yield HEAD + "model: {out: 3}"
    pair = "pair: {inputs: [a, b], outputs: [a, b], layers: [conv: {from: a, out: 3}]}"
    pairs = f"inputs: [a, b]\nblocks: {{{pair}}}\n{HEAD}pair: {{from: [a, b]}}\n"
    yield f"{pairs}- select: {{index: []}}"
    yield ""
    yield "\0"
    yield "# " + "x" * 300_000


def heavy() -> Iterator[str]:
    """Those that are refused only after thousands of layers."""
    yield HEAD + nested("conv: 4")
    yield HEAD + nested("identity")
    yield HEAD + "repeat: {times: 1_000, layers: [conv: 4]}"
    yield "layers:\n" + "- conv: {out: 4}\n" * 9000
    doubled = (
        f"- identity: {{name: a{i}}}\n- act: relu\n- dense: {{from: a{i}}}" for i in range(60)
    )
    yield "layers:\n" + "\n".join(doubled)


def nested(inner: str) -> str:
    """An item, 2000 ** 6 times."""
    for _ in range(6):
        inner = f"repeat: {{times: 2000, layers: [{inner}]}}"
    return inner
