"""`python -m cephalign` is the program `cephalign`."""

from cephalign.cli import main

if __name__ == "__main__":
    main()
