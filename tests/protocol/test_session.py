from itertools import product
from typing import get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.codec import STAFF
from protocol.messages import (
    VERSION,
    Credit,
    Cursor,
    DeviceMessage,
    EndLesson,
    Hello,
    Lock,
    Message,
    Outcome,
    Patch,
    PermitEnded,
    PermitGranted,
    PermitRequest,
    PolicyOffer,
    PolicyTaken,
    Reason,
    Refused,
    Result,
    Right,
    ScreenState,
    StaffMessage,
    Status,
    Stream,
    TextMessage,
    Understood,
    Unlock,
    Unwatch,
    Watch,
    Welcome,
)
from protocol.session import (
    ANSWER_WITHIN,
    SENDER,
    TABLE,
    CloseCode,
    LocalProtocolError,
    RemoteProtocolError,
    Session,
    Side,
    State,
)
from tests.kit import ID, Pair, anything_like, frame, jpeg, lesson, patches


@pytest.fixture
def permitted() -> Pair:
    return Pair().permit()


WATCH = Watch(watch=7, stream=Stream.TILE, width=64, height=36, interval_ms=1000)
STATUS = Status(user="ada", host="laptop", application="", monitors=(), screen=ScreenState.LIVE)
EXAMPLES: dict[type[Message], Message] = {
    type(message): message
    for message in (
        Hello(version=VERSION, program="test", policy_version=1),
        PolicyOffer(bundle=b"x"),
        PermitRequest(lesson=lesson()),
        WATCH,
        Unwatch(stream=Stream.TILE),
        Credit(watch=1, sequence=1),
        Lock(id=ID, lease=600),
        Unlock(id=ID),
        TextMessage(id=ID, text="Hello"),
        EndLesson(),
        Welcome(version=VERSION, program="test", policy_version=1, clock=0.0),
        PolicyTaken(policy_version=1),
        PermitGranted(lesson=ID, until=3600.0, may=tuple(Right)),
        Refused(reason=Reason.BUSY, detail="Later, please."),
        PermitEnded(reason=Reason.OUTSIDE_HOURS, detail="College is over."),
        STATUS,
        frame(WATCH, 1, watch=1),
        patches(WATCH, 1, watch=2),
        Outcome(id=ID, result=Result.OK),
        Understood(id=ID),
    )
}


def at(state: State) -> Pair:
    """A pair brought to `state` by the shortest way; in `permitted` a tile (1) and a focus view (2) are watched."""
    pair = Pair()
    if state is State.START:
        return pair
    pair.from_staff(EXAMPLES[Hello])
    if state is State.GREETING:
        return pair
    pair.from_device(EXAMPLES[Welcome])
    if state is State.READY:
        return pair
    if state is State.OFFERED:
        pair.from_staff(EXAMPLES[PolicyOffer])
        return pair
    pair.from_staff(EXAMPLES[PermitRequest])
    if state is State.ASKED:
        return pair
    pair.from_device(EXAMPLES[PermitGranted])
    pair.watch()
    pair.watch(Stream.FOCUS, 2)
    if state is State.ENDED:
        pair.from_staff(EndLesson())
    return pair


@pytest.mark.parametrize(("state", "kind"), list(product(State, EXAMPLES)), ids=str)
def test_every_cell_of_the_table(state: State, kind: type[Message]) -> None:
    pair = at(state)
    sender, receiver = (pair.staff, pair.device) if SENDER[kind] is Side.STAFF else (pair.device, pair.staff)
    message = EXAMPLES[kind]
    if kind is Credit and state is State.PERMITTED:
        pair.from_device(frame(WATCH, 1, watch=1))
    if (state, kind) in TABLE:
        assert receiver.receive(sender.send(message, 0.0), 0.0) == message
        assert sender.state is receiver.state is TABLE[state, kind]
        return
    with pytest.raises(LocalProtocolError):
        sender.send(message, 0.0)
    payload = msgspec.msgpack.encode(message)
    if state is State.ENDED:
        assert receiver.receive(payload, 0.0) is None
        return
    with pytest.raises(RemoteProtocolError):
        receiver.receive(payload, 0.0)


@pytest.mark.parametrize("kind", EXAMPLES)
def test_nobody_says_the_other_sides_words(kind: type[Message]) -> None:
    pair = at(State.PERMITTED)
    wrong, peer = (pair.device, pair.staff) if SENDER[kind] is Side.STAFF else (pair.staff, pair.device)
    with pytest.raises(LocalProtocolError):
        wrong.send(EXAMPLES[kind], 0.0)
    with pytest.raises(RemoteProtocolError):
        peer.receive(msgspec.msgpack.encode(EXAMPLES[kind]), 0.0)


@pytest.mark.parametrize(
    ("message", "right"),
    [
        (WATCH, Right.VIEW),
        (Watch(watch=8, stream=Stream.FOCUS, width=64, height=36, interval_ms=66), Right.FOCUS),
        (EXAMPLES[Lock], Right.LOCK),
        (EXAMPLES[Unlock], Right.LOCK),
        (EXAMPLES[TextMessage], Right.MESSAGE),
    ],
)
def test_without_its_right_a_message_is_refused_on_both_sides(message: Message, right: Right) -> None:
    pair = Pair().permit(*(set(Right) - {right}))
    with pytest.raises(LocalProtocolError):
        pair.staff.send(message, 0.0)
    with pytest.raises(RemoteProtocolError, match=right):
        pair.device.receive(msgspec.msgpack.encode(message), 0.0)
    assert Pair().permit(right).from_staff(message) == message


