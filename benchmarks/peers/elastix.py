"""elastix, from Python (itk-elastix) and as Debian's program, with one and the same parameter map.

The map is elastix's default for rigid motion (Mattes mutual information, adaptive stochastic gradient
descent) with the changes below.
"""

from __future__ import annotations

import time
from pathlib import Path

from benchmarks.method import (
    THREADS,
    Job,
    Method,
    Start,
    itk_answer,
    noted_seconds,
    package_version,
    run_script,
    script,
)

# The default has 2048 samples and 256 steps; with twice that the easy pair's error fell from 0.14 to 0.10 mm.
CHANGES = {
    "NumberOfSpatialSamples": ["4096"],
    "MaximumNumberOfIterations": ["500"],
    # The default smooths thick slices as it does thin ones.
    "FixedImagePyramidSchedule": ["4", "4", "1", "2", "2", "1", "1", "1", "1"],
    "MovingImagePyramidSchedule": ["4", "4", "1", "2", "2", "1", "1", "1", "1"],
    "AutomaticTransformInitializationMethod": ["GeometricalCenter"],
    "RandomSeed": ["121212"],
    "WriteResultImage": ["false"],
}
# The default map of elastix, for the program, which has none built in.
DEFAULT = {
    "Registration": ["MultiResolutionRegistration"],
    "Transform": ["EulerTransform"],
    "Metric": ["AdvancedMattesMutualInformation"],
    "Optimizer": ["AdaptiveStochasticGradientDescent"],
    "Interpolator": ["LinearInterpolator"],
    "ResampleInterpolator": ["FinalBSplineInterpolator"],
    "Resampler": ["DefaultResampler"],
    "FixedImagePyramid": ["FixedSmoothingImagePyramid"],
    "MovingImagePyramid": ["MovingSmoothingImagePyramid"],
    "ImageSampler": ["RandomCoordinate"],
    "NewSamplesEveryIteration": ["true"],
    "NumberOfResolutions": ["3"],
    "AutomaticParameterEstimation": ["true"],
    "AutomaticScalesEstimation": ["true"],
    "CheckNumberOfSamples": ["true"],
    "MaximumNumberOfSamplingAttempts": ["8"],
    "NumberOfSamplesForExactGradient": ["4096"],
    "FixedInternalImagePixelType": ["float"],
    "MovingInternalImagePixelType": ["float"],
    "UseDirectionCosines": ["true"],
}
PARAMETERS, TRANSFORM = "parameters.txt", "TransformParameters.0.txt"


def changes(start: Start) -> dict[str, list[str]]:
    wanted = "true" if start is Start.CENTRES else "false"
    return CHANGES | {"AutomaticTransformInitialization": [wanted]}


def register(fixed_path: Path, moving_path: Path, folder: Path, start: Start, _: list[str]) -> float:
    import itk

    itk.MultiThreaderBase.SetGlobalDefaultNumberOfThreads(THREADS)
    fixed, moving = (itk.imread(str(path), itk.F) for path in (fixed_path, moving_path))
    began = time.perf_counter()
    parameters = itk.ParameterObject.New()
    chosen = parameters.GetDefaultParameterMap("rigid", 3)
    for key, values in changes(start).items():
        chosen[key] = values
    parameters.AddParameterMap(chosen)
    method = itk.ElastixRegistrationMethod.New(fixed, moving)
    method.SetParameterObject(parameters)
    method.SetNumberOfThreads(THREADS)
    method.SetLogToConsole(False)
    method.UpdateLargestPossibleRegion()
    seconds = time.perf_counter() - began
    found = method.GetTransformParameterObject().GetParameterMap(0)
    (folder / TRANSFORM).write_text(_map_text({key: list(values) for key, values in found.items()}))
    return seconds


def command(job: Job) -> list[str]:
    path = job.folder / PARAMETERS
    path.write_text(_map_text(DEFAULT | changes(job.start)))
    files = ["-f", str(job.fixed), "-m", str(job.moving), "-p", str(path), "-out", str(job.folder)]
    return ["elastix", *files, "-threads", str(THREADS)]


def answer(job: Job):
    """Rewrite elastix's transform as the ITK file it stands for: Euler angles about a centre, in LPS."""
    lines = (job.folder / TRANSFORM).read_text().splitlines()
    found = {words[0]: words[1:] for words in (line.strip("()").split() for line in lines if line[:1] == "(")}
    if found["Transform"] != ['"EulerTransform"']:
        raise ValueError(f"elastix wrote another transform than expected: {found['Transform']}")
    order = "1" if found["ComputeZYX"] == ['"true"'] else "0"
    (job.folder / "elastix.tfm").write_text(
        "#Insight Transform File V1.0\n#Transform 0\nTransform: Euler3DTransform_double_3_3\n"
        f"Parameters: {' '.join(found['TransformParameters'])}\n"
        f"FixedParameters: {' '.join(found['CenterOfRotationPoint'])} {order}\n"
    )
    return itk_answer("elastix.tfm")(job)


def _map_text(parameters: dict[str, list[str]]) -> str:
    """Write a parameter map as elastix does: numbers bare, words quoted."""
    lines = []
    for key, values in parameters.items():
        words = [value if _is_number(value) else f'"{value}"' for value in values]
        lines.append(f"({key} {' '.join(words)})\n")
    return "".join(lines)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


SETTINGS = "default rigid map, 4096 samples, 500 steps a level, no smoothing along slices"
METHODS = [
    Method("itk-elastix", package_version("itk-elastix"), script("elastix"), answer, noted_seconds, SETTINGS),
    Method("elastix (program)", ["elastix", "--version"], command, answer, lambda _: None, SETTINGS),
]

if __name__ == "__main__":
    run_script(register)
