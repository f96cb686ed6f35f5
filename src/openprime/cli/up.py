"""`openprime up`: start a broker and run it until it is told to stop."""

from decimal import Decimal, InvalidOperation
from pathlib import Path

import click

from openprime.cli.failure import fail


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8080,
    show_default=True,
    help="Port; 0 picks a free one.",
)
@click.option("--data", metavar="DIR", help="Data folder; :memory: keeps nothing.")
@click.option(
    "--market",
    type=click.Choice(["synthetic", "none"]),
    default="synthetic",
    show_default=True,
    help="Market of the symbols that are not replayed; with none, clients trade with each other"
    " alone, at prices that the operator pins.",
)
@click.option(
    "--replay",
    multiple=True,
    metavar="FILE[,FILE…]=SYM",
    help="Play recordings as a symbol's market. May be given again.",
)
@click.option(
    "--speed",
    default="1",
    metavar="X",
    show_default=True,
    help="How fast the market runs; 0 plays recordings as fast as possible. A made market stops"
    " at 50.",
)
@click.option("--seed", type=int, default=1, show_default=True, help="Seed of the market.")
@click.option(
    "--limits",
    type=click.Choice(["off", "production", "contest"]),
    default="off",
    show_default=True,
    help="Rate limits.",
)
@click.option(
    "--durability",
    type=click.Choice(["fsync", "relaxed"]),
    default="fsync",
    show_default=True,
    help="relaxed may lose the last moments when the machine fails.",
)
@click.option("--config", type=click.Path(path_type=Path), help="Configuration file (TOML).")
@click.option(
    "--ready-file",
    type=click.Path(path_type=Path),
    help="Written, mode 0600, when the first order would be accepted.",
)
def up(
    host: str,
    port: int,
    data: str | None,
    market: str,
    replay: tuple[str, ...],
    speed: str,
    seed: int,
    limits: str,
    durability: str,
    config: Path | None,
    ready_file: Path | None,
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

    try:
        server_config = ServerConfig(
            host=host,
            port=port,
            data=data_folder(data),
            replays=tuple(parse_replay(text) for text in replay),
            synthetic=market == "synthetic",
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
