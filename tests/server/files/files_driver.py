"""Neptune's own client sends files of all kinds and fetches them again; prints what it found."""

import json
import os
import sys
import zipfile
from pathlib import Path

import neptune
import numpy as np
from neptune.types import File

FOLDER = Path(sys.argv[1])
FOUND: dict[str, object] = {}


def files(run: neptune.Run) -> None:
    run["record"].upload(File.from_content("{}", extension="json"))
    run["übung/a b"].upload(File.from_content("text"))
    run["odd/a#b%2e:c"].upload(File.from_content("odd"))
    run["model/best"].upload("large")  # in parts
    run.wait()
    run["model/best"].download(str(FOLDER / "best"))
    FOUND["ext"] = run["model/best"].fetch_extension()


def sets(run: neptune.Run) -> None:
    run["many"].upload_files(".")
    run["one"].upload_files(["large"])
    run.wait()
    for name in ("many", "one"):
        run[name].download(str(FOLDER / f"{name}.zip"))
        with zipfile.ZipFile(FOLDER / f"{name}.zip") as archive:
            FOUND[name] = sorted(name for name in archive.namelist() if name[-1] != "/")
            # Its own tests ask for it.
            FOUND["root"] = "/" in archive.namelist()
            # Python 3.12.1 refuses to extract "/", which Neptune's own archives hold too.
            archive.extractall(FOLDER / name, set(archive.namelist()) - {"/"})
    run["many"].delete_files(["a.txt"])
    run.wait()
    FOUND["left"] = sorted(entry.name for entry in run["many"].list_fileset_files())


def pictures(run: neptune.Run) -> None:
    for number in range(12):
        picture = File.as_image(np.full((8, 8, 3), number / 12))
        run["figures/confusion"].append(picture, name=f"epoch {number}", step=number)
    run.wait()
    run["figures/confusion"].download(str(FOLDER / "pictures"))


def artifacts(run: neptune.Run) -> None:
    run["whole"].track_files("d0")
    run["part"].track_files("d0/3.txt")
    run.wait()
    run["part"].track_files("d0/d", destination="d")
    run["copy"] = run["whole"].fetch()
    run.wait()
    for name in ("whole", "part", "copy"):
        listed = sorted((f.file_path, f.size, f.file_hash) for f in run[name].fetch_files_list())
        FOUND[name] = {"hash": run[name].fetch_hash(), "files": listed}
    run["whole"].download(str(FOLDER / "tracked"))


def main() -> None:
    os.chdir(FOLDER / "tree")
    run = neptune.init_run(capture_stdout=False, capture_stderr=False, source_files=[])
    for part in (files, sets, pictures, artifacts):
        part(run)
    FOUND["id"] = run["sys/id"].fetch()
    FOUND["uuid"] = run._id
    run.stop()
    print(json.dumps(FOUND))


main()
