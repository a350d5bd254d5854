"""The paper's regressors on the frozen features of its DCNN: R^2, TRE, histograms (its Fig. 8).

    python -m benchmarks.regressors [--weights FILE] [--learn 300] [--test 40] [--keep regression.safetensors]

Simulated `rire` pairs of T1 and CT, augmented as in `train/tasks/features.py`. The regressors learn from the
features of heads from the training's label maps, and all are measured on heads from those that it held out.
The DCNN's own last layer stands beside them, and what always saying "no motion" would give. The paper's
choice, the ANN under Bayesian regularisation, is what `--keep` writes and `--method features` uses.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from time import perf_counter

import matplotlib as mpl
import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.method import ROOT
from benchmarks.pairs import data_folder
from benchmarks.table import write_page
from cephalign.metrics.regression import r_squared
from cephalign.models.card import Card
from cephalign.models.dcnn import PairRegressor
from cephalign.models.features import UNIT, FeaturesConfig
from cephalign.models.features_start import as_tensors
from cephalign.models.heads import Ann, GaussianProcesses, SupportVectors
from cephalign.models.heads.head import Head
from cephalign.models.weights import Weights, load_shipped, load_weights, save_weights
from cephalign.parallel import undivided_operations
from cephalign.train.config import Config, read_config
from cephalign.train.heads import Purpose, anatomy_for
from cephalign.train.provenance import commit, device_name
from cephalign.train.tasks.features import FeaturesTask, tre_mm

OUT = ROOT / "benchmarks" / "out"
Numbers = NDArray[np.float64]
# No other use of the simulator draws from these: heads to learn from, and to be measured on.
LEARN_SEED, TEST_SEED = 20_261_128, 20_261_129
CHOSEN = "ANN, Bayesian"
HEADS: dict[str, Head] = {
    "SVR": SupportVectors(),
    "GPR": GaussianProcesses(),
    CHOSEN: Ann("bayesian"),
    "ANN, Levenberg-Marquardt": Ann("levenberg-marquardt"),
    "ANN, scaled conjugate gradient": Ann("scaled-conjugate-gradient"),
}
COLUMNS = (
    "R^2 pooled",
    "R^2 mean of six",
    "R^2 least of six",
    "TRE median",
    "TRE 95 %",
    "TRE worst",
    "s to fit",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--weights", type=Path, help="else those that ship")
    parser.add_argument("--learn", type=int, default=300, help="pairs that the regressors learn from")
    parser.add_argument(
        "--copies", type=int, default=16, help="of each of these; of a test's, as in training"
    )
    parser.add_argument("--test", type=int, default=40, help="pairs")
    parser.add_argument("--keep", type=Path, help="write the weights of the ANN here")
    options = parser.parse_args()
    weights = load_weights(options.weights) if options.weights else load_shipped("features")
    network_config = FeaturesConfig(**weights.of("features").card.arguments)
    network = network_config.network(torch.Generator())
    weights.put_into(network)
    config = read_config(ROOT / "training" / "features.toml")
    config = replace(config, options=replace(config.options, network=network_config))
    with undivided_operations():
        few = replace(config, options=replace(config.options, copies=options.copies))
        learn = described(network.eval(), few, "training", range(options.learn), LEARN_SEED)
        test = described(network, config, "validation", range(options.test), TEST_SEED)
    rows, errors = measured(learn, test)
    write_page(OUT / "regressors.md", table(rows, options))
    draw_histograms(errors, OUT / "regressors.png")
    if options.keep:
        (chosen,) = (row for row in rows if row[0] == CHOSEN)
        keep(options.keep, weights, options, dict(zip(COLUMNS, map(float, chosen[1:]), strict=True)))


def described(
    network: PairRegressor, config: Config, purpose: Purpose, numbers: range, seed: int
) -> dict[str, Numbers]:
    """Return features, what the network says itself, the truth, and the landmarks, of augmented pairs."""
    task = FeaturesTask(config.options, anatomy_for(config.heads, data_folder() / "labels", purpose))
    parts: dict[str, list[Numbers]] = {}
    for number in numbers:
        samples = task.samples(np.random.default_rng([seed, number]), number)
        with torch.inference_mode():
            images = (torch.from_numpy(samples[name]) for name in ("fixed", "moving"))
            features = network.features(*images)
            said = network.last(features)
        known = {"features": features.double().numpy(), "said": said.double().numpy()}
        for name, values in {**known, **{n: samples[n] for n in ("responses", "points_mm")}}.items():
            parts.setdefault(name, []).append(values.astype(np.float64))
        print(f"{purpose}: {number + 1} of {len(numbers)}", flush=True)
    return {name: np.concatenate(values) for name, values in parts.items()}


def measured(
    learn: dict[str, Numbers], test: dict[str, Numbers]
) -> tuple[list[list[str]], dict[str, Numbers]]:
    """Return a row of the table for each regressor, and (N, 6) errors in degrees and mm."""
    rows, errors = [], {}
    for name, said, seconds in answers(learn, test):
        found = r_squared(test["responses"], said)
        tre = tre_mm(said, test["responses"], test["points_mm"])
        means = tre.mean(axis=1)
        numbers = (found.pooled, found.mean, min(found.each))
        cells = [f"{value:.4f}" for value in numbers]
        cells += [f"{value:.2f}" for value in (*np.percentile(means, (50, 95)), means.max())]
        rows.append([name, *cells, f"{seconds:.1f}"])
        errors[name] = (said - test["responses"]) * UNIT
    return rows, errors


def answers(learn: dict[str, Numbers], test: dict[str, Numbers]) -> Iterator[tuple[str, Numbers, float]]:
    """Yield each method, what it says of the test's pairs, and for how long it learnt."""
    yield "no motion", np.zeros_like(test["responses"]), 0.0
    yield "DCNN", test["said"], 0.0
    for name, head in HEADS.items():
        began = perf_counter()
        head.fit(learn["features"], learn["responses"])
        seconds = perf_counter() - began
        yield name, head.predict(test["features"]), seconds


