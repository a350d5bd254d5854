"""What stands on the page of a study, part by part, and what the paper says of each."""

from __future__ import annotations

from collections.abc import Callable

from cephalign.study.figures import of_fig6, of_fig7, of_fig8, of_fig9
from cephalign.study.paired import of_paired
from cephalign.study.study import Study
from cephalign.study.table import Table
from cephalign.study.tables import of_table1, of_table2, of_table3, of_table3_of_two, of_training

# By name: title, text, and what makes the table.
SECTIONS: dict[str, tuple[str, str, Callable[[Study], Table]]] = {
    "fig6": (
        "Fig. 6: how many synthetic images",
        "The DCNN, on copies of unseen originals, after as many steps of training for each n. The paper's "
        "R² levels off near n = 94, and it takes 99.",
        of_fig6,
    ),
    "fig7": (
        "Fig. 7: with and without symmetry",
        "The paper's reference transforms against the known motion; mean TRE in mm, median (worst). "
        "Differences below 1 mm count as the same. The paper's radiologist judged 200 pairs, at most 15"
        " degrees turned each: the same 39.5 %, better without 28.0 %, better with 32.5 %.",
        of_fig7,
    ),
    "fig8": (
        "Fig. 8: regressors on the DCNN's features",
        "Errors on copies of unseen originals; TRE in mm. The paper's R²: DCNN 0.958, SVM 0.985, GPR "
        "0.990, ANN 0.998.",
        of_fig8,
    ),
    "table1": (
        "Table 1: every method end to end",
        "Whole scans, copies of unseen originals. TRE in mm over ten landmarks; the paper's scores "
        "compare the moving scan under the true and under the found motion: as printed (then CMS is "
        "DSC), and along boundaries. A method without an answer counts as the headers as they are. The "
        "paper's own numbers are not in the text that we have, only that the proposed method (here: "
        "DCNN features, ANN) is the best by all scores.",
        of_table1,
    ),
    "table1-paired": (
        "Table 1 pair by pair: what differs, and what may be chance",
        "Mean TRE in mm, and by how much it is less than that of the proposed method (DCNN features, ANN) on "
        "the same pairs; below 0 it is more. Where 95 % of a bootstrap by heads hold 0, the two cannot be "
        "told apart.",
        of_paired,
    ),
    "table2": (
        "Table 2: every network as an extractor of features",
        "With the paper's regression network on them, under Bayesian regularisation. Those of Liu et "
        "al. and Zou et al. regress nothing. What finding no motion gives stands in Table 1, of the "
        "same pairs.",
        of_table2,
    ),
    "table3": (
        "Table 3: what a scan is",
        "Images of unseen originals: CT, T1, T2 or PD, each against the rest, the plain mean over the "
        "four. A kind that is never named has a precision of 0.",
        of_table3,
    ),
    "table3-two": (
        "Table 3 of two kinds: CT or MR",
        "The same answers, as the paper asks: the mean over both.",
        of_table3_of_two,
    ),
    "fig9": ("Fig. 9: one pair by every method", "Tiles of the fixed and of the moving scan.", of_fig9),
    "training": (
        "What training took",
        "The rate that was best on validation data, of those tried, and the mean over splits.",
        of_training,
    ),
}
