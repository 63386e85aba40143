"""What a phone pays for the form the first time it opens it."""

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page

from tests.live import PHONE, Live

pytestmark = pytest.mark.browser

MOST_BYTES = 60_000
# What typing waits for: the page, then these at once. A browser sends six requests at a time.
MOST_BEFORE_TYPING = 7


def weigh(page: Page, address: str) -> dict[str, int]:
    """Bytes on the wire, head and body, of each response until the page rests."""
    wire = page.context.new_cdp_session(page)
    wire.send("Network.enable")
    names: dict[str, str] = {}
    weights: dict[str, int] = {}
    wire.on(
        "Network.requestWillBeSent",
        lambda sent: names.update({sent["requestId"]: sent["request"]["url"]}),
    )
    wire.on(
        "Network.loadingFinished",
        lambda done: weights.update(
            {names.get(done["requestId"], done["requestId"]): int(done["encodedDataLength"])}
        ),
    )
    page.goto(address, wait_until="networkidle")
    return weights


@pytest.mark.parametrize("kind", ["aar", "minutes"])
def test_the_first_load_of_a_form_on_a_phone_is_under_sixty_kilobytes(
    live: Live, kind: str
) -> None:
    # The worker fetches what it keeps in idle time; that is not the first load of the form.
    with live.visit("facilitator", viewport=PHONE, service_workers="block") as page:
        cold = live.chromium.new_context(
            base_url=live.url,
            viewport=PHONE,
            service_workers="block",
            storage_state=page.context.storage_state(),
        )
        weights = weigh(cold.new_page(), f"/write/{kind}")
        cold.close()
    heaviest = sorted(weights.items(), key=lambda one: -one[1])
    told = "\n".join(f"{size:7,} {urlsplit(url).path}" for url, size in heaviest)
    total = sum(weights.values())
    assert f"/write/{kind}" in told
    assert total < MOST_BYTES, f"{total:,} bytes:\n{told}"


def test_no_more_than_one_round_of_requests_stands_before_typing(live: Live) -> None:
    """High and very high requests go out before the rest; the rest never holds the typing up."""
    with live.visit("facilitator", viewport=PHONE) as page:
        wire = page.context.new_cdp_session(page)
        wire.send("Network.enable")
        first: list[str] = []
        wire.on(
            "Network.requestWillBeSent",
            lambda sent: (
                first.append(urlsplit(sent["request"]["url"]).path)
                if sent["request"]["initialPriority"] in ("High", "VeryHigh")
                and not sent["request"]["url"].endswith("svg")
                and sent["type"] in ("Document", "Stylesheet", "Script")
                else None
            ),
        )
        page.goto("/write/aar", wait_until="networkidle")
        assert len(first) <= MOST_BEFORE_TYPING, first
        for needed in ("/static/js/drafts.js", "/static/js/steps.js", "/static/css/platu.css"):
            assert needed in first
