"""What the text encoders share: token vectors and masks."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import torch
from torch import Tensor, nn

from declml.components.initializers import WeightsInitializer, fill_weights
from declml.contracts import Facts
from declml.errors import UserProblem
from declml_schema.declare import Parameters, Rule, parameter

Representation: TypeAlias = Literal["dense", "sparse"]


def pretrained_embeddings_parameter() -> str | None:
    """Return the declaration of ``pretrained_embeddings``."""
    return parameter(
        None,
        "A file with a word and its numbers in each line, as of GloVe or fastText, from which the vectors start; words"
        " that it lacks start at random.",
        min_length=1,
        reference="file",
    )


class VectorParameters(Parameters):
    """How tokens become vectors, in any order."""

    embedding_size: int = parameter(
        256,
        "The width of each token's vector; wider can hold more of a word's meaning and costs more memory and time.",
        ge=1,
        unit="values",
        common=True,
    )
    embeddings_trainable: bool = parameter(
        True, "Whether the vectors are learned; otherwise each token keeps the vector that it starts with."
    )
    representation: Representation = parameter(
        "dense", "What a token becomes: dense, a learned vector, or sparse, a one in the column of its own."
    )
    pretrained_embeddings: str | None = pretrained_embeddings_parameter()


class TokenParameters(VectorParameters):
    """How tokens become vectors, and which."""

    should_embed: bool = parameter(
        True,
        "Whether tokens become vectors of their own; otherwise a token goes on as the number of its place in the"
        " vocabulary, or inside a combiner as the vector that it has.",
    )
    max_sequence_length: int | None = parameter(
        None, "How many tokens are read at most; null reads all that the preprocessing leaves.", ge=1, unit="tokens"
    )


VECTOR_RULES = tuple(
    Rule("ignored-unless", name, "representation", ("dense",), f"{name} acts only with dense vectors.")
    for name in ("embedding_size", "embeddings_trainable", "pretrained_embeddings")
)
TOKEN_RULES = (
    *VECTOR_RULES,
    *(
        Rule("ignored-unless", name, "should_embed", (True,), f"{name} acts only with should_embed.")
        for name in ("embedding_size", "embeddings_trainable", "pretrained_embeddings", "representation")
    ),
)


class TokenVectors(nn.Module):
    """A vector for each token, with zeros for the padding; ``width`` is its width.

    Where the facts state a ``token_width`` the tokens come as vectors of it, ``(batch, token, token_width)``, and are
    brought to the width. A saved model's facts say that its vectors were read, so that it needs no file.
    Shape: ids ``(batch, token)`` and their mask -> ``(batch, token, width)``.
    """

    def __init__(  # noqa: PLR0913 - one argument for each parameter of a config
        self,
        facts: Facts,
        *,
        embedding_size: int,
        embeddings_trainable: bool,
        initializer: WeightsInitializer,
        representation: Representation,
        pretrained_embeddings: str | None,
        should_embed: bool = True,
        max_sequence_length: int | None = None,
    ) -> None:
        super().__init__()
        given: int | None = facts.get("token_width")
        rows = vocabulary_size(facts) if given is None else given
        self._most = max_sequence_length
        self._as_it_is = not should_embed or (given is not None and representation == "sparse")
        self.table = None
        if self._as_it_is:
            self.width = given or 1
            return
        self.width = rows if representation == "sparse" else embedding_size
        if representation == "sparse":
            return
        self.table = nn.Parameter(torch.empty(rows, embedding_size), requires_grad=embeddings_trainable)
        fill_weights(self.table.data, initializer)
        self._has_read = pretrained_embeddings is not None
        if pretrained_embeddings is not None:
            fill_from_file(self.table.data, pretrained_embeddings, facts)

    def extra_facts(self) -> dict[str, Any]:
        """Return what must be saved in the member's facts to build the same module without the file."""
        return {"vectors_read": True} if self.table is not None and self._has_read else {}

    def own_tokens(self, values: Tensor, lengths: Tensor | None) -> tuple[Tensor, Tensor]:
        """Return the ids or vectors that are read and their mask, as the function of that name does."""
        return own_tokens(values if self._most is None else values[:, : self._most], lengths)

    def forward(self, values: Tensor, mask: Tensor) -> Tensor:
        """Ids ``(batch, token)``, mask ``(batch, token)`` -> ``(batch, token, width)``."""
        if self._as_it_is:
            vectors = values if values.dim() == 3 else values.unsqueeze(-1).to(torch.float32)
        elif self.table is None:
            vectors = nn.functional.one_hot(values, self.width).to(torch.float32)
        else:
            vectors = values @ self.table if values.dim() == 3 else nn.functional.embedding(values, self.table)
        return vectors * mask.unsqueeze(-1)


def fill_from_file(table: Tensor, name: str, facts: Facts) -> None:
    """Put the vectors of a file into the table, ``(token, width)``, where it has their words.

    On the meta device, and for a saved model, whose weights have them, nothing is read.
    """
    if table.is_meta or facts.get("vectors_read"):
        return
    from declml.components.encoders.word_vectors import word_vectors

    if "vocabulary" not in facts:
        raise UserProblem(
            "embeddings-without-words",
            "pretrained_embeddings must stand beside a vocabulary of words; got a tokenizer's pieces or no text.",
            hint="Choose another tokenizer in the feature's preprocessing, such as space_punct.",
        )
    places, vectors = word_vectors(name, facts["vocabulary"], table.shape[1])
    if not len(places):
        raise UserProblem(
            "embeddings-without-words",
            f"The word vectors {name} must have some of the {len(facts['vocabulary']):,} known words; got none.",
            hint="Look at lowercase in the feature's preprocessing: most files have words in lower case only.",
        )
    table[torch.from_numpy(places)] = torch.from_numpy(vectors)


def vocabulary_size(facts: Facts) -> int:
    """Return how many token ids there are, from a list ``vocabulary`` or the number ``vocabulary_size``."""
    return len(facts["vocabulary"]) if "vocabulary" in facts else int(facts["vocabulary_size"])


def own_tokens(values: Tensor, lengths: Tensor | None) -> tuple[Tensor, Tensor]:
    """Return the ids or vectors and their mask ``(batch, token)``: true for a row's own tokens, false for its padding.

    Without ``lengths`` all tokens are the row's own. Where all texts are empty they get one token of padding, since
    neither convolutions nor recurrent layers take none.
    """
    if values.shape[1] == 0:
        values = values.new_zeros(len(values), 1, *values.shape[2:])
        return values, values.new_zeros(len(values), 1, dtype=torch.bool)
    if lengths is None:
        return values, values.new_ones(values.shape[:2], dtype=torch.bool)
    return values, torch.arange(values.shape[1], device=values.device) < lengths.unsqueeze(1)
