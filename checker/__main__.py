"""`python -m checker …` is the same as `kaohe …`."""

from checker.commands import main

main()
