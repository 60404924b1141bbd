"""``exactgeo import``: a trained model with its data, as a problem file."""

from __future__ import annotations

import json

import click

from exactgeo import files
from exactgeo.cli import completion
from exactgeo.cli.options import DONE, emit, epilog, json_option, output_option

__all__ = ["import_"]


def _problem_file(path: str, option: str) -> None:
    files.writable(path, (".toml", ".json"), option)


def _losses() -> list[str]:
    from exactgeo.losses import LOSSES

    return [loss.example for loss in LOSSES.values()]


def _reductions() -> tuple[str, ...]:
    from exactgeo.problem import REDUCTIONS

    return REDUCTIONS


def _activations() -> list[str]:
    from exactgeo.activations import ACTIVATIONS

    return [example for example, _ in ACTIVATIONS.values()]


@click.command(
    "import",
    epilog=epilog(
        "exactgeo import net.npz --data net.npz --activation relu -o net.toml",
        "exactgeo import net.npz --data data.csv --target y --activation relu",
        "exactgeo polish net.toml",
        exits="0 done",
    ),
)
@click.argument("model", metavar="MODEL")
@click.option("--data", metavar="FILE", help="The data: .npz with X and y, or .csv with a line of names.")
@output_option(
    "-o", "--output", check=_problem_file, metavar="FILE", help="The problem file: .toml or .json; stdout if left out."
)
@click.option(
    "--loss",
    shell_complete=completion.words(_losses),
    default="squared",
    show_default=True,
    help="As in a problem file.",
)
@click.option(
    "--reduction",
    shell_complete=completion.words(_reductions),
    default="mean",
    show_default=True,
    help="sum, mean or mean_entries.",
)
@click.option(
    "--activation",
    shell_complete=completion.words(_activations),
    help="As in a problem file, or one a hidden layer with commas (not for .onnx).",
)
@click.option("--l2", default="0", show_default=True, help="The penalty (l2 / 2) * sum of squares of the weights.")
@click.option("--penalize-biases", is_flag=True, help="The penalty is on biases too (weight_decay of torch).")
@click.option("--target", metavar="COLUMN", help="The column of the targets in a .csv; the last one if left out.")
@click.option(
    "--predictions", metavar="FILE", help="What the framework predicts (.csv, or P in .npz): refused if ours differ."
)
@json_option
def import_(
    model: str,
    data: str | None,
    output: str | None,
    loss: str,
    reduction: str,
    activation: str | None,
    l2: str,
    penalize_biases: bool,
    target: str | None,
    predictions: str | None,
    as_json: bool,
) -> int:
    """A trained model (.onnx, .safetensors, .npz) with its data, as a problem file.

    Nothing that would run code on loading is read. Floats become the exact dyadics they are; the decimals of a .csv
    file are taken as they are printed.
    """
    from exactgeo.exact.rational import parse_rational
    from exactgeo.importers import import_file

    problem = import_file(
        model,
        data,
        loss,
        reduction=reduction,
        activation=activation,
        l2=parse_rational(l2, "--l2"),
        penalize_biases=penalize_biases,
        target=target,
        predictions=predictions,
    )
    if output is None:
        emit(problem.to_dict(), problem.to_toml, as_json=as_json)
        return DONE
    with files.replacing_text(output) as stream:
        if output.endswith(".toml"):
            stream.write(problem.to_toml())
        else:
            json.dump(problem.to_dict(), stream, indent=1)
    net = problem.network
    answer = {"file": output, "data_points": problem.m, "inputs": net.inputs, "widths": list(net.widths)}
    emit(
        {**answer, "outputs": net.outputs},
        lambda: f"{output}: {problem.m} data points, layers {' - '.join(map(str, net.sizes))}",
        as_json=as_json,
    )
    return DONE
