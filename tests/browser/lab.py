"""A JupyterLab to be used as a person uses it: a server of its own, a Chromium, and what is seen and pressed there."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from checkout import run, surroundings
from playwright.sync_api import Browser, Locator, Page, sync_playwright

__all__ = ["Lab", "Notebook", "chromium", "serve", "until"]

Found = TypeVar("Found")
SETTINGS = {
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False, "doNotDisturbMode": True},
    "extensionmanager-extension/plugin": {"enabled": False},
}
FOLDERS = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "JUPYTERLAB_SETTINGS_DIR", "IPYTHONDIR")
FAULTS = (Path(__file__).parent / "geometry.js").read_text(encoding="utf-8")
THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}
# Root may write where nobody may; where the tests run as root, the server is no root in that.
AS_ANYBODY = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search") if os.geteuid() == 0 else ()
TOKEN = "a-token-of-the-tests"


def until(seen: Callable[[], Found | None], what: str, patience: float = 60.0) -> Found:
    """Return the first true answer of `seen`, asked until then."""
    ends = time.monotonic() + patience
    while time.monotonic() < ends:
        found = seen()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"{what}: not within {patience:.0f} s")


@dataclass
class Lab:
    """A JupyterLab server on a repository, at an address that stays the same when the server is started again."""

    root: Path
    home: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the server, and wait until it answers."""
        folders = {name: str(self.home / name.lower()) for name in FOLDERS}
        command = [
            *AS_ANYBODY, sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--ServerApp.port={self.port}",
            "--ServerApp.port_retries=0", "--ServerApp.ip=127.0.0.1", f"--ServerApp.root_dir={self.root}",
            f"--IdentityProvider.token={TOKEN}", "--LabApp.extension_manager=readonly", "--LabApp.news_url=",
            "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate", "--ServerApp.terminals_enabled=False",
            "--LabApp.expose_app_in_browser=True",
        ]  # fmt: skip
        threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        with (self.home / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                command,
                cwd=self.root,
                env=surroundings(folders | threads | {"PYTHONPATH": str(self.root / "src")}),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        until(self._answers, f"JupyterLab on port {self.port} (see {self.home / 'server.log'})")

    def _answers(self) -> bool:
        with contextlib.suppress(OSError, urllib.error.HTTPError):
            return self.ask("api/status") is not None
        return False

    def stop(self) -> None:
        """End the server and its kernels."""
        if self.process is not None:
            for kernel in self.kernels():
                self.ask(f"api/kernels/{kernel['id']}", "DELETE")
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.process = None

    def ask(self, path: str, method: str = "GET", body: Any = None) -> Any:
        """Return what the server's REST API answers."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"token {TOKEN}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=20) as answer:
            content = answer.read()
        return json.loads(content) if content else {}

    def kernels(self) -> list[dict[str, Any]]:
        """Return the kernels that the server knows."""
        return [session["kernel"] for session in self._sessions()]

    def state(self, path: str) -> str:
        """Return what the kernel of a notebook does ("idle", "busy", ...), "" where it has none yet."""
        states = [session["kernel"]["execution_state"] for session in self._sessions() if session["path"] == path]
        return str(states[0]) if states else ""

    def _sessions(self) -> list[dict[str, Any]]:
        try:
            return list(self.ask("api/sessions"))
        except urllib.error.HTTPError as error:
            if error.code != 500:  # the server cannot tell in the moment in which it starts a kernel
                raise
            return []

    def crash_kernel(self) -> None:
        """Kill the process of the one kernel, as a lack of memory would, and wait for the one that takes its place."""
        (process,) = self._kernel_processes()
        os.kill(process, signal.SIGKILL)
        until(lambda: self._kernel_processes() - {process}, "another kernel")

    def _kernel_processes(self) -> set[int]:
        assert self.process is not None
        listed = ["ps", "--ppid", str(self.process.pid), "-o", "pid=,stat=,args="]
        told = subprocess.run(listed, capture_output=True, text=True, check=False).stdout.splitlines()
        return {int(line.split()[0]) for line in told if "ipykernel" in line and not line.split()[1].startswith("Z")}

    def kill_kernel(self) -> None:
        """End the one kernel for good: nothing takes its place until somebody asks for it."""
        (kernel,) = self.kernels()
        self.ask(f"api/kernels/{kernel['id']}", "DELETE")

    def git(self, *words: str) -> str:
        """Run a git command in the repository and return what it printed."""
        return run(self.root, "git", *words).stdout

    def theme(self, name: str) -> None:
        """Let pages that are opened from now on be "light" or "dark"."""
        _set(self.home, "apputils-extension/themes", {"theme": THEMES[name]})

    def address(self, notebook: str) -> str:
        """Return the address of a notebook below the repository."""
        return f"http://127.0.0.1:{self.port}/lab/tree/{urllib.parse.quote(notebook)}?token={TOKEN}&reset"


def _set(home: Path, plugin: str, values: Any) -> None:
    path = home / "jupyterlab_settings_dir" / "@jupyterlab" / f"{plugin}.jupyterlab-settings"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(values), encoding="utf-8")


@contextlib.contextmanager
def serve(root: Path, home: Path) -> Iterator[Lab]:
    """Yield a running JupyterLab on a repository; its settings and notes stand below `home`."""
    home.mkdir(parents=True, exist_ok=True)
    for name, values in SETTINGS.items():
        _set(home, name, values)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    lab = Lab(root, home, port)
    try:
        lab.start()
        yield lab
    finally:
        lab.stop()


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """Yield Debian's Chromium."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    assert path, "There is no Chromium. Install it, as root: apt-get install chromium; or name it in CHROMIUM."
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Notebook:
    """A notebook that is open in a browser's page."""

    lab: Lab
    page: Page
    path: str

    def open(self) -> Notebook:
        """Open the notebook at its address, and wait until it can be used."""
        self.page.goto(self.lab.address(self.path))
        self.page.locator("#jupyterlab-splash").wait_for(state="detached", timeout=90_000)
        self.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Notebook").wait_for(timeout=60_000)
        self.idle()
        return self

    def reopen(self) -> Notebook:
        """Close the page as it is, nothing saved, and open the notebook in another one of the same browser."""
        context = self.page.context
        self.page.close()
        self.page = context.new_page()
        return self.open()

    def idle(self, patience: float = 180.0) -> None:
        """Wait until the kernel does nothing, as the server and the page both say."""
        until(self._idle, "an idle kernel", patience)

    def _idle(self) -> bool:
        status = self.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Notebook-ExecutionIndicator").first
        shown = status.get_attribute("data-status")
        return self.lab.state(self.path) == "idle" and shown == "idle" and not self._waiting()

    def _waiting(self) -> bool:
        prompts = self.page.locator(".jp-CodeCell .jp-InputPrompt").all_text_contents()
        return any("*" in prompt for prompt in prompts)

    def menu(self, *names: str) -> None:
        """Choose from the menus, by the names that are seen there."""
        self.page.locator(".lm-MenuBar-itemLabel").get_by_text(names[0], exact=True).click()
        for name in names[1:]:
            self.page.get_by_role("menuitem", name=name, exact=True).click()

    def run_all(self) -> None:
        """Run every cell by the menu; a page that is not yet connected to its kernel ignores that, and is asked again."""
        cells = self.page.locator(".jp-CodeCell").count()
        before = self._counts()
        for _ in range(10):
            self.menu("Run", "Run All Cells")
            time.sleep(1)
            if self._waiting() or self._counts() != before:
                break
        until(lambda: self._idle() and len(self._counts()) == cells, "that every cell has run", 180)

    def _counts(self) -> list[str]:
        prompts = self.page.locator(".jp-CodeCell .jp-InputPrompt").all_text_contents()
        return [prompt for prompt in prompts if re.search(r"\d", prompt)]

    @property
    def review(self) -> Locator:
        """The widget."""
        return self.page.get_by_test_id("review")

    def said_in(self, part: str) -> str:
        """Return what a part of the widget says, by its test id without "review-", whether or not it is scrolled into view."""
        return self.page.get_by_test_id(f"review-{part}").text_content() or ""

    def row(self) -> str:
        """Return the id of the row that is shown, "" where none is."""
        shown = self.page.get_by_test_id("review-row").locator(".id")
        return (shown.text_content() or "") if shown.count() else ""

    def press(self, *keys: str) -> list[str]:
        """Press keys one after the other, each on a row that is shown, and return the ids of these rows."""
        pressed = []
        for key in keys:
            pressed.append(until(self.row, "a row to answer"))
            self.page.keyboard.press(key)
        return pressed

    def saved(self, patience: float = 60.0) -> None:
        """Wait until the widget says that every answer is on disk."""
        until(lambda: self.said_in("unsaved") == "all saved", "all saved", patience)

    def answer_dialog(self, patience: float = 5.0) -> bool:
        """Accept a dialog where one opens, and return whether one did."""
        button = self.page.locator(".jp-Dialog .jp-mod-accept")
        with contextlib.suppress(Exception):
            button.first.wait_for(timeout=patience * 1000)
            button.first.click()
            return True
        return False

    def new_cell(self, code: str) -> None:
        """Write a cell of one's own below the last one, and run it."""
        self.page.locator(".jp-Notebook .jp-Cell").last.click()
        for key in ("Escape", "b", "Enter"):
            self.page.keyboard.press(key)
        self.page.keyboard.insert_text(code)
        self.page.keyboard.press("Control+Enter")
        time.sleep(0.2)
        self.idle()

    def errors(self) -> list[str]:
        """Return the tracebacks that are shown."""
        kinds = (f'.jp-OutputArea-output[data-mime-type="application/vnd.jupyter.{kind}"]' for kind in ("stderr", "error"))
        return self.page.locator(", ".join(kinds)).all_inner_texts()

    def cell(self, words: str) -> Locator:
        """Return the code cell that holds some words."""
        return self.page.locator(".jp-CodeCell").filter(has_text=words).first

    def run_cell(self, words: str) -> None:
        """Run one cell by Ctrl+Enter."""
        cell = self.cell(words)
        cell.locator(".cm-content").click()
        self.page.keyboard.press("Control+Enter")
        time.sleep(0.2)
        self.idle()

    def output(self, words: str) -> str:
        """Return what a cell shows below itself."""
        return self.cell(words).locator(".jp-OutputArea").text_content() or ""

    def classes(self) -> int:
        """Return how many classes the search says there are."""
        words = self.page.get_by_test_id("review-search").get_attribute("placeholder") or ""
        return int(re.sub(r"\D", "", words))

    def banner(self) -> str:
        """Return what the widget warns of, "" where of nothing."""
        shown = self.page.get_by_test_id("review-banner")
        return shown.inner_text() if shown.is_visible() else ""

    def faults(self) -> list[str]:
        """Return what is wrong with how the widget looks, as geometry.js tells."""
        return list(self.review.evaluate(FAULTS))

    def looks(self, name: str) -> None:
        """Keep pictures of the widget in light and in dark, and find nothing wrong with how it looks in either."""
        for theme in ("dark", "light"):
            self.page.evaluate("theme => jupyterapp.commands.execute('apputils:change-theme', { theme })", THEMES[theme])
            self.page.locator(f'body[data-jp-theme-name="{THEMES[theme]}"]').wait_for(state="attached")
            time.sleep(0.3)  # the style of a theme comes a little after its name
            self.review.screenshot(path=self.picture(f"{name}-{theme}"))
            assert self.faults() == []
        self.review.focus()

    def picture(self, name: str) -> Path:
        """Return where a picture is kept."""
        folder = Path(__file__).parent / "pictures"
        folder.mkdir(exist_ok=True)
        return folder / f"{name}.png"

    def shot(self, name: str) -> None:
        """Keep a picture of what is seen."""
        self.page.screenshot(path=self.picture(name))
