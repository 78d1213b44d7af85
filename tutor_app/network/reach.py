"""From a candidate's addresses to one link: several tried in turn, none waited for long, all within the limits."""

import asyncio
import ssl
from collections import Counter
from collections.abc import Sequence
from http import HTTPStatus

from websockets.exceptions import InvalidStatus, WebSocketException

from protocol.identity import IdentityError
from protocol.link import Link, dial
from protocol.session import CloseCode
from tutor_app.network.candidates import Address
from tutor_app.network.limits import Limits, Pace

# What a network and whoever answers there can do to us. ValueError: websockets' answer to a redirection elsewhere.
UNREACHABLE = (OSError, TimeoutError, WebSocketException, IdentityError, ValueError)
_DATES = {9, 10}  # X509_V_ERR_CERT_NOT_YET_VALID, X509_V_ERR_CERT_HAS_EXPIRED


def is_strange(error: BaseException) -> bool:
    """Whether the other side proved to be somebody else, rather than being away or having a wrong date."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_code not in _DATES
    return isinstance(error, IdentityError)


def is_expired(error: BaseException) -> bool:
    """Whether the other side's certificate is of the college but out of its dates, by this computer's clock."""
    return isinstance(error, ssl.SSLCertVerificationError) and error.verify_code in _DATES


def is_turned_away(error: BaseException) -> bool:
    """Whether a device of the college did not even let us say `Hello`: it refuses the upgrade to who is on its list."""
    return isinstance(error, InvalidStatus) and error.response.status_code == HTTPStatus.FORBIDDEN


class Reach:
    """Dials. Counts what is under way, and never exceeds the limits."""

    def __init__(self, context: ssl.SSLContext, limits: Limits, now: float) -> None:
        self.dials = 0
        self._context = context
        self._limits = limits
        self._pace = Pace(limits.dials_a_second, limits.dials_in_a_burst, now)
        self._under_way: Counter[Address] = Counter()

    def wait(self, now: float) -> float:
        """Return the seconds until a dial may begin."""
        return self._pace.wait(now)

    def may_begin(self, address: Address, now: float) -> bool:
        """Whether `first` may begin with this address now; takes the token for it if so."""
        if self._pace.wait(now) > 0 or not self._room(address):
            return False
        self._pace.reserve(now)
        return True

    async def first(self, addresses: Sequence[Address]) -> tuple[Link, Address]:
        """Return the first link that comes up; raises the most telling of UNREACHABLE where none does.

        `may_begin` has been asked for the first address.
        """
        waiting, pending, errors = list(addresses), set[asyncio.Task[tuple[Link, Address]]](), list[BaseException]()
        try:
            while waiting or pending:
                if waiting:
                    pending.add(self._start(waiting.pop(0), paid=len(waiting) == len(addresses) - 1))
                timeout = self._limits.stagger if waiting else None
                done, pending = await asyncio.wait(pending, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
                errors += [error for task in done if (error := task.exception())]
                links = [task for task in done if not task.exception()]
                if links:
                    pending |= set(links[1:])
                    return links[0].result()
        finally:
            await _let_go(pending)
        raise next((error for error in errors if is_strange(error) or is_expired(error)), errors[-1])

    def _start(self, address: Address, paid: bool) -> asyncio.Task[tuple[Link, Address]]:
        return asyncio.create_task(self._attempt(address, paid), name=f"dial {address}")

    async def _attempt(self, address: Address, paid: bool) -> tuple[Link, Address]:
        if not paid:
            await asyncio.sleep(self._pace.reserve(asyncio.get_running_loop().time()))
        if not self._room(address):
            raise OSError("too many dials under way")
        self.dials += 1
        self._under_way[address] += 1
        try:
            return await dial(address.host, address.port, self._context), address
        finally:
            self._under_way[address] -= 1

    def _room(self, address: Address) -> bool:
        here = sum(count for one, count in self._under_way.items() if one.host == address.host)
        self._under_way = +self._under_way
        return (
            address not in self._under_way
            and here < self._limits.dials_an_address
            and self._under_way.total() < self._limits.dials_at_once
        )


async def _let_go(attempts: set[asyncio.Task[tuple[Link, Address]]]) -> None:
    for task in attempts:
        task.cancel()
    for result in await asyncio.gather(*attempts, return_exceptions=True):
        if not isinstance(result, BaseException):
            await result[0].close(CloseCode.DONE)
