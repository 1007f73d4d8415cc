"""Twelve fields: paths, conditions, a template, letter case, a list of objects."""

from __future__ import annotations

from destination_actions import compile_mapping

from sidebyside.job import Job, Work


def mapping(job: Job) -> Work:
    """Resolve the mapping."""
    resolve, event = compile_mapping(job.inputs["mapping"]).resolve, job.inputs["event"]
    return Work(once=lambda: resolve(event), check=lambda: resolve(event))
