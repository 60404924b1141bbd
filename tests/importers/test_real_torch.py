"""Against the real torch, where it is installed: ``pytest -m slow tests/importers/test_real_torch.py``."""

from __future__ import annotations

import pytest

import exactgeo as eg

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def torch():
    found = pytest.importorskip("torch")
    found.manual_seed(0)
    return found


def losses(nn):
    return [
        (nn.MSELoss(), "numbers"),
        (nn.MSELoss(reduction="sum"), "numbers"),
        (nn.L1Loss(), "numbers"),
        (nn.HuberLoss(delta=0.5), "numbers"),
        (nn.SmoothL1Loss(), "numbers"),
        (nn.SoftMarginLoss(), "signs"),
        (nn.BCEWithLogitsLoss(), "zero_one"),
        (nn.CrossEntropyLoss(), "classes"),
    ]


def targets(torch, kind, m):
    y = torch.randn(m, 1)
    return {
        "numbers": y,
        "signs": torch.sign(y),
        "zero_one": (y > 0).to(y.dtype),
        "classes": torch.randint(0, 3, (m,)),
    }[kind]


@pytest.mark.parametrize("which", range(8))
@pytest.mark.parametrize("dtype", ["float32", "float64", "bfloat16"])
@pytest.mark.parametrize("depth", [0, 1, 3])
def test_loss_and_predictions_are_torch_s(torch, which, dtype, depth):
    nn = torch.nn
    loss, kind = losses(nn)[which]
    layers, size = [], 4
    for k in range(depth):
        layers += [nn.Linear(size, 3, bias=bool(k % 2)), [nn.ReLU(), nn.LeakyReLU(0.1), nn.Identity()][k % 3]]
        size = 3
    model = nn.Sequential(*layers, nn.Linear(size, 3 if kind == "classes" else 1)).to(getattr(torch, dtype))
    X = torch.randn(10, 4).to(getattr(torch, dtype))
    y = targets(torch, kind, 10)
    # Of bfloat16 only the numbers are compared: its own predictions have three digits.
    given = (
        model.state_dict() if dtype == "bfloat16" and not depth else model.double() if dtype == "bfloat16" else model
    )
    rows = X.double() if dtype == "bfloat16" else X
    problem = eg.from_torch(given, rows, y, loss, activation=[])
    model = model.double()
    wanted = loss(model(X.double()), y if kind == "classes" else y.double()).item()
    found = problem.enclosure_at(problem.point)
    assert float(found.lo) <= wanted * (1 + 1e-9) + 1e-12
    assert float(found.hi) >= wanted * (1 - 1e-9) - 1e-12
    assert [float(p) for row in problem.predictions(problem.point) for p in row] == pytest.approx(
        model(X.double()).flatten().tolist(), rel=1e-9, abs=1e-12
    )


def test_weight_decay_is_on_biases_too(torch):
    nn = torch.nn
    model = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 1)).double()
    X, y = torch.randn(5, 2).double(), torch.randn(5, 1).double()
    problem = eg.from_torch(model, X, y, weight_decay=0.01)
    wanted = nn.MSELoss()(model(X), y) + 0.005 * sum((p**2).sum() for p in model.parameters())
    assert float(problem.loss_at(problem.point)) == pytest.approx(wanted.item(), rel=1e-12)
