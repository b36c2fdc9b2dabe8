"""`python -m tunelab`: the `tunelab` command where it isn't on the path."""

from tunelab.cli import main

if __name__ == "__main__":
    main()
