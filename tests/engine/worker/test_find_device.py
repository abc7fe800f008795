"""Several cards of one worker."""

import pytest

from engine.worker import find_device as rooms
from engine.worker.find_device import Found, WorkerError, find_device


def test_several_cards_are_found_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(wanted: str, _taken: object = ()) -> dict[str, object]:
        return {"device": wanted, "name": "A100", "uuid": f"GPU-{wanted[-1]}", "note": None}

    monkeypatch.setattr(rooms, "_ask_torch", asked)
    found = find_device("cuda:2, cuda:0")
    assert found == Found("cuda:2,cuda:0", "A100", "GPU-2,GPU-0")
    assert found.each() == [("cuda:2", "GPU-2"), ("cuda:0", "GPU-0")]
    assert Found("cpu", "a processor").each() == [("cpu", None)]


@pytest.mark.parametrize("wanted", ["cuda:0,cuda:0", "cuda:0,cpu", "cuda:0,", "auto,cuda:1"])
def test_what_is_no_list_of_cards_is_refused(wanted: str) -> None:
    with pytest.raises(WorkerError, match="several devices are different cards, such as cuda:0,cuda:1"):
        find_device(wanted)
