"""Content of a weights file that a run writes."""

from collections.abc import Mapping

from torch import Tensor

from engine.models.weight_files import weights_pieces


def weights_bytes(model_state: Mapping[str, Tensor], metadata: Mapping[str, object]) -> bytes:
    return b"".join(weights_pieces(model_state, metadata))
