"""What staff order about rules, assessments and calls for help, carried out on this device."""

from typing import TYPE_CHECKING, TypeAlias

from protocol.messages import (
    Changeable,
    ChangeRule,
    DropChange,
    LowerHand,
    PauseAssessment,
    SetRules,
    StartAssessment,
    StopAssessment,
)
from protocol.policy.permit import Permit
from protocol.policy.rule import Subject
from student_client.agent.leases import LeaseRefused
from student_client.agent.state import StateError

if TYPE_CHECKING:
    from student_client.agent.device import Device

Order: TypeAlias = SetRules | ChangeRule | DropChange | LowerHand | StartAssessment | PauseAssessment | StopAssessment
_SUBJECT = {Changeable.SITE: Subject.SITE, Changeable.APPLICATION: Subject.APPLICATION}


async def obey(device: "Device", order: Order, permit: Permit, within: float) -> str:
    """Carry out an order; return "" once it is in force, else why it is not. Raises LeaseRefused."""
    if isinstance(order, LowerHand):
        device.lower_hand()
        return ""
    try:
        _take(device, order, permit)
    except StateError as error:
        return str(error)
    if not await device.enforcement.settled(within):
        return "This laptop did not say in time that the rules hold."
    return device.enforcement.why_not(_SUBJECT[order.subject]) if isinstance(order, ChangeRule) else ""


def _take(device: "Device", order: Order, permit: Permit) -> None:
    keeper, now, bundle = device.keeper, device.clock.now(), device.gate.bundle
    if bundle is None:
        raise LeaseRefused("This computer has no valid policy.")
    match order:
        case SetRules():
            keeper.set_rules(order, permit, bundle, now)
        case ChangeRule():
            keeper.change(order, permit, now)
        case DropChange():
            keeper.drop(order, permit, now)
        case StartAssessment():
            keeper.start(order.assessment, permit, bundle, now)
        case PauseAssessment():
            keeper.pause(order, now)
        case StopAssessment():
            keeper.stop(order, now)
        case LowerHand():
            device.lower_hand()
