"""A real Chromium without a window, that trusts the authority of the emulator, and nothing else is told it."""

from __future__ import annotations

import atexit
import functools
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Callable, List, Optional

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "tests" / "package"))

from installation import environment, install_locked  # noqa: E402

LOCK = Path(__file__).resolve().parent / "requirements.lock"

PROGRAMS = {"chromium": "chromium", "chromedriver": "chromium-driver", "certutil": "libnss3-tools"}

#: Seconds after which the page has not shown something. Nothing takes nearly so long.
PATIENCE = 20.0

ARGUMENTS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-dev-shm-usage",
             "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-default-apps",
             "--force-prefers-reduced-motion", "--hide-scrollbars", "--lang=en"]

#: A desktop, and the narrowest phone.
DESKTOP = (1280, 900)
PHONE = (360, 740)


@functools.lru_cache(maxsize=None)
def _selenium() -> None:
    """Selenium, in an environment of its own that is removed at the end; made importable here."""
    python = environment("selenium")
    install_locked(python, LOCK)
    [packages] = python.parents[1].glob("lib/python*/site-packages")
    sys.path.append(str(packages))


@functools.lru_cache(maxsize=None)
def home() -> Path:
    """The home of the browser, and of what all emulators of this run have in common."""
    folder = tempfile.mkdtemp(prefix="fio-c2c-page-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


def trust(authority: Path) -> None:
    """Makes an authority one that the browser trusts, as a person does in its settings."""
    store = home() / ".pki" / "nssdb"
    store.mkdir(parents=True)
    for command in (["-N", "--empty-password"], ["-A", "-t", "C,,", "-n", "emulator", "-i", str(authority)]):
        subprocess.run(["certutil", "-d", f"sql:{store}", *command], check=True, timeout=PATIENCE)


class Browser:
    """A browser, driven as a person would: by what is written on things, and by keys."""

    def __init__(self) -> None:
        _selenium()
        from selenium.webdriver import Chrome, ChromeOptions, ChromeService
        options = ChromeOptions()
        options.binary_location = str(shutil.which("chromium"))
        for argument in [*ARGUMENTS, f"--user-data-dir={home() / 'profile'}", f"--window-size={DESKTOP[0]},{DESKTOP[1]}"]:
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        variables = {"HOME": str(home()), "PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
        service = ChromeService(executable_path=str(shutil.which("chromedriver")), env=variables)
        self.driver = Chrome(options=options, service=service)
        self.driver.set_page_load_timeout(PATIENCE)
        self.driver.set_script_timeout(PATIENCE)

    def close(self) -> None:
        self.driver.quit()

    def open(self, url: str) -> None:
        self.driver.get(url)

    def script(self, text: str, *arguments: Any) -> Any:
        """What a piece of script says, for what a person sees and WebDriver does not ask."""
        return self.driver.execute_script(text, *arguments)

    def all(self, css: str) -> List[Any]:
        return list(self.driver.find_elements("css selector", css))

    def one(self, css: str) -> Any:
        return self.driver.find_element("css selector", css)

    def text(self, css: str) -> str:
        """What is written there and can be seen; nothing if there is no such thing."""
        return str(self.script("return document.querySelector(arguments[0])?.innerText ?? ''", css))

    def button(self, name: str, within: str = "body") -> Any:
        """The button that a screen reader calls so."""
        found = [button for button in self.all(f"{within} button, {within} .button") if button.accessible_name == name]
        if len(found) != 1:
            raise AssertionError(f"{len(found)} buttons are called {name!r} within {within}")
        return found[0]

    def press(self, name: str, within: str = "body") -> None:
        self.button(name, within).click()

    def keys(self, *keys: str) -> None:
        """Types into whatever has the focus."""
        from selenium.webdriver import ActionChains
        ActionChains(self.driver).send_keys(*keys).perform()

    def focus(self) -> str:
        """What a screen reader calls the thing that has the focus."""
        return str(self.driver.switch_to.active_element.accessible_name)

    def has(self, css: str, text: str = "") -> Callable[[], bool]:
        """Whether there is such a thing, and it can be seen and read so."""
        return lambda: any(text in str(found) for found in self.script(
            "return [...document.querySelectorAll(arguments[0])].filter(one => one.checkVisibility()).map(one => one.innerText)", css))

    def resize(self, size: "tuple[int, int]") -> None:
        """The width and height of the page itself, also those that windows do not have."""
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                                    {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": False})

    def download_to(self, folder: Path) -> None:
        """Where files go that are downloaded from now on."""
        self.driver.execute_cdp_cmd("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(folder)})

    def picture(self, path: Path) -> None:
        self.driver.get_screenshot_as_file(str(path))

    def complaints(self) -> List[str]:
        """What the console said since the last time, but for greetings."""
        return [str(entry["message"]) for entry in self.driver.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]

    def requested(self) -> List[str]:
        """Every address that pages asked for since the last time."""
        messages = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        return [message["params"]["request"]["url"] for message in messages if message["method"] == "Network.requestWillBeSent"]


_browser: Optional[Browser] = None


def browser() -> Browser:
    """The browser of this run; started once, because that takes longest."""
    global _browser
    if _browser is None:
        _browser = Browser()
        atexit.register(_browser.close)
    return _browser
