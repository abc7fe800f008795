"""Runs that the table shows, and their order."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.store.chosen import NOTHING, Chosen
from tui.run_row import RunRow
from tui.views.run_list import FilterError, TableQuery, arrange, asked_by, is_still, parse_filter
from tui.views.table_columns import SORTS

PLAIN = RunRow(
    id=0, status="done", asked=None, name="", note="", tags=(), sweep="", priority=0, data="digits", arch="resnet18",
    pretrained="none", lr=0.01, seed=0, batch_size=32, epoch=0, epochs=10, progress=0.0, best=None, kappa=None,
    headline="", severity="", remark="", ends=None, rank=(2, 0, 0, 0),
)  # fmt: skip


def table(*rows: Mapping[str, object]) -> dict[int, RunRow]:
    made = [
        PLAIN._replace(**{"id": number, "rank": (2, -number, 0, 0), **values})
        for number, values in enumerate(rows, 1)
    ]
    return {row.id: row for row in made}


RUNS = table(
    {
        "arch": "resnet18",
        "lr": 1e-3,
        "best": 0.7,
        "tags": ("good", "old"),
        "headline": "healthy",
        "batch_size": 64,
    },
    {
        "arch": "resnet50",
        "lr": 1e-2,
        "best": 0.9,
        "name": "Big one",
        "status": "running",
        "rank": (0, 2, 0, 0),
    },
    {"arch": "resnet50", "lr": 1e-1, "status": "failed", "headline": "collapsed", "note": "see the log"},
    {"arch": "resnet152", "lr": 1e-3, "status": "queued", "rank": (1, 0, 0, 0), "kappa": 0.5, "seed": 7},
)


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("", (2, 4, 3, 1)),
        ("arch:resnet18", (1,)),
        ("arch:resnet1", (4, 1)),
        ("arch=resnet1", ()),
        ("lr>0.001", (2, 3)),
        ("lr:1e-3", (4, 1)),
        ("lr<=1e-2 -arch:50", (4, 1)),
        ("best>.8", (2,)),
        ("-best>.8", (4, 3, 1)),
        ("status:done tag=old", (1,)),
        ("tag=ol", ()),
        ("tag:ol", (1,)),
        ("big", (2,)),
        ("LOG", (3,)),
        ("#3", (3,)),
        ("id>=3", (4, 3)),
        ("-verdict:collapsed resnet50", (2,)),
        ("seed=7", (4,)),
        ("batch_size>32", (1,)),
        ("batch>32", (1,)),
        ("Batch<=32", (2, 4, 3)),
        ("batch_size:64", (1,)),
        ("http://x", ()),
        ("Arch:resnet18", (1,)),
        ("tag=", (2, 4, 3)),
        ("arch~^resnet(18|34)$", (1,)),
        (r"-arch~NET\d8", (2, 4, 3)),
        ("status~^d", (1,)),
        ("~^big|log$", (2, 3)),
    ],
)
def test_words_are_all_to_fit(text: str, ids: tuple[int, ...]) -> None:
    assert arrange(RUNS, TableQuery(parse_filter(text))) == ids


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("lr>", "give a number, such as lr>1"),
        ("lr:fast", "lr:fast: give a number"),
        ("arch>3", "arch is text: write arch:3 or arch=3"),
        ("lr:inf", "give a number"),
        ("lr~1", "lr~1: give a number, such as lr=1"),
        ("arch~(18", "~(18 is no regular expression: missing )"),
        ("~*", "~* is no regular expression"),
        ("~a{99999999}", "is no regular expression: invalid repetition size: {99999999}"),
        ("~a(?=b)", "is no regular expression: invalid perl operator: (?="),
        ("~\ud800", "is no regular expression"),
        ("arch~" + "(" * 5000, "is no regular expression"),
        ("nothing~x", "unknown column nothing"),
        ("-id:nan", "give a number"),
        ("speed>3", "unknown column speed: choose from status"),
        ("best_acc>0.8", "unknown column best_acc: choose from status"),
        ("best_acc>0.8", "batch_size, priority, or any metric or setting (M)"),
        ("image_size:big", "image_size:big: give a number"),
        ("auc~1", "auc~1: give a number, such as auc=1"),
        ("optimizer>1", "optimizer is text: write optimizer:1 or optimizer=1"),
        ("-_x<1", "unknown column _x: choose from"),
        ("lr>\x1b", "lr>\\x1b: give"),
    ],
)
def test_a_word_that_means_nothing_says_so(text: str, says: str) -> None:
    with pytest.raises(FilterError) as caught:
        parse_filter(text)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("sort", "ids", "turned"),
    [
        ("queue", (2, 4, 3, 1), (1, 3, 4, 2)),
        ("id", (1, 2, 3, 4), (4, 3, 2, 1)),
        ("lr", (4, 1, 2, 3), (3, 2, 4, 1)),
        ("best", (2, 1, 4, 3), (1, 2, 4, 3)),
        ("findings", (3, 1, 2, 4), (1, 3, 2, 4)),
    ],
)
def test_sorted_by_a_column_what_is_lacking_comes_last(
    sort: str, ids: tuple[int, ...], turned: tuple[int, ...]
) -> None:
    assert arrange(RUNS, TableQuery(sort=sort)) == ids
    assert arrange(RUNS, TableQuery(sort=sort, reverse=True)) == turned


def test_an_expression_that_tries_all_ways_ends_at_once() -> None:
    """Python's own search would go on for years."""
    rows = table({"name": 60 * "a" + "!"}, {"name": 60 * "a"})
    assert arrange(rows, TableQuery(parse_filter("name~(a+)+$"))) == (2,)


