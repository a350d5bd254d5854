"""Skull-stripped scans: a simulated T1 and CT of a head, whole, with the T1 stripped, and both.

    python -m benchmarks.stripped [--heads 4]

Of each head a pair of the preset `modern` and one of `clinical`, up to 20 degrees and 15 mm apart. Stripped
is all but brain, fluid and vessels, by the true labels. The table goes to standard output.
"""

from __future__ import annotations

import argparse

import numpy as np
from scipy import ndimage

from cephalign import register
from cephalign.geometry import Modality, Rigid, Volume
from cephalign.prep.resample import background, resample
from cephalign.simulate.pair import SimulatedPair, simulated_pair
from cephalign.simulate.tissues import Tissue

# No other use of the simulator draws from these.
SEED = 1400
PRESETS = ("modern", "clinical")
KEPT = [tissue for tissue in Tissue if Tissue.CSF <= tissue <= Tissue.BLEEDING]
CLOSED = 2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--heads", type=int, default=4)
    heads = parser.parse_args().heads
    print("| head | preset | scans | TRE mean, mm | worst | status |\n|---|---|---|---|---|---|")
    for seed in range(SEED, SEED + heads):
        for preset in PRESETS:
            pair = simulated_pair(
                np.random.default_rng([seed, 1]),
                preset,
                modalities=(Modality.T1, Modality.CT),
                angle_deg=20.0,
                shift_mm=15.0,
            )
            for name, scans in cases(pair).items():
                found = register(*scans)
                off = found.moving_from_fixed.distance(pair.moving_from_fixed, pair.landmarks)
                numbers = f"{off.mean():.2f} | {off.max():.2f}"
                print(f"| {seed} | {preset} | {name} | {numbers} | {found.status.value} |", flush=True)


def cases(pair: SimulatedPair) -> dict[str, tuple[Volume, Volume]]:
    """Return the pair as it is, with the fixed scan stripped, and with both."""
    kept = ndimage.binary_closing(np.isin(pair.head.tissues.numpy(), KEPT), iterations=CLOSED)
    brain = Volume(kept.astype(np.uint8), pair.head.grid)
    fixed = stripped(pair.fixed, brain, pair.head_from_fixed)
    moving = stripped(pair.moving, brain, pair.head_from_fixed @ ~pair.moving_from_fixed)
    return {
        "whole": (pair.fixed, pair.moving),
        "T1 stripped": (fixed, pair.moving),
        "both stripped": (fixed, moving),
    }


def stripped(scan: Volume, brain: Volume, head_from_scan: Rigid) -> Volume:
    """Make all but the brain as empty as space."""
    inside = resample(brain, scan.grid, head_from_scan, interpolation="nearest", fill=0).data > 0
    empty = scan.data.dtype.type(background(scan) if scan.modality is Modality.CT else 0)
    return Volume(np.where(inside, scan.data, empty), scan.grid, scan.modality)


if __name__ == "__main__":
    main()
