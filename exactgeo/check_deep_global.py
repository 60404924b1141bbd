"""Companion of check.py: the claim `deep_global_minimum`, that no parameters of a network of any depth are better."""

from exactgeo.check import companion, fields, form, global_minimum, need, rational, stated, typed, whole

deep = companion("check_deep.py")


def function(p, here):
    """Rule `function`: the slopes of a convex loss sum to 0 over data points of equal inputs, output by output."""
    groups = {}
    for t, row in enumerate(p.x):
        groups.setdefault(tuple(row), []).append(t)
    good = all(not sum(g[t] for t in group) for group in groups.values() for g in here.gradient)
    need(good, "some function of the inputs has a lower loss")


def everywhere(claim, reduced):
    """Rule `everywhere`: a claim that no parameters of a smaller network have a lower loss, at its point."""
    q, point = reduced
    kind, rest = typed(claim.get("kind"), str), {key: value for key, value in claim.items() if key != "kind"}
    prove = {"global_minimum": global_minimum, "deep_global_minimum": deep_global_minimum}
    prove["linear_network_minimum"] = companion("check_linear.py").linear_network_minimum
    prove["lower_bound"] = companion("check_minimum.py").lower_bound
    form(kind in prove, "a claim that is no global minimum")
    need(q.point(rest.get("point")) == point, "the claim speaks of another point of the smaller network")
    prove[kind](q, rest)
    need(kind != "lower_bound" or rational(rest["bound"]) == rational(rest["loss"]), "the bound is below the loss")


def deep_global_minimum(p, claim):
    tree, loss, proof = fields(claim, "point loss proof")
    here = deep.layers(p, point := stated(p, tree, loss))
    need(here.hidden, "the rule needs a hidden layer")
    rule = typed(typed(proof, dict).get("rule"), str)
    if rule == "function":
        fields(proof, "rule")
        function(p, here)
        return f"No function of the inputs has a loss below the point's, {loss}."
    form(rule in ("behind", "merged"), "an unknown proof")
    _, k, inner = fields(proof, "rule layer claim")
    k = whole(k, range(p.layers))
    if rule == "behind":
        need(not any(layer.own for layer in here.hidden[: k + 1]), "the outputs of the layer may move")
        reduced = deep.net_behind(p, here, point, k)
    else:
        need(p.bends[k][0] == p.bends[k][1], "the layer bends")
        reduced = deep.net_merged(p, here, point, k)
    everywhere(typed(inner, dict), reduced)
    return f"No parameters have a loss below the point's, {loss}, as those of a smaller network have none."
