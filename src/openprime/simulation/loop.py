"""An event loop whose time is its own: nothing waits, and everything happens in one order.

Time stands still while anything is ready and then leaps to the next timer. What asyncio would give
to a thread runs on the loop itself, at a later moment that the script draws, in the order of its
executor: a commit takes time here too, and whatever comes meanwhile finds it under way.

The loop is asked for one callback at a time. Between two of them the simulation may stop it for
good: that is what a crash looks like to a process, at any await whatever.
"""

import asyncio
import heapq
from collections import deque
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from contextvars import Context
from typing import Any

# A coroutine that is closed may run so many more awaits in its `finally` before it is let go.
_CLOSINGS_MAX = 8
# A shorter wait is as long as this: the least by which any clock goes on.
RESOLUTION_S = 1e-6
# Who waits for nothing but callbacks would let no timer come.
CALLBACKS_A_MOMENT_MAX = 100_000


class Deadlock(Exception):
    """Somebody waits, and nothing that is left to happen could end it; or time stands still."""


class Ended(Exception):
    """The process ended while somebody waited for it."""


class VirtualLoop(asyncio.AbstractEventLoop):
    """`executor_delay_s` draws how long a job of an executor takes; `on_exception` hears of what
    nobody caught. Once the process `has_ended` nothing runs any more.
    """

    def __init__(
        self,
        executor_delay_s: Callable[[], float],
        on_exception: Callable[[str, BaseException | None], None],
        has_ended: Callable[[], bool],
    ) -> None:
        self._executor_delay_s = executor_delay_s
        self._has_ended = has_ended
        self._on_exception = on_exception
        self._now_s = 0.0
        self._ready: deque[asyncio.Handle] = deque()
        self._timers: list[tuple[float, int, asyncio.TimerHandle]] = []
        self._numbers = 0
        self._busy_until_s: dict[int, float] = {}
        self._executors: list[Executor | None] = []
        self._tasks: dict[asyncio.Task[Any], None] = {}
        self.callbacks_run = 0
        self._at_this_moment = 0
        self.dead = False

    # -- being driven

    def step(self) -> bool:
        """Run the next callback; false where none is left."""
        while not self._ready:
            if not self._timers:
                return False
            self._wake_due()
        handle = self._ready.popleft()
        if not handle.cancelled():
            self.callbacks_run += 1
            self._at_this_moment += 1
            if self._at_this_moment > CALLBACKS_A_MOMENT_MAX:
                raise Deadlock(f"expected time to go on, found it standing still at {handle!r}")
            handle._run()
        return True

    def run_for(self, seconds: float, stop: Callable[[], bool] = lambda: False) -> None:
        """Let so much time pass, or less where `stop` says so after a callback."""
        until_s = self._now_s + seconds
        with _running(self):
            while not stop() and not self._has_ended():
                if not self._ready and (not self._timers or self._timers[0][0] > until_s):
                    self._now_s = until_s
                    return
                self.step()

    def run_until(self, done: Callable[[], bool], seconds_max: float) -> None:
        """Go on until `done`. Deadlock where that would take more than so much time, Ended where
        the process ends before.
        """
        until_s = self._now_s + seconds_max
        with _running(self):
            while not done():
                if self._has_ended():
                    raise Ended
                if self._now_s > until_s or not self.step():
                    raise Deadlock(f"expected an end within {seconds_max} s, found none")

    def run_until_complete(self, future: Any) -> Any:
        """The result of a coroutine or future, or Deadlock after an hour of the loop's time."""
        task = asyncio.ensure_future(future, loop=self)
        self.run_until(task.done, 3600.0)
        return task.result()

    def abandon(self) -> None:
        """Stop for good: what waits is let go where it stands, as by the death of the process."""
        self.dead = True
        self._ready.clear()
        self._timers.clear()
        with _running(self):
            for task in self._tasks:
                _let_go(task)
        self._tasks.clear()

    def _wake_due(self) -> None:
        """Go to the moment of the next timer, and make ready all that are due by then."""
        if self._timers[0][0] > self._now_s:
            self._at_this_moment, self._now_s = 0, self._timers[0][0]
        while self._timers and self._timers[0][0] <= self._now_s:
            self._ready.append(heapq.heappop(self._timers)[2])

    # -- what asyncio asks of a loop

    def time(self) -> float:
        return self._now_s

    def is_running(self) -> bool:
        return asyncio._get_running_loop() is self

    def is_closed(self) -> bool:
        return False

    def get_debug(self) -> bool:
        return False

    def call_soon(  # type: ignore[override]
        self, callback: Callable[..., Any], *args: Any, context: Context | None = None
    ) -> asyncio.Handle:
        handle = asyncio.Handle(callback, args, self, context)
        if not self.dead:
            self._ready.append(handle)
        return handle

    call_soon_threadsafe = call_soon  # type: ignore[assignment]

    def call_later(  # type: ignore[override]
        self, delay: float, callback: Callable[..., Any], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        passing_s = max(delay, RESOLUTION_S) if delay > 0 else 0.0
        return self.call_at(self._now_s + passing_s, callback, *args, context=context)

    def call_at(  # type: ignore[override]
        self, when: float, callback: Callable[..., Any], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        handle = asyncio.TimerHandle(when, callback, args, self, context)
        if not self.dead:
            self._numbers += 1
            heapq.heappush(self._timers, (when, self._numbers, handle))
        return handle

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """A cancelled timer is passed over when its moment comes."""

    def create_future(self) -> asyncio.Future[Any]:
        return asyncio.Future(loop=self)

    def create_task(  # type: ignore[override]
        self,
        coro: Coroutine[Any, Any, Any],
        *,
        name: str | None = None,
        context: Context | None = None,
    ) -> asyncio.Task[Any]:
        task: asyncio.Task[Any] = asyncio.Task(coro, loop=self, name=name, context=context)
        if not self.dead:
            self._tasks[task] = None
            task.add_done_callback(self._forget)
        return task

    def _forget(self, task: asyncio.Task[Any]) -> None:
        self._tasks.pop(task, None)

    def run_in_executor(  # type: ignore[override]
        self, executor: Executor | None, func: Callable[..., Any], *args: Any
    ) -> asyncio.Future[Any]:
        """Run a job here, later; the jobs of one executor one after the other."""
        future = self.create_future()
        if executor not in self._executors:
            self._executors.append(executor)
        number = self._executors.index(executor)
        begin_s = max(self._now_s, self._busy_until_s.get(number, 0.0))
        end_s = begin_s + self._executor_delay_s()
        self._busy_until_s[number] = end_s
        self.call_at(end_s, _do, future, func, args)
        return future

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        if not self.dead:
            self._on_exception(str(context.get("message")), context.get("exception"))


class _running:
    """The loop is asyncio's running one meanwhile."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop

    def __enter__(self) -> None:
        asyncio._set_running_loop(self._loop)

    def __exit__(self, *error: object) -> None:
        asyncio._set_running_loop(None)


def _do(future: asyncio.Future[Any], func: Callable[..., Any], args: tuple[Any, ...]) -> None:
    try:
        result = func(*args)
    except Exception as error:
        if not future.done():
            future.set_exception(error)
        return
    if not future.done():
        future.set_result(result)


def _let_go(task: asyncio.Task[Any]) -> None:
    """End a task's coroutine where it waits. What it still wants to do reaches nobody."""
    coroutine = task.get_coro()
    # asyncio would complain of a task that is dropped while it waits.
    task._log_destroy_pending = False  # type: ignore[attr-defined]
    for _ in range(_CLOSINGS_MAX):
        try:
            coroutine.close()
        except BaseException:
            continue
        return