def test_another_version_is_refused() -> None:
    with pytest.raises(RemoteProtocolError, match="version 2"):
        Session(Side.DEVICE, 0.0).receive(STAFF.encode(Hello(version=2, program="x", policy_version=1)), 0.0)


# ── bounds ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_nothing_long_before_hello() -> None:
    with pytest.raises(RemoteProtocolError) as refused:
        Session(Side.DEVICE, 0.0).receive(bytes(4097), 0.0)
    assert refused.value.code is CloseCode.TOO_LARGE


@pytest.mark.parametrize("state", [State.START, State.GREETING, State.READY, State.OFFERED, State.ASKED])
def test_silence_before_the_permit_has_an_end(state: State) -> None:
    pair = at(state)
    ends = (pair.staff, pair.device)
    for session in ends:
        session.tick(ANSWER_WITHIN - 0.01)
    waiting = [session for session in ends if session.answer_by is not None]
    assert len(waiting) == 1
    with pytest.raises(RemoteProtocolError) as refused:
        waiting[0].tick(ANSWER_WITHIN)
    assert refused.value.code is CloseCode.TOO_SLOW


def test_a_permitted_connection_may_be_silent(permitted: Pair) -> None:
    permitted.staff.tick(1e6)
    permitted.device.tick(1e6)


def test_forty_messages_a_second_and_no_flood(permitted: Pair) -> None:
    payload = msgspec.msgpack.encode(STATUS)
    for second in range(1, 20):
        for _ in range(40):
            permitted.staff.receive(payload, float(second))
    for _ in range(80):  # what two seconds of silence save up
        permitted.staff.receive(payload, 22.0)
    with pytest.raises(RemoteProtocolError) as refused:
        permitted.staff.receive(payload, 22.0)
    assert refused.value.code is CloseCode.TOO_FAST


def test_two_mebibytes_of_tiles_a_second() -> None:
    pair = Pair().permit()
    watch = pair.watch()
    padded = jpeg(64, 36) + bytes(120_000)
    for sequence in range(1, 35):  # two seconds' worth may come at once: 34 × 121 kB
        pair.from_device(frame(watch, sequence, jpeg=padded))
        pair.from_staff(Credit(watch=1, sequence=sequence))
    with pytest.raises(RemoteProtocolError, match="2 MiB") as refused:
        pair.from_device(frame(watch, 35, jpeg=padded))
    assert refused.value.code is CloseCode.TOO_FAST


# ── pictures and credits ────────────────────────────────────────────────────────────────────────────────────────────


def test_one_picture_in_flight(permitted: Pair) -> None:
    watch = permitted.watch()
    assert permitted.device.may_send(Stream.TILE)
    permitted.from_device(frame(watch, 1))
    assert not permitted.device.may_send(Stream.TILE)
    with pytest.raises(LocalProtocolError, match="credit"):
        permitted.device.send(frame(watch, 2), 0.0)
    with pytest.raises(RemoteProtocolError, match="credit"):
        permitted.staff.receive(msgspec.msgpack.encode(frame(watch, 2)), 0.0)


def test_the_credit_lets_the_next_one_go(permitted: Pair) -> None:
    watch = permitted.watch()
    permitted.from_device(frame(watch, 1))
    permitted.from_staff(Credit(watch=1, sequence=1))
    assert permitted.device.next_sequence(Stream.TILE) == 2
    assert permitted.from_device(frame(watch, 2)) == frame(watch, 2)


def test_a_picture_of_a_replaced_watch_is_dropped_and_its_credit_ignored(permitted: Pair) -> None:
    old = permitted.watch(number=1)
    on_its_way = permitted.device.send(frame(old, 1), 0.0)
    new = permitted.watch(number=2, width=32, height=18)
    assert permitted.staff.receive(on_its_way, 0.0) is None
    assert permitted.device.receive(STAFF.encode(Credit(watch=1, sequence=1)), 0.0) is None
    assert permitted.from_device(frame(new, 1)) == frame(new, 1)


def test_a_picture_after_unwatch_is_dropped(permitted: Pair) -> None:
    on_its_way = permitted.device.send(frame(permitted.watch(), 1), 0.0)
    permitted.from_staff(Unwatch(stream=Stream.TILE))
    assert permitted.staff.receive(on_its_way, 0.0) is None
    assert not permitted.device.may_send(Stream.TILE)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"watch": 9}, "nobody asked"),
        ({"sequence": 2}, "out of order"),
        ({"width": 65, "jpeg": jpeg(65, 36)}, "larger than asked"),
        ({"height": 37, "jpeg": jpeg(64, 37)}, "larger than asked"),
        ({"width": 32}, "not of the size"),
        ({"jpeg": jpeg(640, 360)}, "not of the size"),
        ({"jpeg": b"\x89PNG\r\n\x1a\n"}, "not a JPEG"),
        ({"jpeg": jpeg(64, 36) + bytes(128 * 1024)}, "bytes"),
    ],
)
def test_a_wrong_picture_closes_the_connection(permitted: Pair, changes: dict[str, object], why: str) -> None:
    watch = permitted.watch()
    with pytest.raises(RemoteProtocolError, match=why):
        permitted.staff.receive(msgspec.msgpack.encode(frame(watch, 1, **changes)), 0.0)


