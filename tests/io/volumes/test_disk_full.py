"""A full disk: one error of ours, and nothing half-written stays."""

import subprocess
import sys

import pytest

SCRIPT = """
import resource, signal, sys
import numpy as np
from cephalign.errors import OutputError
from cephalign.geometry import Grid, Volume
from cephalign.io.volumes import write_volume

noise = np.random.default_rng(0).integers(-1000, 1000, (40, 41, 42), dtype=np.int16)
volume = Volume(noise, Grid(noise.shape, np.diag([-1.1, -1.2, 1.3, 1])))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))
try:
    write_volume(volume, sys.argv[1])
except OutputError as error:
    assert "\\n" not in str(error)
    sys.exit(7)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="limits the size of files as POSIX does")
@pytest.mark.parametrize("name", ["s.nii", "s.nii.gz", "s.mha", "s.nrrd", "header.ascii"])
def test_disk_full(tmp_path, name):
    old = tmp_path / "old"
    old.mkdir()
    (old / name).write_bytes(b"an earlier result")
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(old / name)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 7, done.stderr
    assert "Traceback" not in done.stderr
    assert [file.name for file in old.iterdir()] == [name]
    assert (old / name).read_bytes() == b"an earlier result"
