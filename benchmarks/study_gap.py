"""What networks of a study lose from heads they learnt from to heads they never met.

    python -m benchmarks.study_gap FOLDER --scale small --seed 0

Of the first split: half the mean squared error of the six numbers, on the first copies of the originals that
were learnt from, of those the learning rate was chosen on, and of the others. A network that is not in the
folder is trained first.
"""

from __future__ import annotations

from dataclasses import replace

from benchmarks.study_folder import parser_of, study_of
from cephalign.parallel import undivided_operations
from cephalign.study import table2
from cephalign.study.lesson import mean_loss
from cephalign.study.study import Study

COPIES = 30
COLUMNS = ("network", "learnt from", "validation", "test")


def main() -> None:
    study = study_of(parser_of(__doc__).parse_args())
    print(f"| {' | '.join(COLUMNS)} |\n{'|---' * len(COLUMNS)}|", flush=True)
    with undivided_operations():
        for name in table2.names(study):
            print(f"| {name} | {' | '.join(f'{one:.3f}' for one in losses(study, name))} |", flush=True)


def losses(study: Study, name: str) -> list[float]:
    network, split = study.trained(name, 0), study.split(0)
    parts = (study.copies.places(part, COPIES) for part in (split.train, split.validation, split.test))
    return [mean_loss(network, replace(study.lesson(0), places=places)) for places in parts]


if __name__ == "__main__":
    main()
