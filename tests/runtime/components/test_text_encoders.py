"""The text encoders against plain PyTorch: what a reduction, a convolution and a recurrent layer must compute."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from declml.components.encoders.cnnrnn import CNNRNN
from declml.components.encoders.embed import EMBED
from declml.components.encoders.gru import GRU
from declml.components.encoders.lstm import LSTM
from declml.components.encoders.parallel_cnn import PARALLEL_CNN
from declml.components.encoders.pooling import pooled
from declml.components.encoders.rnn import RNN
from declml.components.encoders.stacked_cnn import STACKED_CNN
from declml.components.encoders.stacked_parallel_cnn import STACKED_PARALLEL_CNN
from declml.components.encoders.transformer import TRANSFORMER
from declml.components.norms import BatchNorm
from declml.components.token_states import reduce_tokens
from declml.contracts import Member
from declml_schema.declare import Component

IDS = torch.tensor([[1, 2, 3, 4], [5, 6, 0, 0], [7, 0, 0, 0]])
LENGTHS = torch.tensor([4, 2, 1])
TEXT = [Member("text", {"vocabulary_size": 9})]


def build(component: Component, **given: Any) -> Any:
    assert component.build is not None
    torch.manual_seed(1)
    return component.build(TEXT, **component.parameters(embedding_size=5, **given).model_dump()).eval()


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ("sum", [[6.0], [10.0], [0.0]]),
        ("mean", [[2.0], [5.0], [0.0]]),
        ("avg", [[2.0], [5.0], [0.0]]),
        ("max", [[3.0], [6.0], [0.0]]),
        ("last", [[3.0], [6.0], [0.0]]),
    ],
)
def test_reductions_see_a_rows_own_tokens_only(how: Any, expected: list[list[float]]) -> None:
    hidden = torch.tensor([[[1.0], [2.0], [3.0]], [[4.0], [6.0], [99.0]], [[99.0], [99.0], [99.0]]])
    mask = torch.tensor([[True, True, True], [True, True, False], [False, False, False]])
    assert reduce_tokens(hidden, mask, how).tolist() == expected


def test_max_of_negative_values_is_negative() -> None:
    hidden = torch.tensor([[[-2.0], [-1.0], [5.0]]])
    assert reduce_tokens(hidden, torch.tensor([[True, True, False]]), "max").tolist() == [[-1.0]]


def test_embed_adds_the_vectors_of_the_tokens() -> None:
    encoder = build(EMBED)
    table = encoder.tokens.table
    assert table.abs().max() <= 1
    assert table.min() < -0.5
    torch.testing.assert_close(encoder(IDS, LENGTHS)[1], table[5] + table[6])


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("component", [RNN, LSTM, GRU], ids=["rnn", "lstm", "gru"])
def test_recurrent_layers_equal_pytorchs_over_packed_sequences(
    component: Component, bidirectional: bool, layers: int
) -> None:
    encoder = build(component, state_size=6, bidirectional=bidirectional, num_layers=layers, bias_initializer="normal")
    make = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}[component.name]
    reference = make(5, 6, num_layers=layers, bidirectional=bidirectional, batch_first=True)
    for level, layer in enumerate(encoder.layers):
        for direction, suffix in zip(layer.directions, ("", "_reverse"), strict=False):
            for name, weight in direction.named_parameters():
                getattr(reference, name.replace("_l0", f"_l{level}{suffix}")).data.copy_(weight.data)
    vectors = nn.functional.embedding(IDS, encoder.tokens.table)
    packed = nn.utils.rnn.pack_padded_sequence(vectors, LENGTHS, batch_first=True)
    states, last = reference(packed)
    final: Tensor = (last[0] if isinstance(last, tuple) else last)[-2 if bidirectional else -1 :]
    torch.testing.assert_close(encoder(IDS, LENGTHS), torch.cat(list(final), dim=-1))
    summed = nn.utils.rnn.pad_packed_sequence(states, batch_first=True)[0].sum(1)
    encoder.reduce.how = "sum"
    torch.testing.assert_close(encoder(IDS, LENGTHS), summed)


def test_an_lstm_starts_with_open_forget_gates() -> None:
    biases = dict(build(LSTM, state_size=3).layers[0].named_parameters())
    total = (biases["directions.0.bias_ih_l0"] + biases["directions.0.bias_hh_l0"]).tolist()
    assert total == [0.0] * 3 + [1.0] * 3 + [0.0] * 6


def test_recurrent_weights_start_orthogonal_gate_by_gate() -> None:
    weights = dict(build(GRU, state_size=4).layers[0].named_parameters())["directions.0.weight_hh_l0"]
    for gate in weights.chunk(3):
        torch.testing.assert_close(gate @ gate.T, torch.eye(4), atol=1e-5, rtol=0)


def test_parallel_cnn_equals_convolutions_of_single_texts() -> None:
    encoder = build(PARALLEL_CNN, num_filters=4, num_fc_layers=0, reduce_output="max", bias_initializer="normal")
    assert encoder.widths == [16]
    answers = encoder(IDS, LENGTHS)
    for row, length in enumerate(LENGTHS.tolist()):
        vectors = nn.functional.embedding(IDS[row, :length], encoder.tokens.table).T  # (width, token)
        expected: list[Tensor] = []
        for size, layer in zip((2, 3, 4, 5), encoder.convolutions, strict=True):
            around = nn.functional.pad(vectors, ((size - 1) // 2, size // 2))
            found = nn.functional.conv1d(around, layer.convolution.weight, layer.convolution.bias)
            expected.append(found.relu().amax(-1))
        torch.testing.assert_close(answers[row], torch.cat(expected))


def test_parallel_cnn_normalizes_over_real_tokens_only() -> None:
    encoder = build(
        PARALLEL_CNN, num_conv_layers=1, filter_size=1, num_filters=4, num_fc_layers=0, norm="batch"
    ).train()
    answers = encoder(IDS, LENGTHS)
    tokens = torch.cat([IDS[row, :length] for row, length in enumerate(LENGTHS.tolist())])
    vectors = nn.functional.embedding(tokens, encoder.tokens.table)
    found = nn.functional.linear(vectors, encoder.convolutions[0].convolution.weight.squeeze(-1))
    normalized = ((found - found.mean(0)) / (found.var(0, correction=0) + 1e-5).sqrt()).relu()
    expected = torch.stack([part.sum(0) for part in normalized.split(LENGTHS.tolist())])
    torch.testing.assert_close(answers, expected, atol=1e-5, rtol=1e-4)


def test_parallel_cnn_has_two_dense_layers_where_no_number_is_given() -> None:
    encoder = build(PARALLEL_CNN, num_filters=2)
    assert [layer[0].out_features for layer in encoder.stack.layers] == [512, 256]


@pytest.mark.parametrize("how", ["max", "mean"])
def test_a_pool_sees_a_rows_own_tokens_only(how: Any) -> None:
    hidden = torch.tensor([[[-1.0], [-3.0], [-5.0]], [[2.0], [99.0], [99.0]]])
    mask = torch.tensor([[True, True, True], [True, False, False]])
    answers, there = pooled(hidden, mask, 2, how)
    assert there.tolist() == [[True, True], [True, False]]
    assert answers.squeeze(-1).tolist() == ([[-1, -5], [2, 0]] if how == "max" else [[-2, -5], [2, 0]])


def test_stacked_cnn_equals_convolutions_of_single_texts() -> None:
    encoder = build(
        STACKED_CNN, num_conv_layers=2, num_filters=4, num_fc_layers=0, dilation_rate=2, reduce_output="max"
    )
    answers = encoder(IDS, LENGTHS)
    for row, length in enumerate(LENGTHS.tolist()):
        hidden = nn.functional.embedding(IDS[row, :length], encoder.tokens.table).T  # (width, token)
        for layer in encoder.convolutions.layers:
            convolution = layer.convolution
            hidden = nn.functional.conv1d(hidden, convolution.weight, convolution.bias, padding=2, dilation=2).relu()
        torch.testing.assert_close(answers[row], hidden.amax(-1))


def test_transformer_tells_the_order_of_the_tokens() -> None:
    encoder = build(TRANSFORMER, hidden_size=8, num_heads=2, reduce_output="mean")
    there, back = encoder(torch.tensor([[1, 2, 3]])), encoder(torch.tensor([[3, 2, 1]]))
    assert (there - back).abs().max() > 1e-3


def test_batch_norm_takes_a_last_batch_of_one_row() -> None:
    norm = BatchNorm(3)
    norm(torch.randn(8, 3))
    before = [each.clone() for each in norm.buffers()]
    row = torch.randn(1, 3)
    answers = norm(row)
    torch.testing.assert_close(answers, norm.eval()(row))
    assert all(torch.equal(old, new) for old, new in zip(before, norm.buffers(), strict=True))


def test_cnnrnn_and_stacked_parallel_cnn_read_the_order_of_tokens() -> None:
    for component in (CNNRNN, STACKED_PARALLEL_CNN):
        assert component.build is not None
        torch.manual_seed(1)
        module = component.build(
            [Member("words", {"vocabulary": list("abcdef")})], **component.parameters(num_filters=4).model_dump()
        ).eval()
        first, second = module(torch.tensor([[1, 2, 3, 4], [4, 3, 2, 1]]), torch.tensor([4, 4]))
        assert not first.allclose(second), component.name
