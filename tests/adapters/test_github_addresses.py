import pytest

from bot.adapters.github.addresses import web_address


@pytest.mark.parametrize(
    ("api", "expected"),
    [
        pytest.param("https://api.github.com", "https://github.com", id="github.com"),
        pytest.param("https://api.acme.ghe.com/", "https://acme.ghe.com", id="data residency"),
        pytest.param("https://ghe.host/api/v3", "https://ghe.host", id="enterprise server"),
        pytest.param("http://127.0.0.1:8080/api/v3", "http://127.0.0.1:8080", id="with a port"),
    ],
)
def test_web_address(api, expected):
    assert expected == web_address(api)
