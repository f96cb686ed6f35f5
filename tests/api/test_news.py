"""The news: routes, what the operator publishes, and the socket that tells of it."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from openprime.api.news.socket import NewsSettings, NewsSocket
from openprime.api.sockets.link import LinkSettings
from openprime.errors import message
from tests.api.kit import ADMIN_TOKEN, DAY_MS, NOW_MS, Broker, refuses
from tests.api.socket_kit import Json, Peer, Server, in_loop

NEWS, HOT, FEATURED = (f"/api/v1/feeds/query{name}" for name in ("News", "Hot", "Featured"))
FULL: Json = {
    "title": "BTC rises",
    "content": "<p>Much.</p>",
    "category": 2,
    "newsId": "source-1",
    "sourceUrl": "https://example.com/1",
    "originalUrl": "https://example.com/0",
    "authorName": "someone",
    "authorDisplayName": "Some One",
    "authorAvatar": "https://example.com/a",
    "isBlueVerified": True,
    "viewCount": 4,
    "likeCount": 3,
    "commentCount": 2,
    "retweetCount": 1,
    "currencies": [{"currencyId": "1", "fullName": "BITCOIN", "symbol": "BTC"}],
    "mediaAttachments": [
        {"sosoUrl": "https://x/1", "originalUrl": "", "shortUrl": "", "mediaType": "gif"}
    ],
}


def publish(broker: Broker, **members: Any) -> int:
    found: int = broker.admin("POST", "news", **({"title": "News"} | members)).data["id"]
    return found


# ---------------------------------------------------------------- routes


def test_an_item_in_full(broker: Broker) -> None:
    news_id = publish(broker, **FULL, quotedContent="said")
    page = broker.call("GET", NEWS)
    assert page.json["code"] == 200
    assert page.data == {
        "page": 1,
        "pageSize": 20,
        "pageNum": 1,
        "totalSize": 1,
        "list": [
            FULL
            | {
                "id": news_id,
                "newsType": "news",
                "publishTime": NOW_MS,
                "quotedContent": {"content": "said"},
                "createdAt": NOW_MS,
            }
        ],
    }
    assert broker.call("GET", FEATURED).data["totalSize"] == 0


def test_hot_items_are_short(broker: Broker) -> None:
    news_id = publish(broker, **FULL, kind="hot", publishTime=NOW_MS - 5)
    assert broker.call("GET", HOT).data["list"] == [
        {
            "id": news_id,
            "newsId": "source-1",
            "newsType": "hot",
            "title": "BTC rises",
            "content": "<p>Much.</p>",
            "publishTime": NOW_MS - 5,
            "ingestTime": NOW_MS,
            "sourceUrl": "https://example.com/1",
            "createdAt": NOW_MS,
        }
    ]


def test_absent_members_are_no_null(broker: Broker) -> None:
    publish(broker, kind="featured")
    (row,) = broker.call("GET", FEATURED).data["list"]
    assert row["newsType"] == "featured"
    assert None not in row.values()
    assert (row["category"], row["currencies"], row["quotedContent"]) == (0, [], {})


def test_filters_and_pages(broker: Broker) -> None:
    for hours, category in ((3, 1), (2, 2), (1, 7)):
        publish(broker, category=category, publishTime=NOW_MS - hours * 3_600_000)

    def titles(**asked: Any) -> list[int]:
        return [row["category"] for row in broker.call("GET", NEWS, asked).data["list"]]

    assert titles() == [7, 2, 1]
    assert titles(categories="1,7") == [7, 1]
    assert titles(startTime=NOW_MS - 2 * 3_600_000, endTime=NOW_MS) == [7, 2]
    assert titles(endTime=NOW_MS - 2 * 3_600_000) == [2, 1]
    assert titles(startTime=NOW_MS - 90 * DAY_MS) == [7, 2, 1]
    assert titles(page=2, pageSize=2) == [1]
    assert broker.call("GET", NEWS, {"pageSize": 2}).data["pageNum"] == 2


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"categories": "5"}, 400000),
        ({"categories": "1,x"}, 400000),
        ({"startTime": "soon"}, 400000),
        ({"endTime": "-1"}, 400000),
        ({"startTime": NOW_MS, "endTime": NOW_MS}, 400004),
        ({"page": 0}, 400000),
        ({"pageSize": 1001}, 400002),
        ({"page": 10001}, 400003),
    ],
)
def test_bad_questions(broker: Broker, asked: Json, code: int) -> None:
    refuses(broker.call("GET", NEWS, asked), code)


@pytest.mark.parametrize("path", [NEWS, HOT, FEATURED])
def test_keys_of_portfolios_have_no_access(broker: Broker, path: str) -> None:
    refuses(broker.call("GET", path, key=broker.sub_key), 2003)
    refuses(broker.call("GET", path, key="nope"), 100018)
    refuses(broker.send("GET", path, broker.headers("x")), 2000)


# ---------------------------------------------------------------- the operator


def test_listing_and_withdrawing(broker: Broker) -> None:
    first, second = publish(broker), publish(broker, kind="hot")
    assert [row["id"] for row in broker.admin("GET", "news").data] == [first]
    assert [row["id"] for row in broker.admin("GET", "news", kind="hot").data] == [second]
    assert broker.admin("POST", "news/withdraw", id=first).data == {}
    assert broker.call("GET", NEWS).data["totalSize"] == 0
    again = broker.admin("POST", "news/withdraw", id=first).json
    assert again["code"] == 400000
    assert again["data"]["detail"] == f"expected id to be one of the list of news, found {first}"


@pytest.mark.parametrize(
    ("members", "detail"),
    [
        ({}, "Object missing required field `title`"),
        ({"title": "x", "category": 5}, "Invalid enum value 5 - at `$.category`"),
        (
            {"title": "x", "kind": "hot", "publishTime": NOW_MS - 8 * DAY_MS},
            f"expected publishTime, in ms, within the last 7 days, found {NOW_MS - 8 * DAY_MS}",
        ),
        ({"title": "x", "content": "x" * 8001}, None),
    ],
)
def test_items_that_cannot_be(broker: Broker, members: Json, detail: str | None) -> None:
    answer = broker.admin("POST", "news", **members).json
    assert (answer["code"], answer["message"]) == (400000, message(400000))
    assert detail is None or answer["data"]["detail"] == detail
    assert broker.call("GET", NEWS).data["totalSize"] == 0


# ---------------------------------------------------------------- the socket

CATEGORY, HOT_CHANNEL = {"channel": "news.category.all"}, {"channel": "news.hot.all"}
ERROR = {"event": "error", "code": "500", "msg": "Server Error"}


class Scene:
    """The socket over a broker whose operator publishes."""

    def __init__(self, broker: Broker, settings: NewsSettings | None = None) -> None:
        self.broker = broker
        self.socket = NewsSocket(broker.services.proxies, settings)
        broker.sequencer.observers.append(self.socket.observe)

    async def peer(self, **others: Any) -> Peer:
        peer = Peer(self.socket, **others)
        assert (await peer.opened())["type"] == "websocket.accept"
        return peer

    async def publish(self, **members: Any) -> None:
        body = {"title": "News"} | members
        headers = {"X-Admin-Token": ADMIN_TOKEN}
        answer = await self.broker._send(
            "POST", "/admin/v1/news", headers, "", json.dumps(body).encode(), "127.0.0.1"
        )
        assert answer.status == 200, answer.body


def subscribe(*entries: Any) -> Json:
    return {"event": "subscribe", "arg": list(entries)}


def acknowledged(event: str, *entries: Any, invalid: tuple[Any, ...] = ()) -> Json:
    head = {"event": event, "code": "0", "msg": "success"}
    return head | {"arg": list(entries), "invalidArg": list(invalid)}


@in_loop
async def test_what_is_published_is_pushed(broker: Broker) -> None:
    scene = Scene(broker)
    all_news, hot_only = await scene.peer(), await scene.peer()
    both = subscribe(CATEGORY, HOT_CHANNEL)
    for _ in range(2):
        assert await all_news.ask(both) == acknowledged("subscribe", CATEGORY, HOT_CHANNEL)
    assert await hot_only.ask(subscribe(HOT_CHANNEL)) == acknowledged("subscribe", HOT_CHANNEL)
    await scene.publish(title="One", category=1)
    await scene.publish(title="Two", kind="hot")
    await scene.publish(title="Three", kind="featured")
    first, second = await all_news.hear_all()
    assert (first["channel"], second["channel"]) == ("news.category.all", "news.hot.all")
    assert (first["data"]["title"], first["data"]["newsType"]) == ("One", "news")
    assert first["data"].keys() > second["data"].keys() - {"ingestTime"}
    assert await hot_only.hear_all() == [second]
    done = {"event": "unsubscribe", "arg": [HOT_CHANNEL]}
    assert await hot_only.ask(done) == acknowledged("unsubscribe", HOT_CHANNEL)
    await scene.publish(kind="hot")
    assert await hot_only.hear_all() == []
    for peer in (all_news, hot_only):
        await peer.leave()
    assert scene.socket.connection_count == 0


@in_loop
async def test_unknown_channels_do_not_undo_the_known(broker: Broker) -> None:
    peer = await Scene(broker).peer()
    bad = ({"channel": "news.foo"}, "x", {})
    assert await peer.ask(subscribe(*bad, CATEGORY)) == acknowledged(
        "subscribe", CATEGORY, invalid=bad
    )
    await peer.leave()


BAD_FRAMES = ["{", "[]", "{}", {"event": "dance", "arg": []}, {"event": "subscribe"}, "x" * 5000]


@pytest.mark.parametrize("frame", BAD_FRAMES)
@in_loop
async def test_whatever_cannot_be_understood(broker: Broker, frame: Any) -> None:
    peer = await Scene(broker).peer()
    assert await peer.ask(frame) == ERROR
    await peer.leave()


@in_loop
async def test_keep_alive_and_silence(broker: Broker) -> None:
    peer = await Scene(broker).peer()
    assert await peer.ask({"ping": 1719388800000}) == {"pong": 1719388800000}
    assert await peer.ask("ping") == "pong"
    await peer.leave()
    silent = Scene(broker, NewsSettings(link=LinkSettings(idle_seconds=0.01)))
    peer = await silent.peer(server=Server())
    assert await peer.ended() == (1000, "idle")


@in_loop
async def test_connections_of_an_address(broker: Broker) -> None:
    scene = Scene(broker, NewsSettings(enforced=True))
    peers = [await scene.peer() for _ in range(5)]
    sixth = Peer(scene.socket)
    assert (await sixth.opened())["status"] == 429
    assert (await sixth.message())["body"] == (
        b'{"code":100429,"message":"Too Many Requests","data":{}}'
    )
    elsewhere = await scene.peer(client="10.0.0.2")
    await peers.pop().leave()
    peers.append(await scene.peer())
    for peer in (*peers, elsewhere):
        await peer.leave()


@in_loop
async def test_a_client_that_does_not_read_is_dropped(broker: Broker) -> None:
    server = Server()
    link = LinkSettings(frames_waiting_max=2, close_seconds=0.01)
    scene = Scene(broker, NewsSettings(link=link))
    peer = await scene.peer(server=server)
    await peer.ask(subscribe(CATEGORY))
    peer.reading.clear()
    for _ in range(6):
        await scene.publish()
    await asyncio.wait_for(peer.task, 5)
    assert server.aborted
    assert scene.socket.connection_count == 0


@in_loop
async def test_the_end_of_the_server(broker: Broker) -> None:
    scene = Scene(broker)
    peer = await scene.peer()
    await scene.socket.close_all("server stops")
    assert await peer.ended() == (1001, "server stops")
