"""How large a study is: from a minute on two cores to the paper's own size."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, field

from cephalign.errors import InputError
from cephalign.models.features import FeaturesConfig

RATES = (3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2)
TURNS = (0, 15, 30, 45, 60, 90, 120, 150, 180)


@dataclass(frozen=True)
class Scale:
    """A size of everything.

    Parameters
    ----------
    name : str
    images : FeaturesConfig
        What every network sees, and the size of the paper's.
    preset : str
        How heads are scanned.
    originals : int
        Pairs of scans of one head each.
    copies : int
        Of each original, to learn from: the paper's n.
    test_copies : int
        Of each original of a test, which all methods register as whole scans.
    splits : int
        Random divisions of the originals in 60 % to learn from and 40 % to test.
    epochs, batch : int
        Of every network's training, in each of its stages.
    rates : tuple of float
        Learning rates for every network, by the first split's validation: tried are the middle one and its
        neighbours, and further ones while the last is the best.
    filters : int
        Of the two compared networks that would take longest: Sloan et al.'s first and Liu et al.'s.
    sweep : tuple of int
        The n of Fig. 6; all networks learn in as many steps as with `copies`.
    classified_images : FeaturesConfig
        What the networks of Table 3 see: two of them take longer than all others together.
    classified : int
        Images of each kind and original, for that table.
    classified_epochs : int
        Of its networks.
    turned_preset : str
        How heads are scanned for Fig. 7; the paper's search takes minutes on scans of full size.
    turned_pairs : int
        Pairs of Fig. 7 at each of the turns.
    turns : tuple of int
        Degrees.
    """

    name: str
    images: FeaturesConfig = field(repr=False)
    preset: str
    originals: int
    copies: int
    test_copies: int
    splits: int
    epochs: int
    batch: int
    rates: tuple[float, ...]
    filters: int
    sweep: tuple[int, ...]
    classified_images: FeaturesConfig = field(repr=False)
    classified: int
    classified_epochs: int
    turned_preset: str
    turned_pairs: int
    turns: tuple[int, ...]

    @property
    def fingerprint(self) -> str:
        """Of all sizes: results of others are none of this study's."""
        return hashlib.sha256(repr(asdict(self)).encode()).hexdigest()[:12]


SMALLEST = FeaturesConfig((16, 16, 12), (16.0, 16.0, 20.0), (4, 8, 16), in_plane_pools=0)
PAPERS = FeaturesConfig((256, 256, 26), (1.0, 1.0, 6.0))
SCALES = {
    scale.name: scale
    for scale in (
        Scale(
            "smoke",
            SMALLEST,
            "small",
            originals=5,
            copies=4,
            test_copies=1,
            splits=1,
            epochs=2,
            batch=4,
            rates=(1e-3,),
            filters=4,
            sweep=(1, 2),
            classified_images=SMALLEST,
            classified=2,
            classified_epochs=1,
            turned_preset="small",
            turned_pairs=1,
            turns=(20,),
        ),
        Scale(
            "small",
            FeaturesConfig((32, 32, 20), (8.0, 8.0, 8.0), (8, 16, 32, 64, 128), in_plane_pools=1),
            "rire",
            originals=14,
            copies=99,
            test_copies=2,
            splits=4,
            epochs=4,
            batch=12,
            rates=RATES,
            filters=16,
            sweep=(4, 9, 19, 34, 54, 74, 99, 124),
            classified_images=FeaturesConfig(
                (16, 16, 12), (16.0, 16.0, 14.0), (8, 16, 32, 64), in_plane_pools=1
            ),
            classified=20,
            classified_epochs=5,
            turned_preset="small",
            turned_pairs=5,
            turns=TURNS,
        ),
        Scale(
            "paper",
            PAPERS,
            "rire",
            originals=16,
            copies=99,
            test_copies=4,
            splits=4,
            epochs=30,
            batch=4,
            rates=RATES,
            filters=64,
            sweep=tuple(range(4, 125, 5)),
            classified_images=PAPERS,
            classified=100,
            classified_epochs=30,
            turned_preset="rire",
            turned_pairs=22,
            turns=TURNS,
        ),
    )
}


def scale_of(name: str) -> Scale:
    """Return the scale of a name.

    Raises
    ------
    InputError
        There is none.
    """
    if name not in SCALES:
        raise InputError("no such scale", expected=", ".join(SCALES), got=repr(name))
    return SCALES[name]
