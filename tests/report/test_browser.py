"""The page in a real browser, from disk: what its canvases show, keys, before and after, the 3D viewer."""

import base64
from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from cephalign.geometry import Rigid
from cephalign.report.edges import edge_lines
from cephalign.report.planes import MOVING_RGB, TINT_RGB, overlay
from tests.report.conftest import POSE, found_with

WEBGL = ("--use-angle=swiftshader", "--enable-unsafe-swiftshader")
NAMES = ("axial", "coronal", "sagittal")
FASTEST_MS = 2000


class Shown:
    """A page in a tab, with all it asked for and all it complained of."""

    def __init__(self, tab, path):
        self.tab, self.asked, self.complaints = tab, [], []
        tab.on("request", lambda request: self.asked.append(request.url))
        tab.on("pageerror", lambda error: self.complaints.append(str(error)))
        tab.on(
            "console",
            lambda said: self.complaints.append(said.text) if said.type in ("error", "warning") else None,
        )
        tab.goto(path.as_uri())

    def ready(self):
        self.tab.wait_for_selector("#position:not(:empty)", timeout=20_000)
        return self

    def choose(self, name, group="mode"):
        self.tab.locator(f"input[name={group}]").and_(self.tab.get_by_label(name, exact=True)).check()

    def slide(self, name, value):
        self.tab.locator(f"#{name}").fill(str(value))

    def text(self, name):
        return self.tab.locator(f"#{name}").inner_text()

    def settled(self):
        """Wait until what was asked for is drawn."""
        self.tab.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def pixels(self, name):
        """Return a canvas of the page as it is, unscaled, (N, N, 3)."""
        self.settled()
        address = self.tab.evaluate(f"document.getElementById('{name}').toDataURL()")
        with Image.open(BytesIO(base64.b64decode(address.split(",")[1]))) as picture:
            return np.asarray(picture.convert("RGB")).astype(float)


@pytest.fixture(scope="module")
def chromium(browser):
    opened = browser(*WEBGL)
    yield opened
    opened.close()


@pytest.fixture
def show(chromium):
    """Return a function that opens a page in a fresh tab."""
    contexts = []

    def opened(path, script=None, **options):
        contexts.append(chromium.new_context(viewport={"width": 1280, "height": 900}, **options))
        tab = contexts[-1].new_page()
        if script:
            tab.add_init_script(script)
        return Shown(tab, path)

    yield opened
    for context in contexts:
        context.close()


def reference(carried, name, side, scan, pose):
    """Sample a scan of the page on one of its planes, apart from the page's own program."""
    facts, arrays = carried
    plane = next(plane for plane in facts["planes"] if plane["name"] == name)
    centre = np.array(facts["centre"], float)
    centre[plane["axis"]] = facts["crosshair"][plane["axis"]]
    offset = (np.arange(side) - (side - 1) / 2) * facts["extent_mm"] / side
    world = (
        centre
        + offset[:, None, None] * np.array(plane["down"])
        + offset[None, :, None] * np.array(plane["right"])
    )
    voxel = np.array(facts[scan]["voxel_from_world"])
    index = np.moveaxis(pose.map(world) @ voxel[:3, :3].T + voxel[:3, 3], -1, 0)
    values = ndimage.map_coordinates(arrays[scan].astype(float), index, order=1, mode="nearest")
    last = np.array(arrays[scan].shape)[:, None, None] - 0.5
    values[((index < -0.5) | (index > last)).any(axis=0)] = np.nan
    return values


@pytest.mark.parametrize("name", NAMES)
def test_the_canvas_shows_the_scans_where_they_lie(show, page, carried, name):
    what = carried(page)
    shown = show(page).ready()
    shown.choose("Swipe")
    shown.slide("amount", 100)
    fixed = shown.pixels(name)
    side = len(fixed)
    wanted = reference(what, name, side, "fixed", Rigid.identity())
    assert np.abs(fixed - np.nan_to_num(wanted)[..., None]).max() <= 1
    shown.slide("amount", 0)
    after = shown.pixels(name)
    known = np.isfinite(reference(what, name, side, "moving", POSE))

    def off(pose):
        grey = np.nan_to_num(reference(what, name, side, "moving", pose))
        return np.abs(after - grey[..., None] * np.array(TINT_RGB) / 255)[known]

    assert off(POSE).max() <= 1
    # The test tells what is wrong by a millimetre, or the wrong way round.
    assert off(POSE @ Rigid.from_rotation(np.eye(3), (1, 1, 1))).mean() > 1
    assert off(POSE.inverse()).mean() > 10
    shown.choose("Before", "pose")
    before = np.nan_to_num(reference(what, name, side, "moving", Rigid.identity()))
    there = np.isfinite(reference(what, name, side, "moving", Rigid.identity()))
    difference = shown.pixels(name) - before[..., None] * np.array(TINT_RGB) / 255
    assert np.abs(difference[there]).max() <= 1


