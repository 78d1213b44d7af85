"""A desktop process without Qt, for the tests of the host. STAND_IN says what is wrong with it; orders go to a file."""

import os
import socket
import sys
import time
from pathlib import Path

from protocol.messages import ScreenState
from student_client.local import (
    TO_AGENT,
    TO_DESKTOP,
    DesktopFacts,
    DesktopReady,
    LocalReader,
    LockScreen,
    Quit,
    ScreenLocked,
    frame_local,
)


def main() -> None:
    path, how, diary = sys.argv[sys.argv.index("--socket") + 1], os.environ["STAND_IN"], os.environ["DIARY"]
    if how == "dies":
        print("no colours today", file=sys.stderr)
        raise SystemExit(7)
    if how == "never connects":
        time.sleep(60)
    agent = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    agent.connect(path)
    facts = DesktopFacts(application="", monitors=(), screen=ScreenState.LIVE, reason="")
    for message in (DesktopReady(user="pupil", host="laptop"), facts):
        agent.sendall(frame_local(TO_AGENT.encode(message)))
    if how == "talks nonsense":
        agent.sendall(b"\xff\xff\xff\xff")
    if how == "will not go":
        with Path(diary).open("a", encoding="utf-8") as lines:
            print(f"{os.getpid()} stays", file=lines)
        agent.close()
        time.sleep(60)
    reader = LocalReader()
    with Path(diary).open("a", encoding="utf-8") as lines:
        while data := agent.recv(65536):
            for payload in reader.feed(data):
                message = TO_DESKTOP.decode(payload)
                print(f"{os.getpid()} {type(message).__name__}", file=lines, flush=True)
                if isinstance(message, LockScreen):
                    agent.sendall(frame_local(TO_AGENT.encode(ScreenLocked(id=message.id, held=True))))
                if isinstance(message, Quit):
                    return
        print(f"{os.getpid()} orphaned", file=lines, flush=True)


main()
