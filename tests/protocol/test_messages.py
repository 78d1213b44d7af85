from typing import get_args

import msgspec
import pytest

from protocol.codec import DEVICE, STAFF, CodecError
from protocol.messages import (
    DeviceMessage,
    Hello,
    Lock,
    LockFacts,
    MonitorFacts,
    Outcome,
    Result,
    ScreenState,
    StaffMessage,
    Status,
    TextMessage,
    Unlock,
    Watch,
)

ID = "0123456789abcdef" * 2


def test_every_message_is_frozen_and_named_in_kebab_case() -> None:
    names = [kind.__struct_config__.tag for kind in get_args(StaffMessage) + get_args(DeviceMessage)]
    assert len(names) == len(set(names)) == 29
    assert {"hello", "permit-request", "end-lesson", "message"} <= set(names)
    for kind in get_args(StaffMessage) + get_args(DeviceMessage):
        assert kind.__struct_config__.frozen
        assert kind.__struct_config__.forbid_unknown_fields


def test_a_message_comes_back_as_it_was() -> None:
    status = Status(
        user="ada",
        host="laptop-07",
        application="Writer — essay",
        monitors=(MonitorFacts(index=1, name="eDP-1", width=1920, height=1080),),
        screen=ScreenState.LIVE,
        lock=LockFacts(id=ID, by="Maths tutor", until=1.5, covered=True),
    )
    assert DEVICE.decode(DEVICE.encode(status)) == status


@pytest.mark.parametrize("text", ["\u202egnp.exe", "a\x1b[31m", "zero\u200bwidth", "e\u0301"])
def test_text_that_is_not_plain_is_refused_when_built_and_when_decoded(text: str) -> None:
    with pytest.raises(ValueError, match="plain"):
        TextMessage(id=ID, text=text)
    with pytest.raises(CodecError, match="plain"):
        STAFF.decode(msgspec.msgpack.encode({"is": "message", "id": ID, "text": text}))


def test_line_ends_belong_into_texts_only() -> None:
    assert STAFF.encode(TextMessage(id=ID, text="one\ntwo"))
    with pytest.raises(ValueError, match="plain"):
        Lock(id=ID, lease=60, sentence="one\ntwo")


@pytest.mark.parametrize(
    "message",
    [
        Hello(version=0, program="x", policy_version=1),
        Lock(id=ID, lease=601),
        Lock(id=ID, lease=0),
        Lock(id="../../etc/passwd", lease=60),
        Unlock(id=ID.upper()),
        TextMessage(id=ID, text="x" * 1001),
        TextMessage(id=ID, text=""),
        Watch(watch=1, stream="tile", width=0, height=10, interval_ms=1000),  # type: ignore[arg-type]
        Watch(watch=1, stream="tile", width=20000, height=10, interval_ms=1000),  # type: ignore[arg-type]
        Watch(watch=1, stream="camera", width=10, height=10, interval_ms=1000),  # type: ignore[arg-type]
        Watch(watch=1, stream="tile", width=10, height=10, interval_ms=1),  # type: ignore[arg-type]
    ],
)
def test_out_of_bounds_is_refused_before_it_is_sent(message: StaffMessage) -> None:
    with pytest.raises(CodecError):
        STAFF.encode(message)


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        STAFF.encode(Unlock(id=ID)) + b"\x00",
        msgspec.msgpack.encode({"is": "unlock", "id": ID, "command": "rm -rf /"}),
        msgspec.msgpack.encode({"is": "exec", "id": ID}),
        msgspec.msgpack.encode({"id": ID}),
        msgspec.msgpack.encode(["unlock", ID]),
        DEVICE.encode(Outcome(id=ID, result=Result.OK)),
        b"\x91" * 5000,
    ],
)
def test_what_is_not_a_message_of_that_side_is_refused(payload: bytes) -> None:
    with pytest.raises(CodecError):
        STAFF.decode(payload)
