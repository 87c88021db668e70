"""The training itself: steps, state, schedules, checkpoints."""
