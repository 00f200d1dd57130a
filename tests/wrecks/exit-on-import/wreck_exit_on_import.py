"""It ends the process when it is imported."""

import sys

sys.exit("this machine is not good enough")
