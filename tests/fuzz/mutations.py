"""Random damage to files: to their bytes, and to their content below the checksums."""

from __future__ import annotations

import io
import random
import struct
import zipfile
import zlib
from collections.abc import Callable

Mutation = Callable[[bytes, random.Random], bytes]

_NUMBERS = [struct.pack(f">{kind}", n) for kind, n in (
    ("B", 0), ("B", 255), ("H", 0xFFFF), ("I", 0x7FFFFFFF), ("I", 0xFFFFFFFF), ("Q", 2**63),
)]  # fmt: skip
_WORDS = [
    b"null", b"NaN", b"-Infinity", b"1e999", b"-1", b"0", b"true", b'""', b"{}", b"[]", b"\x00",
    b"9" * 400, b"[" * 3000, b'{"a":' * 500, b"\xff\xfe", b"\\u0000", b"\x1b[2J", b"1.5", b"'",
    b'"', b"9223372036854775808", b"-0.0", b"1_000", b"inf", b"\r\n", b"=", b"[[x]]", b"1e-400",
]  # fmt: skip


def damage(content: bytes, rng: random.Random) -> bytes:
    """Change, insert, remove, repeat or cut off a few bytes."""
    data = bytearray(content)
    for _ in range(rng.choice((1, 1, 1, 2, 3, 8))):
        at = rng.randrange(len(data) + 1)
        length = min(rng.choice((1, 1, 2, 4, 16, 300)), len(data) - at)
        match rng.randrange(7):
            case 0:
                data[at : at + 1] = bytes([rng.randrange(256)])
            case 1:
                data[at:at] = rng.randbytes(length or 1)
            case 2:
                del data[at : at + length]
            case 3:
                data[at:at] = data[at : at + length] * rng.choice((1, 2, 50))
            case 4:
                number = rng.choice(_NUMBERS)
                number = number if rng.random() < 0.5 else number[::-1]
                data[at : at + len(number)] = number
            case 5:
                data[at : at + length] = rng.choice(_WORDS)
            case 6:
                del data[at:]
    return bytes(data)


def damage_values(content: bytes, rng: random.Random) -> bytes:
    """Replace whole values of a text of names and values by others."""
    text = content
    for _ in range(rng.choice((1, 1, 2, 4))):
        ends = [i for i, byte in enumerate(text) if byte in b",}]\n"]
        starts = [i for i, byte in enumerate(text) if byte in b":=[,"]
        if not ends or not starts:
            break
        start = rng.choice(starts)
        end = next((i for i in ends if i > start), len(text))
        text = text[: start + 1] + b" " + rng.choice(_WORDS) + text[end:]
    return text


def damage_member(content: bytes, rng: random.Random) -> bytes:
    """Damage one member of a ZIP archive, and write the archive anew with right checksums."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w") as new:
        names = old.namelist()
        chosen = rng.choice(names)
        if rng.random() < 0.3:  # the members that are JSON inside of NumPy text
            texts = [n for n in names if n in ("config.npy", "values.npy")]
            chosen = rng.choice(texts or names)
        for name in names:
            member = old.read(name)
            if name == chosen:
                if rng.random() < 0.1:
                    continue
                member = _damage_npy(member, rng)
            new.writestr(rng.choice(names) if rng.random() < 0.01 else name, member)
    return out.getvalue()


def _damage_npy(member: bytes, rng: random.Random) -> bytes:
    """Damage a NumPy array: its bytes, or the text in it, whose shape then still fits."""
    start = 10 + int.from_bytes(member[8:10], "little")
    header, body = member[:start], member[start:]
    if b"'<U" not in header or rng.random() < 0.3:
        return damage(member, rng)
    changed = damage_values(body.decode("utf-32-le").rstrip("\0").encode(), rng)
    text = changed.decode("utf-8", errors="replace")[:60_000] or " "
    old = header[header.index(b"'<U") :].split(b",")[0]
    new = f"'<U{len(text)}'".encode()
    header = header.replace(old, new)
    room = start - len(header)
    header = header[:-1].ljust(start - 1)[: start - 1] + b"\n" if room >= 0 else header
    return header + text.encode("utf-32-le")


def damage_chunk(content: bytes, rng: random.Random) -> bytes:
    """Damage one chunk of a PNG, and give it a right checksum."""
    chunks, at = [], 8
    while at + 12 <= len(content):
        (length,) = struct.unpack(">I", content[at : at + 4])
        chunks.append((content[at + 4 : at + 8], content[at + 8 : at + 8 + length]))
        at += 12 + length
    chosen = rng.randrange(len(chunks))
    kind, body = chunks[chosen]
    chunks[chosen] = (kind, damage(body or b"\0", rng))
    return content[:8] + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )
