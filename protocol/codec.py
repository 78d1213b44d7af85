"""Messages ⇄ MessagePack. Decoding is validating: what comes out is within every bound of its type.

Unknown fields, wrong types, numbers out of range and trailing bytes are refused (SECURITY rule 6).
"""

from typing import Any, Generic, TypeVar

import msgspec

from protocol.messages import DeviceMessage, Frame, Message, Patches, StaffMessage

M = TypeVar("M", bound=Message)


class CodecError(ValueError):
    """The bytes, or the message, are not of this protocol."""


class Codec(Generic[M]):
    """Encodes and decodes one family of messages."""

    def __init__(self, family: Any) -> None:
        self._encoder = msgspec.msgpack.Encoder()
        self._decoder = msgspec.msgpack.Decoder(family)

    def encode(self, message: M) -> bytes:
        """Return the payload; raises CodecError when a field is out of its bounds."""
        payload = self._encoder.encode(message)
        # A picture's fields are copied from checked ones, and a second copy of it costs.
        if not isinstance(message, Frame | Patches):
            self.decode(payload)
        return payload

    def decode(self, payload: bytes) -> M:
        """Return the message; raises CodecError for anything but exactly one valid message of the family."""
        try:
            return self._decoder.decode(payload)  # type: ignore[no-any-return]  # msgspec cannot type a union
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise CodecError(str(error)) from None


STAFF: Codec[Message] = Codec(StaffMessage)
DEVICE: Codec[Message] = Codec(DeviceMessage)
