"""`python -m allcore` is `all`: for executors, and where the script is not on the path."""

from allcore.cli import main

if __name__ == "__main__":
    main()
