"""The command line: words in, one function called, an exit code out. No logic.

Exit codes: 0 good, 1 it failed, 2 wrong usage, 69 something needed is not reachable,
78 configuration.
"""

import argparse
import asyncio
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from bot.domain.errors import BotError, ConfigurationError

OK, FAILED, UNREACHABLE, MISCONFIGURED = 0, 1, 69, 78
CHAOS_SEED = 1
DELAY_MS, DELAY_MS_MAX = 40.0, 1000.0
COMMAND_COLUMNS = 16


class _Help(argparse.HelpFormatter):
    """Leaves every command its line: argparse forgets that they are indented (Python 3.11)."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog)
        self._action_max_length = COMMAND_COLUMNS


PROVIDERS = (
    "horde",
    "aime",
    "algovera",
    "ai_client",
    "nebula",
)  # those of bot.sandbox.providers.hosts


def parser() -> argparse.ArgumentParser:
    """Return the whole command line; its help is compared with the README's table."""
    top = argparse.ArgumentParser(
        prog="easel",
        formatter_class=_Help,
        description="A Discord bot that makes pictures and text with other people's generators.",
        epilog="`easel test [pytest arguments]` runs lint, types, layers and tests, as CI does.",
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(name: str, purpose: str) -> argparse.ArgumentParser:
        text = f"{purpose[0].upper()}{purpose[1:]}."
        return commands.add_parser(name, help=purpose, description=text)

    demo = add("demo", "show one /imagine end to end, without any account")
    demo.add_argument("prompt", metavar="PROMPT", help='what to draw, such as "a red fox"')
    demo.add_argument(
        "--provider", choices=PROVIDERS, default="horde", help="who draws; AI Horde if not said"
    )
    demo.add_argument(
        "--out", type=Path, default=Path("demo-out"), metavar="DIR", help="folder for the pictures"
    )
    demo.add_argument("--json", action="store_true", help="print one line of facts instead")
    add("run", "run the service")
    add("check", "say what is configured, reachable and valid")
    add("sync", "tell Discord the commands, if they changed")
    add("migrate", "bring the database to this version's shape")
    backup = add("backup", "copy the database to a file while it runs")
    backup.add_argument(
        "file", type=Path, metavar="FILE", help="where the copy goes; must not exist"
    )
    rotate = add("rotate-keys", "seal stored keys with a new master key while it runs")
    rotate.add_argument(
        "--drop-old",
        action="store_true",
        help="instead, take out the older master keys that nothing here needs any more",
    )
    audit = add("audit", "prove that the ledger is exact")
    audit.add_argument("--json", action="store_true", help="print facts for programs")
    _add_bench(add("bench", "measure it on this machine, beside a bare client"))
    return top


def _add_bench(bench: argparse.ArgumentParser) -> None:
    bench.add_argument(
        "--quick", action="store_true", help="under a minute, with less of everything"
    )
    bench.add_argument("--json", action="store_true", help="print facts for programs")
    bench.add_argument(
        "--delay-ms",
        type=_delay_ms,
        metavar="MS",
        default=DELAY_MS,
        help=(
            "how far away Discord and the provider are for single jobs, there and back; "
            f"{DELAY_MS:.0f} unless given, 0 is loopback as it is"
        ),
    )
    bench.add_argument("--plot", type=Path, metavar="FILE", help="draw the distributions as PNG")
    instead = bench.add_mutually_exclusive_group()
    instead.add_argument(
        "--soak",
        type=float,
        metavar="MINUTES",
        help="steady work for so long: lost, doubled, leaked",
    )
    instead.add_argument(
        "--chaos",
        type=int,
        metavar="SEED",
        nargs="?",
        const=CHAOS_SEED,
        help="every fault of Discord and all providers at once, kill -9 among them; "
        "the same seed replays the same faults",
    )


def _delay_ms(word: str) -> float:
    with suppress(ValueError):
        if 0 <= float(word) <= DELAY_MS_MAX:
            return float(word)
    raise argparse.ArgumentTypeError(f"say milliseconds from 0 to {DELAY_MS_MAX:.0f}")


def main(words: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; a fault becomes one sentence."""
    arguments = parser().parse_args(words)
    if arguments.command == "run":
        signal.signal(signal.SIGTERM, _nothing_began)  # until the service listens itself
    try:
        return asyncio.run(_run(arguments))
    except ConfigurationError as error:
        for fault in error.faults:
            print(f"easel: {fault}", file=sys.stderr)
        return MISCONFIGURED
    except ConnectionError as error:
        print(f"easel: {error}", file=sys.stderr)
        return UNREACHABLE
    except BotError as error:
        print(f"easel: {error}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        return 130


def _nothing_began(*_: object) -> NoReturn:
    raise SystemExit(OK)


async def _run(arguments: argparse.Namespace) -> int:
    if arguments.command == "demo":
        return await _demo(arguments)
    if arguments.command == "bench":
        return await _bench(arguments)
    from bot import app, operate, rotate, settings  # noqa: PLC0415 — the demo's own process needs none of it

    loaded = settings.load()
    actions = {
        "run": lambda: app.run(loaded),
        "check": lambda: operate.check(loaded),
        "sync": lambda: operate.sync(loaded),
        "migrate": lambda: operate.migrate(loaded),
        "backup": lambda: operate.backup(loaded, arguments.file),
        "rotate-keys": lambda: rotate.rotate_keys(loaded, drops_old=arguments.drop_old),
        "audit": lambda: operate.audit(loaded, as_json=arguments.json),
    }
    return await actions[arguments.command]()


async def _demo(arguments: argparse.Namespace) -> int:
    from bot.sandbox.demo import DemoFailed, DemoOptions, run_demo  # noqa: PLC0415 — only for this
    from bot.settings import environment  # noqa: PLC0415

    options = DemoOptions(
        prompt=arguments.prompt,
        out=arguments.out,
        provider=arguments.provider,
        as_json=arguments.json,
    )
    try:
        return await run_demo(options, out=sys.stdout, inherited=environment())
    except DemoFailed as error:
        print(f"easel: {error}", file=sys.stderr)
        return FAILED


async def _bench(arguments: argparse.Namespace) -> int:
    from bot.bench.options import BenchOptions, run  # noqa: PLC0415 — only for this
    from bot.settings import environment  # noqa: PLC0415

    options = BenchOptions(
        is_quick=arguments.quick,
        as_json=arguments.json,
        plot=arguments.plot,
        distance_s=arguments.delay_ms / 1000,
        soak_min=arguments.soak,
        chaos_seed=arguments.chaos,
    )
    return await run(options, out=sys.stdout, progress=sys.stderr, inherited=environment())


if __name__ == "__main__":
    sys.exit(main())
