"""``exactgeo import``: models and data in files, and what is refused."""

from __future__ import annotations

import json
import pickle
from fractions import Fraction as F

import numpy as np
import pytest

import exactgeo as eg
from exactgeo.cli import main

W1, B1, W2 = np.array([[1.0, 2], [3, 4]]), np.array([0.5, -1]), np.array([[1.0, -2]])
X, Y = np.array([[1.0, 0], [0, 1], [2, -1]]), np.array([1.0, 0, 3])


def run(capsys, *arguments):
    with pytest.raises(SystemExit) as end:
        main(["import", *map(str, arguments)])
    out, err = capsys.readouterr()
    return end.value.code, out, err


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "model.npz"
    np.savez(path, W1=W1, b1=B1, W2=W2, X=X, y=Y)
    return path


def test_npz_with_its_data(capsys, tmp_path, model):
    out = tmp_path / "p.toml"
    code, text, _ = run(capsys, model, "--activation", "relu", "-o", out)
    assert code == 0
    assert "3 data points, layers 2 - 2 - 1" in text
    problem = eg.load(str(out))
    wanted = eg.from_arrays(X, Y, [W1, W2], [B1, None], reduction="mean")
    assert (problem.x, problem.y, problem.network, problem.loss, problem.reduction) == (
        wanted.x,
        wanted.y,
        wanted.network,
        wanted.loss,
        wanted.reduction,
    )
    assert problem.point == wanted.point
    assert problem.point.biases == ((F(1, 2), F(-1)), ())


def test_stdout_is_the_problem_file(capsys, model):
    code, text, _ = run(capsys, model, "--activation", "relu", "--json")
    assert code == 0
    assert eg.load(json.loads(text)).m == 3


def test_csv_decimals_are_exact(capsys, tmp_path, model):
    table = tmp_path / "data.csv"
    table.write_text("a,target,b\n0.1,1.5,2\n1e-3,0,-1\n")
    out = tmp_path / "p.json"
    code, _, _ = run(
        capsys, model, "--data", table, "--target", "target", "--activation", "leaky_relu(1/10)", "-o", out
    )
    assert code == 0
    problem = eg.load(str(out))
    assert problem.x == ((F(1, 10), F(2)), (F(1, 1000), F(-1)))
    assert problem.y == ((F(3, 2),), (F(0),))


def test_safetensors(capsys, tmp_path):
    pytest.importorskip("safetensors")
    from safetensors.numpy import save_file

    path, data = tmp_path / "net.safetensors", tmp_path / "d.npz"
    save_file(
        {"0.weight": W1.astype(np.float32), "0.bias": B1.astype(np.float32), "2.weight": W2.astype(np.float32)}, path
    )
    np.savez(data, X=X, y=Y)
    code, text, _ = run(capsys, path, "--data", data, "--activation", "relu", "--json")
    assert code == 0
    assert eg.load(json.loads(text)).point == eg.from_arrays(X, Y, [W1, W2], [B1, None]).point


def test_predictions_that_differ_are_refused(capsys, tmp_path, model):
    given = tmp_path / "p.csv"
    right = np.maximum(X @ W1.T + B1, 0) @ W2.T
    given.write_text("p\n" + "\n".join(map(repr, right[:, 0].tolist())) + "\n")
    assert run(capsys, model, "--activation", "relu", "--predictions", given, "--json")[0] == 0
    given.write_text("p\n" + "\n".join(map(repr, (right[:, 0] + [0, 0, 0.01]).tolist())) + "\n")
    code, _, err = run(capsys, model, "--activation", "relu", "--predictions", given)
    assert code == 2
    assert "prediction of data point 2" in err


def refused(capsys, *arguments):
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    return err


def test_refusals(capsys, tmp_path, model):
    assert "one, or 1 (hidden layers)" in refused(capsys, model)
    assert "suffix .pt" in refused(capsys, tmp_path / "net.pt")
    assert "ending in .toml or .json" in refused(capsys, model, "-o", tmp_path / "p.txt")
    assert "a file that can be read" in refused(capsys, tmp_path / "none.npz", "--activation", "relu")
    extra = tmp_path / "extra.npz"
    np.savez(extra, W1=W1, W3=W2, X=X, y=Y)
    assert "W3" in refused(capsys, extra)
    table = tmp_path / "data.csv"
    table.write_text("a,b,y\n1,2\n")
    assert "row 1" in refused(capsys, model, "--activation", "relu", "--data", table)
    table.write_text("a,b,y\n1,2,3\n")
    assert "one of a, b, y" in refused(capsys, model, "--activation", "relu", "--data", table, "--target", "z")


class Bomb:
    exploded = False

    def __reduce__(self):
        return setattr, (Bomb, "exploded", True)


def test_no_pickle_is_loaded(capsys, tmp_path):
    objects = tmp_path / "objects.npz"
    np.savez(objects, W1=np.array([Bomb()], object), X=X, y=Y)
    refused(capsys, objects)
    plain = tmp_path / "plain.npz"
    plain.write_bytes(pickle.dumps(Bomb()))
    refused(capsys, plain)
    assert not Bomb.exploded
