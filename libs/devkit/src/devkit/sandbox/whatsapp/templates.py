"""WhatsApp message templates: their registration as Meta's Business Management API takes it, and what a phone
shows of them."""

import re
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from devkit.sandbox.messages import Button

PLACEHOLDER = re.compile(r"\{\{\s*(\w+)\s*\}\}")


class Loose(BaseModel):
    """Meta ignores what it does not know."""

    model_config = ConfigDict(extra="ignore")


class TemplateButton(Loose):
    type: Literal["QUICK_REPLY", "URL", "PHONE_NUMBER", "COPY_CODE", "OTP"]
    text: str = ""
    url: str | None = None
    phone_number: str | None = None


class TemplateComponent(Loose):
    type: Literal["HEADER", "BODY", "FOOTER", "BUTTONS"]
    format: Literal["TEXT", "IMAGE", "VIDEO", "DOCUMENT", "LOCATION"] | None = None
    text: str = ""
    buttons: list[TemplateButton] = Field(default_factory=list)


class Template(Loose):
    name: str = Field(pattern=r"^[a-z0-9_]{1,512}$")
    language: str = Field(min_length=2)
    category: Literal["AUTHENTICATION", "MARKETING", "UTILITY"]
    components: list[TemplateComponent]

    def component(self, kind: str) -> TemplateComponent | None:
        return next((component for component in self.components if component.type == kind), None)


class Parameter(Loose):
    type: str
    text: str | None = None
    payload: str | None = None
    parameter_name: str | None = None
    document: dict[str, Any] | None = None
    image: dict[str, Any] | None = None
    currency: dict[str, Any] | None = None
    date_time: dict[str, Any] | None = None

    def shown(self) -> str:
        for value in (self.currency, self.date_time):
            if value:
                return str(value.get("fallback_value", ""))
        media = self.document or self.image
        return str(media.get("link", "")) if media else self.text or ""


class SentComponent(Loose):
    type: Literal["header", "body", "button"]
    sub_type: str | None = None
    index: int | None = None
    parameters: list[Parameter] = Field(default_factory=list)


class Language(Loose):
    code: str


class SentTemplate(Loose):
    name: str = Field(min_length=1)
    language: Language
    components: list[SentComponent] = Field(default_factory=list)

    def parameters(self, kind: str) -> list[Parameter]:
        return [parameter for part in self.components if part.type == kind for parameter in part.parameters]

    def buttons(self) -> list[SentComponent]:
        return sorted(
            (part for part in self.components if part.type == "button"), key=lambda part: part.index or 0
        )


class ParametersDoNotMatch(Exception):  # noqa: N818 - named after what Meta calls it (132000)
    pass


class Shown(BaseModel):
    """A template as the phone shows it."""

    header: str = ""
    text: str
    footer: str = ""
    buttons: list[Button] = Field(default_factory=list)


def show(sent: SentTemplate, registered: Template | None) -> Shown:
    """By its registered text where there is one; else what was given by parameters and payloads, as it is."""
    if registered is None:
        return Shown(
            header=_joined(sent.parameters("header")),
            text=_joined(sent.parameters("body")),
            buttons=[_unregistered_button(part) for part in sent.buttons()],
        )
    return Shown(
        header=_filled(registered.component("HEADER"), sent.parameters("header")),
        text=_filled(registered.component("BODY"), sent.parameters("body")),
        footer=_filled(registered.component("FOOTER"), []),
        buttons=_registered_buttons(registered.component("BUTTONS"), sent.buttons()),
    )


def _joined(parameters: list[Parameter]) -> str:
    return "\n".join(shown for parameter in parameters if (shown := parameter.shown()))


def _unregistered_button(part: SentComponent) -> Button:
    given = part.parameters[0] if part.parameters else Parameter(type="text")
    if part.sub_type == "url":
        return Button("url", given.shown(), url=given.shown())
    payload = given.payload or given.shown()
    return Button("reply", payload, payload=payload)


def _filled(component: TemplateComponent | None, parameters: list[Parameter]) -> str:
    if component is None:
        return ""
    if component.type == "HEADER" and component.format not in (None, "TEXT"):
        return _joined(parameters)
    names = list(dict.fromkeys(PLACEHOLDER.findall(component.text)))
    if len(names) != len(parameters):
        raise ParametersDoNotMatch(
            f"{component.type.lower()}: number of localizable_params ({len(parameters)}) "
            f"does not match the expected number of params ({len(names)})"
        )
    values: Mapping[str, str] = {
        parameter.parameter_name or name: parameter.shown()
        for name, parameter in zip(names, parameters, strict=True)
    }
    return PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), component.text)


def _registered_buttons(component: TemplateComponent | None, sent: list[SentComponent]) -> list[Button]:
    given = {part.index: part.parameters[0] for part in sent if part.parameters}
    buttons = []
    for index, button in enumerate(component.buttons if component else ()):
        parameter = given.get(index, Parameter(type="text"))
        match button.type:
            case "URL":
                url = PLACEHOLDER.sub("{}", button.url or "").replace("{}", parameter.shown())
                buttons.append(Button("url", button.text, url=url))
            case "PHONE_NUMBER":
                buttons.append(Button("phone", button.text, url=f"tel:{button.phone_number}"))
            case _:
                buttons.append(Button("reply", button.text, payload=parameter.payload or button.text))
    return buttons
