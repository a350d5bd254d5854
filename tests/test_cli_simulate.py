"""The verb `simulate`, called as a user calls it."""

import json
import os
import subprocess

import numpy as np
import pytest

from cephalign import read_transform, read_volume
from cephalign.simulate.head import LANDMARKS
from cephalign.simulate.tissues import Tissue


def run(program, *words):
    return subprocess.run(
        [program, "simulate", *map(str, words)], capture_output=True, text=True, check=False
    )


def files(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def dataset(program, tmp_path_factory):
    out = tmp_path_factory.mktemp("simulated") / "new" / "heads"
    done = run(program, "--preset", "small", "--count", 2, "--seed", 5, "--scans", "T1,CT,PET", "--out", out)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [str(out)]
    return out


def test_layout(dataset):
    names = {str(path) for path in files(dataset)}
    for subject in ("sub-0001", "sub-0002"):
        truth = f"derivatives/truth/{subject}/{subject}"
        wanted = {
            f"{subject}/anat/{subject}_T1w",
            f"{subject}/ct/{subject}_ct",
            f"{subject}/pet/{subject}_pet",
        }
        assert {f"{stem}{suffix}" for stem in wanted for suffix in (".nii.gz", ".json")} <= names
        assert f"{truth}_space-head_dseg.nii.gz" in names
        assert f"{truth}_fixed-T1w_moving-ct_xfm.tfm" in names
        assert f"{truth}_space-ct_landmarks.tsv" in names
    people = (dataset / "participants.tsv").read_text().splitlines()
    assert people == ["participant_id\tanatomy", "sub-0001\tprocedural", "sub-0002\tprocedural"]


def test_everything_says_that_it_is_simulated(dataset):
    import nibabel

    for path in dataset.rglob("*.nii.gz"):
        assert nibabel.load(path).header["descrip"].item().startswith(b"simulated"), path
    for path in dataset.rglob("*.json"):
        assert json.loads(path.read_text())["Simulated"] is True, path


def landmarks(dataset, scan):
    path = dataset / f"derivatives/truth/sub-0001/sub-0001_space-{scan}_landmarks.tsv"
    rows = [line.split("\t") for line in path.read_text().splitlines()[1:]]
    assert [row[0] for row in rows] == list(LANDMARKS)
    return np.array([row[1:] for row in rows], dtype=float)


@pytest.mark.parametrize("fixed", ["T1w", "ct", "pet"])
@pytest.mark.parametrize("moving", ["T1w", "ct", "pet"])
def test_landmarks_map_exactly_under_the_known_transform(dataset, fixed, moving):
    if fixed != moving:
        name = f"derivatives/truth/sub-0001/sub-0001_fixed-{fixed}_moving-{moving}_xfm.tfm"
        mapped = read_transform(dataset / name).map(landmarks(dataset, fixed))
        assert np.abs(mapped - landmarks(dataset, moving)).max() < 2e-6  # as the table is rounded


def test_the_globes_are_where_the_landmarks_say(dataset):
    """Eyes are brighter than air and darker than brain in T1, and near water in CT."""
    scan = read_volume(dataset / "sub-0001/ct/sub-0001_ct.nii.gz")
    globes = landmarks(dataset, "ct")[:2]
    voxels = np.rint((scan.grid.voxel_from_world @ np.c_[globes, np.ones(2)].T).T[:, :3]).astype(int)
    record = json.loads((dataset / "sub-0001/ct/sub-0001_ct.json").read_text())["Acquisition"]
    offset = record["storage"]["intercept"]
    for i, j, k in voxels:
        if min(i, j, k) >= 0 and (np.array([i, j, k]) < scan.grid.shape).all():
            assert -40 < scan.data[i, j, k] - offset < 60


def test_labels_are_tissues(dataset):
    labels = read_volume(dataset / "derivatives/truth/sub-0002/sub-0002_space-head_dseg.nii.gz")
    table = (dataset / "derivatives/truth/dseg.tsv").read_text().splitlines()
    assert len(table) == len(Tissue) + 1
    assert {Tissue.SKIN, Tissue.GREY, Tissue.EYE} <= set(np.unique(labels.data).tolist())


def test_the_second_head_does_not_depend_on_the_count(program, dataset, tmp_path):
    """One thread instead of two, and three heads instead of two: the same bytes."""
    out = tmp_path / "again"
    words = ["simulate", "--preset", "small", "--count", "3", "--seed", "5", "--scans", "T1,CT,PET"]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    command = [program, *words, "--out", str(out)]
    done = subprocess.run(command, env=environment, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    again = files(out)
    first = {path: data for path, data in files(dataset).items() if path.name != "participants.tsv"}
    assert {path for path, data in first.items() if again[path] != data} == set()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--count", 0], "--count"),
        (["--seed", -1], "--seed"),
        (["--preset", "paper"], "unknown preset"),
        (["--scans", "T1,FLAIR"], "--scans"),
        (["--scans", "T1,T1"], "--scans"),
        (["--angle", 200], "rotation"),
        (["--shift", -3], "translation"),
        (["--anatomy", "nowhere"], "nowhere"),
    ],
)
def test_bad_requests(program, tmp_path, words, says):
    out = tmp_path / "out"
    done = run(program, "--out", out, *words)
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not out.exists()


def test_a_folder_that_holds_data_is_refused(program, dataset, tmp_path):
    before = files(dataset)
    done = run(program, "--preset", "small", "--out", dataset)
    assert done.returncode == 2
    assert "--overwrite" in done.stderr
    assert files(dataset) == before
    (tmp_path / "thesis.txt").write_text("all of it")
    done = run(program, "--preset", "small", "--out", tmp_path, "--overwrite")
    assert done.returncode == 2
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_overwrite_replaces_simulated_heads(program, tmp_path):
    words = ["--preset", "small", "--scans", "PET", "--out", tmp_path / "out"]
    assert run(program, *words, "--count", 2).returncode == 0
    (tmp_path / "out" / "notes.txt").write_text("mine")
    assert run(program, *words, "--overwrite", "--seed", 3).returncode == 0
    assert {path.name for path in (tmp_path / "out").glob("sub-*")} == {"sub-0001"}
    assert (tmp_path / "out" / "notes.txt").read_text() == "mine"
    assert len((tmp_path / "out" / "participants.tsv").read_text().splitlines()) == 2
