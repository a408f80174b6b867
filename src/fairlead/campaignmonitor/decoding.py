"""Bodies as structs: strict and fast for what the API documents, tolerant where clients have seen otherwise."""

from typing import Any, Generic, TypeVar

import msgspec

from fairlead.campaignmonitor.errors import BOM, Unavailable

T = TypeVar("T")


class Reader(Generic[T]):
    """Decodes a JSON body as one type. Only the fields of the type are built; unknown ones are skipped."""

    def __init__(self, type: Any) -> None:
        """`type` is any type of which msgspec makes a decoder; every field of a struct in it has a default."""
        self._type = type
        self._decoder: msgspec.json.Decoder[T] = msgspec.json.Decoder(type, strict=False)

    def __call__(self, body: bytes) -> T:
        """The body as the type. Raises Unavailable when it is cut or is something else."""
        body = body.removeprefix(BOM)
        try:
            return self._decoder.decode(body)
        except msgspec.ValidationError:
            return self._tolerant(body)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise _unreadable(body, error) from None

    def _tolerant(self, body: bytes) -> T:
        """Numbers where texts are promised, texts where numbers are, null for any of them."""
        try:
            decoded: T = msgspec.convert(_as_texts(msgspec.json.decode(body)), self._type, strict=False)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise _unreadable(body, error) from None
        return decoded


def _as_texts(value: Any) -> Any:
    """Every scalar as text, and nulls left out: the struct's own types then say what each text means."""
    if isinstance(value, dict):
        return {key: _as_texts(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [_as_texts(inner) for inner in value if inner is not None]
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else str(value)


def _unreadable(body: bytes, error: Exception) -> Unavailable:
    # Decoders name types and places, but a place can be a field's name: the class is enough.
    return Unavailable(f"Campaign Monitor's answer of {len(body)} bytes cannot be read ({type(error).__name__}).")
