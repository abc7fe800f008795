"""Columns that a user chose, as they are kept."""

from engine.spec.run_spec import FIELDS
from tui.views.metric_columns import optional_metrics
from tui.views.table_choice import choice_text, columns_of, own_columns, setting_words, table_choice
from tui.views.table_columns import COLUMNS


def test_no_name_is_of_two_kinds() -> None:
    names = [*(column.key for column in COLUMNS), *optional_metrics(), *setting_words()]
    assert len(names) == len(set(names))
    assert set(setting_words()) | {column.key for column in COLUMNS} >= set(FIELDS)


def test_a_choice_is_read_as_it_was_written_and_unknown_names_are_left_out() -> None:
    choice = table_choice("auc,weight_decay,user,-kappa,no_such,-no_such")
    assert (choice.chosen.metrics, choice.chosen.settings) == (("auc",), ("weight_decay",))
    assert (choice.always, choice.never) == (("user",), ("kappa",))
    assert table_choice(choice_text(choice)) == choice
    assert [column.key for column in columns_of(choice.chosen)] == ["weight_decay", "auc"]


def test_choices_of_earlier_versions_are_metrics_alone() -> None:
    assert table_choice("mcc,auc").keys == tuple(key for key in optional_metrics() if key in ("mcc", "auc"))


def test_what_the_table_needs_cannot_be_hidden() -> None:
    assert table_choice("-id,-status,-mark").never == () and "id" not in own_columns()