def test_edges_are_those_of_the_picture(show, page, carried):
    what = carried(page)
    shown = show(page).ready()
    for name in NAMES:
        drawn = shown.pixels(name)
        side = len(drawn)
        fixed, moving = (
            reference(what, name, side, scan, pose).astype(np.float32) / 255
            for scan, pose in (("fixed", Rigid.identity()), ("moving", POSE))
        )
        wanted = overlay(fixed, *edge_lines(moving, what[0]["extent_mm"] / side)).astype(float)
        assert np.abs(drawn - wanted).mean() < 0.5
        orange = np.abs(drawn - MOVING_RGB).max(axis=-1) < 40
        assert orange.sum() > 200


def test_checkerboard_and_blend(show, page):
    shown = show(page).ready()
    shown.choose("Swipe")
    shown.slide("amount", 100)
    fixed = shown.pixels("axial")
    shown.slide("amount", 0)
    moving = shown.pixels("axial")
    middle = slice(len(fixed) // 2 - 60, len(fixed) // 2 + 60)
    shown.choose("Blend")
    half = shown.pixels("axial")[middle, middle]
    assert np.abs(half - (fixed + moving)[middle, middle] / 2).max() <= 1
    shown.choose("Checkerboard")
    tiles = np.arange(len(fixed)) * 8 // len(fixed)
    odd = ((tiles[:, None] + tiles) % 2 == 1)[..., None]
    assert (shown.pixels("axial") == np.where(odd, moving, fixed))[middle, middle].all()


def test_it_opens_soon_quietly_and_asks_for_nothing(show, page, largest_page):
    for path in (page, largest_page):
        milliseconds = []
        for _ in range(3):
            shown = show(path).ready()
            entry = shown.tab.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")
            milliseconds.append(entry)
            assert shown.complaints == []
            assert all(url == path.as_uri() or url.startswith("data:image/png") for url in shown.asked)
        assert min(milliseconds) < FASTEST_MS


def test_keys_move_slices_and_choose(show, page):
    shown = show(page).ready()
    keys = shown.tab.keyboard
    before = {name: shown.pixels(name) for name in NAMES}
    said = shown.tab.locator("#axial").get_attribute("aria-label")
    shown.tab.locator("#slice-axial").focus()
    keys.press("PageUp")
    assert (shown.pixels("axial") != before["axial"]).any()
    assert (shown.pixels("coronal") == before["coronal"]).all()
    assert shown.tab.locator("#axial").get_attribute("aria-label") != said
    shown.tab.locator("input[name=mode]").first.focus()
    keys.press("ArrowRight")
    assert shown.tab.locator("input[value=swipe]").is_checked()
    assert (shown.pixels("coronal") != before["coronal"]).any()
    shown.tab.locator("#lines").focus()
    keys.press("Space")
    shown.settled()
    assert not shown.tab.locator("#panel-axial .down").is_visible()
    shown.tab.locator("input[name=pose]").first.focus()
    unlike = shown.pixels("sagittal")
    keys.press("ArrowRight")
    assert "as their files place them" in shown.text("legend")
    assert (shown.pixels("sagittal") != unlike).any()


def test_focus_can_be_seen_and_goes_through_all_controls(show, page):
    shown = show(page).ready()
    names = []
    for _ in range(9):
        shown.tab.keyboard.press("Tab")
        shown.tab.wait_for_timeout(50)
        found = shown.tab.evaluate(
            """() => { const e = document.activeElement, s = e.nextElementSibling;
                       const style = (n) => n ? getComputedStyle(n).outlineStyle : "";
                       return [e.id || e.name || e.className, style(e), style(s)]; }"""
        )
        names.append(found[0])
        assert "solid" in found[1:]
    assert names == [
        "skip",
        "mode",
        "pose",
        "zoom",
        "lines",
        "slice-axial",
        "slice-coronal",
        "slice-sagittal",
        "open-viewer",
    ]


def test_a_click_moves_the_crosshair_and_says_the_error_there(show, page, carried):
    facts, _ = carried(page)
    shown = show(page).ready()
    box = shown.tab.locator("#axial").bounding_box()
    shown.tab.locator("#axial").click(position={"x": box["width"] * 0.25, "y": box["height"] * 0.5})
    shown.tab.wait_for_timeout(400)
    # A quarter of the side to the left of the middle is the patient's right.
    x = facts["centre"][0] + facts["extent_mm"] / 4
    said = shown.text("position")
    assert float(said.split("x ")[1].split(",")[0]) == pytest.approx(x, abs=0.8)
    point = np.array([float(part.split(" ")[-1]) for part in said.split(" mm")[0].split(",")] + [1.0])
    error = np.sqrt(point @ np.array(facts["residual_form"]) @ point)
    assert f"Expected error there: {error:.2f} mm." in said


def test_zoom_keeps_the_crosshair_in_view(show, page):
    shown = show(page).ready()
    before = shown.pixels("axial")
    shown.slide("zoom", 4)
    assert (shown.pixels("axial") != before).mean() > 0.2
    place = shown.tab.locator("#panel-axial .down").evaluate("e => parseFloat(e.style.left)")
    assert 0 < place < 100
    assert shown.tab.locator("#panel-axial .bar").inner_text() == "10 mm"


def test_a_moving_scan_that_is_not_there(show, written):
    far = replace(found_with(), moving_from_fixed=Rigid.from_rotation(np.eye(3), (900, 0, 0)))
    shown = show(written(far)).ready()
    assert shown.tab.get_by_text("moving scan not here").first.is_visible()
    shown.choose("Before", "pose")
    shown.settled()
    assert not shown.tab.get_by_text("moving scan not here").first.is_visible()


def test_the_viewer_shows_both_scans(show, page):
    shown = show(page).ready()
    shown.tab.locator("#open-viewer").click()
    shown.tab.get_by_text("The 3D viewer is open.").wait_for(timeout=60_000)

    def seen():
        shown.tab.wait_for_timeout(600)
        with Image.open(BytesIO(shown.tab.locator("#viewer-canvas").screenshot())) as picture:
            return np.asarray(picture.convert("RGB")).astype(float)

    def coloured(picture):
        return ((picture[..., 0] - picture[..., 2]) > 30).mean()

    both = seen()
    assert coloured(both) > 0.02
    shown.slide("viewer-opacity", 0)
    fixed = seen()
    assert coloured(fixed) < 0.005
    assert (fixed.max(axis=-1) > 100).mean() > 0.02
    shown.slide("viewer-opacity", 100)
    moving = seen()
    shown.choose("Before", "viewer-pose")
    assert np.abs(seen() - moving).mean() > 1
    shown.choose("After", "viewer-pose")
    assert np.abs(seen() - moving).mean() < 0.5
    said = shown.text("viewer-position")
    shown.slide("slice-axial", 20)
    shown.tab.wait_for_timeout(300)
    assert shown.text("viewer-position") != said
    assert "z 20.0 mm" in shown.text("viewer-position")
    assert shown.complaints == []
    assert all(url.startswith(("file:", "data:", "blob:")) for url in shown.asked)


def test_without_webgl_the_page_says_so_and_works(browser, page):
    opened = browser("--disable-gpu", "--disable-3d-apis")
    try:
        shown = Shown(opened.new_page(), page).ready()
        assert "offers no WebGL 2" in shown.text("viewer-state")
        assert shown.tab.locator("#open-viewer").is_disabled()
        before = shown.pixels("coronal")
        shown.slide("slice-coronal", 0)
        assert (shown.pixels("coronal") != before).any()
        assert shown.complaints == []
    finally:
        opened.close()


@pytest.mark.parametrize(
    ("options", "script", "said"),
    [
        ({"java_script_enabled": False}, None, "JavaScript is off"),
        ({}, "delete window.DecompressionStream", "cannot unpack the scans"),
        ({}, "delete window.ResizeObserver", "could not be started (ResizeObserver is not defined)"),
    ],
)
def test_without_a_script_there_is_a_picture(show, page, options, script, said):
    shown = show(page, script, **options)
    picture = shown.tab.locator(".static-picture img")
    picture.wait_for(timeout=10_000)
    assert picture.bounding_box()["height"] > 300
    assert said in shown.text("compare")
    assert not shown.tab.locator("#axial").is_visible()
    assert shown.tab.get_by_role("heading", name="Aligned").is_visible()


def test_foreign_names_run_nothing(show, written):
    foreign = "<img src=x onerror='window.ran=1'><script>window.ran=1</script>{{ 7*7 }}\"'&"
    names = ("<svg onload='window.ran=1'>'\"&{{ 7*7 }}.nii", "<script>window.ran=1<.mha")
    shown = show(written(found_with(reason=foreign), names=names)).ready()
    assert shown.tab.evaluate("window.ran") is None
    assert shown.tab.locator(".verdict p").first.inner_text() == foreign
    assert shown.tab.locator("h1 bdi").all_inner_texts() == [names[1], names[0]]
    assert shown.complaints == []


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_it_fits_any_screen(show, page, width):
    shown = show(page).ready()
    shown.tab.set_viewport_size({"width": width, "height": 800})
    assert shown.tab.evaluate("document.documentElement.scrollWidth") <= width
    box = shown.tab.locator("#axial").bounding_box()
    assert box["width"] == pytest.approx(box["height"], abs=1)
    assert box["width"] > 200
