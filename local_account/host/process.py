"""A local account whose server is a child of this process, for tests and programs."""

from __future__ import annotations

import subprocess

from local_account.base.settings import LocalSettings
from local_account.host import control

_STOP_SECONDS = 30.0


class ServerProcess:
    """The server of one account: started, stopped, killed and started again by its owner.

    Attributes:
        settings: the account's settings; its state folder stays when the server ends.
    """

    def __init__(self, settings: LocalSettings) -> None:
        self.settings = settings
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the server and wait until it answers.

        Raises:
            ControlError: the account runs already, a port is taken, or the server ended at once.
        """
        if control.running(self.settings):
            raise control.ControlError(
                f"The account in {self.settings.state} runs already; stop it first, or use another folder."
            )
        control.require_free_ports(self.settings)
        try:
            control.wait_until_running(self.settings, self.launch())
        except BaseException:
            self.stop()
            raise

    def launch(self) -> subprocess.Popen[bytes]:
        """Start the server without waiting for it."""
        self._process = control.spawn(self.settings)
        return self._process

    def stop(self) -> None:
        """End the server and wait for its end; containers of services run on."""
        if self._process:
            self._process.terminate()
            try:
                self._process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill()
            self._process = None

    def kill(self) -> None:
        """End the server at once; it cannot clean up."""
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None

    def restart(self) -> None:
        """Stop the server and start it again."""
        self.stop()
        self.start()

    def log(self) -> str:
        """The server's log so far."""
        return control.log_file(self.settings).read_text(errors="replace")
