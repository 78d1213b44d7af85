"""What a certificate is for, apart from the certificates: who only reads a policy needs no cryptography for it.

On a student's laptop that is 9 MiB of the process that shows windows.
"""

from enum import StrEnum
from typing import Final


class Role(StrEnum):
    """What a certificate is for. The first four are people."""

    TUTOR = "tutor"
    INVIGILATOR = "invigilator"
    DSL = "dsl"
    MANAGER = "manager"
    DEVICE = "device"
    POLICY = "policy"


STAFF_ROLES: Final = (Role.TUTOR, Role.INVIGILATOR, Role.DSL, Role.MANAGER)
