"""Runs one job within its limits: ``python -I kms/boxed JOB SECONDS MB FILE_MB SOURCE FOLDER …``.

Everything it finds goes line by line into a file, so that what was found before a limit struck
is there. It imports nothing of ours but the job itself.
"""

import json
import resource
import sys
from importlib import import_module
from pathlib import Path


def main() -> None:
    """Import the job, take on the limits, then look at the file."""
    job, seconds, megabytes, file_megabytes, source, folder, *arguments = sys.argv[1:]
    work = import_module(job).work
    _limit(resource.RLIMIT_AS, int(megabytes) << 20)
    _limit(resource.RLIMIT_CPU, int(seconds))
    _limit(resource.RLIMIT_FSIZE, int(file_megabytes) << 20)
    _limit(resource.RLIMIT_CORE, 0)
    with (Path(folder) / "said").open("w", encoding="ascii") as said:
        for found in work(Path(source), Path(folder), *arguments):
            said.write(json.dumps(found) + "\n")
            said.flush()


def _limit(what: int, most: int) -> None:
    _now, hard = resource.getrlimit(what)
    least = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(what, (least, least))


if __name__ == "__main__":
    main()
