import pytest

from sharpeyes.detectors.errors import ModelError
from sharpeyes.detectors.verifier import Verifier


@pytest.mark.parametrize("model", [b"", b"no model", b"\x08\x07" * 100])
def test_what_is_no_model_is_refused(model: bytes) -> None:
    with pytest.raises(ModelError, match=r"not an ONNX model|does not answer"):
        Verifier(model)
