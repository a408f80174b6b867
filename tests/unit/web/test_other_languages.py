"""Pages in another language: nothing of them stays English, and numbers and times follow the language and the zone."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import translation

from fairlead.cli import texts
from fairlead.features.account.models import Preference
from fairlead.features.import_wizard.models import Import, ImportRun
from fairlead.features.import_wizard.rules import rows
from fairlead.jobs.models import Job, Schedule
from fairlead.store import known
from fairlead.store.models import Org
from tests.unit.ui import pseudo
from tests.unit.web.test_addresses import EVERYTHING

PAGES = [name for name, (_, stranger, methods) in EVERYTHING.items() if stranger in (200, 302) and "GET" in methods]
NO_PAGES = frozenset(
    (
        "healthz",
        "readyz",
        "metrics",
        "ambiguous_addresses_csv",
        "help",
        "help_page",
        "help_codes",
        "help_code",
        "help_option",
    )
)
"""Files, and the documentation, which is written in English."""
NAMES = frozenset(("Fairlead", "Default", "admin", "Client", "News", "New password", "New password confirmation"))
"""Names in these pages: of the product, of its first org, and of people and things of the test. Django has its own words for passwords."""


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("locale")
    pseudo.write(folder, list(texts.collect()))
    return folder


@pytest.fixture
def spoken(catalogue: Path, settings: Any) -> Iterator[None]:
    """Every page speaks the language that nobody speaks."""
    settings.LOCALE_PATHS = [catalogue]
    settings.LANGUAGES = [(pseudo.CODE, "Nobody's")]
    settings.LANGUAGE_CODE = pseudo.CODE
    translation.trans_real._translations.clear()
    with translation.override(pseudo.CODE):
        yield
    translation.trans_real._translations.clear()


def english(page: str) -> list[str]:
    return [text for text in pseudo.plain_english(page) if text.removesuffix(" · Fairlead") not in NAMES]


def laid_import(number: int) -> None:
    """An import with a schedule, and runs that refused rows for every reason."""
    owner = Import.objects.create(
        pk=number, org=Org.objects.get(), name="News", client="c1", list_id="abc", list_name="News", kind="soql",
        hours=[1], days=[0, 6], owner="admin",
    )  # fmt: skip
    counts = {"read": 9, "written": 5, "refused": 4, "removed": 1, "unchanged": 0}
    codes = dict.fromkeys((*rows.Why, *rows.CM_WORDS), 1)
    for run in (number, number + 1):
        ImportRun.objects.create(owner=owner, job=run, counts=counts, codes=codes)


@pytest.mark.parametrize("name", PAGES)
def test_nothing_of_a_page_stays_english(
    name: str, admin: Client, job: Callable[..., Job], refuse: Callable[..., None], spoken: None
) -> None:
    """Every text of every page comes out of the catalogue, whichever code declared it; failures keep their words."""
    number = job("failed").pk
    path = EVERYTHING[name][0].replace("/1/", f"/{number}/")
    if name.startswith("import"):
        laid_import(number)
    known.note(Org.objects.get().pk, "c1", "Client", [("abc", "News")])
    answer = admin.get(path, follow=True)
    if name in NO_PAGES or not answer["Content-Type"].startswith("text/html"):
        return
    assert english(answer.text) == []


def test_the_test_above_hears_english() -> None:
    """Text, attributes and texts beside translated ones are found; code and names are not."""
    page = "<h1>Ĵôb</h1><p title='Plain'>Âny <b>Word</b> <code>fairlead</code> <i translate='no'>Ann</i></p>"
    assert pseudo.plain_english(page) == ["Plain", "Word"]
    assert pseudo.said("%(n)s of <b>many</b> {x:,}") == "%(n)s öf <b>màñý</b> {x:,}"


def test_times_stand_in_the_zone_of_who_reads(admin: Client, person: User, job: Callable[..., Job]) -> None:
    """The person's own choice, else the schedule's clock, else UTC; programs find the offset."""
    made = job(finished_at=datetime(2026, 7, 1, 23, 30, tzinfo=UTC))
    path = f"/jobs/{made.pk}/"
    assert "1 Jul 2026, 23:30:00 UTC" in admin.get(path).text
    Schedule.objects.create(org=made.org, kind="primary_sync", timezone="Europe/Berlin")
    assert "2 Jul 2026, 01:30:00 CEST" in admin.get(path).text
    admin.post("/account/zone/", {"zone": "Australia/Sydney"})
    page = admin.get(path).text
    assert '<time datetime="2026-07-02T09:30:00+10:00">2 Jul 2026, 09:30:00 AEST</time>' in page
    assert "Times are A" in page
    admin.post("/account/zone/", {"zone": ""})
    assert "CEST" in admin.get(path).text
    assert not Preference.objects.exclude(zone="").exists()


def test_a_zone_that_is_none_changes_nothing_and_is_told(admin: Client) -> None:
    """Whatever is sent, the page says what to do and the choice stays."""
    admin.post("/account/zone/", {"zone": "Asia/Tokyo"})
    answer = admin.post("/account/zone/", {"zone": "../etc/passwd"}, follow=True)
    assert "Choose one of the list" in answer.text
    assert Preference.objects.get().zone == "Asia/Tokyo"


def test_a_zone_that_is_gone_falls_back(admin: Client, person: User, job: Callable[..., Job]) -> None:
    """A name that this machine does not know (any more) shows UTC."""
    made = job(finished_at=datetime(2026, 7, 1, 23, 30, tzinfo=UTC))
    Preference.objects.create(user=person, zone="Mars/Olympus")
    assert "23:30:00 UTC" in admin.get(f"/jobs/{made.pk}/").text


def test_numbers_follow_the_language(settings: Any) -> None:
    """Thousands and decimals are separated as people of the language write them."""
    from fairlead.ui.templatetags import furniture

    assert furniture.thousands(1234567) == "1,234,567"
    assert furniture.elapsed(4.25) == "4.2 s"
    assert furniture.elapsed(190) == "3 min 10 s"
    with translation.override("de"):
        assert furniture.thousands(1234567) == "1.234.567"
        assert furniture.elapsed(4.25) == "4,2 s"
