"""The faults that the simulator arms are those of users, and all of them."""

import random

import msgspec
import pytest

from openprime.api.operator.fault_kinds import KINDS
from openprime.api.operator.faults import NewFault
from openprime.desk.switches import FaultKind
from openprime.simulation import faults
from openprime.simulation.steps import STEPS
from tests.api.kit import Broker

ROWS = (*faults.EVERY, *faults.OF_THE_PROCESS)


def test_every_kind_has_a_row() -> None:
    assert {row.kind for row in ROWS} == set(FaultKind) == set(KINDS)


@pytest.mark.parametrize("kind", list(FaultKind))
def test_each_is_armed_as_the_operator_lets_it(kind: FaultKind) -> None:
    broker = Broker()
    rows = tuple(row for row in ROWS if row.kind is kind)
    for seed in range(20):
        members = faults.drawn(random.Random(seed), rows)
        assert msgspec.convert(members, NewFault, strict=False).kind == kind
        assert broker.admin("POST", "faults", **members).data["faultId"]
    broker.close()


def test_steps_arm_more_often_what_has_steps_of_its_own() -> None:
    names = [name for name in STEPS if name.startswith("fault ")]
    assert names == [
        "fault at the venue",
        "fault on the way",
        "fault of sockets",
        "fault of the disk",
        "fault of the process",
    ]
