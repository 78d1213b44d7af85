"""The thread that captures: orders of the Qt thread in, facts and pictures for the agent out."""

import logging
import threading
from collections.abc import Iterable

from student_client.backends.base import Backends, CaptureError
from student_client.desktop.capture_work import CaptureWork, Order, PicturesAgain
from student_client.desktop.mailbox import Orders, Outbox
from student_client.local import StopCapture

logger = logging.getLogger(__name__)


class CaptureThread(threading.Thread):
    """Runs from `start` to `stop`. Everything public may be called from the Qt thread."""

    def __init__(self, backends: Backends) -> None:
        super().__init__(name="capture", daemon=True)
        self.outbox = Outbox()
        self._orders: Orders[Order] = Orders()
        self._stopping = threading.Event()
        self._work = CaptureWork(backends, self.outbox, self._stopping.is_set)

    def order(self, order: Order) -> None:
        """Leave an order; a closed channel's waiting picture is thrown away at once."""
        if isinstance(order, StopCapture):
            self.outbox.drop_pictures(order.channel)
        self._orders.put(order)

    def hold_back(self, lost: Iterable[int]) -> int:
        """From now on no picture leaves, not even one under way; `lost` are channels whose picture was taken back."""
        return self.outbox.hold_back(lost)

    def let_go(self, hold: int) -> None:
        """Show again what is on the screen from now on, unless another hold has come since that one."""
        self.order(PicturesAgain(hold))

    def stop(self) -> None:
        """Stop capturing now: nothing that was captured leaves any more. Does not wait for the thread to end."""
        self._stopping.set()
        self.outbox.drop_pictures()
        self._orders.bell.ring()

    def close(self, patience: float) -> None:
        """Stop, wait so many seconds for the thread to end, and give everything back."""
        self.stop()
        self.join(patience)
        if not self.is_alive():
            self._orders.close()
            self.outbox.close()

    def run(self) -> None:
        """Work until stopped; whatever breaks is said on the tile and tried again."""
        while not self._stopping.is_set():
            try:
                for order in self._orders.take():
                    self._work.obey(order)
                pause = self._work.turn()
                self._work.sleep(pause, self._orders.bell)
            except CaptureError as error:
                self._work.fail(str(error))
            except Exception:
                logger.exception("the capture thread")
                self._work.fail("Capturing this screen failed; it is tried again.")
        self._work.close()
