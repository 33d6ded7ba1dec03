"""The frames of a video, one after another, decoded by OpenCV, which is an extra."""

from collections.abc import Iterator

import numpy as np

VIDEOS = (".avi", ".m4v", ".mkv", ".mov", ".mp4", ".webm")
MISSING = "videos need OpenCV: pip install -r requirements-video.txt"


def frames(path: str) -> Iterator[np.ndarray]:
    """Each frame, `(H, W, 3)` uint8, red first.

    Raises:
        ValueError: OpenCV is not installed, or it can't read the file.
    """
    try:
        import cv2
    except ImportError as error:
        raise ValueError(f"{path}: {MISSING}") from error
    video = cv2.VideoCapture(path)
    try:
        found = False
        while True:
            more, frame = video.read()
            if not more:
                break
            found = True
            yield frame[..., ::-1]
        if not found:
            raise ValueError(f"{path} is no video that OpenCV can read")
    finally:
        video.release()
