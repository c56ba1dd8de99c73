"""The dashboard and the alerts ask for what a server shows, by its labels; each says what it is and what to do."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.meta.test_metrics import NAME, families

ROOT = Path(__file__).parents[2]
DASHBOARD = ROOT / "deploy/grafana/bailiwick.json"
ALERTS = ROOT / "deploy/prometheus/alerts.yml"
CONFIG = ROOT / "deploy/prometheus/prometheus.yml"
# What Prometheus adds to every line that it reads.
ADDED = {"instance", "job"}
# Labels whose every value is shown from the start.
WHOLE = {"outcome", "word", "limit", "questions"}
SELECTED = re.compile(r"\b([a-z_]+)\{([^}]*)\}")
MATCHER = re.compile(r'(\w+)(=~|!=|!~|=)"([^"]*)"')


def shown() -> dict[str, dict[str, set[str]]]:
    """Which labels has each line of the metrics, with which values?"""
    found: dict[str, dict[str, set[str]]] = {}
    for family in families():
        for sample in family.samples:
            labels = found.setdefault(sample.name, {})
            for label, value in sample.labels.items():
                labels.setdefault(label, set()).add(value)
    return found


def wrong_in(expression: str) -> list[str]:
    """What does this expression ask for that no server shows?"""
    known, wrong = shown(), []
    named = set(NAME.findall(expression))
    wrong += [name for name in sorted(named) if name not in known]
    labels = {label for name in named for label in known.get(name, {})} | ADDED
    for listed in re.findall(r"\bby \(([^)]*)\)", expression):
        wrong += [label for label in re.split(r",\s*", listed) if label not in labels]
    for name, inner in SELECTED.findall(expression):
        for label, _, value in MATCHER.findall(inner):
            if label not in {*known.get(name, {}), *ADDED}:
                wrong.append(f"{name}.{label}")
            elif label in WHOLE:
                missing = set(value.split("|")) - known[name][label]
                wrong += [f"{name}.{label}={one}" for one in sorted(missing)]
    return wrong


@pytest.mark.parametrize(
    ("expression", "wrong"),
    [
        ("rate(bailiwick_dogs_total[5m])", ["bailiwick_dogs_total"]),
        ("sum by (dog) (bailiwick_accounts_behind)", ["dog"]),
        ('bailiwick_accounts_behind{dog="rex"}', ["bailiwick_accounts_behind.dog"]),
        ('bailiwick_readiness{word=~"ready|fine"}', ["bailiwick_readiness.word=fine"]),
        ("bailiwick_forks", ["bailiwick_forks"]),
        ('sum by (instance) (bailiwick_readiness{word="ready",job="x"})', []),
    ],
)
def test_what_is_not_shown_is_found(expression: str, wrong: list[str]) -> None:
    """The check can fail."""
    assert wrong_in(expression) == wrong


def dashboard() -> Any:
    """The dashboard as Grafana reads it."""
    return json.loads(DASHBOARD.read_text(encoding="utf-8"))


def panels() -> Iterator[dict[str, Any]]:
    """Its panels, without the rows that they stand in."""
    return (panel for panel in dashboard()["panels"] if panel["type"] != "row")


def test_panels_ask_for_what_is_shown() -> None:
    """Every expression of every panel."""
    asked = {panel["title"]: [t["expr"] for t in panel["targets"]] for panel in panels()}
    assert len(asked) > 20
    wrong = {title: [found for one in all_of for found in wrong_in(one)] for title, all_of in asked.items()}
    assert {title: found for title, found in wrong.items() if found} == {}


def test_every_metric_has_a_panel() -> None:
    """What is not looked at need not be counted."""
    text = DASHBOARD.read_text(encoding="utf-8")
    missing = [family.name for family in families() if family.name not in text]
    assert missing == []


def test_panels_say_what_they_are() -> None:
    """A title that no other has, a sentence, a unit, a place of their own."""
    found = list(panels())
    titles, ids = [panel["title"] for panel in found], [panel["id"] for panel in dashboard()["panels"]]
    assert len(set(titles)) == len(titles)
    assert len(set(ids)) == len(ids)
    for panel in found:
        assert panel["description"].endswith("."), panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
    places = [
        (x, y)
        for panel in dashboard()["panels"]
        for g in [panel["gridPos"]]
        for x in range(g["x"], g["x"] + g["w"])
        for y in range(g["y"], g["y"] + g["h"])
    ]
    assert len(set(places)) == len(places), "two panels in one place"
    assert max(x for x, _ in places) < 24


def test_it_imports_into_any_grafana() -> None:
    """The data source is chosen by a variable, and nothing names one of ours."""
    variables = {one["name"]: one for one in dashboard()["templating"]["list"]}
    assert variables["datasource"]["type"] == "datasource"
    assert variables["datasource"]["query"] == "prometheus"
    sources = re.findall(r'"uid": "([^"]+)"', DASHBOARD.read_text(encoding="utf-8"))
    assert set(sources) == {"${datasource}", "bailiwick"}
    used = set(re.findall(r"\$(\w+)", " ".join(t["expr"] for p in panels() for t in p["targets"])))
    assert used <= {*variables, "__rate_interval", "__range"}


def rules() -> list[dict[str, Any]]:
    """The alerts, as Prometheus reads them."""
    groups = yaml.safe_load(ALERTS.read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_alerts_ask_for_what_is_shown_and_say_what_to_do(rule: dict[str, Any]) -> None:
    """Each has an expression that can be answered, how bad it is, one sentence, and what to do."""
    assert wrong_in(rule["expr"]) == []
    assert NAME.findall(rule["expr"]) or rule["expr"].startswith("up{")
    assert rule["labels"]["severity"] in ("warning", "critical")
    said = rule["annotations"]
    assert set(said) == {"summary", "description"}
    assert said["summary"].endswith(".")
    assert len(said["description"]) > 60
    used = set(re.findall(r"\$labels\.(\w+)", said["summary"]))
    listed = re.findall(r"\bby \(([^)]*)\)", rule["expr"])
    kept = {label for one in listed for label in re.split(r",\s*", one)} if listed else ADDED
    assert used <= kept


def test_prometheus_asks_where_the_metrics_are() -> None:
    """Each node by itself, with the operator's token, and by the alerts that lie beside."""
    config = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))
    [job] = config["scrape_configs"]
    assert config["rule_files"] == [ALERTS.name]
    assert job.get("metrics_path", "/metrics") == "/metrics"
    assert job["authorization"]["type"] == "Bearer"
    assert job["authorization"]["credentials_file"]
    assert {rule["expr"].partition('job="')[2].partition('"')[0] for rule in rules()} <= {"", job["job_name"]}
