"""exactgeo.numeric against a plain Python loop over the same networks, in one run: quote the ratios.

The loop works in Python floats, one network after another, with nothing but the standard library, and must give the
same losses, signs and one-sided derivatives. The conditions are compared with the exact decision on fewer networks.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from exactgeo.numeric import NumericNetworks


def loop(W: Any, v: Any, b: Any, c: Any, x: Any, y: Any, moves: Any) -> tuple[list[Any], list[Any], list[Any]]:
    """Losses, signs and derivatives of ReLU networks (squared loss, sum), one at a time."""
    losses, signs, slopes = [], [], []
    for w_net, v_net, b_net, c_net, (dw, dv, db, dc) in zip(W, v, b, c, moves, strict=True):
        loss = slope = 0.0
        pattern: list[list[int]] = [[] for _ in v_net]
        for row, target in zip(x, y, strict=True):
            p, dp = c_net, dc
            for i, (unit, outer, shift, du, douter, dshift) in enumerate(
                zip(w_net, v_net, b_net, dw, dv, db, strict=True)
            ):
                z, dz = shift, dshift
                for a, da, q in zip(unit, du, row, strict=True):
                    z += a * q
                    dz += da * q
                pattern[i].append((z > 0) - (z < 0))
                if z > 0 or (z == 0 and dz > 0):
                    p += outer * z
                    dp += douter * z + outer * dz
            loss += (p - target) ** 2
            slope += 2 * (p - target) * dp
        losses.append(loss)
        signs.append(pattern)
        slopes.append(slope)
    return losses, signs, slopes


def clock(call: Callable[[], Any], repeats: int = 1) -> tuple[float, Any]:
    best, result = float("inf"), None
    for _ in range(repeats):
        start = time.perf_counter()
        result = call()
        best = min(best, time.perf_counter() - start)
    return best, result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--networks", type=int, default=20_000)
    parser.add_argument("--exact", type=int, default=200, help="networks handed to the exact decision")
    args = parser.parse_args()
    count, n, d, m = args.networks, 3, 2, 8
    rng = np.random.default_rng(0)
    # Quarters: both sides are exact, so they must agree to the last bit, and some points lie on kinks.
    draw = lambda *shape: rng.integers(-8, 9, shape) / 4  # noqa: E731
    W, v, b, c, x, y = draw(count, n, d), draw(count, n), draw(count, n), draw(count), draw(m, d), draw(m)
    dW, dv, db, dc = draw(count, n, d), draw(count, n), draw(count, n), draw(count)
    lists = [a.tolist() for a in (W, v, b, c, x, y)]
    moves = list(zip(dW.tolist(), dv.tolist(), db.tolist(), dc.tolist(), strict=True))

    def batch() -> tuple[Any, Any, Any]:
        nets = NumericNetworks.from_arrays(W, v, b, c, x=x, y=y)
        direction = nets.flatten([dW, dv], [db, dc])
        return nets.losses(), nets.patterns().signs[0], nets.one_sided_derivatives(direction)

    slow, plain = clock(lambda: loop(*lists, moves))
    fast, batched = clock(batch, repeats=5)
    for name, one, other in zip(("losses", "signs", "derivatives"), plain, batched, strict=True):
        if not np.array_equal(np.array(one), other):
            raise SystemExit(f"the two sides disagree on {name}")
    print(f"{count} networks, width {n}, d = {d}, m = {m}: losses, signs and one derivative each")
    print(f"  plain Python {1e6 * slow / count:8.2f} us a network")
    print(f"  batched      {1e6 * fast / count:8.2f} us a network   ratio {slow / fast:.0f}")

    nets = NumericNetworks.from_arrays(W, v, b, c, x=x, y=y)
    numeric, answer = clock(lambda: nets.criterion(kink_tolerance=1e-9, margin=1e-9), repeats=3)
    exact, decisions = clock(lambda: [nets.certify(i).kind.value for i in range(args.exact)])
    said = [answer.status(i).value for i in range(args.exact)]
    for decided, numerically in zip(decisions, said, strict=True):
        if (decided, numerically) in {
            ("local_minimum", "numeric: descent direction found"),
            ("not_local_minimum", "numeric: conditions hold within margin"),
        }:
            raise SystemExit("the numeric answer contradicts the exact one")
    per = exact / args.exact
    print(f"the conditions of all {count}, and the exact decision (with its certificate) of {args.exact}")
    print(f"  exact        {1e6 * per:8.2f} us a network")
    print(f"  numeric      {1e6 * numeric / count:8.2f} us a network   ratio {per * count / numeric:.0f}")


if __name__ == "__main__":
    main()
