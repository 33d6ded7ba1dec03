"""The block of metadata that opens a card on the model hub."""

from typing import Any

import yaml

from project.modelcard.facts import Facts

_TASKS = {"masks": "image-segmentation", "embedding": "image-feature-extraction"}


def front_matter(facts: Facts) -> str:
    """YAML between two lines of dashes: licence, library, task, tags, and the test's results.

    Source: https://huggingface.co/docs/hub/model-cards
    """
    record = facts.record
    task = _TASKS.get("masks" if facts.has_masks else facts.task, "image-classification")
    headline = record["task"].get("headline", ("accuracy",))
    metrics = [{"type": name, "value": facts.test[name]} for name in headline if name in facts.test]
    result: dict[str, Any] = {
        "task": {"type": task},
        "dataset": {"name": record["data"]["name"], "type": record["data"]["name"]},
        "metrics": metrics,
    }
    data: dict[str, Any] = {"license": facts.licence} if facts.licence else {}
    data |= {"library_name": "pytorch", "pipeline_tag": task}
    data |= {"tags": [record["model"]["name"], *record["tags"]]}
    if metrics:
        data |= {"model-index": [{"name": record["run_id"], "results": [result]}]}
    return f"---\n{yaml.safe_dump(data, sort_keys=False, allow_unicode=True)}---\n"
