import gc

import pytest

from bot.garbage import kept


@pytest.fixture(autouse=True)
def thawed():
    yield
    gc.unfreeze()
    gc.enable()


def test_what_is_made_at_the_start_is_never_looked_at_again():
    with kept():
        assert not gc.isenabled()
        made = [[] for _ in range(1000)]
    assert gc.isenabled()
    looked_at = {id(one) for one in gc.get_objects()}
    assert not looked_at & {id(one) for one in made}


def test_a_start_that_fails_leaves_the_collector_on():
    with pytest.raises(ImportError), kept():
        raise ImportError("a package is missing")
    assert gc.isenabled()
