"""`vr-exporter serve`: the exporter itself."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vr_exporter.cli.common import CommandError, Exit, log_options, option, web_address
from vr_exporter.cli.common import command as make_command

if TYPE_CHECKING:
    from vr_exporter.app.running import Process


@make_command(
    "serve",
    "vr-exporter serve --config.file /etc/vr-exporter/config.yml",
    "VR_HOST=vr.example.com VR_USERNAME=monitor@vsphere.local VR_PASSWORD_FILE=pw "
    "vr-exporter serve",
)
@option(
    "--web.listen-address",
    multiple=True,
    default=(":10843",),
    metavar="HOST:PORT",
    help="Where to listen, repeatable; without a host on all addresses.",
)
@option(
    "--web.config.file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="TLS and logins, in the form of exporter-toolkit.",
)
@option("--web.external-url", metavar="URL", help="For links. Default: from the host name.")
@option("--web.enable-lifecycle", is_flag=True, help="Allow POST /-/reload.")
@log_options
def command(
    config_file: Path | None,
    web_listen_address: tuple[str, ...],
    web_config_file: Path | None,
    web_external_url: str | None,
    *,
    web_enable_lifecycle: bool,
    log_level: str,
    log_format: str,
) -> int:
    """Watch every site and answer Prometheus.

    SIGHUP reads the settings again; SIGTERM logs out everywhere and ends.
    """
    from vr_exporter.app.running import Process
    from vr_exporter.app.serving import WebOptions
    from vr_exporter.settings import load, take_environment

    if web_external_url:
        web_external_url = web_address("--web.external-url", web_external_url)
    environ = take_environment(os.environ)
    return run_process(
        Process(
            load=lambda: load(config_file, environ=environ),
            web=WebOptions(
                web_listen_address, web_config_file, web_enable_lifecycle, web_external_url or ""
            ),
            log_level=log_level,
            log_format=log_format,
        )
    )


def run_process(process: Process) -> int:
    """Run a serving process, its faults at the start said in one line each."""
    from vr_exporter.app.running import run
    from vr_exporter.ledger.folder import StateUnusable
    from vr_exporter.settings import SettingsError
    from vr_exporter.web.listeners import ListenError
    from vr_exporter.web.webfile_reading import WebFileError

    try:
        return run(process)
    except SettingsError as error:
        raise CommandError(Exit.USAGE, *error.lines) from error
    except (ListenError, WebFileError) as error:
        raise CommandError(Exit.USAGE, str(error)) from error
    except StateUnusable as error:
        raise CommandError(Exit.STATE, str(error)) from error
