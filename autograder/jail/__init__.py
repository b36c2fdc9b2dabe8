"""The jail: what runs inside the sandbox before a learner's code does. The only part of the grader that the sandbox can see."""
