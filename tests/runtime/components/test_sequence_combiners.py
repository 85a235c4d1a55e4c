"""The combiners of tokens: what they join at each token, which feature rules, and what a config must say for it."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from declml.components.combiners.sequence import SEQUENCE
from declml.components.combiners.sequence_concat import SEQUENCE_CONCAT
from declml.components.decoders.regressor import REGRESSOR
from declml.components.encoders.embed import EMBED
from declml.components.encoders.passthrough import PASSTHROUGH
from declml.components.encoders.rnn import RNN
from declml.contracts import Source, TokenStates
from declml.model.assemble import Network, Part, assemble
from declml.model.groups import InputSpec, group_features
from declml_schema.check import check

WIDTHS = [[2], [1], [3]]
SOURCES = [[Source("words", "text")], [Source("size", "number")], [Source("tags", "sequence")]]


def tokens(lengths: list[int], width: int, *, seed: int) -> TokenStates:
    mask = torch.arange(max(lengths)) < torch.tensor(lengths).unsqueeze(1)
    values = torch.randn(*mask.shape, width, generator=torch.Generator().manual_seed(seed))
    return TokenStates(values * mask.unsqueeze(-1), mask)


def joined(**given: Any) -> Any:
    assert SEQUENCE_CONCAT.build is not None
    return SEQUENCE_CONCAT.build(WIDTHS, sources=SOURCES, **SEQUENCE_CONCAT.parameters(**given).model_dump())


def test_all_features_stand_at_each_token_of_the_first_that_has_them() -> None:
    words, size, tags = tokens([3, 1], 2, seed=1), torch.tensor([[5.0], [7.0]]), tokens([2, 2], 3, seed=2)
    values, mask = joined()([words, size, tags])
    assert mask.equal(words.mask) and values.shape == (2, 3, 6)
    assert values[..., :2].equal(words.values)
    assert values[..., 2].tolist() == [[5, 5, 5], [7, 0, 0]]
    assert values[0, :2, 3:].equal(tags.values[0]) and not values[0, 2, 3:].any()
    assert values[1, 0, 3:].equal(tags.values[1, 0]) and not values[1, 1:].any()


def test_the_main_feature_rules_how_many_tokens_there_are() -> None:
    words, size, tags = tokens([3, 1], 2, seed=1), torch.tensor([[5.0], [7.0]]), tokens([2, 2], 3, seed=2)
    values, mask = joined(main_sequence_feature="tags")([words, size, tags])
    assert mask.equal(tags.mask)
    assert values[..., :2].equal(words.values[:, :2]) and values[..., 3:].equal(tags.values)


def test_a_reduction_makes_one_vector_of_the_real_tokens() -> None:
    words, size, tags = tokens([3, 1], 2, seed=1), torch.tensor([[5.0], [7.0]]), tokens([2, 2], 3, seed=2)
    module = joined(reduce_output="mean")
    answer = module([words, size, tags])
    assert answer.shape == (2, module.width)
    assert answer[:, 2].tolist() == [5.0, 7.0]
    torch.testing.assert_close(answer[1, :2], words.values[1, 0])


def test_the_encoder_of_sequence_reads_the_joined_tokens_in_order() -> None:
    assert SEQUENCE.build is not None and RNN.build is not None
    torch.manual_seed(1)
    encoder = partial(RNN.build, **RNN.parameters(embedding_size=4, state_size=5).model_dump())
    module = SEQUENCE.build(
        WIDTHS, sources=SOURCES, main_sequence_feature=None, encoder=encoder, reduce_output=None
    ).eval()
    words, size, tags = tokens([3, 1], 2, seed=1), torch.tensor([[5.0], [7.0]]), tokens([3, 2], 3, seed=2)
    answer = module([words, size, tags])
    assert answer.shape == (2, module.width) == (2, 5) and not module.per_token
    turned = TokenStates(words.values[:, [1, 0, 2]], words.mask)
    assert not module([turned, size, tags])[0].allclose(answer[0])
    other = TokenStates(words.values, words.mask)
    assert module([other, size + torch.tensor([[1.0], [0.0]]), tags])[1].equal(answer[1])


class Tagger(nn.Module):
    """A decoder of tokens: one number for each."""

    takes_tokens = True

    def __init__(self, width: int, facts: object) -> None:
        super().__init__()
        self.line = nn.Linear(width, 1)

    def forward(self, states: TokenStates) -> Tensor:
        return self.line(states.values).squeeze(-1) * states.mask


def network() -> Network:
    assert EMBED.build is not None and PASSTHROUGH.build is not None and REGRESSOR.build is not None
    assert SEQUENCE_CONCAT.build is not None
    embed = EMBED.parameters(embedding_size=4, reduce_output=None).model_dump()
    inputs = [
        InputSpec("words", "text", "embed", EMBED.build, embed, {"vocabulary": list("abc")}),
        InputSpec("size", "number", "passthrough", PASSTHROUGH.build, {}, {}),
    ]
    build = partial(SEQUENCE_CONCAT.build, sources=SOURCES[:2])
    combiner = Part(build, SEQUENCE_CONCAT.parameters().model_dump())
    decoders = {"tags": Part(Tagger, {}), "price": Part(REGRESSOR.build, REGRESSOR.parameters().model_dump())}
    return assemble(group_features(inputs), combiner=combiner, decoders=decoders, seed=1)


def test_a_decoder_of_tokens_gets_them_and_others_their_sum() -> None:
    model = network().eval()
    ids, lengths, size = torch.tensor([[1, 2, 0], [2, 0, 0]]), torch.tensor([3, 1]), torch.tensor([[1.0], [2.0]])
    answers = model([(ids, lengths), (size, None)])
    assert answers["tags"].shape == (2, 3) and answers["tags"][1, 1:].tolist() == [0, 0]
    assert answers["price"].shape == (2,)
    states = model.combiner([model.encode(0, ids, lengths), size])
    torch.testing.assert_close(answers["price"], model.decoders[1](states.values.sum(1)))


CONFIG = """\
input_features:
  - {{name: words, type: text, encoder: {{type: rnn, reduce_output: {reduce}}}}}
  - {{name: size, type: number}}
  - {{name: more, type: text, tied: words}}
