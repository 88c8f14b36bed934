"""The notebook as its users meet it: in a browser, through the ingress, signed in as MILVUS_USER."""

from __future__ import annotations

import pytest

from machine.paths import PROJECT, STATE
from tests.stack.browser import browser
from tests.stack.conftest import Deployment

USER = "MILVUS_USER"
ANSWER = "Closest: Alan Turing was the first person to conduct substantial research in AI."
TABLE_ANSWER = "Closest: A total eclipse turns day into night for a few minutes."
# The README's picture: made once and not by every run, so a test leaves the work tree as it was.
PICTURE = PROJECT / "docs" / "notebook.png"
pytestmark = pytest.mark.docker


def test_the_notebook_finds_the_answer_and_draws_it(deployed: Deployment) -> None:
    outputs = deployed.outputs()
    with browser() as page:
        page.open(outputs["notebookUrl"])
        page.sign_in(USER, outputs["userPassword"])
        text = page.run_notebook(TABLE_ANSWER)
        assert page.errors() == []
        assert ANSWER in text
        width, height = page.plot_size()
        assert width > 300
        assert height > 200
        assert page.console_errors() == []
        page.screenshot(STATE / "notebook.png")
        if not PICTURE.exists():
            page.screenshot(PICTURE)


def test_a_wrong_password_does_not_open_the_notebook(deployed: Deployment) -> None:
    with browser() as page:
        page.open(deployed.outputs()["notebookUrl"])
        page.sign_in(USER, "not the password")
        assert "password" in page.alert()
        assert not page.has_notebook()
