"""The grader: reads the course, builds and releases it, takes submissions in, runs the hidden suites and feeds nbgrader."""
