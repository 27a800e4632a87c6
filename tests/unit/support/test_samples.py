"""The sample of a matrix shows what it says, and the campaign has all the rest."""

from itertools import combinations, product

import pytest

from tests.support.samples import campaign, each_pair, each_value, sample

SIZES = [(2,), (8, 2), (5, 4, 2), (4, 2, 8, 2), (3, 8, 2), (2, 2, 4)]


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("strength", [1, 2])
def test_a_sample_shows_every_combination_of_so_many_values(strength: int, sizes: tuple[int, ...]) -> None:
    taken = sample(sizes, strength)
    for axes in combinations(range(len(sizes)), strength):
        shown = {tuple(case[axis] for axis in axes) for case in taken}
        assert shown == set(product(*(range(sizes[axis]) for axis in axes)))


@pytest.mark.parametrize(
    ("sizes", "strength", "least"), [((8, 2), 1, 8), ((5, 4, 2), 1, 5), ((4, 2, 8, 2), 2, 32), ((3, 8, 2), 2, 24)]
)
def test_no_sample_shows_the_same_with_fewer_cases(sizes: tuple[int, ...], strength: int, least: int) -> None:
    assert len(sample(sizes, strength)) == least


def test_a_value_is_not_taken_often_while_another_is_hardly_taken() -> None:
    assert sample((8, 2), 1) == {(step, step % 2) for step in range(8)}


@pytest.mark.parametrize("rule", [each_value, each_pair])
def test_every_case_of_the_matrix_is_in_the_sample_or_the_campaign_and_there_once(rule: object) -> None:
    axes = (["a", "b", "c"], [1, 2], [True, False])
    cases = each_value(*axes) if rule is each_value else each_pair(*axes)
    assert [case.values for case in cases] == list(product(*axes))
    marked = [case.values for case in cases if pytest.mark.campaign in case.marks]
    assert 0 < len(marked) < len(cases)


def test_what_only_the_campaign_has_is_all_marked() -> None:
    cases = campaign("ab", [1, 2])
    assert [case.values for case in cases] == [("a", 1), ("a", 2), ("b", 1), ("b", 2)]
    assert all(pytest.mark.campaign in case.marks for case in cases)
