"""Tests of tests: small changes of mappings and expressions that some case has to notice."""

from destination_actions.testing.mutation.mutants import Mutant
from destination_actions.testing.mutation.run import MutationReport, Survivor, mutation_of

__all__ = ["Mutant", "MutationReport", "Survivor", "mutation_of"]
