#!/bin/sh
# Makes an environment of its own for every peer, in benchmarks/.venvs/ (git ignores it), with the versions of torch,
# Gymnasium and the ALE that ours has. A peer that is there already is left alone.
#
#     sh benchmarks/speed/setup_peers.sh [PYTHON]
set -eu
cd "$(dirname "$0")/../.."
python=${1:-python3}

peer() { # NAME PACKAGE...
    venv=benchmarks/.venvs/$1
    shift
    [ -e "$venv/.installed" ] && return
    "$python" -m venv --upgrade-deps "$venv"
    "$venv/bin/python" -m pip install --quiet --constraint constraints.txt "$@"
    touch "$venv/.installed"
}

peer sb3 stable-baselines3==2.9.2 torch gymnasium ale-py opencv-python-headless
peer envpool envpool==1.2.5 gymnasium numpy
