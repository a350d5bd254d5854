"""Learning that is the same everywhere."""

import pytest

from cephalign.parallel import undivided_operations


@pytest.fixture(autouse=True)
def one_thread():
    """What is learnt depends, in its last digits and what follows from them, on the number of threads."""
    with undivided_operations():
        yield
