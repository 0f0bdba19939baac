"""`python -m sharpeyes` is the `sharpeyes` command."""

from sharpeyes.service.cli import main

if __name__ == "__main__":
    main()
