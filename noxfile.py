#!/usr/bin/env -S uv run --script
# /// script
# dependencies = ["nox>=2025.10.16"]
# ///
"""Tasks in fresh environments: ``nox --list`` shows them, ``nox -s quick`` runs one.

``nox`` alone runs what a change needs most often: quick tests, lint and types. ``checks`` is ``.ci/run``: all that must
hold.
"""

import nox

nox.needs_version = ">=2025.10.16"
nox.options.default_venv_backend = "uv|virtualenv"

PYTHONS = ["3.11", "3.12", "3.13", "3.14"]


@nox.session(python=PYTHONS, default=False)
def tests(session: nox.Session) -> None:
    """Run all tests but the long ones, on all processors; arguments go to pytest."""
    session.install("-e", ".[test]")
    session.run("python", "-m", "pytest", "-n", "auto", "--dist", "worksteal", "-m", "not long", *session.posargs)


@nox.session
def quick(session: nox.Session) -> None:
    """Run a part of every room in a minute; arguments go to pytest."""
    session.install("-e", ".[test]")
    session.run("python", "-m", "pytest", "-m", "quick", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style, format and the conventions of the scientific Python community."""
    session.install(".[lint]")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("python", "-m", "repo_review", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Check types."""
    session.install("-e", ".[lint,test]")  # the libraries whose types it reads
    session.run("mypy")


@nox.session(default=False)
def docs(session: nox.Session) -> None:
    """Build the pages in both languages into docs/_build; arguments go to docs/build.py."""
    session.install("-e", ".[docs]")
    session.run("python", "docs/build.py", *session.posargs)


@nox.session(venv_backend="none", default=False)
def checks(session: nox.Session) -> None:
    """Run everything that must hold before a change is taken; it makes its own environments."""
    session.run("bash", ".ci/run", external=True)


if __name__ == "__main__":
    nox.main()
