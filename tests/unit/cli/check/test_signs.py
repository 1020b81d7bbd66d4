from __future__ import annotations

from collections.abc import Mapping

import pytest

from vr_exporter.cli.check.knock import Answer
from vr_exporter.cli.check.report import Finding, Mark
from vr_exporter.cli.check.signs import recognise

REFUSED = Answer(status=401)
NO_PATH = Answer(status=404, content_type="application/json", body="{}")
VAPI = Answer(
    status=401,
    content_type="application/json",
    body='{"error_type":"UNAUTHENTICATED","messages":[]}',
)


def page(title: str) -> Answer:
    """An HTML page."""
    body = f"<!doctype html><html><head><title>{title}</title></head></html>"
    return Answer(status=200, content_type="text/html", body=body)


def recognised(answers: Mapping[str, Answer], *, port: int = 443) -> Finding:
    """What a server with these answers, and 404 for all else, is taken for."""
    return recognise(lambda path: answers.get(path, NO_PATH), port=port)


def test_an_appliance_is_known_by_a_single_question() -> None:
    """A healthy appliance is bothered with one request."""
    asked: list[str] = []

    def ask(path: str) -> Answer:
        asked.append(path)
        return REFUSED

    assert recognise(ask, port=443).mark is Mark.OK
    assert asked == ["/api/rest/vr/v2/session"]


def test_an_appliance_of_v1_alone_is_a_warning() -> None:
    """It works, and is deprecated."""
    found = recognised({"/api/rest/vr/v1/session": REFUSED})
    assert (found.mark, found.text) == (Mark.WARN, "vSphere Replication, API v1 alone")


@pytest.mark.parametrize(
    ("answers", "port", "expected"),
    [
        ({"/api/rest/srm/v2/session": REFUSED}, 443, "a Site Recovery Manager answers"),
        ({"/api/session": VAPI}, 443, "a vCenter Server answers"),
        ({"/rest/com/vmware/cis/session": VAPI}, 443, "a vCenter Server answers"),
        ({"/": page('" + ID_VC_Welcome + "')}, 443, "a vCenter Server answers"),
        ({"/": page("VMware ESXi")}, 443, "an ESXi host answers"),
        ({"/": page("vr-exporter: 2 sites")}, 10843, "vr-exporter itself answers"),
        ({"/": page("VMware Appliance Management")}, 443, "a management interface (VAMI) answers"),
        ({"/": page("Sign in")}, 5480, "the management interface (VAMI) answers"),
        (
            {"/rest/com/vmware/cis/session": VAPI},
            5480,
            "the management interface (VAMI) of a vCenter Server answers",
        ),
    ],
)
def test_what_is_taken_for_an_appliance_is_named(
    answers: Mapping[str, Answer], port: int, expected: str
) -> None:
    """A wrong address is named as what it is, with the way to the right one."""
    found = recognised(answers, port=port)
    assert found.mark is Mark.FAIL
    assert found.text == f"{expected}, not a vSphere Replication appliance"
    assert "set the url to the address of the vSphere Replication appliance" in found.remedy


def test_a_vcenter_that_refuses_every_path_is_no_appliance() -> None:
    """A 401 in the words of vCenter's API is not one of the appliance's gateway."""
    assert "vCenter" in recognise(lambda _: VAPI, port=443).text


def test_a_login_page_for_every_path_is_no_appliance() -> None:
    """A proxy that answers everything with a page does not pass for the API."""
    found = recognise(lambda _: page("Corporate login"), port=443)
    assert found.mark is Mark.FAIL
    assert 'title "Corporate login"' in found.text


def test_an_unknown_server_is_told_as_it_answers() -> None:
    """Status, redirect, server and title are what an operator can go on."""
    redirect = Answer(status=302, location="https://portal.example/", server="nginx")
    found = recognise(lambda _: redirect, port=443)
    assert found.text == (
        "no vSphere Replication: /api/rest/vr/v2/session answers 302, "
        "redirects to https://portal.example/, server nginx"
    )


def test_a_server_without_an_answer_fails() -> None:
    """A port that accepts and says nothing is named as that."""
    assert recognise(lambda _: Answer(), port=443).text == "no HTTP answer"
