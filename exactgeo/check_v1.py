"""Companion of check.py: the claims that format version 1 has in another form than version 2 (docs/certificate-v1.md).

Each is read as its like of version 2; what version 1 says besides is checked as well.
"""

from exactgeo.check import (
    companion,
    evaluate,
    fields,
    form,
    look,
    need,
    polynomial,
    rational,
    vector,
    whole,
    zipped,
)
from exactgeo.check import local_minimum as minimum
from exactgeo.check import not_local_minimum as descent


def local_minimum(p, claim):
    tree, loss, radius, neurons, kind, dimension, flatness = fields(
        claim, "point loss radius neurons strictness flat_dimension flatness"
    )
    text = minimum(p, {"point": tree, "loss": loss, "radius": radius, "neurons": neurons})
    if flatness is None:
        form(kind is None and dimension is None, "a strictness without its proof")
        return text
    flat = {"point": tree, "loss": loss, "strictness": kind, "flat_dimension": dimension, "flatness": flatness}
    return f"{text} {companion('check_flat.py').strictness(p, flat)}"


def not_local_minimum(p, claim):
    tree, loss, direction, step, after, terms = fields(claim, "point loss direction step loss_after polynomial")
    text = descent(p, {"point": tree, "loss": loss, "direction": direction, "step": step})
    point, way = p.point(tree), p.point(direction)
    found = polynomial(p, look(p, point), way, rational(step))
    need(found == vector(terms, 5), "the loss along the direction is another polynomial")
    end = [[moved(block, by, rational(step)) for block, by in zipped(*part)] for part in zipped(point, way)]
    need(evaluate(p, end) == rational(after), "another loss after")
    return text


def moved(block, by, step):
    """The sum of a matrix or a vector and step times another."""
    return [moved(a, b, step) if type(a) is list else a + step * b for a, b in zipped(block, by)]


def regions(arrangement, claim):
    number, listed = fields(claim, "count regions")
    text = companion("check_landscape.py").regions(arrangement, {"regions": listed})
    need(whole(number) == len(listed), "the count is another one")
    return text
