"""The check of a registration: evidence, the error to expect, the word for it."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from cephalign.align.scan import Scan
from cephalign.align.search import Found
from cephalign.geometry import Rigid
from cephalign.trust.evidence import Evidence, gather
from cephalign.trust.expectation import expect
from cephalign.trust.verdict import NO_OVERLAP, Status, judged


@dataclass(frozen=True)
class Check:
    """What is thought of a registration.

    Parameters
    ----------
    status : Status
    reason : str
        One sentence on the status.
    expected_mm : float
        Mean TRE over the head that is as likely too large as too small; infinity where there is no telling.
    interval_mm : pair of float
        The mean TRE lies in it nine times in ten.
    evidence : Evidence, optional
        None where nobody looked.
    ends : tuple of Rigid
        Where climbs from around the end lead, and those of halves of the head: `moving_from_fixed`.
    """

    status: Status
    reason: str
    expected_mm: float = inf
    interval_mm: tuple[float, float] = (inf, inf)
    evidence: Evidence | None = None
    ends: tuple[Rigid, ...] = ()


def check(fixed: Scan, moving: Scan, found: Found, end: Rigid) -> Check:
    """Look at an end, and say what to think of it.

    Parameters
    ----------
    fixed, moving : Scan
    found : Found
        The places that the search left.
    end : Rigid
        `moving_from_fixed`.

    Raises
    ------
    InputError
        The weights that ship are missing or damaged.
    """
    evidence, ends = gather(fixed, moving, found, end)
    expectation = expect(evidence)
    status, reason = judged(evidence, expectation)
    expected_mm = expectation.quantile_mm(0.5)
    return Check(status, reason, expected_mm, expectation.interval_mm, evidence, ends)


def no_overlap() -> Check:
    """Return what there is to think of heads that do not overlap."""
    return Check(Status.FAILED, NO_OVERLAP)
