"""`openprime admin …`: the operator's table as commands that speak to a running broker.

The commands are made from the table when somebody asks for them, so that all others start as
quickly as before.
"""

import json
import re
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from openprime.cli.operator_client import call, reaches_broker, server_of

if TYPE_CHECKING:
    from openprime.api.operator import AdminRow

_VERBS = {"GET": "list", "POST": "create", "PUT": "update", "DELETE": "delete"}
_CAMEL = re.compile(r"(?<!^)([A-Z])")
_METAVARS: dict[type[msgspec.inspect.Type], str] = {
    msgspec.inspect.IntType: "NUMBER",
    msgspec.inspect.DecimalType: "NUMBER",
    msgspec.inspect.StrType: "TEXT",
}


class Actions(click.Group):
    """The operator's actions."""

    @cached_property
    def _made(self) -> Mapping[str, click.Command]:
        from openprime.api.operator import ADMIN

        top = click.Group()
        for row, words in command_words(list(ADMIN.values())):
            group = top
            for word in words[:-1]:
                inner = group.commands.get(word)
                if not isinstance(inner, click.Group):
                    inner = click.Group(word, help=f"Actions on {word}.")
                    group.add_command(inner)
                group = inner
            group.add_command(_command(words[-1], row))
        return top.commands

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(self._made)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return self._made.get(cmd_name)


def command_words(rows: list["AdminRow"]) -> list[tuple["AdminRow", list[str]]]:
    """Each action and the words of its command: those of its path, and what is done with it where
    the path alone does not say.
    """
    paths = [row.path for row in rows]

    def stands_for_more(path: str) -> bool:
        return paths.count(path) > 1 or any(other.startswith(f"{path}/") for other in paths)

    words = []
    for row in rows:
        verb = [row.verb or _VERBS[row.method]] if stands_for_more(row.path) else []
        named = [_CAMEL.sub(r"-\1", word).lower() for word in row.path.split("/")[3:]]
        words.append((row, named + verb))
    return words


def _command(name: str, row: "AdminRow") -> click.Command:
    @click.pass_context
    def run(ctx: click.Context, /, **options: Any) -> None:
        members = {
            field.encode_name: options[field.name]
            for field in fields
            if options[field.name] is not None
        }
        server = server_of(**ctx.find_object(dict))  # type: ignore[arg-type]
        data = call(server, row.method, row.path, members)
        click.echo(json.dumps(data, indent=2, ensure_ascii=False))

    fields = _fields(row)
    return click.Command(
        name,
        callback=run,
        params=[_option(field) for field in fields],
        help=f"{row.summary}.",
        epilog=f"{row.name}: {row.shape}",
    )


def _fields(row: "AdminRow") -> tuple[msgspec.inspect.Field, ...]:
    info = msgspec.inspect.type_info(row.body)
    assert isinstance(info, msgspec.inspect.StructType), "a body is a Struct"
    return info.fields


def _option(field: msgspec.inspect.Field) -> click.Option:
    flag = f"--{field.name.replace('_', '-')}"
    return click.Option([flag, field.name], required=field.required, **_written(field.type))


def _written(found: msgspec.inspect.Type) -> dict[str, Any]:
    """How a member is written on the command line: as it stands, but for what is made of parts."""
    if isinstance(found, msgspec.inspect.UnionType):
        some = [each for each in found.types if not isinstance(each, msgspec.inspect.NoneType)]
        if len(some) == 1:
            return _written(some[0])
    if isinstance(found, msgspec.inspect.EnumType):
        values = [str(member.value) for member in found.cls]
        return {"type": click.Choice(values, case_sensitive=False), "metavar": "|".join(values)}
    if isinstance(found, msgspec.inspect.BoolType):
        return {"type": click.BOOL, "metavar": "true|false"}
    if type(found) in _METAVARS:
        return {"metavar": _METAVARS[type(found)]}
    return {"metavar": "JSON", "callback": _parsed}


def _parsed(ctx: click.Context, param: click.Parameter, value: str | None) -> Any:
    """What a text of JSON says."""
    try:
        return None if value is None else json.loads(value)
    except ValueError as error:
        raise click.BadParameter(f"expected JSON, found {value!r}") from error


@click.group(cls=Actions)
@reaches_broker
@click.pass_context
def admin(ctx: click.Context, url: str | None, token: str | None, ready_file: Path | None) -> None:
    """What the operator of a running broker does."""
    ctx.obj = {"url": url, "token": token, "ready_file": ready_file}
