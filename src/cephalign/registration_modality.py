"""What the scans of a registration are, and which of them should stay where it is."""

from __future__ import annotations

from cephalign.geometry import Modality, Volume


def recognised(volume: Volume) -> Volume:
    """Return the scan with the modality that its image shows; MR where only its kind is in doubt.

    Parameters
    ----------
    volume : Volume

    Returns
    -------
    Volume
        The same voxels. Where the image is not clear, the header's word stands.

    Raises
    ------
    InputError
        The weights that ship are missing or damaged.
    """
    # Only here: reading the weights takes a moment.
    from cephalign.models.modality import identify  # noqa: PLC0415

    seen = identify(volume).at_least
    return volume if seen is Modality.UNKNOWN else Volume(volume.data, volume.grid, seen)


def in_wrong_order(fixed: Volume, moving: Volume) -> bool:
    """Say whether an MR is to be moved onto what is none; the paper moves the CT onto the MR."""
    kinds = recognised(fixed).modality, recognised(moving).modality
    return kinds[1].is_mr and not kinds[0].is_mr and kinds[0] is not Modality.UNKNOWN
