"""The shape of a fully connected network, and which of its blocks are trained."""

from __future__ import annotations

from exactgeo.activations import LINEAR, Activation
from exactgeo.frozen import dataclass

__all__ = ["Network", "Train"]


@dataclass(frozen=True)
class Network:
    """Fully connected network.

    Attributes
    ----------
    inputs : int
    widths : tuple of int
        Hidden ones; () is a linear model.
    outputs : int
    activations : tuple of Activation, one a hidden layer
    hidden_bias : tuple of bool, one a hidden layer
    output_bias : bool
    output_activation : Activation
        Applied to the outputs before the loss.
    """

    inputs: int
    widths: tuple[int, ...]
    outputs: int
    activations: tuple[Activation, ...]
    hidden_bias: tuple[bool, ...]
    output_bias: bool
    output_activation: Activation = LINEAR

    @property
    def depth(self) -> int:
        """Number of weight layers."""
        return len(self.widths) + 1

    @property
    def sizes(self) -> tuple[int, ...]:
        """Inputs, hidden widths, outputs."""
        return (self.inputs, *self.widths, self.outputs)

    @property
    def biases(self) -> tuple[bool, ...]:
        """Whether each weight layer (the last one is the output) has a bias vector."""
        return (*self.hidden_bias, self.output_bias)

    @property
    def layer_activations(self) -> tuple[Activation, ...]:
        """One a weight layer, the output's last."""
        return (*self.activations, self.output_activation)

    @property
    def uniform(self) -> Activation | None:
        """The activation of all hidden layers (linear where there are none) if it is one and the outputs have none."""
        kinds = set(self.activations) or {LINEAR}
        return kinds.pop() if len(kinds) == 1 and self.output_activation == LINEAR else None

    @property
    def activation(self) -> Activation:
        """The activation of the hidden layer; linear where there is none.

        Raises
        ------
        ValueError
            The layers have several.
        """
        found = self.uniform
        if found is None:
            raise ValueError("the layers of this network have several activations")
        return found


@dataclass(frozen=True)
class Train:
    """Which blocks are trained; one flag a hidden layer for ``hidden`` and ``hidden_bias``."""

    hidden: tuple[bool, ...]
    hidden_bias: tuple[bool, ...]
    output: bool = True
    output_bias: bool = True

    @property
    def weights(self) -> tuple[bool, ...]:
        """One flag a weight layer, the output last."""
        return (*self.hidden, self.output)

    @property
    def biases(self) -> tuple[bool, ...]:
        """One flag a bias vector, the output's last."""
        return (*self.hidden_bias, self.output_bias)
