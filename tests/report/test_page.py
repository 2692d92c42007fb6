"""The page in a browser: Debian's Chromium, driven by playwright."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from bioner.config.report import ReportConfig
from bioner.report.report import report
from tests.report.synthetic import Made, write_study

CHROMIUM = shutil.which("chromium")
playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="no chromium on this machine: the page is not tested in a browser"
)

TARGETS = ("demo_disease", "demo_chemical", "demo_unrelated")


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("page")
    runs = [Made(t, seed=s, size=z) for t in TARGETS for s in (1, 2, 3) for z in (0.1, 0.5)]
    runs += [
        Made(t, "transfer", [x], seed=s, size=0.1, skill=0.9)
        for t in TARGETS
        for x in TARGETS
        if x != t
        for s in (1, 2)
    ]
    write_study(root / "study", runs, sentences=30)
    folder = report(
        ReportConfig(study="study", runs_dir=str(root), samples=200), "bioner report study=study"
    )
    return folder / "report.html"


@pytest.fixture(scope="module")
def browser() -> Iterator["playwright.Browser"]:
    with playwright.sync_playwright() as started:
        found = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture
def page(
    browser: "playwright.Browser", page_file: Path, request: pytest.FixtureRequest
) -> Iterator["playwright.Page"]:
    """The opened page; a console message, an error or a request to elsewhere fails the test."""
    context = browser.new_context(**getattr(request, "param", {}))
    said: list[str] = []
    found = context.new_page()
    found.on("console", lambda message: said.append(message.text))
    found.on("pageerror", lambda error: said.append(str(error)))
    found.on(
        "request",
        lambda asked: (
            said.append(asked.url)
            if ":" in asked.url and not asked.url.startswith(("file:", "data:"))
            else None
        ),
    )
    found.goto(page_file.as_uri())
    yield found
    context.close()
    assert not said


def column(page: "playwright.Page", table: str, place: int) -> list[str]:
    cells = page.locator(f"#t-{table} tbody tr:visible td:nth-child({place})")
    return cells.all_inner_texts()


def test_tables_sort_and_filter(page: "playwright.Page") -> None:
    heads = page.locator("#t-gains thead th").all_inner_texts()
    place = next(k for k, head in enumerate(heads, 1) if head.strip().startswith("gain"))
    button = page.locator(f"#t-gains thead th:nth-child({place}) button")
    for order in (-1, 1):
        button.click()
        values = [
            float(text.rstrip("*").replace("−", "-")) for text in column(page, "gains", place)
        ]
        assert len(set(values)) > 2 and values == sorted(values, key=lambda v: order * v)
    page.fill("#t-scores input", "transfer demo_chemical")
    left = page.locator("#t-scores tbody tr:visible").all_inner_texts()
    assert left and all("transfer" in row and "demo_chemical" in row for row in left)
    assert page.locator("#t-scores output").inner_text().startswith(f"{len(left)} of ")
    page.fill("#t-scores input", "")
    assert page.locator("#t-scores tbody tr:visible").count() > len(left)


@pytest.mark.parametrize("figure", ["transfer_matrix", "curves", "gains"])
def test_figures_say_their_values_on_hover(page: "playwright.Page", figure: str) -> None:
    tip, part = page.locator("#tip"), page.locator(f"#f-{figure} .tip").first
    assert tip.is_hidden()
    part.scroll_into_view_if_needed()
    part.hover(force=True)
    assert tip.is_visible() and tip.inner_text() == part.get_attribute("data-tip")
    page.mouse.move(0, 0)
    assert tip.is_hidden()


@pytest.mark.parametrize(
    "page",
    [{"color_scheme": "dark"}, {"color_scheme": "light"}],
    indirect=True,
    ids=["dark", "light"],
)
def test_the_theme_is_the_systems_and_can_be_changed(page: "playwright.Page") -> None:
    paper = "getComputedStyle(document.body).backgroundColor"
    before = page.evaluate(paper)
    page.click("#theme")
    assert {before, page.evaluate(paper)} == {"rgb(255, 255, 255)", "rgb(20, 22, 26)"}
    ink = page.evaluate("getComputedStyle(document.querySelector('#f-gains svg text')).fill")
    assert ink == page.evaluate("getComputedStyle(document.body).color")


PHONE = {"viewport": {"width": 390, "height": 800}, "has_touch": True, "is_mobile": True}


@pytest.mark.parametrize("page", [PHONE], indirect=True, ids=["phone"])
def test_a_phone_scrolls_tables_and_not_the_page(page: "playwright.Page") -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.locator("nav details").get_attribute("open") is None
    part = page.locator("#f-transfer_matrix .tip").first
    part.scroll_into_view_if_needed()
    part.tap(force=True)
    assert page.locator("#tip").is_visible()


def test_every_link_leads_somewhere(page: "playwright.Page") -> None:
    dead = "[...document.querySelectorAll('a')].filter(a => !document.querySelector(a.hash)).length"
    assert page.evaluate(dead) == 0
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map(e => e.id)")
    assert len(ids) == len(set(ids))


def test_print_shows_every_row_on_white(page: "playwright.Page") -> None:
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    boxes = page.evaluate(
        "[...document.querySelectorAll('.scroll.tall')].map(e => [e.scrollHeight, e.clientHeight])"
    )
    assert boxes and all(whole <= shown + 1 for whole, shown in boxes)
    assert page.locator("#theme").is_hidden()
