"""The sum tree against brute force."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from allcore.memory.sum_tree import SumTree


def filled(priorities: list[float]) -> SumTree:
    tree = SumTree(len(priorities))
    tree.set(np.arange(len(priorities)), np.array(priorities))
    return tree


def test_points_lead_to_the_leaf_in_whose_stretch_they_lie():
    tree = filled([1.0, 0.0, 2.0, 0.5, 4.0])
    assert tree.total == 7.5
    points = np.array([0.0, 0.999, 1.0, 2.999, 3.0, 3.499, 3.5, 7.499])
    assert tree.find(points).tolist() == [0, 0, 2, 2, 3, 3, 4, 4]


def test_one_leaf_is_a_tree():
    tree = filled([3.0])
    assert tree.total == 3.0
    assert tree.find(np.array([0.0, 2.9, 3.0])).tolist() == [0, 0, 0]


def test_the_last_of_several_priorities_for_a_leaf_counts():
    tree = SumTree(3)
    tree.set(np.array([1, 1, 2, 1]), np.array([5.0, 6.0, 1.0, 7.0]))
    assert tree.priorities.tolist() == [0.0, 7.0, 1.0]
    assert tree.total == 8.0


# Numbers whose sums are exact, so that brute force finds the very same leaf.
EXACT = st.sampled_from([0.0, 0.0, 0.25, 0.5, 1.0, 3.0, 1024.0])


@settings(max_examples=200)
@given(
    number=st.integers(1, 70),
    changes=st.lists(st.lists(st.tuples(st.integers(0, 69), EXACT), max_size=8), max_size=8),
    data=st.data(),
)
def test_any_changes_leave_what_brute_force_has(number, changes, data):
    tree, expected = SumTree(number), np.zeros(number)
    for change in changes:
        leaves = np.array([leaf % number for leaf, _ in change], dtype=np.int64)
        values = np.array([value for _, value in change])
        tree.set(leaves, values)
        for leaf, value in zip(leaves, values, strict=True):
            expected[leaf] = value
    assert tree.priorities.tolist() == expected.tolist()
    assert tree.total == expected.sum()
    if tree.total > 0:
        shares = data.draw(st.lists(st.integers(0, 4095), min_size=1, max_size=20))
        points = np.array(shares) / 4096 * tree.total
        bounds = expected.cumsum()
        assert tree.find(points).tolist() == [int(np.argmax(bounds > point)) for point in points]


@settings(max_examples=100)
@given(
    priorities=st.lists(st.sampled_from([0.0, 0.0, 1e-12, 0.1, 1 / 3, 1e9, 1e300]), min_size=1, max_size=40),
    seed=st.integers(0, 99),
)
def test_rounding_never_leads_to_an_empty_leaf(priorities, seed):
    tree = filled(priorities)
    if tree.total == 0:
        return
    points = np.random.default_rng(seed).random(50) * tree.total
    at_the_edge = np.array([0.0, np.nextafter(tree.total, 0), tree.total, tree.total * (1 + 1e-9)])
    found = tree.find(np.concatenate((points, at_the_edge, np.array(priorities).cumsum())))
    assert (found < len(priorities)).all()
    assert (tree.priorities[found] > 0).all()


def test_the_sums_do_not_depend_on_the_order_of_changes():
    rng = np.random.default_rng(0)
    tree = SumTree(1000)
    for _ in range(300):
        tree.set(rng.integers(0, 1000, 32), 10.0 ** rng.uniform(-6, 6, 32))
    again = SumTree(1000)
    again.set(np.arange(1000), tree.priorities)
    assert np.array_equal(tree._sums, again._sums)
    assert tree.total == pytest.approx(float(np.sum(tree.priorities)), rel=1e-14)


def test_leaves_are_found_in_proportion_to_their_priorities():
    priorities = np.array([1.0, 0.0, 3.0, 0.5, 2.5, 13.0])
    tree = filled(priorities.tolist())
    number = 100_000
    found = tree.find(np.random.default_rng(0).random(number) * tree.total)
    counts, expected = np.bincount(found, minlength=6), number * priorities / priorities.sum()
    assert counts[1] == 0
    present = expected > 0
    chi_square = float(((counts - expected)[present] ** 2 / expected[present]).sum())
    assert chi_square < 18.5  # 4 degrees of freedom, p = 0.001
