"""What a patient's reply means. Anything that is not clearly one thing means nothing, and a person is asked."""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import Literal
from uuid import UUID

Intent = Literal["confirm", "move", "cancel", "stop", "stop-all", "operator"]

PHRASES: dict[Intent, tuple[str, ...]] = {
    "confirm": (
        "1", "да", "сим", "приду", "придём", "буду", "подтверждаю", "подтвердить", "конечно", "да приду", "да буду",
        "иә", "ия", "келемін", "барамын", "растаймын", "растау",
        "yes", "y", "ok", "okay", "confirm", "i will come", "ill come", "i'll come", "coming", "i confirm",
        "sim", "confirmo", "confirmar", "eu vou", "vou", "estarei ai", "estarei aí",
        "oui", "je confirme", "confirmer", "je viens", "d'accord", "daccord",
        "بله", "بلی", "آره", "تایید", "تأیید", "تایید میکنم", "میآیم", "می آیم",
        "是", "是的", "好", "好的", "會", "会", "確認", "确认", "會到", "ок", "👍",
    ),
    "move": (
        "2", "перенести", "перенесите", "перенос", "хочу перенести", "можно перенести", "другое время",
        "ауыстыру", "ауыстырғым келеді", "басқа уақыт", "басқа уақытқа",
        "move", "reschedule", "another time", "change", "change time", "i want to reschedule",
        "remarcar", "reagendar", "mudar", "outro horario", "outro horário", "quero remarcar",
        "reporter", "deplacer", "déplacer", "changer", "autre horaire",
        "تغییر", "تغییر زمان", "تغییر وقت", "وقت دیگر", "جابجایی",
        "改期", "改時間", "更改", "改约", "改約",
    ),
    "cancel": (
        "3", "отмена", "отменить", "отмените", "отменяю", "не приду", "не смогу", "не смогу прийти", "не буду",
        "бас тарту", "болдырмау", "келмеймін", "келе алмаймын", "бара алмаймын",
        "cancel", "i cant come", "i can't come", "cant come", "can't come", "i cannot come", "wont come", "not coming",
        "cancelar", "cancela", "nao vou", "não vou", "nao posso", "não posso", "desmarcar",
        "annuler", "j'annule", "jannule", "je ne viens pas", "je ne peux pas venir",
        "لغو", "کنسل", "نمیآیم", "نمی آیم",
        "取消", "不去", "不會到", "不能去",
    ),
    "stop": (
        "stop", "стоп", "отписаться", "отписка", "отпишите", "unsubscribe", "pare", "sair", "parar", "arret", "arrêt",
        "тоқта", "тоқтату", "жазылымнан шығу", "لغو11", "لغو 11", "لغو اشتراک", "انصراف", "退訂", "退订", "取消訂閱",
    ),
    "stop-all": (
        "stop all", "стоп все", "стоп всё", "не пишите мне", "не пишите мне больше", "больше не пишите",
        "do not write to me", "dont write to me", "stop tudo", "маған жазбаңыз", "ne m'ecrivez plus", "ne m'écrivez plus",
        "به من پیام ندهید", "不要再傳訊息",
    ),
    "operator": (
        "оператор", "позовите оператора", "администратор", "человек", "позвоните", "позвоните мне", "перезвоните",
        "operator", "agent", "human", "call me", "reception",
        "atendente", "operador", "falar com atendente", "secretaria", "secrétaire", "operateur", "opérateur",
        "оператор керек", "әкімші", "хабарласыңыз", "اپراتور", "منشی", "تماس بگیرید", "客服", "人工", "專人",
    ),
}  # fmt: skip

FILLERS = frozenset(
    {
        "спасибо", "пожалуйста", "хорошо", "здравствуйте", "рахмет", "өтінемін", "сәлеметсіз", "бе",
        "thanks", "thank", "you", "please", "hello", "hi", "obrigado", "obrigada", "por", "favor", "olá", "ola",
        "merci", "bonjour", "svp", "s'il", "vous", "plaît", "ممنون", "مرسی", "لطفا", "سلام", "謝謝", "谢谢", "您好",
    }
)  # fmt: skip

BUTTON = re.compile(r"(?P<intent>confirm|move|cancel):(?P<appointment>[0-9a-f-]{36})$")
NOISE = re.compile(r"[^\w'’👍]+", re.UNICODE)


@dataclass(frozen=True)
class Pressed:
    """A button's payload: what, and about which appointment."""

    intent: Intent
    appointment_id: UUID


def pressed(payload: str) -> Pressed | None:
    """Read one of our own payloads; None for anything else."""
    found = BUTTON.match(payload)
    if found is None:
        return None
    try:
        return Pressed(found["intent"], UUID(found["appointment"]))  # type: ignore[arg-type]  # the pattern's words
    except ValueError:
        return None


def understand(text: str, locale: str | None = None) -> Intent | None:
    """The one thing a reply clearly says; words of politeness around it are ignored.

    Every language is understood whatever the patient's `locale`: people answer in the one that comes to mind.
    """
    del locale
    words = _folded(text).split()
    said = " ".join(words)
    without = " ".join(word for word in words if word not in FILLERS)
    return _vocabulary().get(said) or _vocabulary().get(without)


def chosen(text: str, options: int) -> int | None:
    """The place (from 0) of a numbered option, where the reply is its bare number."""
    said = _folded(text)
    return int(said) - 1 if said.isdecimal() and len(said) <= 2 and 1 <= int(said) <= options else None


@cache
def _vocabulary() -> dict[str, Intent]:
    return {_folded(phrase): intent for intent, phrases in PHRASES.items() for phrase in phrases}


def _folded(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text[:500]).casefold()
    plain = (
        plain.replace("ё", "е").replace("ي", "ی").replace("ك", "ک").replace("\u200c", "").replace("’", "'")
    )
    digits = "".join(str(unicodedata.decimal(each)) if each.isdecimal() else each for each in plain)
    return " ".join(NOISE.sub(" ", digits).split())
