"""The benchmark of identification: what its page counts, and scans that keep their head when turned."""

from benchmarks.identify import Said
from benchmarks.identify_table import identify_table


def said(family, scan, true, answer):
    return Said(family, scan, true, answer, 0.9, 0.1, "")


def test_the_page_counts_each_kind_of_answer():
    rows = [
        said("rire", "000 labelled CT", "CT", "CT"),
        said("rire", "000 labelled MR-T1", "MR-T1", "MR-PD"),
        said("rire", "000 labelled MR-PD", "MR-PD", "unknown"),
        said("hard", "001 labelled PET", "PET", "PET"),
        said("training", "002 labelled MR-T1", "unknown", "MR-T1"),
        said("real", "mri-dir/phantom_t2.nii.gz as it is", "MR-T2", "MR-T2"),
        said("real", "mri-dir/phantom_t2.nii.gz 17", "MR-T2", "CT"),
        said("nothing", "cube 0", "unknown", "unknown"),
        said("nothing", "cube 1", "unknown", "CT"),
    ]
    page = identify_table(rows, ("rire", "training", "hard"))
    for line in (
        "| all | 4 | 2 | 1 | 1 | 50.00 | 0.100 |",
        "| rire | 3 | 1 | 1 | 1 | 33.33 | 0.100 |",
        "| mri-dir/phantom_t2.nii.gz | 2 | 1 | 0 | 1 | 50.00 | 0.100 |",
        "| cube | 2 | 1 | 0 | 1 | 50.00 | 0.100 |",
        "| random contrast | 1 | 0 | 0 | 1 | 0.00 | 0.100 |",
        "| MR-T1 | 0 | 0 | 0 | 1 | 0 | 0 |",
        "| CT | 1.0000 | 1.0000 | 1.0000 | 1.0000 | 1.0000 | 1.0000 |",
    ):
        assert line in page.splitlines()
