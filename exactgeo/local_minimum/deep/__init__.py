"""Networks of any depth and any number of outputs: the point taken apart, and the arguments of the ladder for it.

What the rungs are made of; which of them are asked, and in which order, is in :mod:`exactgeo.local_minimum.rungs`.
"""
