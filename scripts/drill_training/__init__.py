"""Drills that a training has to survive: kills at random steps, kills inside a save, damaged files."""
