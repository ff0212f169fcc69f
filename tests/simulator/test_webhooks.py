"""What the simulated Intercom sends: notifications, retries, faults, Canvas Kit, OAuth."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any

import aiohttp
import anyio
import msgspec
import pytest
from aiohttp import web
from yarl import URL

from intercom_async import Intercom, UnauthorizedError
from intercom_async.canvas import Canvas, CanvasKit, InitializeRequest, SubmitRequest, Text
from intercom_async.errors import OAuthError
from intercom_async.oauth import OAuth
from intercom_async.simulator import Simulator
from intercom_async.simulator.webhooks import DeliveryFaults, Outbox
from intercom_async.webhooks import Notification, Webhooks, items
from tests.support.loopback import serving

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def app_of(routes: list[web.RouteDef]) -> web.Application:
    app = web.Application()
    app.add_routes(routes)
    return app


class Receiver:
    """A receiver as an app has one, and what it got."""

    def __init__(self, secret: str) -> None:
        self.got: list[Notification[Any]] = []
        self.webhooks = Webhooks(secret, queue=self.put)

    async def put(self, event: Notification[Any]) -> None:
        self.got.append(event)

    async def wait(self, count: int) -> list[Notification[Any]]:
        with anyio.fail_after(20):
            while len(self.got) < count:  # noqa: ASYNC110 (another task of this loop decides)
                await anyio.sleep(0.01)
        return self.got


async def settled(simulator: Simulator) -> list[str]:
    """Wait until nothing is on its way, and return how it ended."""
    with anyio.fail_after(20):
        while any(one.state == "pending" for one in simulator.webhooks.deliveries()):  # noqa: ASYNC110 (as above)
            await anyio.sleep(0.01)
    return [one.state for one in simulator.webhooks.deliveries()]


async def change_everything(intercom: Intercom) -> None:
    """Make one change of each kind that is told."""
    contact = await intercom.contacts.create(email="new@example.com", name="New")
    await intercom.contacts.update(contact.id, email="other@example.com")
    tag = await intercom.tags.create(name="vip")
    await intercom.contacts.attach_tag(contact.id, tag.id)
    await intercom.contacts.detach_tag(contact.id, tag.id)
    company = await intercom.companies.create(company_id="c-1", name="Acme")
    await intercom.contacts.attach_company(contact.id, company.id)
    admin_id = (await intercom.admins.list().collect(limit=1))[0].id
    message = await intercom.conversations.create(contact_id=contact.id, body="Help")
    talk = str(message.conversation_id)
    await intercom.conversations.reply(talk, body="Yes?", admin_id=admin_id)
    await intercom.conversations.reply(talk, body="Thanks", contact_id=contact.id)
    await intercom.conversations.reply(talk, body="hm", admin_id=admin_id, message_type="note")
    await intercom.conversations.close(talk, admin_id=admin_id)
    await intercom.conversations.open(talk, admin_id=admin_id)
    await intercom.conversations.delete(talk)
    await intercom.events.create(event_name="paid", created_at=1, id=contact.id)
    await intercom.contacts.delete(contact.id)


EXPECTED = [
    ("contact.user.created", items.Contact),
    ("contact.user.updated", items.Contact),
    ("contact.email.updated", items.Contact),
    ("contact.user.tag.created", items.ContactTag),
    ("contact.user.tag.deleted", items.ContactTag),
    ("company.created", items.Company),
    ("company.contact.attached", items.ContactCompany),
    ("conversation.user.created", items.Conversation),
    ("conversation.admin.replied", items.Conversation),
    ("conversation.user.replied", items.Conversation),
    ("conversation.admin.noted", items.Conversation),
    ("conversation.admin.closed", items.Conversation),
    ("conversation.admin.opened", items.Conversation),
    ("conversation.deleted", items.Deleted),
    ("event.created", items.DataEvent),
    ("contact.deleted", items.Deleted),
]


async def test_every_change_is_told_signed_and_typed() -> None:
    async with Simulator(contacts=3, conversations=2) as simulator:
        receiver = Receiver(simulator.client_secret)
        async with serving(app_of(receiver.webhooks.aiohttp("/hook"))) as url:
            simulator.webhooks.subscribe(f"{url}/hook")
            async with Intercom(simulator.token, base_url=simulator.url) as intercom:
                await change_everything(intercom)
            got = await receiver.wait(len(EXPECTED))
            assert set(await settled(simulator)) == {"delivered"}
    by_topic = {event.topic: event for event in got}
    found: list[tuple[str, str]] = [(event.topic, type(event.item).__name__) for event in got]
    assert sorted(found) == sorted((topic, item.__name__) for topic, item in EXPECTED)
    assert by_topic["contact.user.created"].item.email == "new@example.com"
    assert b'"created_at":"20' in by_topic["contact.user.created"].raw
    assert by_topic["contact.user.tag.created"].item.tag.name == "vip"
    assert [
        part.body for part in by_topic["conversation.user.replied"].item.conversation_parts
    ] == ["<p>Thanks</p>"]
    assert b'"conversation_id"' in by_topic["conversation.deleted"].raw
    assert by_topic["conversation.deleted"].item.id
    assert by_topic["contact.deleted"].item.id == by_topic["contact.user.created"].item.id


async def test_only_topics_that_were_subscribed_are_told_and_ping_always() -> None:
    async with Simulator(contacts=1) as simulator:
        receiver = Receiver(simulator.client_secret)
        async with (
            serving(app_of(receiver.webhooks.aiohttp("/"))) as url,
            aiohttp.ClientSession() as http,
        ):
            simulator.webhooks.subscribe(url, topics=["contact.user.created"])
            simulator.call("POST", "/companies", {"company_id": "1", "name": "A"})
            simulator.call("POST", "/contacts", {"email": "a@example.com"})
            async with http.post(f"{simulator.url}/_simulator/webhooks/ping") as answer:
                assert await answer.json() == {"pinged": 1}
            await receiver.wait(1)
            assert await settled(simulator) == ["delivered"] * 2
    assert [event.topic for event in receiver.got] == ["contact.user.created"]
    assert receiver.webhooks.statistics().received == 2


async def test_the_control_api_subscribes_lists_resends_and_removes() -> None:
    async with Simulator(contacts=1) as simulator, aiohttp.ClientSession() as http:
        receiver = Receiver("a secret of its own")

        async def control(verb: str, name: str, body: Any = None) -> Any:
            address = f"{simulator.url}/_simulator/{name}"
            async with http.request(verb, address, json=body) as answer:
                return await answer.json()

        async with serving(app_of(receiver.webhooks.aiohttp("/"))) as url:
            made = await control("POST", "webhooks", {"url": url, "secret": "a secret of its own"})
            simulator.call("POST", "/contacts", {"email": "a@example.com"})
            await receiver.wait(1)
            await settled(simulator)
            listed = await control("GET", "webhooks")
            assert [one["id"] for one in listed["subscriptions"]] == [made["id"]]
            delivery = listed["deliveries"][0]
            assert (delivery["state"], delivery["statuses"]) == ("delivered", [200])
            await control("POST", "webhooks/resend", {"id": delivery["id"]})
            await settled(simulator)
            assert receiver.webhooks.statistics().duplicates == 1
            assert "error" in await control("POST", "webhooks/resend", {"id": "none"})
            assert await control("DELETE", "webhooks", {"id": made["id"]}) == {"removed": 1}
            simulator.call("POST", "/contacts", {"email": "b@example.com"})
            assert len(simulator.webhooks.deliveries()) == 2
            assert "error" in await control("POST", "webhooks", {"url": "nowhere"})


async def test_faults_on_the_way() -> None:
    async with Simulator(contacts=1, seed=3) as simulator:
        receiver = Receiver(simulator.client_secret)
        async with serving(app_of(receiver.webhooks.aiohttp("/"))) as url:
            faults = DeliveryFaults(duplicate=0.5, disorder=0.5, wrong_signature=0.2, late_s=0.01)
            simulator.webhooks.subscribe(url, faults=faults, retry_s=0.01)
            for number in range(40):
                simulator.call("POST", "/contacts", {"email": f"{number}@example.com"})
            states = await settled(simulator)
    found = receiver.webhooks.statistics()
    keys = [event.key for event in receiver.got]
    assert len(keys) == len(set(keys)) == found.accepted
    assert found.duplicates > 5
    assert found.unsigned > 5
    assert 0 < states.count("failed") < 20
    emails = [event.item.email for event in receiver.got]
    assert emails != sorted(emails, key=lambda one: int(one.split("@")[0]))


# The rules of delivery, without a network ----------------------------------------------------


def outbox() -> Outbox:
    return Outbox(app_id="ws1", secret="secret", seed=7)


def test_a_failed_attempt_is_repeated_once_after_a_minute() -> None:
    box = outbox()
    box.subscribe("http://x")
    box.notify("contact.user.created", {"id": "1"}, 100.0)
    (first,) = box.due(100.0)
    box.record(first.delivery, 500, 100.0)
    assert box.due(159.0) == []
    (second,) = box.due(160.0)
    body = msgspec.json.decode(second.body)
    assert (body["delivery_attempts"], body["delivery_status"]) == (2, "retry")
    assert body["id"] == msgspec.json.decode(first.body)["id"]
    assert second.signature == "sha1=" + hmac.new(b"secret", second.body, hashlib.sha1).hexdigest()
    box.record(second.delivery, None, 160.0)
    assert second.delivery.state == "failed"
    assert box.next_at() is None


def test_429_throttles_for_longer_and_longer_and_then_drops() -> None:
    box = outbox()
    box.subscribe("http://x")
    box.notify("ping", {}, 0.0)
    now = 0.0
    delays: list[float] = []
    while (at := box.next_at()) is not None:
        delays.append(at - now)
        now = at
        (attempt,) = box.due(now)
        box.record(attempt.delivery, 429, now)
    assert delays == [0, 60, 120, 240, 480, 960, 1920, 3840]
    assert box.deliveries()[0].state == "dropped"


def test_410_ends_a_subscription() -> None:
    box = outbox()
    subscription = box.subscribe("http://x")
    box.notify("ping", {}, 0.0)
    box.record(box.due(0.0)[0].delivery, 410, 0.0)
    box.notify("ping", {}, 1.0)
    assert not subscription.is_active
    assert [one.state for one in box.deliveries()] == ["failed"]


def test_a_thousand_errors_pause_a_subscription_for_a_quarter_of_an_hour() -> None:
    box = outbox()
    box.subscribe("http://x", retry_s=0)
    for number in range(501):
        box.notify("ping", {}, float(number))
        for _ in range(2):
            for attempt in box.due(float(number)):
                box.record(attempt.delivery, 500, float(number))
    assert box.subscriptions()[0].paused_until > 1_000
    before = len(box.deliveries())
    box.notify("ping", {}, 600.0)
    assert len(box.deliveries()) == before
    box.notify("ping", {}, 2_000.0)
    assert len(box.deliveries()) == before + 1


def test_a_suspended_subscription_gets_nothing_later() -> None:
    box = outbox()
    subscription = box.subscribe("http://x", faults=DeliveryFaults(suspended=True))
    box.notify("ping", {}, 0.0)
    subscription.faults = DeliveryFaults()
    box.notify("ping", {}, 1.0)
    assert len(box.deliveries()) == 1


# Canvas Kit and OAuth ------------------------------------------------------------------------


async def test_a_canvas_app_is_asked_as_the_messenger_does() -> None:
    async with Simulator(contacts=1) as simulator:
        canvas = CanvasKit(simulator.client_secret)

        @canvas.initialize
        async def start(request: InitializeRequest) -> Canvas:
            return Canvas([Text(f"for {request.workspace_id}")])

        @canvas.submit("go")
        async def go(request: SubmitRequest) -> Canvas:
            return Canvas([Text(request.input_values["name"])])

        async with serving(app_of(canvas.aiohttp("/canvas"))) as url:
            first = await simulator.ask_canvas(f"{url}/canvas/initialize")
            second = await simulator.ask_canvas(
                f"{url}/canvas/submit", component_id="go", input_values={"name": "Ada"}
            )
            refused = await simulator.ask_canvas(f"{url}/canvas/live")
    text = first.body["canvas"]["content"]["components"][0]["text"]
    assert (first.status, text) == (200, f"for {simulator.workspace.id_code}")
    assert second.body["canvas"]["content"]["components"][0]["text"] == "Ada"
    assert refused.status == 404


async def agree(url: str) -> dict[str, str]:
    """Open an address as a browser whose teammate agrees; return what comes back."""
    async with aiohttp.ClientSession() as http, http.get(url, allow_redirects=False) as answer:
        assert answer.status == 302, await answer.text()
        return dict(URL(answer.headers["Location"]).query)


async def test_the_oauth_pages_install_and_uninstall() -> None:
    async with Simulator(contacts=3) as simulator:
        oauth = OAuth(simulator.client_id, simulator.client_secret, base_url=simulator.url)
        login = oauth.begin(redirect_uri="https://app.example/callback?x=1")
        back = await agree(login.url)
        assert back["x"] == "1"
        grant = await oauth.finish(back["code"], state=back["state"], expected=login.state)
        assert grant.workspace_id == simulator.workspace.id_code
        assert grant.token != simulator.token
        async with oauth.client(grant) as intercom:
            assert len(await intercom.contacts.list().collect()) == 3
        await oauth.uninstall(grant)
        assert not await oauth.is_installed(grant)
        async with oauth.client(grant) as intercom:
            with pytest.raises(UnauthorizedError):
                await intercom.admins.me()


@pytest.mark.parametrize("reason", ["refused", "late", "secret", "twice"])
async def test_the_oauth_pages_refuse(reason: str) -> None:
    async with Simulator(contacts=1) as simulator:
        secret = "another" if reason == "secret" else simulator.client_secret
        oauth = OAuth(simulator.client_id, secret, base_url=simulator.url)
        simulator.oauth.refuses = reason == "refused"
        login = oauth.begin(redirect_uri="https://app.example/callback")
        back = await agree(login.url)
        if reason == "late":
            simulator.clock.move(301)
        if reason == "twice":
            again = OAuth(simulator.client_id, secret, base_url=simulator.url)
            await again.finish(back["code"], state="s", expected="s")
        with pytest.raises(OAuthError) as caught:
            await oauth.finish(
                back.get("code"),
                state=back["state"],
                expected=login.state,
                error=back.get("error"),
            )
        assert caught.value.code in ("access_denied", "unauthorized")


async def test_the_exchange_takes_a_form_json_and_a_header() -> None:
    async with Simulator(contacts=1) as simulator, aiohttp.ClientSession() as http:
        client = {"client_id": simulator.client_id, "client_secret": simulator.client_secret}
        pair = f"{simulator.client_id}:{simulator.client_secret}".encode()
        header = {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
        oauth = OAuth(simulator.client_id, simulator.client_secret, base_url=simulator.url)

        async def exchange(**given: Any) -> Any:
            url = f"{simulator.url}/auth/eagle/token"
            async with http.post(url, **given) as answer:
                return await answer.json()

        for given in ({"data": client}, {"json": client}, {"data": {}, "headers": header}):
            code = (await agree(oauth.begin(redirect_uri="https://a.example/").url))["code"]
            (kind, fields), *rest = given.items()
            found = await exchange(**{kind: {**fields, "code": code}}, **dict(rest))
            assert found["token"] == found["access_token"]