output_features: [{{name: price, type: number}}]
combiner: {combiner}
"""


@pytest.mark.parametrize(
    ("reduce", "combiner", "told"),
    [
        ("null", "{type: concat}", ("tokens-not-reduced", "input_features[0].encoder.reduce_output")),
        ("none", "{type: tabm}", ("tokens-not-reduced", "input_features[0].encoder.reduce_output")),
        ("sum", "{type: sequence}", ("no-tokens", "combiner.type")),
        (
            "null",
            "{type: sequence, main_sequence_feature: size}",
            ("feature-mismatch", "combiner.main_sequence_feature"),
        ),
        (
            "null",
            "{type: sequence_concat, main_sequence_feature: sise}",
            ("absent-feature", "combiner.main_sequence_feature"),
        ),
        ("null", "{type: sequence, encoder: {type: bert}}", ("encoder-mismatch", "combiner.encoder.type")),
        ("null", "{type: sequence, encoder: {typ: rnn}}", ("unknown-key", "combiner.encoder.typ")),
        (
            "null",
            "{type: sequence, encoder: {type: rnn, state_size: 0}}",
            ("out-of-range", "combiner.encoder.state_size"),
        ),
    ],
)
def test_tokens_and_combiners_that_do_not_fit_are_told(reduce: str, combiner: str, told: tuple[str, str]) -> None:
    problems = check(CONFIG.format(reduce=reduce, combiner=combiner)).problems
    assert [(each.code, each.path.replace("words", "0")) for each in problems] == [told]


@pytest.mark.parametrize("main", ["words", "more"])
def test_a_plan_holds_the_encoder_inside_the_combiner(main: str) -> None:
    combiner = f"{{type: sequence, main_sequence_feature: {main}, encoder: {{type: rnn, state_size: 8}}}}"
    plan, problems = check(CONFIG.format(reduce="null", combiner=combiner))
    assert problems == [] and plan is not None
    inner = plan.combiner.parameters["encoder"]
    assert (inner["type"], inner["state_size"], inner["cell_type"]) == ("rnn", 8, "rnn")
    default, _ = check(CONFIG.format(reduce="null", combiner="{type: sequence}"))
    assert default is not None and default.combiner.parameters["encoder"]["type"] == "parallel_cnn"
