import numpy as np
import pytest

from mmair.datasets.synthetic import generate_recording
from mmair.datasets.units import UNITS, to_metres
from mmair.errors import InputError
from mmair.layouts import get_layout

LAYOUT = get_layout('emotion_gait')


@pytest.fixture(scope='module')
def body():
    """Metres, y up, float64."""
    made = generate_recording('joy', 1, 'wave', 1, 0, 'emotion_gait', 10.)
    return made['keypoint'][0].astype(np.float64)


@pytest.mark.parametrize('unit, per_metre', [
    ('m', 1), ('cm', 100), ('mm', 1000), ('inch', 1 / .0254)])
def test_units(body, unit, per_metre):
    found = to_metres('file', body * per_metre, LAYOUT, unit)
    assert found.dtype == np.float32 and found.shape == (1, *body.shape)
    np.testing.assert_allclose(found[0], body, atol=1e-6)


@pytest.mark.parametrize('unit', ['m', 'cm', 'mm'])
def test_auto_finds_the_unit(body, unit):
    found = to_metres('file', body / UNITS[unit], LAYOUT, 'auto')
    np.testing.assert_allclose(found[0], body, atol=1e-6)


def test_another_unit_is_evident(body):
    with pytest.raises(InputError) as error:
        to_metres('file', 1000 * body, LAYOUT, 'cm')
    assert str(error.value).startswith('file: trunk and legs measure ')
    assert 'in cm; it would be one in mm' in str(error.value)
    with pytest.raises(InputError, match='in no known unit'):
        to_metres('file', 0 * body, LAYOUT, 'auto')


def test_z_up_is_turned(body):
    x, y, z = np.moveaxis(body, -1, 0)
    turned = np.stack((x, -z, y), -1)  # a quarter turn about x
    np.testing.assert_allclose(
        to_metres('file', turned, LAYOUT, 'm', 'z')[0], body, atol=1e-6)
