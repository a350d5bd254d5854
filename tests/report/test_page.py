"""The page without a browser: whole HTML, all that is foreign escaped, nothing fetched, never too large."""

import base64
import hashlib
import re
from html.parser import HTMLParser
from itertools import pairwise

import numpy as np
import pytest

from cephalign.errors import OutputError
from cephalign.geometry import Modality
from cephalign.registration import Status
from cephalign.report.embedded import embedded
from cephalign.report.page import ASSETS
from cephalign.report.viewer import VENDOR
from tests.report.conftest import PARAMETERS, found_with

VOID = {"meta", "img", "input", "br", "hr", "link"}
FOREIGN = "<script>alert('1')</script>\"'&{{ 7*7 }}</title><img src=x onerror=alert(1)>\u2028"
LARGEST_BYTES = 15_000_000


class Walk(HTMLParser):
    """Checks that elements close in order, and keeps them with their attributes."""

    def __init__(self, text):
        super().__init__()
        self.open, self.elements, self.words = [], [], {}
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        assert len(dict(attributes)) == len(attributes), f"{tag}: an attribute twice"
        self.elements.append((tag, dict(attributes), tuple(self.open)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        assert "svg" in self.open or tag in VOID
        self.elements.append((tag, dict(attributes), tuple(self.open)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open:
            self.words[self.open[-1]] = self.words.get(self.open[-1], "") + data

    def all(self, *tags):
        return [attributes for tag, attributes, _ in self.elements if tag in tags]


@pytest.fixture(scope="module")
def walk(page):
    return Walk(page.read_text(encoding="utf-8"))


def test_the_structure_is_whole(walk, page):
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>\n")
    assert walk.open == []
    assert len(walk.all("h1")) == len(walk.all("main")) == len(walk.all("title")) == 1
    assert walk.all("html")[0]["lang"] == "en"
    ids = [attributes["id"] for _, attributes, _ in walk.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    headings = [int(tag[1]) for tag, _, _ in walk.elements if re.fullmatch("h[1-6]", tag)]
    assert headings[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(headings))


def test_every_control_has_a_label(walk):
    named = {attributes.get("for") for attributes in walk.all("label")}
    controls = [element for element in walk.elements if element[0] in ("input", "select")]
    assert len(controls) > 10
    for _, attributes, parents in controls:
        assert "label" in parents or attributes.get("id") in named
    assert all(attributes.get("alt") for attributes in walk.all("img"))
    assert all(attributes.get("aria-label") for attributes in walk.all("canvas"))
    ids = {attributes.get("id") for _, attributes, _ in walk.elements}
    assert all(attributes["aria-labelledby"] in ids for attributes in walk.all("section"))


def test_nothing_is_fetched(walk):
    for _, attributes, _ in walk.elements:
        for name in ("src", "href", "data", "action", "srcset", "poster"):
            assert attributes.get(name, "#").startswith(("data:image/png;base64,", "#"))
        assert not any(name.startswith("on") or name == "style" for name in attributes)
    style = walk.words["style"]
    assert "url(" not in style
    assert "@import" not in style


def test_only_what_is_named_may_run(walk, page):
    policy = next(m["content"] for m in walk.all("meta") if "http-equiv" in m)
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    assert "http" not in policy
    text = page.read_text(encoding="utf-8")
    run = re.findall(r'<script(?: type="module")?>(.*?)</script>', text, re.DOTALL)
    styles = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    assert (len(run), len(styles)) == (2, 1)
    program = (VENDOR / "niivue.umd.js").read_text(encoding="utf-8")
    for source in (*run, *styles, program):
        digest = base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy


def test_what_stands_in_it(page):
    text = page.read_text(encoding="utf-8")
    for words in (
        "Aligned",
        "One place fits.",
        "Expected error 0.80 mm, with 90 % between 0.40 and 1.6 mm.",
        "152 \N{MULTIPLICATION SIGN} 176 \N{MULTIPLICATION SIGN} 30",
        "MR-T1",
        hashlib.sha256(b"as if it were a scan").hexdigest(),
        "--out result --method auto --refine mi --auto-order",
        "moving_from_fixed",
        "BSD 2-Clause License",
    ):
        assert words in text
    assert "Expected error over the head" in text


@pytest.mark.parametrize("status", Status)
def test_each_status_has_its_word_and_its_sign(written, status):
    walk = Walk(written(found_with(status)).read_text(encoding="utf-8"))
    assert status.value.capitalize() in walk.words["h2"]
    signs = [attributes["d"] for attributes in walk.all("path")]
    assert signs != [attributes["d"] for attributes in Walk(written().read_text()).all("path")] or (
        status is Status.ALIGNED
    )


def test_without_an_expected_error_the_page_says_why(written):
    found = found_with(expected_mm=np.inf, interval_mm=(np.inf, np.inf), ends=())
    text = written(found).read_text(encoding="utf-8")
    assert "No expected error can be stated." in text
    assert "No error could be stated for this registration" in text
    assert "Colours from dark violet" not in text


def test_what_is_foreign_stays_text(written, carried):
    names = ("<b>{{ 7*7 }}\"'&.nii", "é\udcff 头\u202e.mha")
    record = {
        "modalities": {"fixed": FOREIGN, "moving": "CT"},
        "frame": FOREIGN,
        "versions": {FOREIGN: FOREIGN},
    }
    path = written(
        found_with(reason=FOREIGN), names=names, parameters={**PARAMETERS, "series": FOREIGN}, **record
    )
    text = path.read_bytes().decode("utf-8")
    walk = Walk(text)
    plain = Walk(written().read_text(encoding="utf-8"))
    assert [tag for tag, _, _ in walk.elements if tag in ("script", "img", "b", "bdi")] == [
        tag for tag, _, _ in plain.elements if tag in ("script", "img", "b", "bdi")
    ]
    assert FOREIGN in walk.words["p"]
    assert FOREIGN in walk.words["caption"]
    assert names[0] in walk.words["bdi"]
    assert "49" not in walk.words["h1"]
    assert carried(path)[0]["planes"]


def test_identifiers_are_shown_where_there_are_any(written, scans):
    from cephalign.results import registration_record

    path = written()
    inputs = registration_record(found_with(), scans, (path, path), PARAMETERS)["inputs"]
    inputs["moving"]["identifiers"] = {"Patient's name": "<Doe>^Jane"}
    text = written(inputs=inputs).read_text(encoding="utf-8")
    assert "Patient&#39;s name</th><td><bdi></bdi></td><td><bdi>&lt;Doe&gt;^Jane</bdi>" in text


def test_the_voxels_and_matrices_are_those_of_the_scans(page, carried, scans):
    facts, arrays = carried(page)
    for name, scan, kind in zip(("fixed", "moving"), scans, (Modality.T1, Modality.CT), strict=True):
        wanted = embedded(scan, kind)
        np.testing.assert_array_equal(arrays[name], wanted.grey.data)
        np.testing.assert_array_equal(facts[name]["world_from_voxel"], wanted.grey.grid.world_from_voxel)
        both = np.array(facts[name]["world_from_voxel"]) @ facts[name]["voxel_from_world"]
        np.testing.assert_allclose(both, np.eye(4), atol=1e-9)
    np.testing.assert_array_equal(facts["poses"]["after"], found_with().moving_from_fixed.matrix)
    np.testing.assert_array_equal(facts["poses"]["before"], np.eye(4))


def test_the_same_registration_gives_the_same_bytes(written):
    page = written()
    first = page.read_bytes()
    assert written(place=page.parent).read_bytes() == first


def test_it_is_never_too_large(largest_page):
    assert largest_page.stat().st_size < LARGEST_BYTES


def test_unwritable(written):
    page = written()
    page.unlink()
    page.mkdir()
    with pytest.raises(OutputError, match=r"report\.html"):
        written(place=page.parent)
    assert not list(page.iterdir())


def test_words_stand_out_from_their_ground():
    css = (ASSETS / "page.css").read_text(encoding="utf-8")
    colour = dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", css))

    def light(name):
        parts = np.array([int(colour[name][n : n + 2], 16) for n in (1, 3, 5)]) / 255
        linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
        return float(linear @ (0.2126, 0.7152, 0.0722))

    for ground in ("ground", "raised"):
        for words in ("text", "dim", "sky", "orange", "good", "unsure", "bad"):
            assert (light(words) + 0.05) / (light(ground) + 0.05) > 4.5


def test_niivue_is_the_one_that_is_named():
    digest = hashlib.sha256((VENDOR / "niivue.umd.js").read_bytes()).hexdigest()
    assert f"sha256 {digest}" in (VENDOR / "README.md").read_text(encoding="utf-8")
