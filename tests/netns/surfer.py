"""A student's Chromium inside a laptop: ``surfer.py HOME``, DISPLAY set. Says ``{"ready": true}`` when it is open.

For each line ``{"go": address}`` it goes there in its one tab, on a web in which every host is one server, and says
``{"went": address, "error": …}``; "" is no error.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.end_to_end.stage import say
from tests.student_client.backends.browsers import Chromium, Laptop, LittleWeb, go


class Here(Laptop):
    """This very laptop, which has an /etc of its own already."""

    def __init__(self, home: Path, web: LittleWeb) -> None:
        self.home, self.display, self.web = home, os.environ["DISPLAY"], web

    def start(self, *argv: str) -> subprocess.Popen[bytes]:
        quiet = subprocess.DEVNULL
        environ = {**os.environ, "HOME": str(self.home)}
        return subprocess.Popen(argv, env=environ, stdout=quiet, stderr=quiet, start_new_session=True)


def main() -> None:
    """Surf until the input ends."""
    web = LittleWeb()
    chromium = Chromium(Here(Path(sys.argv[1]), web))
    try:
        tab = chromium.tab()
        say(ready=True)
        for line in sys.stdin:
            address = json.loads(line)["go"]
            say(went=address, error=go(tab, address))
    finally:
        chromium.kill()
        web.close()


if __name__ == "__main__":
    main()
