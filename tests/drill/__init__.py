"""The drill: real Prometheus and Alertmanager on the shipped rules, and each fault provoked.

An hour takes a minute. The rules are shortened by `tests.rules_scaled`, the intervals of
`deploy/alertmanager.yml` alike. Exporter and simulated sites are not shortened at all: they live
on a clock that runs sixty times as fast (`hurry`), so whatever they wait for (polls, the pace,
the wait after a refused login, back-offs, withheld detail, rate tiers, RPOs, which the wire has in
whole minutes) keeps its constants and takes a sixtieth of the time. Between them and Prometheus
stands a page (`page`) that turns each number of seconds on that clock into seconds of the machine.
Then both sides agree: a rule compares `time() - x` with a sixtieth of its threshold, and x is as
many sixtieths of its age ago.

What costs this machine's time is not hurried, or a busy machine would look like a broken site:
the limits of one answer on the wire, and those of the exporter's own server.
"""
