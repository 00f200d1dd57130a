#!/bin/sh
# Makes an environment of its own for every peer, in benchmarks/.venvs/ (git ignores it), with the versions of torch,
# Gymnasium, MuJoCo and the ALE that ours has. A peer that is there already, with the same packages and versions, is left alone.
#
#     sh benchmarks/speed/setup_peers.sh [PYTHON]
set -eu
cd "$(dirname "$0")/../.."
python=${1:-python3}
venvs=benchmarks/.venvs
mkdir -p "$venvs"
# Tianshou's virtualenv needs an older filelock than ours, and pip knows no exception to a constraint.
grep -v '^filelock==' constraints.txt >"$venvs/constraints.txt"

peer() { # NAME PIP_ARGUMENT...
    venv=$venvs/$1
    shift
    wanted="$* with constraints $(cksum <"$venvs/constraints.txt")"
    [ "$(cat "$venv/.installed" 2>/dev/null)" = "$wanted" ] && return
    "$python" -m venv --upgrade-deps "$venv"
    "$venv/bin/python" -m pip install --quiet --constraint "$venvs/constraints.txt" "$@"
    echo "$wanted" >"$venv/.installed"
}

common="torch gymnasium[mujoco] ale-py numpy opencv-python-headless"
peer sb3 stable-baselines3==2.9.2 $common
peer tianshou tianshou==2.0.1 $common
peer torchrl torchrl==0.14.1 $common
peer seed $common tensorboard
# Without its own requirements, which are Gymnasium 0.29 and NumPy 1: it runs with ours, and so with the same emulator.
"$venvs/seed/bin/python" -m pip install --quiet --no-deps autonomous-learning-library==0.9.1
peer envpool envpool==1.2.5 gymnasium numpy
