"""`python cli.py …` from a checkout is the same as the installed `kaohe …`."""

from checker.commands import main

if __name__ == "__main__":
    main()
