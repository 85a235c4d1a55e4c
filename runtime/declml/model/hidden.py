"""Which weights of a network are matrices of its hidden layers: for optimizers that treat these alone as such."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from declml.model.assemble import Network

_LAYERS = (nn.Linear, nn.RNNBase)


def hidden_weights(network: Network, weights: Sequence[Tensor]) -> list[bool]:
    """Return for each of ``weights`` whether it is a matrix between hidden layers.

    It is none in an embedding table, whose rows are looked up, nor as the last one of a decoder, whose rows are answers
    (Jordan et al., 2024). Tables are only in encoders: there, what is no linear or recurrent layer's is taken for one.
    """
    layers = [part for part in network.encoders.modules() if isinstance(part, _LAYERS)]
    in_layers = {id(each) for part in layers for each in part.parameters(recurse=False)}
    others = {id(each) for each in network.encoders.parameters()} - in_layers
    for decoder in network.decoders:
        matrices = [each for each in decoder.parameters() if each.ndim >= 2]
        others |= {id(each) for each in matrices[-1:]}
    return [weight.ndim == 2 and id(weight) not in others for weight in weights]
