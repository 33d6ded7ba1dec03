"""What runs an exported file: NumPy images in, probabilities and decisions out, without the net."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import IO, Any, Protocol

import numpy as np

Answers = tuple[np.ndarray, np.ndarray]


class Runtime(Protocol):
    """A file that answers.

    Attributes:
        name: of what runs it, with its version.
    """

    name: str

    def __call__(self, images: np.ndarray) -> Answers:
        """Probabilities and decisions of images `(b, C, H, W)`.

        Raises:
            RuntimeError: it can't take them.
        """

    def close(self) -> None:
        """End what runs it."""


class OnnxRuntime:
    """A file in ONNX Runtime, on the CPU.

    Args:
        path: of the file.
    """

    def __init__(self, path: Path) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = int(os.environ.get("OMP_NUM_THREADS") or 0)
        options.log_severity_level = 4  # what goes wrong is raised as well
        providers = ["CPUExecutionProvider"]
        self._session = onnxruntime.InferenceSession(path, options, providers=providers)
        self._input = self._session.get_inputs()[0].name
        self.name = f"ONNX Runtime {onnxruntime.__version__}"

    def __call__(self, images: np.ndarray) -> Answers:
        try:
            probs, decisions = self._session.run(None, {self._input: images})
        # Its errors have no common class but this.
        except Exception as error:
            raise RuntimeError(" ".join(str(error).split())) from error
        return probs, decisions

    def close(self) -> None:
        del self._session


# Of a process that has torch and not this project. Each message is a line of JSON, the shapes and
# types of arrays, and then their bytes.
_PROCESS = """
import json, sys, warnings
warnings.simplefilter("ignore")
import numpy as np, torch
torch.set_num_threads(int(sys.argv[2]))
say, hear = sys.stdout.buffer, sys.stdin.buffer
def tell(arrays, **more):
    more["arrays"] = [[str(a.dtype), a.shape] for a in arrays]
    say.write(json.dumps(more).encode() + b"\\n")
    for a in arrays: say.write(np.ascontiguousarray(a).tobytes())
    say.flush()
graph = torch.export.load(sys.argv[1]).module()
assert "project" not in sys.modules
tell([], version=torch.__version__)
while line := hear.readline():
    (dtype, shape), = json.loads(line)["arrays"]
    n = int(np.prod(shape)) * np.dtype(dtype).itemsize
    images = np.frombuffer(hear.read(n), dtype).reshape(shape).copy()
    try:
        with torch.inference_mode(): tell([x.numpy() for x in graph(torch.from_numpy(images))])
    except Exception as error: tell([], error=" ".join(str(error).split())[:500])
"""


class TorchProcess:
    """A file of torch.export, in a Python process of its own that can't import this project.

    Args:
        path: of the file.
        n_threads: that it may use.

    Raises:
        RuntimeError: it can't load the file.
    """

    def __init__(self, path: Path, n_threads: int) -> None:
        argv = [sys.executable, "-I", "-c", _PROCESS, str(path.absolute()), str(n_threads)]
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self._process = subprocess.Popen(argv, stderr=subprocess.PIPE, cwd=path.parent, **pipes)
        version = self._hear()[1]["version"]
        self.name = f"torch.export of PyTorch {version}, in a process without this project"

    def __call__(self, images: np.ndarray) -> Answers:
        head = json.dumps({"arrays": [[str(images.dtype), images.shape]]})
        pipe = self._pipe(self._process.stdin)
        try:
            pipe.write(f"{head}\n".encode())
            pipe.write(np.ascontiguousarray(images).tobytes())
            pipe.flush()
        except BrokenPipeError:
            pass  # why it ended is told when it is to answer
        arrays, said = self._hear()
        if "error" in said:
            raise RuntimeError(said["error"])
        probs, decisions = arrays
        return probs, decisions

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()

    def _hear(self) -> tuple[list[np.ndarray], dict[str, Any]]:
        pipe = self._pipe(self._process.stdout)
        line = pipe.readline()
        if not line:
            said = self._pipe(self._process.stderr).read().decode(errors="replace")
            self._process.wait()
            last = (said.strip().splitlines() or ["no reason given"])[-1]
            raise RuntimeError(f"the process that runs the file ended: {last}")
        said = json.loads(line)
        return [_array(pipe, *each) for each in said.pop("arrays")], said

    def _pipe(self, pipe: IO[bytes] | None) -> IO[bytes]:
        assert pipe is not None
        return pipe


def _array(pipe: IO[bytes], dtype: str, shape: list[int]) -> np.ndarray:
    n = int(np.prod(shape)) * np.dtype(dtype).itemsize
    return np.frombuffer(pipe.read(n), dtype).reshape(shape)
