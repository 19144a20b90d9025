import pytest

from tests.live import Service


@pytest.fixture
def service(tmp_path):
    with Service(tmp_path, worker=False) as service:
        yield service
