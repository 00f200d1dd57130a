"""What a task asks of Slurm: partition, time, processors and what else sbatch takes."""

from __future__ import annotations

import pytest

from all_slurm.resources import Resources, seconds_of
from allcore.errors import UsageError


class TestResources:
    @pytest.mark.parametrize(
        ("text", "seconds"),
        [
            ("90", 5400),
            ("90:30", 5430),
            ("4:00:00", 14400),
            ("2-12", 216_000),
            ("1-0:30", 88_200),
            ("1-1:1:1", 90_061),
            ("UNLIMITED", None),
        ],
    )
    def test_time_limits_are_read_as_sbatch_reads_them(self, text, seconds):
        assert seconds_of(text) == seconds

    @pytest.mark.parametrize("text", ["", "4h", "1:2:3:4", "-5"])
    def test_what_is_no_time_limit(self, text):
        with pytest.raises(UsageError, match="slurm.time is"):
            seconds_of(text)

    def test_a_limit_that_leaves_no_time(self):
        with pytest.raises(UsageError, match="leaves no time"):
            Resources(time="2", grace=120)

    def test_options(self):
        asked = Resources(
            partition="a,b",
            time="4:00:00",
            cpus=3,
            memory="8G",
            account="x",
            sbatch=("--qos=long --exclusive",),
        )
        assert asked.options(on_gpu=False) == [
            *("--partition=a,b", "--time=4:00:00", "--cpus-per-task=3", "--mem=8G", "--account=x"),
            *("--signal=B:USR1@120", "--qos=long", "--exclusive"),
        ]

    @pytest.mark.parametrize(
        "option",
        [
            "--job-name=x",
            "--array 0-1",
            "--clusters=a",
            "-M a",
            "--arr=0-1",
            "-J x",
            "-a0",
            "-o x",
            "--output=x",
            "--no-requeue",
            "--signal=INT",
            "--wrap=x",
            "--",
        ],
    )
    def test_an_option_that_is_ours_is_refused(self, option):
        with pytest.raises(UsageError, match=r"slurm\.sbatch names -.*, which is given by us") as caught:
            Resources(sbatch=("--qos=long", option))
        assert "\n" not in caught.value.message

    def test_options_that_are_not_ours_are_given_on(self):
        theirs = ("--nodelist=n1 --cpus-per-task=4", "-e x", "--comment='-o is not meant'", "--gres gpu:1")
        assert Resources(sbatch=theirs).options(on_gpu=False)[1:] == [
            *("--nodelist=n1", "--cpus-per-task=4", "-e", "x", "--comment=-o is not meant", "--gres", "gpu:1")
        ]

    def test_a_run_on_a_gpu_gets_one_unless_the_user_says_otherwise(self):
        assert "--gpus=1" in Resources().options(on_gpu=True)
        assert "--gpus=2" in Resources(gpus=2).options(on_gpu=True)
        assert not any("gpus" in option for option in Resources(gpus=0).options(on_gpu=True))
