"""What a filled-in form means."""

from engine.grid import make_spec
from tui.form import check

TEXTS = {"data": "digits", "arch": "resnet18", "lr": "0.1, 0.01", "epochs": "3", "pretrained": "none"}


def test_a_valid_form_is_its_runs() -> None:
    known = {make_spec({"data": "digits", "lr": 0.1, "epochs": 3}).digest()}
    found = check(TEXTS, known)
    assert not found.problems and len(found.specs) == 2 and found.repeats == 1
    assert found.preview.splitlines()[0] == "resnet18  none  lr 0.1  3 epochs  batch 32  seed 0"
    many = check({**TEXTS, "seed": "0,1,2,3,4"}, ())
    assert len(many.specs) == 10 and many.preview.endswith("…")


def test_every_wrong_field_is_named_beside_it() -> None:
    wrong = {**TEXTS, "lr": "1e-", "epochs": "few", "data": " ", "arch": ""}
    found = check(wrong, ())
    assert set(found.problems) == {"lr", "epochs", "data", "arch"} and found.specs == ()
    assert found.problems["lr"] == "'1e-' is not a number"


def test_weights_that_are_not_there() -> None:
    found = check(
        {**TEXTS, "pretrained": "none, x.pth"}, (), lambda source: "no file" if ".pth" in source else None
    )
    assert found.problems == {"pretrained": "no file"}
