"""`python -m fairlead.cli`: the same as `fairlead`, wherever the script lies."""

from fairlead.cli.main import main

main()
