"""A lesson over real TLS: permits, pictures, commands and their ends."""

from uuid import uuid4

from protocol.messages import (
    Frame,
    Lock,
    LockFacts,
    Result,
    ScreenState,
    Status,
    Stream,
    TextMessage,
    Understood,
    Unlock,
)

from .conftest import Campus, DialTutor, Laptop, terms, until


async def test_a_tutor_sees_the_screen_and_the_student_reads_who_it_was(
    campus: Campus, laptop: Laptop, visit: DialTutor
) -> None:
    tutor = await visit(campus.staff("maths-tutor"), laptop)
    lesson = terms()
    granted = await tutor.enter(lesson)
    assert granted.lesson == lesson.id
    assert granted.until == lesson.ends_at
    status = tutor.heard[-1]
    assert isinstance(status, Status)
    assert (status.user, status.screen) == ("student", ScreenState.LIVE)

    await tutor.watch(width=320, height=200)
    frames = [await tutor.picture() for _ in range(3)]

    assert [frame.sequence for frame in frames] == [1, 2, 3]
    assert (frames[0].width, frames[0].height) == (320, 180)
    assert laptop.receipts() == ["Maths tutor saw a small picture of your screen"]
