"""The solvers of a basin's convex program, by loss."""
