"""The real kernel, in a network namespace of the test's own."""

import os
import shutil
import subprocess
import sys
import textwrap

import pytest

IN_NAMESPACE = textwrap.dedent("""
    import select, subprocess
    from student_client.backends.choose import address_news

    news = address_news()
    def told(within):
        return bool(select.select([news], [], [], within)[0])
    def drain():
        while told(0.2):
            news.recv(65536)
    drain()
    assert not told(0.3)
    for command in ("ip link set lo up", "ip address add 10.9.8.7/24 dev lo", "ip address del 10.9.8.7/24 dev lo"):
        subprocess.run(command.split(), check=True)
        assert told(5), command
        drain()
    news.close()
    print("told")
""")


@pytest.mark.netns
@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("unshare"), reason="needs root and unshare")
def test_every_change_of_a_link_or_an_address_is_told() -> None:
    done = subprocess.run(
        ["unshare", "--net", sys.executable, "-c", IN_NAMESPACE],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert done.stdout == "told\n", done.stderr
