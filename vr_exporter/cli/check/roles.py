"""A PowerCLI script that makes the two roles with the fewest privileges."""

from __future__ import annotations

from collections.abc import Iterable

from vr_exporter.cli.check.privileges import HBR_MANAGEMENT, READING_PRIVILEGES

VIEWER_ROLE = "VR Exporter Viewer"
TRIGGER_ROLE = "VR Exporter Sync"

_HEAD = """\
# Least-privilege roles for vr-exporter, for VMware PowerCLI.
#
# Not yet tried on a real vCenter: the privileges are those that the vendor's API document names.
# Read the script before you run it, on the vCenter Server of each site:
#
#   Connect-VIServer vcenter.example.com
#   ./vr-exporter-roles.ps1 -Viewer 'VSPHERE.LOCAL\\monitor' -Trigger 'VSPHERE.LOCAL\\sync'
#
# -Viewer  may read everything that is watched: the account under `sites.NAME.username`.
# -Trigger may start a sync too: the account under `sites.NAME.trigger_account`. Leave it out to
#          watch only.
# Both accounts have to exist. Run again after an upgrade: what is there already is left alone.

param(
    [Parameter(Mandatory = $true)] [string] $Viewer,
    [string] $Trigger
)
$ErrorActionPreference = 'Stop'
"""

_FUNCTION = """
function Grant-VrExporterRole([string] $Role, [string[]] $Ids, [string] $Principal) {
    $known = @(Get-VIPrivilege -PrivilegeItem | Where-Object { $Ids -contains $_.Id })
    foreach ($id in $Ids) {
        if ($known.Id -notcontains $id) {
            Write-Warning "$id is unknown here: is vSphere Replication registered with it?"
        }
    }
    $made = Get-VIRole -Name $Role -ErrorAction SilentlyContinue
    if (-not $made) { $made = New-VIRole -Name $Role -Privilege $known }
    $missing = @($known | Where-Object { $made.PrivilegeList -notcontains $_.Id })
    if ($missing) { $made = Set-VIRole -Role $made -AddPrivilege $missing }

    # The root folder, propagated: replications lie on VMs and hosts anywhere below it.
    $root = Get-Folder -NoRecursion
    $held = Get-VIPermission -Entity $root -Principal $Principal -ErrorAction SilentlyContinue
    if ($held | Where-Object { $_.Role -eq $Role }) { return }
    if ($held) { throw "$Principal holds another role on the root folder already" }
    New-VIPermission -Entity $root -Principal $Principal -Role $made -Propagate:$true | Out-Null
}
"""


def script() -> str:
    """The script whole; it ends with a newline."""
    return (
        f"{_HEAD}\n"
        f"# Reading: every endpoint of a poll.\n"
        f"$viewing = @(\n{_listed(READING_PRIVILEGES)}\n)\n"
        f"# Acting: what a sync takes beyond reading.\n"
        f"$syncing = $viewing + @(\n{_listed([HBR_MANAGEMENT])}\n)\n"
        f"{_FUNCTION}\n"
        f"Grant-VrExporterRole -Role '{VIEWER_ROLE}' -Ids $viewing -Principal $Viewer\n"
        f"if ($Trigger) {{\n"
        f"    Grant-VrExporterRole -Role '{TRIGGER_ROLE}' -Ids $syncing -Principal $Trigger\n"
        f"}}\n"
    )


def _listed(names: Iterable[str]) -> str:
    return "\n".join(f"    '{name}'" for name in names)
