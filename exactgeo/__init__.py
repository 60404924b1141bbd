"""exactgeo: the loss geometry of small neural networks, exactly, with certificates anyone can re-check."""
