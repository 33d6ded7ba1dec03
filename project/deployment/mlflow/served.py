"""The code of an MLflow model, which MLflow runs from this text alone: images in, decisions out.

MLflow copies the file into the model's folder and runs it there, without the rest of this project.
"""

from typing import Any

import mlflow
import numpy as np
import onnxruntime


class OnnxModel(mlflow.pyfunc.PythonModel):
    """The ONNX file beside it."""

    def load_context(self, context: Any) -> None:
        self.session = onnxruntime.InferenceSession(
            context.artifacts["onnx"], providers=["CPUExecutionProvider"]
        )

    def predict(
        self, context: Any, model_input: np.ndarray, params: Any = None
    ) -> dict[str, np.ndarray]:
        """Probabilities and decisions of images `(n, C, H, W)`, as the ONNX file has them."""
        probs, decisions = self.session.run(None, {"images": model_input})
        return {"probs": probs, "decisions": decisions}


mlflow.models.set_model(OnnxModel())
