"""Modules that a user names on the command line are found in the folder in which they typed it."""

import sys

import pytest

from allcore.imports import import_user_module


def test_a_module_beside_the_user_is_found(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry not in ("", str(tmp_path))])
    (tmp_path / "beside_the_user.py").write_text("answer = 42\n")
    before = list(sys.path)
    assert import_user_module("beside_the_user").answer == 42
    assert sys.path == before


def test_a_file_beside_the_user_hides_no_installed_module(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "this", raising=False)
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry not in ("", str(tmp_path))])
    (tmp_path / "this.py").write_text("raise AssertionError('the wrong one')\n")
    assert import_user_module("this").__file__ != str(tmp_path / "this.py")


def test_what_is_nowhere_is_an_import_error():
    with pytest.raises(ModuleNotFoundError):
        import_user_module("there_is_no_such_module")
