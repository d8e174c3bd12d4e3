"""The options that say whose papers they are, the same for every command that asks."""

from __future__ import annotations

import click

from checker.document import UNIT_TYPES

unit_type = click.option(
    "--unit-type",
    type=click.Choice(list(UNIT_TYPES)),
    metavar="类型",
    help="单位类型：" + "，".join(f"{key} {name}" for key, name in UNIT_TYPES.items()),
)
person = click.option("--person", metavar="姓名", help="述职人")
party_chief = click.option("--party-chief", is_flag=True, default=None, help="述职人是县（区）党委主要领导")
non_party = click.option("--non-party", is_flag=True, default=None, help="述职人是党外干部")
