"""Heads drawn from a folder of label maps of real people."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from cephalign.errors import InputError
from cephalign.geometry.grid import Float
from cephalign.simulate.head import LANDMARKS, Head
from cephalign.simulate.labelled.deformation import draw_deformation
from cephalign.simulate.labelled.sampling import sample
from cephalign.simulate.labelled.source import Source, read_source
from cephalign.simulate.labelled.table import read_table
from cephalign.simulate.labelled.warp import warp_of

SUFFIXES = (".nii", ".nii.gz", ".mha", ".nrrd", ".mhd", ".nhdr")
# A prepared head takes some 12 MB.
MOST_IN_MEMORY = 24
SPACINGS_MM = (0.3, 8.0)
# Where each landmark goes when left and right change places.
MIRRORED = [
    LANDMARKS.index(name.replace("left", "right") if "left" in name else name.replace("right", "left"))
    for name in LANDMARKS
]


class LabelledHeads:
    """An anatomy: real heads under strong random deformation, flipped or not.

    What a head needs to be drawn is prepared when it is first drawn (a few seconds) and kept. May be called
    from several threads.

    Parameters
    ----------
    folder : Path
        Label maps, one file a head, with the numbers of FreeSurfer in the brain. `tissues.tsv` among them
        says which tissue a number stands for (columns `number` and `tissue`), if not as in SynthSeg's maps.

    Raises
    ------
    InputError
        No folder, no label map in it, or a bad table.
    """

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise InputError(f"{folder} is no folder", expected="a folder of label maps")
        self._paths = {path.name: path for path in sorted(folder.iterdir()) if path.name.endswith(SUFFIXES)}
        if not self._paths:
            raise InputError(f"{folder} holds no label map", expected=f"files of type {', '.join(SUFFIXES)}")
        self._table = read_table(folder)
        self._prepared: OrderedDict[str, Source] = OrderedDict()
        self._lock = threading.Lock()
        self._reading = {name: threading.Lock() for name in self._paths}

    @property
    def names(self) -> tuple[str, ...]:
        """The files, in order."""
        return tuple(self._paths)

    def draw(
        self,
        rng: np.random.Generator,
        *,
        spacing_mm: float = 1.0,
        device: torch.device | str = "cpu",
        which: Sequence[str] | None = None,
    ) -> Head:
        """Draw another head.

        Parameters
        ----------
        rng : numpy Generator
        spacing_mm : float
            Of the label map; the same head at any.
        device : torch.device or str
        which : sequence of str, optional
            Draw from these of `names` only.

        Returns
        -------
        Head
            Its `parameters` name the `source`. Where its file ended above the neck, the lowest slice goes on
            below `known_from_mm`.

        Raises
        ------
        InputError
            A file is not a label map whose numbers are known, a name is not in the folder, or the spacing is
            impossible.
        GeometryError
            A file does not say where its voxels lie.
        """
        if not SPACINGS_MM[0] <= spacing_mm <= SPACINGS_MM[1]:
            raise InputError(
                "heads cannot be drawn at this spacing",
                expected=f"{SPACINGS_MM[0]:g} to {SPACINGS_MM[1]:g} mm",
                got=f"{spacing_mm:g} mm",
            )
        source = self.source(str(rng.choice(list(self._chosen(which)))))
        warp = warp_of(source, draw_deformation(rng), torch.device(device))
        tissues, grid, lowest_mm = sample(source, warp, spacing_mm)
        parameters = {
            "anatomy": "label map",
            "source": source.name,
            "least_jacobian": round(warp.least_jacobian, 4),
            **warp.deformation.to_record(),
        }
        landmarks: Float = warp.drawn_from_head(source, source.landmarks)
        if warp.deformation.flip:
            landmarks = landmarks[MIRRORED]
        return Head(tissues, grid, landmarks, parameters, known_from_mm=lowest_mm)

    __call__ = draw

    def _chosen(self, which: Sequence[str] | None) -> Sequence[str]:
        if which is None:
            return self.names
        missing = [name for name in which if name not in self._paths]
        if missing or not which:
            raise InputError(
                f"no such label map: {', '.join(missing) or 'none was named'}",
                expected=f"some of {', '.join(self.names)}",
            )
        return which

    def source(self, name: str) -> Source:
        """Return what the heads of one file are drawn from, prepared or kept; raises as `draw` does."""
        # Two threads never prepare the same head, but may prepare two.
        with self._reading[name]:
            with self._lock:
                source = self._prepared.pop(name, None)
            source = source or read_source(self._paths[name], self._table)
            with self._lock:
                self._prepared[name] = source
                if len(self._prepared) > MOST_IN_MEMORY:
                    self._prepared.popitem(last=False)
            return source
