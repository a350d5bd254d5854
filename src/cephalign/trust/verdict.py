"""The word for a registration, and the sentence that gives its reason."""

from __future__ import annotations

from dataclasses import asdict
from enum import Enum

from cephalign.trust.evidence import Evidence
from cephalign.trust.expectation import Expectation, unusual

# An error that harms.
HARMFUL_MM = 3.0
# Up to this chance of it a result is called aligned, from that one on failed. Chosen by cross-validation on
# the registrations that the network learns from (`benchmarks.trust_fit`).
LIKELY_RIGHT, LIKELY_WRONG = 0.14, 0.8


class Status(Enum):
    """What came of a registration."""

    ALIGNED = "aligned"
    DOUBTFUL = "doubtful"
    FAILED = "failed"


def judged(evidence: Evidence, expectation: Expectation) -> tuple[Status, str]:
    """Return the status, and one sentence on why.

    Parameters
    ----------
    evidence : Evidence
    expectation : Expectation
    """
    chance = expectation.above(HARMFUL_MM)
    if chance <= LIKELY_RIGHT:
        likely_mm, percent = expectation.quantile_mm(0.5), int(100 * (1 - chance))  # never rounded up
        return (
            Status.ALIGNED,
            f"Nothing speaks against it; the error is likely some {likely_mm:.2g} mm, "
            f"and below {HARMFUL_MM:g} mm with a chance of {percent} %.",
        )
    status = Status.FAILED if chance >= LIKELY_WRONG else Status.DOUBTFUL
    odd = unusual(evidence)
    said = SENTENCES[odd[0]] if odd else "All numbers together are those of results that are often off."
    return status, said.format(**asdict(evidence), share_percent=100 * evidence.overlap)


# What to say where a number is the oddest of all.
SENTENCES = {
    "similarity": "The scans have next to nothing in common where they were put.",
    "share": "The scans say little about each other where they were put.",
    "gain": "The end is hardly better than the start.",
    "rival": "Another place fits nearly as well.",
    "mirrored": "The moving scan fits as well as its mirror image: left and right may be exchanged.",
    "overlap": "The scans share only {share_percent:.0f} % of the heads.",
    "drift_mm": "The end lies {drift_mm:.1f} mm from the best place found on the way.",
    "gap_mm": "The heads' surfaces lie {gap_mm:.1f} mm apart: a wrong place, or two people.",
    "sharp": "The best place is no sharper than one that is best by chance.",
    "blunt": "Along one direction the best place is hardly better than its neighbours.",
    "leaning": "The end is no best place: a push of 2 mm makes it better, or no worse.",
    "spread_mm": "Begun again from 4 mm away, it ends {spread_mm:.1f} mm off, further than good results do.",
    "halves_mm": "Two halves of a head, registered apart, differ by {halves_mm:.1f} mm: more than if right.",
    "slices_mm": "The slices are {slices_mm:.1f} mm apart, further than in what it was tried on.",
    "volume_share": "One head is much larger than the other: another person, or a part of a head.",
}
NO_OVERLAP = "The heads do not overlap at the start, or too little of them."
