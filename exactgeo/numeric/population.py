"""Critical points of the Gaussian population loss of student and teacher ReLU networks, in float64: no proof."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["StudentTeacher", "student_teacher"]

Floats: TypeAlias = NDArray[np.float64]

STEPS, RATE = 5000, 0.5
"""Gradient descent; Newton's iteration in balls goes on from its end (:mod:`exactgeo.polishing.population`)."""


@dataclass(frozen=True)
class StudentTeacher:
    """Where gradient descent ended, in floats.

    Attributes
    ----------
    students : float64, shape (k, k)
        One row a unit; the teachers are the unit vectors.
    loss : float
        ``E (sum_i relu(<w_i, x>) - sum_j relu(x_j))^2 / 2``, x standard Gaussian.
    slope : float
        The largest derivative.
    """

    students: Floats
    loss: float
    slope: float


def student_teacher(k: int) -> StudentTeacher:
    """The critical point of type (1, k - 1): k students, k orthonormal teachers, all but one student near a teacher.

    Descent from the teachers with the last one turned around; it stays among the points with the symmetry of this
    start. Numeric: a proof needs Newton's iteration and interval arithmetic,
    :func:`exactgeo.polishing.population.enclosed_minimum`.

    Parameters
    ----------
    k : int
        At least 2.

    References
    ----------
    I. Safran and O. Shamir, Spurious local minima are common in two-layer ReLU neural networks, ICML 2018.

    Examples
    --------
    >>> found = student_teacher(6)
    >>> print(round(found.loss, 6), found.slope < 1e-12)
    0.025081 True
    """
    teachers = np.eye(k)
    students = np.eye(k)
    students[-1, -1] = -1.0
    for _ in range(STEPS):
        slope = _gradient(students, teachers)
        students = students - RATE * slope
    loss = _pairs(students, students) / 2 - _pairs(students, teachers) + _pairs(teachers, teachers) / 2
    return StudentTeacher(students, float(loss), float(np.abs(slope).max()))


def _angles(one: Floats, other: Floats) -> tuple[Floats, Floats, Floats]:
    """Lengths of the rows of both, and the angles between them."""
    lengths, others = np.linalg.norm(one, axis=1), np.linalg.norm(other, axis=1)
    cosines = np.clip((one @ other.T) / np.outer(lengths, others), -1.0, 1.0)
    return lengths, others, np.arccos(cosines)


def _pairs(one: Floats, other: Floats) -> float:
    """``E relu(<w, x>) relu(<v, x>)``, added over all pairs (Cho and Saul 2009)."""
    lengths, others, angles = _angles(one, other)
    return float((np.outer(lengths, others) * (np.sin(angles) + (np.pi - angles) * np.cos(angles))).sum() / (2 * np.pi))


def _gradient(students: Floats, teachers: Floats) -> Floats:
    lengths, _, among = _angles(students, students)
    _, others, across = _angles(students, teachers)
    # A student and itself: the angle is 0 up to rounding, and exactly 0 is meant.
    np.fill_diagonal(among, 0.0)
    pull = np.sin(among) @ lengths - np.sin(across) @ others
    sums = (np.pi - among) @ students - (np.pi - across) @ teachers
    found: Floats = (pull[:, None] * students / lengths[:, None] + sums) / (2 * np.pi)
    return found
