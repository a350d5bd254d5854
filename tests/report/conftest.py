"""A small oblique pair with a known motion, its page, a page as large as can be, and a browser."""

import base64
import gzip
import json
import os
import shutil
from functools import cache
from html.parser import HTMLParser

import numpy as np
import pytest

from cephalign.align.stage import Stage
from cephalign.geometry import Grid, Modality, Rigid, Volume
from cephalign.geometry.grid import apply_affine
from cephalign.registration import Registration, Status
from cephalign.report.embedded import png_of
from cephalign.report.page import write_report
from cephalign.report.picture import EXTENT_MM, draw_picture
from cephalign.results import registration_record
from cephalign.trust.check import Check

CENTRE = np.array([13.0, -21.0, 34.0])
POSE = Rigid.from_euler((7, -11, 16), (8, -13, 21), CENTRE)
BROWSERS = ("chromium", "chromium-headless-shell", "google-chrome", "chromium-browser")


def grid_about(middle, shape, axes, spacing, turn_deg):
    matrix = np.eye(4)
    matrix[:3, :3] = Rigid.from_euler(turn_deg).rotation @ np.array(axes).T * spacing
    matrix[:3, 3] = middle - matrix[:3, :3] @ ((np.array(shape) - 1) / 2)
    return Grid(shape, matrix)


R, A, S = np.eye(3)
# LPS with thick slices, and a sagittal one that is turned: no axis of one is along one of the other.
FIXED_GRID = grid_about(
    CENTRE + np.array([2.3, -1.7, 3.1]), (152, 176, 30), (-R, -A, S), (1.1, 1.1, 4.5), (4, -9, 13)
)
MOVING_GRID = grid_about(
    POSE.map(CENTRE) + np.array([3, 2, -4]), (96, 104, 88), (-A, S, R), (1.9, 1.8, 2.1), (12, 5, -8)
)


def head(grid, fixed_from_scan, skin_bone_brain, blobs):
    """A made-up head: skin, skull, brain, and blobs that no turn or mirror maps onto each other."""
    at = fixed_from_scan.map(apply_affine(grid.world_from_voxel, np.moveaxis(np.indices(grid.shape), 0, -1)))
    offset = at - CENTRE
    radius = np.linalg.norm(offset / (66, 84, 62), axis=-1)
    values = np.select([radius < 0.82, radius < 0.9, radius < 1], skin_bone_brain[::-1], 0.0)
    for place, size_mm, value in blobs:
        values += value * np.exp(-(np.linalg.norm(offset - place, axis=-1) ** 2) / (2 * size_mm**2))
    return values


BLOBS = [((25, 30, 15), 9, 1.0), ((-30, 10, -20), 12, -0.5), ((5, -45, 20), 7, 1.5), ((-15, 25, 30), 6, 0.7)]


@pytest.fixture(scope="session")
def scans():
    mr = head(FIXED_GRID, Rigid.identity(), (900, 300, 500), [(p, s, 400 * v) for p, s, v in BLOBS])
    ct = head(MOVING_GRID, POSE.inverse(), (1020, 2000, 1040), [(p, s, 300 * v) for p, s, v in BLOBS]) - 1000
    noise = np.random.default_rng(5)
    mr, ct = mr + noise.normal(20, 8, mr.shape), ct + noise.normal(0, 6, ct.shape)
    return (
        Volume(np.clip(mr, 0, None).astype(np.int16), FIXED_GRID),
        Volume(ct.astype(np.int16), MOVING_GRID),
    )


def found_with(status=Status.ALIGNED, reason="One place fits.", **checked):
    """A registration that found the truth, with climbs that ended about it."""
    ends = tuple(POSE @ Rigid.from_euler(turn, shift, CENTRE) for turn, shift in ENDS)
    check = Check(status, reason, **{"expected_mm": 0.8, "interval_mm": (0.4, 1.6), "ends": ends, **checked})
    stages = Stage("start", Rigid.identity(), -np.inf, 0.25), Stage("mi-last", POSE, 0.71, 1.5)
    return Registration(POSE, check, stages, tuple(CENTRE.tolist()), (Modality.T1, Modality.CT))


ENDS = [((0.4, 0, 0), (0.3, 0, 0)), ((0, -0.3, 0.2), (0, 0.2, -0.4)), ((-0.2, 0.1, 0.5), (0.1, -0.3, 0.1))]
PARAMETERS = {"method": "auto", "init": None, "refine": "mi", "auto_order": True, "series": None}


@pytest.fixture(scope="session")
def written(scans, tmp_path_factory):
    """Return a function that writes a page, of files with any names, and returns its path."""
    folder = tmp_path_factory.mktemp("pages")
    view = {"centre": CENTRE, "extent_mm": EXTENT_MM, "heading": ["a picture"]}

    @cache
    def picture(*of):
        return png_of(np.asarray(draw_picture(*of, POSE, **view)))

    def write(found=None, *, names=("fixed.nii.gz", "moving.mha"), of=scans, place=None, **record):
        if place is None:
            place = folder / str(len(list(folder.iterdir())))
            place.mkdir()
        paths = tuple(place / name for name in names)
        for path in paths:
            path.write_bytes(b"as if it were a scan")
        found = found or found_with()
        record = {**registration_record(found, of, paths, PARAMETERS), **record}
        page = place / "report.html"
        write_report(found, page, scans=of, paths=paths, record=record, picture=picture(*of))
        return page

    return write


@pytest.fixture(scope="session")
def page(written):
    """The page of the small pair."""
    return written()


@pytest.fixture(scope="session")
def largest_page(written):
    """A page of two large scans of noise, which no packing makes smaller and in which no head is found."""
    noise = np.random.default_rng(1)
    ct = Volume(
        noise.integers(-1000, 1400, (512, 512, 200), np.int16),
        grid_about(CENTRE, (512, 512, 200), (-R, -A, S), (0.49, 0.49, 1.0), (3, 0, 5)),
    )
    mr = Volume(
        noise.integers(0, 1000, (256, 256, 256), np.int16),
        grid_about(CENTRE, (256, 256, 256), (-A, S, R), (1.0, 1.0, 1.0), (0, 4, 0)),
    )
    return written(of=(mr, ct))


class Embedded(HTMLParser):
    """Collects the text of every element that has an id."""

    def __init__(self, path):
        super().__init__()
        self.texts, self._open = {}, None
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        self._open = dict(attributes).get("id", self._open)

    def handle_data(self, text):
        self.texts[self._open] = self.texts.get(self._open, "") + text


@pytest.fixture(scope="session")
def carried():
    """Return a function that reads what a page carries: its facts, and both scans as (array, facts)."""

    def read(path):
        texts = Embedded(path).texts
        facts = json.loads(texts["facts"])
        arrays = {}
        for name in ("fixed", "moving"):
            data = gzip.decompress(base64.b64decode(texts[f"scan-{name}"]))
            arrays[name] = np.frombuffer(data, np.uint8).reshape(facts[name]["shape"], order="F")
        return facts, arrays

    return read


@pytest.fixture(scope="session")
def browser():
    """A headless Chromium, where one is installed."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    named = os.environ.get("CEPHALIGN_CHROMIUM")
    program = named or next(filter(None, map(shutil.which, BROWSERS)), None)
    if not program:
        pytest.skip(f"no browser: none of {', '.join(BROWSERS)} is there, nor CEPHALIGN_CHROMIUM set")
    with sync_api.sync_playwright() as playwright:

        def launch(*options):
            return playwright.chromium.launch(executable_path=program, args=["--no-sandbox", *options])

        yield launch
