#!/usr/bin/env python3
"""Walks the phone page of a running `hotline demo` as a newcomer would.

    phone_page.py URL [--shots DIR] [--chromium PATH]

Makes a customer who adds the account and is greeted, and one who does not and sees suggestions;
asks for the shipping fee, and wants a free answer; opens the rich menu
and taps an area; taps a button of the menu message; uses a quick reply if one is shown; changes
the language. Along the way nothing may be logged as an error and no request may leave this
machine. Exit 0: all of it held. 1: something did not, and each failure is printed.

Needs Playwright for Python and a Chromium (`--chromium`, else $CHROMIUM, else the first of
chromium, chromium-browser, google-chrome on the PATH, else Playwright's own).
"""

import argparse
import os
import shutil
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Error, TimeoutError as Late, sync_playwright

WAIT_MS = 15_000
LOCAL = {"127.0.0.1", "localhost", "::1", ""}
ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class Failed(Exception):
    """A law of the page that did not hold."""


class Walk:
    """One visit, with everything that went wrong."""

    def __init__(self, page, url):
        self.page = page
        self.failures = []
        page.set_default_timeout(WAIT_MS)
        page.on("console", self.on_console)
        page.on("pageerror", lambda error: self.failures.append(f"script error: {error}"))
        page.on("request", self.on_request)
        page.on("requestfailed", self.on_request_failed)
        page.goto(url, wait_until="load")

    def on_console(self, message):
        if message.type == "error":
            self.failures.append(f"console error: {message.text}")

    def on_request(self, request):
        parts = urlsplit(request.url)
        if parts.scheme in {"data", "blob", "about"}:
            return
        if parts.hostname not in LOCAL:
            self.failures.append(f"request outside this machine: {request.url}")

    def on_request_failed(self, request):
        # The stream is cut when the page closes: that is not a failure.
        if "/sim/stream" not in request.url:
            self.failures.append(f"request failed: {request.method} {request.url}: {request.failure}")

    def rows(self):
        return self.page.locator("message-bubble.row-account").count()

    def answer_after(self, before, what):
        """Waits until the account has more bubbles than `before`; returns the newest."""
        try:
            self.page.wait_for_function(
                "n => document.querySelectorAll('message-bubble.row-account').length > n", arg=before
            )
        except Late as late:
            raise Failed(f"{what}: no answer within {WAIT_MS / 1000:.0f} s") from late
        self.settle()
        return self.page.locator("message-bubble.row-account").last

    def settle(self):
        """An answer may have several bubbles: waits until no more come."""
        seen, since, end = self.rows(), time.monotonic(), time.monotonic() + WAIT_MS / 1000
        while time.monotonic() - since < 0.4 and time.monotonic() < end:
            self.page.wait_for_timeout(50)
            if self.rows() != seen:
                seen, since = self.rows(), time.monotonic()

    def say(self, text):
        before = self.rows()
        field = self.page.locator("#message-field")
        field.fill(text)
        field.press("Enter")
        return self.answer_after(before, f"「{text}」")


def new_customer(walk):
    current = ".customer[aria-current]"
    before = walk.page.locator(current).get_attribute("data-user")
    walk.page.locator("#add-customer").click()
    walk.page.wait_for_function(
        "([current, before]) => (document.querySelector(current)?.dataset.user ?? before) !== before",
        arg=[current, before],
    )
    if walk.page.locator(current).count() != 1:
        raise Failed("a new customer is not the one shown")


def connect(walk):
    walk.page.locator(".state-ready").wait_for(state="attached")
    walk.page.locator("#follows").uncheck()
    new_customer(walk)
    walk.page.locator(".welcome .hint").first.wait_for()
    return "a new customer who does not add the account sees the first suggestions"


def greeting(walk):
    walk.page.locator("#follows").check()
    new_customer(walk)
    first = walk.answer_after(0, "adding the account")
    if walk.page.locator("message-bubble.row-account .bill-free").count() == 0:
        raise Failed(f"the greeting is not marked free: {first.inner_text()!r}")
    if walk.page.locator(".welcome").count():
        raise Failed("the suggestions stay beside the greeting")
    return "a new customer who adds the account is greeted free of charge"


def free_answer(walk):
    before = walk.rows()
    walk.say("運費")
    first = walk.page.locator("message-bubble.row-account").nth(before)
    if first.locator(".bill-free").count() == 0:
        raise Failed(f"the answer to 「運費」 is not marked free: {first.inner_text()!r}")
    if walk.page.locator("message-bubble.row-customer").count() != 1:
        raise Failed("the customer's own bubble is missing or doubled")
    return "「運費」 is answered free of charge"


def quick_reply(walk):
    chips = walk.page.locator("quick-replies .chip")
    if chips.count() == 0:
        return "no quick reply is shown here: not used"
    before = walk.rows()
    label = chips.first.inner_text()
    chips.first.click()
    if label in {"傳送位置", "位置"}:
        walk.page.locator(".sheet .sheet-button").first.click()
    walk.answer_after(before, f"quick reply 「{label}」")
    return f"quick reply 「{label}」 is answered"


