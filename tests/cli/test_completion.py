"""What TAB proposes, asked as a shell asks: by an environment variable, in a fresh process, and in bash itself."""

import os
import shutil
import subprocess
import sys

import click
import pytest

from allcore.cli import main
from allcore.cli.completion_script import Bash


@pytest.fixture
def propose():
    """Propose what could follow on the command line, in this process."""
    from click.shell_completion import ShellComplete

    def call(*arguments):
        *words, incomplete = arguments
        items = ShellComplete(main, {}, "all", "_ALL_COMPLETE").get_completions(words, incomplete)
        return [item.value for item in items]

    return call


@pytest.mark.parametrize(
    ("line", "proposals"),
    [
        (["ru"], ["run", "runs"]),
        (["list", "pre"], ["presets"]),
        (["list", "environments", "--family", "cl"], ["classic"]),
        (["run", "--preset", "classic.dq"], ["classic.dqn", "classic.dqn_tiles"]),
        (["run", "--preset", "classic.dqn", "--env", "Cart"], ["CartPole-v0", "CartPole-v1"]),
        (["run", "--preset", "classic.dqn", "--env", "cl"], ["classic:"]),
        (["run", "--env", "classic:CartPole-v1"], ["classic:CartPole-v1"]),
        (["run", "--env", "Cart"], []),
        (["run", "--preset", "classic.dqn", "--set", "replay_b"], ["replay_buffer_size="]),
        (["run", "--set", "l"], []),
        (["run", "--logger", "core.c"], ["core.console", "core.csv"]),
        (["run", "--executor", "core"], ["core.local"]),
        (["run", "--device", "c"], ["cpu", "cuda"]),
        (["show", "classic.dd"], ["classic.ddqn"]),
        (["evaluate", ""], []),
        (["completion", "z"], ["zsh"]),
    ],
    ids=" ".join,
)
def test_proposals(line, proposals, propose):
    assert propose(*line) == proposals


def test_runs_are_proposed_by_their_folders(propose):
    from allcore.experiments.run_folder import RunFolder

    with RunFolder.of("runs", "robot.walk", "Valley", "seed0-0a1b2c3d") as folder:
        folder.write_run({"preset": "robot.walk", "env": "Valley", "seed": 0, "frames": 10})
    assert propose("evaluate", "runs/rob") == ["runs/robot.walk/Valley/seed0-0a1b2c3d"]
    assert propose("watch", "x") == []


def test_keys_are_proposed_without_heavy_imports():
    """Every press of TAB is a new process: it may not import torch."""
    code = (
        "import sys, atexit; atexit.register(lambda: print('torch' in sys.modules)); import allcore.__main__"
    )
    for words in ("all run --preset ", "all run --preset classic.dqn --env Cart", "all show a"):
        result = subprocess.run(
            [sys.executable, "-c", f"{code}; allcore.__main__.main()"],
            env=os.environ | {"_ALL_COMPLETE": "bash_complete", "COMP_LINE": words},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        *proposals, torch_is_there = result.stdout.splitlines()
        assert proposals
        assert torch_is_there == "False", words


def test_nothing_is_said_while_somebody_types():
    words = {"COMP_WORDS": "all run --preset nobody.knows --set ", "COMP_CWORD": "5", "ALL_PLUGINS": "nobody"}
    result = subprocess.run(
        [sys.executable, "-m", "allcore"],
        env=os.environ | {"_ALL_COMPLETE": "zsh_complete"} | words,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (result.stdout, result.stderr) == ("", "")


class TestBash:
    @pytest.mark.parametrize(
        ("line", "breaks", "words", "incomplete", "given_back"),
        [
            ("all run --env atari:Bre", ":=", ["run", "--env"], "atari:Bre", "Breakout"),
            ("all run --env atari:Bre", " ", ["run", "--env"], "atari:Bre", "atari:Breakout"),
            ("all run --env=atari:Bre", ":=", ["run"], "--env=atari:Bre", "Breakout"),
            ("all run --env ", ":=", ["run", "--env"], "", "atari:Breakout"),
            ("all run 'my file", ":=", ["run"], "my file", "atari:Breakout"),
        ],
    )
    def test_words_and_what_bash_keeps(self, line, breaks, words, incomplete, given_back, monkeypatch):
        monkeypatch.setenv("COMP_LINE", line)
        monkeypatch.setenv("COMP_WORDBREAKS", breaks)
        shell = Bash(main, {}, "all", "_ALL_COMPLETE")
        assert shell.get_completion_args() == (words, incomplete)
        item = click.shell_completion.CompletionItem("atari:Breakout")
        assert shell.format_completion(item) == f"plain,{given_back}"

    @pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash here")
    def test_in_bash_itself(self, run_all, tmp_path):
        script = run_all("completion", "bash").stdout
        # In the test bash has no line editor, so `compopt` cannot work: it only says that it was called.
        script += """
        compopt() { echo "$@"; }
        COMP_LINE="all run --preset classic.dqn --env classic:Cart"
        COMP_POINT=${#COMP_LINE}
        _all_completion all
        echo "${COMPREPLY[@]}"
        COMPREPLY=() COMP_LINE="all run --env class" COMP_POINT=19
        _all_completion all
        echo "${COMPREPLY[@]}"
        """
        program = tmp_path / "all"
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m allcore "$@"\n')
        program.chmod(0o755)
        path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
        result = subprocess.run(
            ["bash", "--norc", "-c", script],
            env=os.environ | {"PATH": path},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert result.stdout.splitlines() == ["CartPole-v0 CartPole-v1", "-o nospace", "classic:"], (
            result.stderr
        )


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_script_for_each_shell(shell, run_all):
    result = run_all("completion", shell)
    assert result.exit_code == 0
    assert "_ALL_COMPLETE" in result.stdout
    assert f"all completion {shell}" in result.stdout.splitlines()[0]
