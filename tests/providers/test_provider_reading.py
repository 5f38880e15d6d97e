import base64

import pytest

from bot.providers.reading import decoded
from tests.providers.provider_cases import WEBP


@pytest.mark.parametrize(
    "wrap",
    [
        lambda text: text,
        lambda text: f"data:image/webp;base64,{text}",
        lambda text: f"data:image/JPEG;base64,{text}",
        lambda text: f"data:,{text}",
        lambda text: text.rstrip("="),
        lambda text: "\n".join(text[i : i + 8] for i in range(0, len(text), 8)) + "\r\n",
    ],
    ids=["bare", "data uri", "mixed case", "no type", "no padding", "line breaks"],
)
def test_base64_is_read_in_every_dress(wrap):
    data = WEBP + b"x"  # not a multiple of three, so that there is padding to lose

    assert decoded(wrap(base64.b64encode(data).decode())) == data


@pytest.mark.parametrize(
    "text", ["", "data:,", "data:image/JPEG;base64,", "%%%%", "AAAA*AAA", "A", "<Error/>", "ÄÖÜ="]
)
def test_other_text_is_no_base64(text):
    assert decoded(text) is None
