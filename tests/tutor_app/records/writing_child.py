"""Run by the tests as a process of its own: writes a lesson and flags until killed, or `count` of them.

Prints the number of the last flag whenever `flush` said that all so far are on the disk, and every problem.
"""

import itertools
import sys

from tutor_app.records.records import Records
from tutor_app.records.values import Flagged, LessonStarted


def main(file: str, name: str, count: int) -> None:
    records = Records.open(file, on_problem=lambda sentence: print("problem:", sentence, flush=True))
    records.write(
        LessonStarted(id=name, name=name, group="10B", tutor_id="t", tutor_name="T", started_at=1.0, ends_at=2.0)
    )
    for n in itertools.islice(itertools.count(), count or None):
        records.write(
            Flagged(id=f"{name}-{n}", lesson=name, device="d", student="s", category="c", note="x" * 200, by_id="t",
                    by_name="T", at=float(n))
        )  # fmt: skip
        if n % 7 == 0 and records.flush(10):
            print(n, flush=True)
    assert records.close() == ()
    print("closed", flush=True)


main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
