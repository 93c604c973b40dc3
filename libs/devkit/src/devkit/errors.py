"""The one refusal of devkit: something needed is missing, busy or broken, said in one line."""


class CannotStart(Exception):  # noqa: N818 - named after what it says
    """Its text is shown to a person as it is: one line, naming what to change."""