def test_metrics_sort_and_filter_the_best_first() -> None:
    rows = {
        each: PLAIN._replace(id=each, chosen=metrics)
        for each, metrics in ((1, {"auc": 0.7, "ece": 0.2}), (2, {}), (3, {"auc": 0.9, "ece": 0.3}))
    }
    assert arrange(rows, TableQuery(sort="auc")) == (3, 1, 2)
    assert arrange(rows, TableQuery(sort="ece")) == (1, 3, 2)
    assert arrange(rows, TableQuery(sort="ece", reverse=True)) == (3, 1, 2)
    assert arrange(rows, TableQuery(parse_filter("auc>=.7 -ece>.25"))) == (1,)


ROWS = st.builds(
    PLAIN._replace,
    status=st.sampled_from(["done", "failed"]),
    lr=st.sampled_from([0.1, 0.2]),
    best=st.none() | st.sampled_from([0.5, 0.6]),
    headline=st.sampled_from(["", "healthy"]),
)
WISHES = st.builds(
    TableQuery,
    st.sampled_from(["", "lr>.1", "-status:done"]).map(parse_filter),
    st.sampled_from(SORTS),
    st.booleans(),
)


@given(st.lists(ROWS, min_size=1, max_size=6), st.lists(ROWS, min_size=6, max_size=6), WISHES)
def test_nothing_is_arranged_anew_only_where_all_stays_in_place(
    before: list[RunRow], after: list[RunRow], table_query: TableQuery
) -> None:
    old = {number: row._replace(id=number, rank=(2, -number, 0, 0)) for number, row in enumerate(before)}
    new = {number: after[number]._replace(id=number, rank=(2, -number, 0, 0)) for number in old}
    changed = [number for number in old if old[number] != new[number]]
    if is_still(old, new, changed, table_query):
        assert arrange(old, table_query) == arrange(new, table_query)
    assert is_still(old, old, [], table_query)


def test_a_setting_is_filtered_by_its_words() -> None:
    words: dict[int, dict[str, float | str]] = {1: {"optimizer": "adamw"}, 2: {"optimizer": "sgd"}}
    rows = {each: PLAIN._replace(id=each, chosen=chosen) for each, chosen in words.items()}
    assert arrange(rows, TableQuery(parse_filter("optimizer:adam"))) == (1,)
    assert arrange(rows, TableQuery(parse_filter("-optimizer=adamw"))) == (2,)
    assert arrange(rows, TableQuery(parse_filter("Optimizer~^S"))) == (2,)


def test_a_filter_asks_for_what_not_all_rows_have_alone() -> None:
    terms = parse_filter(
        "arch:resnet18 batch>16 ~x word http://x -auc>.8 optimizer:adamw weight_decay>1e-4 auc<1"
    )
    assert asked_by(terms) == Chosen(("auc",), ("optimizer", "weight_decay"))
    assert asked_by(parse_filter("arch:resnet18 best>.8 kappa>.1 fold:2 severity:error word")) == NOTHING


def test_results_are_measured_numbers() -> None:
    terms = parse_filter("best>.8 kappa:1 auc>.5 split_seed>0 lr>0 arch:r optimizer:s word ~x")
    assert [term.field for term in terms if term.is_of_result] == ["best", "kappa", "auc"]


@pytest.mark.parametrize(
    ("text", "value"),
    [("nesterov:yes", "yes"), ("nesterov=TRUE", "yes"), ("nesterov:on", "yes"), ("nesterov:off", "no")],
)
def test_a_switch_takes_each_word_for_on_and_off(text: str, value: str) -> None:
    [term] = parse_filter(text)
    assert (term.field, term.op, term.text) == ("nesterov", "=", value)


@pytest.mark.parametrize("text", ["nesterov:maybe", "nesterov:y", "nesterov>0", "nesterov~yes", "nesterov:"])
def test_a_switch_takes_no_other_word(text: str) -> None:
    with pytest.raises(FilterError, match="nesterov is on or off: write nesterov:yes or nesterov:no"):
        parse_filter(text)