def keep(path: Path, features: Weights, options: argparse.Namespace, figures: dict[str, float]) -> None:
    """Write the ANN that was measured, and its card."""
    regression = HEADS[CHOSEN]
    assert isinstance(regression, Ann)
    card = Card(
        name=path.stem,
        architecture="regression",
        config={"features": features.sha256},
        data=f"the features of {options.copies} augmented copies of each of {options.learn} simulated pairs",
        seed=LEARN_SEED,
        steps=regression.epochs_,
        commit=commit(),
        device=device_name(torch.device("cpu")),
        hours=figures["s to fit"] / 3600,
        figures=figures,
    )
    save_weights(path, as_tensors(regression), card)


def table(rows: list[list[str]], options: argparse.Namespace) -> str:
    header = ["", *COLUMNS], ["---"] * (len(COLUMNS) + 1)
    lines = [f"| {' | '.join(cells)} |\n" for cells in (*header, *rows)]
    return (
        "# Regressors on the features of the DCNN\n\n"
        f"Simulated `rire` pairs, augmented: {options.learn} heads to learn from, {options.copies} copies of "
        f"each, and {options.test} others to be measured on. TRE in mm, the mean over ten landmarks of each "
        "pair.\n\n" + "".join(lines)
    )


def draw_histograms(errors: dict[str, Numbers], path: Path) -> None:
    """Draw the paper's Fig. 8: a histogram of all six errors, a panel a regressor."""
    mpl.use("agg")
    from matplotlib import pyplot as plt

    figure, panels = plt.subplots(1, len(errors), figsize=(3.2 * len(errors), 3), sharey=True)
    bins = np.linspace(-15, 15, 61)
    for panel, (name, values) in zip(panels, errors.items(), strict=True):
        panel.hist(values.ravel(), bins=bins, color="#336699")
        panel.set(title=name, xlabel="error, degrees or mm")
    panels[0].set_ylabel("count")
    figure.tight_layout()
    figure.savefig(path, dpi=100)
    plt.close(figure)


if __name__ == "__main__":
    main()
