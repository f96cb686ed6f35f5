"""`openprime up`: start a broker and run it until it is told to stop."""

from decimal import Decimal, InvalidOperation
from pathlib import Path

import typer

from openprime.cli.failure import fail

HELP_DATA = "Data folder, or :memory: to keep nothing. Default: a folder of this user's."
HELP_REPLAY = "Play recordings as a symbol's market: FILE[,FILE...]=SYM. May be given again."
HELP_SPEED = "How fast the market runs; 0 plays recordings as fast as possible."


def up(
    host: str = typer.Option("127.0.0.1", help="Address to listen on."),
    port: int = typer.Option(8080, min=0, max=65535, help="Port; 0 picks a free one."),
    data: str = typer.Option(None, metavar="DIR", help=HELP_DATA),
    market: str = typer.Option("synthetic", help="Market of the symbols not replayed."),
    replay: list[str] = typer.Option([], metavar="FILE=SYM", help=HELP_REPLAY),
    speed: str = typer.Option("1", metavar="X", help=HELP_SPEED),
    seed: int = typer.Option(1, metavar="N", help="Seed of the synthetic market."),
    limits: str = typer.Option("off", help="Rate limits: off, production or contest."),
    durability: str = typer.Option("fsync", help="fsync, or relaxed to lose a second in a crash."),
    config: Path = typer.Option(None, metavar="FILE", help="Configuration file (TOML)."),
    ready_file: Path = typer.Option(
        None, metavar="PATH", help="Written, mode 0600, when the first order would be accepted."
    ),
) -> None:
    """Start a broker and run it until Ctrl-C or SIGTERM."""
    # Imported late, so that --help and a wrong flag answer at once.
    from openprime.server.config import (
        ConfigError,
        Limits,
        ServerConfig,
        data_folder,
        parse_replay,
        read_file,
    )
    from openprime.server.serving import StartError, run
    from openprime.store.database import Durability

    if market != "synthetic":
        fail(f"--market: expected synthetic, found {market!r}")
    if limits not in list(Limits):
        fail(f"--limits: expected {', '.join(Limits)}, found {limits!r}")
    if durability not in list(Durability):
        fail(f"--durability: expected {', '.join(Durability)}, found {durability!r}")
    try:
        server_config = ServerConfig(
            host=host,
            port=port,
            data=data_folder(data),
            replays=tuple(parse_replay(text) for text in replay),
            speed=_speed(speed),
            seed=seed,
            limits=Limits(limits),
            durability=Durability(durability),
            ready_file=ready_file,
            file=read_file(config),
        )
        run(server_config)
    except (ConfigError, StartError) as error:
        fail(str(error))


def _speed(text: str) -> Decimal:
    try:
        speed = Decimal(text)
    except InvalidOperation:
        speed = Decimal(-1)
    if not speed.is_finite() or speed < 0:
        fail(f"--speed: expected a number at or above 0, found {text!r}")
    return speed
