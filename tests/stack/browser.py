"""A person at a browser: signs in, opens the notebook, runs it, looks at what it shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar, cast

from selenium.common.exceptions import StaleElementReferenceException, TimeoutException
from selenium.webdriver import Chrome, ChromeOptions, ChromeService
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

CHROMEDRIVER = "/usr/bin/chromedriver"
# Nothing but the page under test uses the network, and a container's small /dev/shm is enough.
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
    "--window-size=1280,1500",
)
LOAD_SECONDS = 90
RUN_SECONDS = 180
_ASK_FOR_KERNELS = "fetch('/api/kernels').then(answer => answer.json()).then(arguments[arguments.length - 1])"
_OUTPUTS = ".jp-OutputArea-output"
_PLOT = ".jp-OutputArea-output img"
_ERRORS = (
    '[data-mime-type="application/vnd.jupyter.error"], [data-mime-type="application/vnd.jupyter.stderr"]'
)

T = TypeVar("T")


class Browser:
    """One browser window.

    Args:
        driver: the running Chromium.
    """

    def __init__(self, driver: Chrome) -> None:
        self.driver = driver

    def open(self, url: str) -> None:
        """Go to an address."""
        self.driver.get(url)

    def sign_in(self, user: str, password: str) -> None:
        """Fill in the account's sign-in page and send it."""
        name = self._wait("the sign-in page", "input[name=username]")
        name.clear()
        name.send_keys(user)
        self.driver.find_element(By.NAME, "password").send_keys(password)
        self.driver.find_element(By.CSS_SELECTOR, "button[type=submit]").click()

    def alert(self) -> str:
        """The text of the message that the sign-in page shows after a refused try."""
        return self._wait("the refusal", "[role=alert]").text

    def has_notebook(self) -> bool:
        """Whether the page is JupyterLab's."""
        return bool(self.driver.find_elements(By.ID, "jupyter-config-data"))

    def run_notebook(self, last_words: str) -> str:
        """Choose Run > Run All Cells in the open notebook, wait for some words, and give all output text.

        Raises:
            AssertionError: the words do not come; the message has the text of the page.
        """
        self._wait("JupyterLab", ".jp-Notebook .jp-CodeCell")
        self._until("the kernel", LOAD_SECONDS, self._kernel_is_connected)
        self._menu("Run", "Run All Cells")
        self._until("the answer", RUN_SECONDS, lambda: last_words in self.output_text() or self.errors())
        self._until("the end of the run", RUN_SECONDS, lambda: not self._running())
        text = self.output_text()
        assert last_words in text, f"the notebook has no {last_words!r} but:\n{text}"
        return text

    def output_text(self) -> str:
        """What the notebook's cells have printed."""
        return self.driver.execute_script(
            "return [...document.querySelectorAll(arguments[0])].map(e => e.textContent).join('\\n')",
            _OUTPUTS,
        )

    def errors(self) -> list[str]:
        """Texts of failed cells."""
        return [element.text for element in self.driver.find_elements(By.CSS_SELECTOR, _ERRORS)]

    def plot_size(self) -> tuple[int, int]:
        """Width and height of the picture that the browser has loaded, in its own pixels."""
        plot = self._wait("the plot", _PLOT)
        script = "return [arguments[0].naturalWidth, arguments[0].naturalHeight]"
        width, height = self.driver.execute_script(script, plot)
        return width, height

    def console_errors(self) -> list[str]:
        """What the page has been refused, such as by its content security policy."""
        entries = self.driver.get_log("browser")
        return [entry["message"] for entry in entries if entry["level"] == "SEVERE"]

    def screenshot(self, path: Path) -> None:
        """Keep a picture of the notebook's answer and plot."""
        plot = self._wait("the plot", _PLOT)
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'end'})", plot)
        path.parent.mkdir(parents=True, exist_ok=True)
        self.driver.save_screenshot(str(path))

    def _menu(self, menu: str, entry: str) -> None:
        bar = f"//div[contains(@class,'lm-MenuBar-itemLabel') and text()='{menu}']"
        self._wait(f"menu {menu}", bar, by=By.XPATH).click()
        item = f"//div[contains(@class,'lm-Menu-itemLabel') and text()='{entry}']"
        found = self._wait(f"menu entry {entry}", item, by=By.XPATH)
        # The menu takes a click only on the entry that the pointer has been seen over.
        ActionChains(self.driver).move_to_element(found).pause(0.3).click().perform()

    def _kernel_is_connected(self) -> bool:
        """Whether the page's own connection to a kernel is up; cells that are run before are dropped.

        The indicators on the page are no help: they start as idle, before there is a kernel.
        """
        kernels = self.driver.execute_async_script(_ASK_FOR_KERNELS)
        connected = any(item["connections"] and item["execution_state"] == "idle" for item in kernels)
        return connected and "| Idle" in self.driver.find_element(By.ID, "jp-main-statusbar").text

    def _running(self) -> bool:
        prompts = self.driver.find_elements(By.CSS_SELECTOR, ".jp-CodeCell .jp-InputPrompt")
        try:
            return any("*" in prompt.text for prompt in prompts)
        except StaleElementReferenceException:
            return True

    def _wait(self, what: str, selector: str, *, by: str = By.CSS_SELECTOR) -> WebElement:
        def shown() -> WebElement | None:
            return next(
                (item for item in self.driver.find_elements(by, selector) if item.is_displayed()), None
            )

        return self._until(what, LOAD_SECONDS, shown)

    def _until(self, what: str, seconds: float, condition: Callable[[], T | None]) -> T:
        """Wait until a condition gives something true, and give that."""
        waiting = WebDriverWait(self.driver, seconds, ignored_exceptions=[StaleElementReferenceException])
        try:
            return cast("T", waiting.until(lambda _: condition()))
        except TimeoutException:
            text = self.driver.find_element(By.TAG_NAME, "body").text[-3000:]
            raise AssertionError(
                f"{what} did not come within {seconds} s at {self.driver.current_url}\n"
                f"console: {self.console_errors()}\npage: {text}"
            ) from None


@contextmanager
def browser() -> Iterator[Browser]:
    """A new Chromium without a window and without any earlier cookies."""
    with TemporaryDirectory() as profile:
        options = ChromeOptions()
        for flag in (*FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        driver = Chrome(options=options, service=ChromeService(CHROMEDRIVER))
        try:
            yield Browser(driver)
        finally:
            driver.quit()
