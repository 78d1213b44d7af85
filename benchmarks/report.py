"""What a benchmark has found: tables for people, numbers for programs, and how it stands to the goals."""

import json
import math
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table as RichTable

from tutor_app.demo.measure import machine


@dataclass(frozen=True)
class Table:
    """A title, the columns' heads, and rows of words."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Goal:
    """One number the design asks for (DESIGN, "Numbers to reach") and the number measured."""

    what: str
    asked: str
    reached: str
    met: bool


@dataclass
class Report:
    """`data` is what the tables were made of; `notes` is what a reader of the numbers must know."""

    name: str
    about: str
    tables: list[Table] = field(default_factory=list)
    goals: list[Goal] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    data: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0
    others: float = math.nan
    at: float = field(default_factory=time.time)

    def at_most(self, what: str, reached: float, limit: float, unit: str) -> None:
        """Hold a number against the most it may be."""
        met = not math.isnan(reached) and reached <= limit
        self.goals.append(Goal(what, f"≤ {limit:g} {unit}", f"{number(reached)} {unit}", met))

    def at_least(self, what: str, reached: float, limit: float, unit: str) -> None:
        """Hold a number against the least it may be."""
        met = not math.isnan(reached) and reached >= limit
        self.goals.append(Goal(what, f"≥ {limit:g} {unit}", f"{number(reached)} {unit}", met))

    def show(self, console: Console) -> None:
        """Print it."""
        for table in self.everything():
            drawn = RichTable(title=table.title, title_justify="left", title_style="bold")
            for place, column in enumerate(table.columns):
                drawn.add_column(column, justify="left" if place == 0 else "right")
            for row in table.rows:
                drawn.add_row(*row)
            console.print(drawn)
        for note in (*self.notes, self.company):
            console.print(f"· {note}", style="dim")

    @property
    def company(self) -> str:
        """Say how far this computer was left alone."""
        return f"Other programs used {number(self.others, 2)} % of this computer's cores meanwhile."

    def save(self, folder: Path) -> Path:
        """Write it as JSON, with the facts of the machine; return the file."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{self.name}.json"
        whole = {
            "benchmark": self.name,
            "about": self.about,
            "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.at)),
            "seconds": round(self.seconds),
            "revision": revision(),
            "machine": machine(),
            "goals": [vars(goal) for goal in self.goals],
            "tables": [vars(table) for table in self.tables],
            "others_cpu": round(self.others, 1),
            "notes": [*self.notes, self.company],
            "data": self.data,
        }
        path.write_text(json.dumps(whole, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        return path

    def everything(self) -> list[Table]:
        """Return the tables, the goals last."""
        rows = [(goal.what, goal.asked, goal.reached, "✓" if goal.met else "✗ not yet") for goal in self.goals]
        return [*self.tables, *([Table("Goals", ("what", "goal", "measured", ""), rows)] if rows else [])]


def number(value: float, digits: int = 3) -> str:
    """Return a number as people read it: three digits that count, "–" for none."""
    if math.isnan(value):
        return "–"
    if value == 0:
        return "0"
    places = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    return f"{value:,.{min(places, 2)}f}"


def ratio(theirs: float, ours: float) -> str:
    """Return how many times less ours is."""
    if math.isnan(theirs) or math.isnan(ours):
        return "–"
    return f"{number(theirs / ours, 2)}×" if ours > 0 else "∞"


def revision() -> str:
    """Return the commit that was measured, with "+" where the files differ from it."""
    git = shutil.which("git")
    if git is None:
        return ""
    run = subprocess.run([git, "describe", "--always", "--dirty=+"], capture_output=True, text=True, check=False)
    return run.stdout.strip()


# ── RESULTS.md ──────────────────────────────────────────────────────────────────────────────────────────────────────


def results_page(head: str, saved: Sequence[Mapping[str, Any]]) -> str:
    """Return the page of the last runs, made of saved reports."""
    parts = [head.strip()]
    for one in saved:
        facts = one["machine"]
        load = ", ".join(str(value) for value in facts["load_average"])
        parts += [f"## {one['benchmark']}", one["about"]]
        parts.append(
            f"{one['at']} · commit `{one['revision']}` · {facts['processor']}, {facts['cores']} cores, "
            f"{facts['system']}, Python {facts['python']} · load {load} · {one['seconds']} s"
        )
        goals = [(g["what"], g["asked"], g["reached"], "✓" if g["met"] else "✗ not yet") for g in one["goals"]]
        tables = [Table(**table) for table in one["tables"]]
        if goals:
            tables.append(Table("Goals", ("what", "goal", "measured", ""), goals))
        parts += [_markdown(table) for table in tables]
        parts.append("\n".join(f"- {note}" for note in one["notes"]))
    return "\n\n".join(part for part in parts if part) + "\n"


def _markdown(table: Table) -> str:
    lines = [
        f"**{table.title}**\n",
        "| " + " | ".join(table.columns) + " |",
        "|" + "|".join(" --- " if place == 0 else " ---: " for place in range(len(table.columns))) + "|",
        *("| " + " | ".join(row) + " |" for row in table.rows),
    ]
    return "\n".join(lines)
