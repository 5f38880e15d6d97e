import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.requests import SIDE_MAX_PX, SIDE_MIN_PX, SIDE_STEP_PX
from bot.domain.sizes import AREA_PX, Aspect, nearest_side, size_for

SHAPES = st.builds(Aspect, st.integers(1, 9999), st.integers(1, 9999))


@pytest.mark.parametrize(
    "across,down,width,height",
    [
        (1, 1, 1024, 1024),
        (16, 9, 1344, 768),
        (9, 16, 768, 1344),
        (3, 2, 1216, 832),
        (4, 3, 1152, 896),
        (21, 9, 1536, 640),
        (1000, 1, 3072, 64),
    ],
)
def test_a_shape_gets_the_sides_that_models_were_trained_on(across, down, width, height):
    assert size_for(Aspect(across, down), AREA_PX) == (width, height)


@given(shape=SHAPES, area=st.integers(SIDE_MIN_PX**2, SIDE_MAX_PX**2))
def test_sides_are_always_allowed_and_never_exceed_the_area(shape, area):
    width, height = size_for(shape, area)

    assert width * height <= area
    for side in (width, height):
        assert SIDE_MIN_PX <= side <= SIDE_MAX_PX
        assert side % SIDE_STEP_PX == 0


@given(shape=SHAPES)
def test_a_turned_shape_gets_turned_sides(shape):
    width, height = size_for(shape, AREA_PX)
    assert size_for(Aspect(shape.down, shape.across), AREA_PX) == (height, width)


@pytest.mark.parametrize("px,nearest", [(1, 64), (500, 512), (95, 64), (96, 128), (9999, 3072)])
def test_the_nearest_side_is_found(px, nearest):
    assert nearest_side(px) == nearest