def test_watch_numbers_rise(permitted: Pair) -> None:
    permitted.watch(number=5)
    with pytest.raises(RemoteProtocolError, match="rise"):
        permitted.device.receive(msgspec.msgpack.encode(EXAMPLES[Watch].__class__(
            watch=5, stream=Stream.FOCUS, width=64, height=36, interval_ms=66
        )), 0.0)  # fmt: skip


def test_tile_and_focus_have_their_own_credits(permitted: Pair) -> None:
    tile = permitted.watch(Stream.TILE, 1)
    focus = permitted.watch(Stream.FOCUS, 2, 128, 72)
    permitted.from_device(frame(tile, 1))
    assert permitted.device.may_send(Stream.FOCUS)
    assert permitted.from_device(patches(focus, 1)) == patches(focus, 1)


def test_after_the_first_picture_patches_may_be_small_or_none(permitted: Pair) -> None:
    focus = permitted.watch(Stream.FOCUS, 1, 128, 72)
    for number, part in enumerate((patches(focus, 1), patches(focus, 2, at=(100, 60, 28, 12))), 1):
        assert permitted.from_device(part) == part
        permitted.from_staff(Credit(watch=1, sequence=number))
    cursor = patches(focus, 3, patches=(), cursor=Cursor(x=5, y=6))
    assert permitted.from_device(cursor) == cursor


def one(x: int, y: int, width: int, height: int, data: bytes | None = None) -> tuple[Patch, ...]:
    return (Patch(x=x, y=y, width=width, height=height, jpeg=data or jpeg(width, height)),)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"patches": one(0, 0, 64, 72)}, "cover the screen"),
        ({"patches": ()}, "cover the screen"),
        ({"patches": one(1, 0, 128, 72)}, "beyond the screen"),
        ({"patches": one(0, 8, 64, 72)}, "beyond the screen"),
        ({"patches": one(0, 0, 128, 72) * 3}, "twice the screen"),
        ({"patches": one(0, 0, 128, 72, jpeg(64, 64))}, "not of the size"),
        ({"patches": one(0, 0, 128, 72, b"GIF89a..")}, "not a JPEG"),
        ({"patches": one(0, 0, 128, 72, jpeg(128, 72) + bytes(1024 * 1024 - 2000)) * 2}, "bytes"),
        ({"screen_width": 129}, "larger than asked"),
        ({"screen_height": 80}, "larger than asked"),
    ],
)
def test_wrong_patches_close_the_connection(permitted: Pair, changes: dict[str, object], why: str) -> None:
    focus = permitted.watch(Stream.FOCUS, 1, 128, 72)
    with pytest.raises(RemoteProtocolError, match=why):
        permitted.staff.receive(msgspec.msgpack.encode(patches(focus, 1, **changes)), 0.0)


def test_each_stream_has_its_own_kind_of_picture(permitted: Pair) -> None:
    tile, focus = permitted.watch(Stream.TILE, 1), permitted.watch(Stream.FOCUS, 2)
    with pytest.raises(RemoteProtocolError, match="tile is not sent as Patches"):
        permitted.staff.receive(msgspec.msgpack.encode(patches(tile, 1)), 0.0)
    with pytest.raises(RemoteProtocolError, match="focus is not sent as Frame"):
        permitted.staff.receive(msgspec.msgpack.encode(frame(focus, 1)), 0.0)


# ── hostile bytes ───────────────────────────────────────────────────────────────────────────────────────────────────

KINDS = get_args(StaffMessage) + get_args(DeviceMessage)
ALL_BYTES = st.one_of(
    st.binary(max_size=300),
    st.sampled_from(KINDS).flatmap(anything_like),
    st.tuples(st.sampled_from(list(EXAMPLES.values())), st.integers(0, 400), st.binary(max_size=4)).map(
        lambda parts: _mutated(msgspec.msgpack.encode(parts[0]), parts[1], parts[2])
    ),
)


def _mutated(payload: bytes, where: int, noise: bytes) -> bytes:
    cut = where % (len(payload) + 1)
    return payload[:cut] + noise + payload[cut + len(noise) :]


@pytest.mark.parametrize("state", State)
@given(payloads=st.lists(ALL_BYTES, min_size=1, max_size=6))
def test_arbitrary_and_mutated_bytes_cause_a_message_or_a_remote_error(state: State, payloads: list[bytes]) -> None:
    for side in ("staff", "device"):
        session: Session = getattr(at(state), side)
        try:
            for payload in payloads:
                message = session.receive(payload, 0.0)
                assert message is None or SENDER[type(message)] is not session.side
        except RemoteProtocolError:
            continue
