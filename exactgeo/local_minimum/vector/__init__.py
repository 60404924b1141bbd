"""Vector outputs: what decides a point when the directions in which a unit's outputs move are finitely many cones.

:mod:`~exactgeo.local_minimum.vector.units` and :mod:`~exactgeo.local_minimum.vector.forms` know no network: only
features, output weights, and cones of changes. :mod:`~exactgeo.local_minimum.vector.layer` makes them of a point with
one hidden layer.
"""
