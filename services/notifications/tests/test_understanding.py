"""What replies mean: in every language, however they are typed; and what must never be taken for a yes."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.contracts.directory import Locale
from notifications.rules import words
from notifications.rules.understand import INTENTS, chosen, one_slip, spoken, understand
from notifications.templates import texts

CONFIRMING = [
    "SIM", "sim", "Sim!", "sím", "Sim 😊🙏", "siiim", "confirmo", "ДА", "да", "Да.", "дааа", "да 👍", "Приду, спасибо", "я приду",
    "ИӘ", "иә", "иә, келемін", "келемін рахмет", "بله", "بلي", "بله ممنون", "می‌آیم", "ميآيم", "تأیید", "OUI", "oui merci", "D’accord",
    "je confirme", "是", "是的", "好的謝謝", "我會到", "会到", "YES", "yes, please", "Yes I will come", "1", "1.", "１", "۱", "١", "👍", "👍🏽", "✅", "+", "ok",
    "подтвержаю", "confirmmo", "I'll be there",
]  # fmt: skip
MOVING = ["2", "перенести", "можно перенести?", "remarcar", "QUERO REMARCAR", "déplacer", "deplacer", "改期", "تغییر وقت", "ауыстыру", "reschedule", "reschedle"]  # fmt: skip
CANCELLING = ["3", "отмена", "не приду", "не смогу", "não vou", "nao posso", "annuler", "je ne viens pas", "取消", "لغو", "نمی‌آیم", "نمي آيم", "келмеймін", "cancel", "cancell", "can't come"]  # fmt: skip
STOPPING = ["STOP", "Стоп", "PARE", "sair", "ТОҚТА", "لغو۱۱", "لغو 11", "Arrêt", "退訂", "unsubscribe", "отписаться"]  # fmt: skip
MEANING_NOTHING = [
    "", "нет", "не", "да, но позже", "да нет", "нет, да", "да?", "Да??", "Confirmed?", "не да", "não sim", "sim, mais tarde", "oui mais non",
    "不會", "不好", "不是", "cancer", "hand", "sometimes", "может быть", "не знаю", "yes i cant come", "да, отмените", "1 2", "12", "👎", "?", "а сколько стоит?",
    "приду ли я?", "буду если смогу", "اگر بتوانم", "好像不行", "👀", "отменить?", "SIM CARD", "ok google", "не подтверждаю", "нет я приду", "келе ме",
]  # fmt: skip


@pytest.mark.parametrize("text", CONFIRMING)
def test_a_yes_is_understood_however_it_is_typed(text):
    assert understand(text) == "confirm"


@pytest.mark.parametrize("text", MOVING)
def test_moving_is_understood(text):
    assert understand(text) == "move"


@pytest.mark.parametrize("text", CANCELLING)
def test_cancelling_is_understood(text):
    assert understand(text) == "cancel"


@pytest.mark.parametrize("text", STOPPING)
def test_opting_out_is_understood_in_every_language(text):
    assert understand(text) == "stop"


@pytest.mark.parametrize("text", MEANING_NOTHING)
def test_what_is_not_clearly_one_thing_means_nothing(text):
    assert understand(text) is None


@pytest.mark.parametrize("kind", INTENTS)
def test_every_phrase_of_every_language_means_what_it_is_listed_under(kind):
    for code in words.LANGUAGES:
        for phrase in words.language(code).get(kind, ()):
            assert spoken(phrase, INTENTS) == kind, (code, phrase)


@pytest.mark.parametrize("locale", get_args(Locale))
def test_whoever_types_what_a_choice_says_gets_to_see_their_visits(locale):
    assert words.tokens(texts(locale).choices["visits"]) in words.phrases("visits")


@pytest.mark.parametrize(
    "negation", ["не", "нет", "no", "not", "não", "nao", "non", "ne", "不", "沒", "نه", "жоқ", "emes"]
)
@pytest.mark.parametrize(
    "yes", ["да", "приду", "sim", "vou", "yes", "oui", "是", "好", "بله", "иә", "1", "👍"]
)
def test_a_yes_beside_a_no_is_never_a_yes(negation, yes):
    assert understand(f"{negation} {yes}") != "confirm"
    assert understand(f"{yes} {negation}") != "confirm"


PHRASES = sorted({"".join(phrase) if len(phrase) == 1 else " ".join(phrase) for kind in INTENTS for phrase in words.phrases(kind)})  # fmt: skip
OTHER_WORDS = st.text("бвгджзклмнпрстфхцчшщ", min_size=4, max_size=9)


@given(st.sampled_from(PHRASES), OTHER_WORDS)
def test_a_word_that_belongs_to_nothing_makes_the_whole_reply_unclear(phrase, word):
    if (word,) not in words.phrases("fillers"):
        assert understand(f"{phrase} {word}") is None
        assert understand(f"{word} {phrase}") is None


@given(st.sampled_from(PHRASES), st.integers(0, 40), st.sampled_from("аеоxsш"))
def test_a_slip_of_the_finger_never_turns_one_intent_into_another(phrase, place, letter):
    meant = understand(phrase)
    typed = phrase[:place] + letter + phrase[place:]
    if spoken(typed, INTENTS) is not None and tuple(typed.split()) not in words.lexicon(INTENTS):
        assert understand(typed) in {meant, None}


def test_a_slip_leaves_its_meaning_to_a_phrase_that_holds_a_word_of_politeness():
    assert understand("parar tudo") == understand("parrar tudo") == "stop-all"
    assert understand("parrar, obrigado") == "stop"


@given(st.text(max_size=60))
def test_no_text_breaks_understanding(text):
    understand(text)


def test_a_slip_leaves_out_doubles_or_swaps_and_replaces_nothing():
    assert one_slip("cancell", "cancel")
    assert one_slip("cacnel", "cancel")
    assert one_slip("cancl", "cancel")
    assert not one_slip("cancer", "cancel")
    assert not one_slip("cancel", "cancel")


@pytest.mark.parametrize(("text", "options", "place"), [("1", 3, 0), ("3.", 3, 2), ("۲", 3, 1), ("4", 3, None), ("0", 3, None), ("1 спасибо", 2, 0), ("1 2", 3, None), ("", 3, None), ("№", 3, None)])  # fmt: skip
def test_a_number_chooses_what_is_offered_and_nothing_else(text, options, place):
    assert chosen(text, options) == place
