"""The learner's lab of Tunelab."""