def rich_menu(walk):
    bar = walk.page.locator(".menu-bar")
    if bar.count() == 0:
        raise Failed("no rich menu is offered")
    if bar.get_attribute("aria-expanded") == "false":
        bar.click()
    area = walk.page.locator(".menu-panel .area").first
    area.wait_for()
    label = area.get_attribute("aria-label")
    before = walk.rows()
    area.click()
    walk.answer_after(before, f"rich menu area 「{label}」")
    bar.click()
    walk.page.locator(".menu-panel .area").first.wait_for(state="hidden")
    return f"rich menu area 「{label}」 is answered; the menu closes"


def menu_message(walk):
    walk.say("選單")
    buttons = walk.page.locator("message-bubble.row-account .card-action, message-bubble.row-account .fx-button")
    if buttons.count() == 0:
        raise Failed("「選單」 brings no message with buttons")
    for index in range(buttons.count()):
        button = buttons.nth(index)
        label = button.inner_text()
        before = walk.rows()
        button.click()
        walk.page.wait_for_timeout(150)
        if walk.page.locator("dialog[open]").count():
            walk.page.keyboard.press("Escape")
            continue
        walk.answer_after(before, f"button 「{label}」")
        return f"button 「{label}」 is answered"
    raise Failed("every button of the menu only opens a link")


def blocking(walk):
    page = walk.page
    page.locator("#phone-more").click()
    page.locator(".sheet .sheet-button.danger").click()
    page.locator("message-composer button.button").wait_for()
    for what in ("quick-replies .chip", ".menu-bar"):
        page.locator(what).first.wait_for(state="hidden")
    before = walk.rows()
    page.locator("message-composer button.button").click()
    walk.answer_after(before, "lifting the block")
    page.locator(".menu-bar").wait_for()
    return "a block hides what could be tapped; lifting it is greeted"


def languages(walk):
    choice = walk.page.locator("#language")
    titles = []
    for locale in ("en", "zh-CN", "zh-TW"):
        choice.select_option(locale)
        walk.page.wait_for_function("l => document.documentElement.lang === l", arg=locale)
        walk.page.wait_for_timeout(100)
        titles.append(walk.page.title())
        raw = walk.page.evaluate(
            "() => [...document.querySelectorAll('button, h2, label, dt')].map(e => e.textContent.trim())"
            ".filter(s => /^[a-z]+(\\.[a-zA-Z0-9]+)+$/.test(s))"
        )
        if raw:
            raise Failed(f"{locale}: words are missing: {raw}")
    if len(set(titles)) != 3:
        raise Failed(f"the language does not change the page: {titles}")
    return "three languages, no missing words"


def shoot(browser, url, folder, visit):
    """Light, dark and narrow pictures of the conversation that `visit` remembers."""
    looks = [
        ("light", {"width": 1440, "height": 900}, "light", False),
        ("dark", {"width": 1440, "height": 900}, "dark", False),
        ("narrow", {"width": 360, "height": 740}, "light", True),
    ]
    failures = []
    for name, viewport, scheme, touch in looks:
        context = browser.new_context(viewport=viewport, color_scheme=scheme, has_touch=touch, storage_state=visit)
        page = context.new_page()
        walk = Walk(page, url)
        page.locator("message-bubble").first.wait_for()
        wide = page.evaluate("() => document.documentElement.scrollWidth - window.innerWidth")
        if wide > 0:
            failures.append(f"{name}: the page is {wide} px wider than the window")
        page.wait_for_timeout(300)
        page.screenshot(path=str(folder / f"phone-{name}.png"))
        failures += [f"{name}: {failure}" for failure in walk.failures]
        context.close()
    return failures


STEPS = [connect, greeting, free_answer, quick_reply, rich_menu, menu_message, blocking, languages]


def find_chromium(named):
    for name in (named, os.environ.get("CHROMIUM"), "chromium", "chromium-browser", "google-chrome"):
        found = name and shutil.which(name)
        if found:
            return found
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("url", help="address of the phone page, as `hotline demo` prints it")
    parser.add_argument("--shots", type=Path, help="folder for pictures in light, dark, narrow")
    parser.add_argument("--chromium", help="path of the browser")
    options = parser.parse_args()
    failures = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(options.chromium), args=ARGS)
        try:
            page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
            walk = Walk(page, options.url)
            for step in STEPS:
                try:
                    print(f"ok    {step(walk)}", flush=True)
                except (Failed, Error) as error:
                    first = str(error).splitlines()[0]
                    failures.append(f"{step.__name__}: {first}")
                    print(f"FAIL  {step.__name__}: {first}", flush=True)
                    if step is connect:
                        break
            failures += walk.failures
            if options.shots:
                options.shots.mkdir(parents=True, exist_ok=True)
                try:
                    failures += shoot(browser, options.url, options.shots, page.context.storage_state())
                except Error as error:
                    failures.append(f"pictures: {str(error).splitlines()[0]}")
        except Error as error:
            failures.append(str(error).splitlines()[0])
        finally:
            browser.close()
    for failure in failures:
        print(f"FAIL  {failure}", file=sys.stderr)
    print("phone page: " + (f"{len(failures)} failure(s)" if failures else "all held"))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
