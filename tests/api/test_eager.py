"""Coroutines that run without a task."""

from __future__ import annotations

import asyncio

import pytest

from openprime.api.private import eager


def test_what_need_not_wait_is_done_at_once() -> None:
    done: list[str] = []

    async def act() -> None:
        done.append("acted")

    async def body() -> None:
        eager.start(act())
        assert done == ["acted"]

    asyncio.run(body())


def test_what_waits_goes_on_when_that_is_done() -> None:
    done: list[object] = []

    async def act(first: asyncio.Future[str], second: asyncio.Future[None]) -> None:
        done.append(await first)
        await asyncio.sleep(0)
        try:
            await second
        except OSError as error:
            done.append(str(error))
        assert asyncio.current_task() is None

    async def body() -> None:
        loop = asyncio.get_running_loop()
        first, second = loop.create_future(), loop.create_future()
        eager.start(act(first, second))
        assert done == []
        first.set_result("first")
        await asyncio.sleep(0)
        assert done == ["first"]
        second.set_exception(OSError("second"))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert done == ["first", "second"]

    asyncio.run(body())


def test_a_fault_before_the_first_wait_is_the_callers() -> None:
    async def act() -> None:
        raise OSError("at once")

    async def body() -> None:
        with pytest.raises(OSError, match="at once"):
            eager.start(act())

    asyncio.run(body())
