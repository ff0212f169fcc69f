"""A log line about a failed handler leads to a line of the handler."""

from __future__ import annotations

import pytest

from intercom_async.errors import ConfigError
from intercom_async.moments import to_unix
from intercom_async.receivers.place import place_of


def handler() -> None:
    to_unix("created_at", "yesterday")


def test_a_place_begins_in_the_user_s_own_code() -> None:
    with pytest.raises(ConfigError) as caught:
        handler()
    place = place_of(caught.value)
    assert place.startswith("handler (")
    assert __file__ in place
    assert "moments.py" not in place


def test_an_error_of_the_package_alone_has_a_place_too() -> None:
    with pytest.raises(ConfigError) as caught:
        handler()
    error = caught.value
    here = error.__traceback__
    assert here is not None
    assert here.tb_next is not None
    assert place_of(error.with_traceback(here.tb_next.tb_next)).startswith("to_unix (")


def test_an_error_that_was_never_raised_has_none() -> None:
    assert place_of(ValueError()) == ""
