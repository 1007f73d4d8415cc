"""Backtest: the requests that two configurations would make over recorded events, and how they differ."""

from destination_actions.testing.backtest.report import Report, SubscriptionReport
from destination_actions.testing.backtest.run import backtest
from destination_actions.testing.backtest.settings import load_for_backtest

__all__ = ["Report", "SubscriptionReport", "backtest", "load_for_backtest"]
