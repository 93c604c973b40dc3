"""What a client may send: the bodies of `POST /{phone_number_id}/messages`."""

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from devkit.sandbox.messages import Button
from devkit.sandbox.whatsapp.templates import Loose, SentTemplate


class Text(Loose):
    body: str = Field(min_length=1, max_length=4096)


class Document(Loose):
    link: str | None = None
    id: str | None = None
    caption: str = ""
    filename: str | None = None


class ReplyButton(Loose):
    id: str = Field(min_length=1, max_length=256)
    title: str = Field(min_length=1, max_length=20)


class InteractiveButton(Loose):
    type: Literal["reply"]
    reply: ReplyButton


class UrlParameters(Loose):
    display_text: str
    url: str


class ListRow(Loose):
    id: str = Field(min_length=1, max_length=200)
    title: str = Field(min_length=1, max_length=24)
    description: str = ""


class ListSection(Loose):
    title: str = ""
    rows: list[ListRow]


class Action(Loose):
    buttons: list[InteractiveButton] = Field(default_factory=list, max_length=3)
    parameters: UrlParameters | None = None
    sections: list[ListSection] = Field(default_factory=list, max_length=10)

    def shown(self) -> list[Button]:
        buttons = [Button("reply", button.reply.title, button.reply.id) for button in self.buttons]
        buttons += [Button("reply", row.title, row.id) for section in self.sections for row in section.rows]
        if self.parameters:
            buttons.append(Button("url", self.parameters.display_text, url=self.parameters.url))
        return buttons


class Words(Loose):
    text: str = ""


class InteractiveBody(Loose):
    text: str = Field(min_length=1, max_length=1024)


class Interactive(Loose):
    type: Literal["button", "cta_url", "list"]
    header: Words | None = None
    body: InteractiveBody
    footer: Words | None = None
    action: Action


class Context(Loose):
    message_id: str


class Sent(Loose):
    messaging_product: Literal["whatsapp"]
    to: str = Field(min_length=1)
    context: Context | None = None
    biz_opaque_callback_data: str | None = Field(None, max_length=512)


class SentText(Sent):
    type: Literal["text"] = "text"
    text: Text


class SentDocument(Sent):
    type: Literal["document"]
    document: Document


class SentInteractive(Sent):
    type: Literal["interactive"]
    interactive: Interactive


class SentByTemplate(Sent):
    type: Literal["template"]
    template: SentTemplate


AnySent = SentText | SentDocument | SentInteractive | SentByTemplate
SENT: TypeAdapter[AnySent] = TypeAdapter(Annotated[AnySent, Field(discriminator="type")])
