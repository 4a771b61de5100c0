"""Import the DAG files as Airflow does and write what they declare, as JSON, into the file named.

Run it in a process of its own.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from airflow.dag_processing.dagbag import BundleDagBag

FOLDER = Path(__file__).resolve().parents[2] / "dags"
HEAVY = ("pandas", "pyarrow", "dbt", "great_expectations", "streamlit", "psycopg2", "cartera.pipeline", "cartera.db")


def assets_of(timetable: Any) -> list[str]:
    condition = getattr(timetable, "asset_condition", None)
    return sorted(asset.name for asset in getattr(condition, "objects", [condition])) if condition else []


def described(dag: Any) -> dict[str, Any]:
    # of a schedule by assets or time, its time
    clock = getattr(dag.timetable, "timetable", dag.timetable)
    return {
        "file": Path(dag.fileloc).name,
        "tasks": {
            task.task_id: {
                "downstream": sorted(task.downstream_task_ids),
                "retries": task.retries,
                "backoff": bool(task.retry_exponential_backoff),
                "outlets": [outlet.name for outlet in task.outlets],
                **({} if task.pool == "default_pool" else {"pool": task.pool}),
            }
            for task in dag.tasks
        },
        "cron": getattr(clock, "expression", None),
        "timezone": str(getattr(clock, "timezone", "")),
        "assets": assets_of(dag.timetable),
        "catchup": dag.catchup,
        "max_active_runs": dag.max_active_runs,
        "params": list(dag.params),
    }


bag = BundleDagBag(dag_folder=FOLDER, bundle_path=FOLDER, bundle_name="cartera", safe_mode=True)
seen = {
    "errors": bag.import_errors,
    "dags": {dag_id: described(dag) for dag_id, dag in bag.dags.items()},
    "heavy": sorted(name for name in HEAVY if name in sys.modules),
}
Path(sys.argv[1]).write_text(json.dumps(seen))
