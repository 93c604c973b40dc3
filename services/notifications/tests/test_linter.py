"""What stands in the way of publishing a wording: each rule has a text that breaks it, and the built-in texts none."""

from typing import Any, get_args

import pytest

from common.contracts.directory import Country, Locale
from notifications.operations.wordings.showing import sms_of
from notifications.rules.linter import BUILT_IN, Draft, Finding, Where, Wording, lint
from notifications.rules.linter.syntax import PLURALS
from notifications.rules.texts.icu import format_message
from notifications.templates import texts
from notifications.templates.checks import rulebook, tariff
from notifications.templates.samples import sample

LOCALES: tuple[Locale, ...] = get_args(Locale)
COUNTRIES: tuple[Country, ...] = get_args(Country)

CONFIRMATION = ("{greeting}", "Ждём вас: {when}, {doctor_any}.", "Адрес: {address}.")


def findings(
    lines: tuple[str, ...], *, name: str = "confirmation", locale: Locale = "ru", country: Country = "KZ",
    sms: tuple[str, ...] = (), **more: Any,
) -> list[Finding]:  # fmt: skip
    draft = Draft(name, {locale: Wording(lines, sms)}, more.pop("fallbacks", {}))
    where = Where(country, more.pop("locales", (locale,)), tariff(country))
    return list(lint(draft, rulebook(), where, lambda told, wording: sms_of(name, country, told, wording)))


def codes(*arguments: Any, **more: Any) -> set[tuple[str, str]]:
    return {(one.code, one.place) for one in findings(*arguments, **more)}


def test_a_wording_that_says_everything_may_be_published():
    assert findings(CONFIRMATION) == []


@pytest.mark.parametrize(
    ("lines", "missing"),
    [
        (("Ждём вас: {when}, {doctor_any}.",), "address"),
        (("Ждём вас: {when}, {address}.",), "doctor"),
        (("Вас ждёт {doctor_any}, {address}.",), "when"),
        (("Ждём вас {to_whom}: {when}, {address}.",), "doctor"),
        (("Ждём вас: {when}, {doctor_any}, {address}, {service}",), "when"),
    ],
)
def test_a_confirmation_without_one_of_its_facts_is_refused(lines, missing):
    found = [(one.code, one.detail) for one in findings(lines)]
    assert ("missing-fact", missing) in found


def test_the_short_wording_has_to_say_everything_too():
    assert ("missing-fact", "sms") in codes(CONFIRMATION, sms=("Ждём вас: {when_short}",))


def test_a_language_of_the_branches_needs_a_wording_or_a_fallback():
    assert ("missing-locale", "") in codes(CONFIRMATION, locales=("ru", "kk"))
    assert codes(CONFIRMATION, locales=("ru", "kk"), fallbacks={"kk": BUILT_IN}) == set()
    assert codes(CONFIRMATION, locales=("ru", "kk"), fallbacks={"kk": "ru"}) == set()
    assert ("missing-locale", "fallbacks") in codes(
        CONFIRMATION, locales=("ru", "kk"), fallbacks={"kk": "en"}
    )


def test_a_placeholder_that_nothing_stands_for_is_refused():
    assert ("unknown-placeholder", "lines[3]") in codes((*CONFIRMATION, "{patient_diagnosis}"))


@pytest.mark.parametrize(
    "line", ["{when", "{count, plural, one {# визит}}", "{when, nonsense}", "{when day}"]
)
def test_a_line_that_icu_cannot_read_is_refused(line):
    assert ("broken-syntax", "lines[3]") in codes((*CONFIRMATION, line))


@pytest.mark.parametrize(
    ("locale", "plural", "code", "detail"),
    [
        ("ru", "{count, plural, one {# визит} other {# визита}}", "plural-missing", "count: few"),
        (
            "ru",
            "{count, plural, one {# визит} few {# визита} other {# визита}}",
            "plural-missing",
            "count: many",
        ),
        ("kk", "{count, plural, one {#} few {#} other {#}}", "plural-unknown", "count: few"),
        ("en", "{count, plural, other {# visits}}", "plural-missing", "count: one"),
        ("zh-TW", "{count, plural, one {#} other {#}}", "plural-unknown", "count: one"),
        ("fa", "{count, plural, two {#} one {#} other {#}}", "plural-unknown", "count: two"),
    ],
)
def test_a_plural_has_the_categories_of_its_language(locale, plural, code, detail):
    lines = ("{day}\n{visits}\n{address}", plural)
    found = [(one.code, one.detail) for one in findings(lines, name="same-day", locale=locale)]
    assert (code, detail) in found


def test_a_plural_inside_a_choice_is_looked_at_too():
    lines = ("{day}\n{visits}\n{address}", "{named, select, yes {{count, plural, other {#}}} other {}}")
    assert ("plural-missing", "lines[1]") in codes(lines, name="same-day")


@pytest.mark.parametrize("locale", LOCALES)
def test_the_categories_are_those_that_icu_has(locale):
    pattern = "{n, plural, zero {zero} one {one} two {two} few {few} many {many} other {other}}"
    numbers = [*range(200), 1000, 1_000_000, 2_000_000, 1.5, 0.1]
    used = {format_message(locale, pattern, {"n": number}) for number in numbers}
    needed, possible = PLURALS[locale]
    assert needed <= used | {"other"}
    assert used <= needed | possible


@pytest.mark.parametrize(
    ("country", "locale", "line"),
    [
        ("TW", "zh-TW", "最先進的牙科設備"),
        ("TW", "zh-TW", "最 先 進 的 設備"),
        ("TW", "zh-TW", "全台第一的診所"),
        ("TW", "zh-TW", "頂級服務"),
        ("TW", "zh-TW", "國家級團隊"),
        ("TW", "zh-TW", "最高級材料"),
        ("TW", "zh-TW", "最佳選擇"),
        ("TW", "zh-TW", "國內首創技術"),
        ("TW", "zh-TW", "唯一專業"),
        ("TW", "zh-TW", "１００％有效"),
        ("TW", "zh-TW", "保證療效"),
        ("BR", "pt-BR", "O melhor dentista da cidade"),
        ("BR", "pt-BR", "Somos a melhor clínica"),
        ("BR", "pt-BR", "Tratamento único"),
        ("BR", "pt-BR", "100 % de satisfação"),
        ("BR", "pt-BR", "100% seguro"),
        ("BR", "pt-BR", "Resultado garantido"),
        ("KZ", "ru", "Лучшая клиника города"),
        ("KZ", "ru", "Гарантируем результат"),
        ("KZ", "kk", "Ең үздік дәрігерлер"),
        ("FR", "fr", "Le meilleur cabinet de Paris"),
        ("IR", "fa", "بهترین کلینیک تهران"),
        ("GB", "en", "The best dentist in London"),
    ],
)  # fmt: skip
def test_a_claim_that_advertising_may_not_make_is_refused(country, locale, line):
    found = findings((line,), name="handover", country=country, locale=locale)
    assert [one.code for one in found] == ["banned-claim"]
    assert found[0].waivable
    assert found[0].source


def test_a_claim_cannot_hide_behind_signs_that_are_not_seen():
    assert ("banned-claim", "lines[0]") in codes(
        ("最\u200b先\u200b進",), name="handover", country="TW", locale="zh-TW"
    )


@pytest.mark.parametrize(
    ("country", "locale", "line"),
    [
        ("TW", "zh-TW", "第一診間，第一次看診請提早十分鐘"),
        ("BR", "pt-BR", "Escolha o horário que for melhor para você"),
        ("KZ", "ru", "Надеемся, вам стало лучше"),
        ("FR", "fr", "Nous vous souhaitons une meilleure santé"),
    ],
)
def test_innocent_words_are_left_alone(country, locale, line):
    assert findings((line,), name="handover", country=country, locale=locale) == []


ADVERTISEMENT = ("{clinic}", "{service}", "СТОП")


def test_an_advertisement_by_sms_does_not_name_the_service():
    assert ("health-in-open-channel", "lines[1]") in codes(ADVERTISEMENT, name="recall")
    assert codes(ADVERTISEMENT, name="recall", sms=("{clinic} СТОП", "{book_link}")) == set()


REMINDER = ("{greeting}", "{medicine}, {due_time}", "{dose}")


def test_a_reminder_of_a_medicine_names_it_where_nobody_else_reads_and_nowhere_else():
    assert codes(REMINDER, name="medication", sms=("{clinic}: {due_time}",)) == set()
    assert ("missing-fact", "lines") in codes(REMINDER[:2], name="medication", sms=("{due_time}",))
    for sms in (("{due_time}, {dose}",), ()):
        place = "sms[0]" if sms else "lines[2]"
        assert ("health-in-open-channel", place) in codes(REMINDER, name="medication", sms=sms)


@pytest.mark.parametrize(
    ("locale", "line"),
    [
        ("ru", "Ваш диагноз: гепатит"), ("kk", "Талдау нәтижесі дайын"), ("en", "Your HIV test results are ready"),
        ("pt-BR", "O resultado do exame"), ("fa", "جواب آزمایش شما"), ("fr", "Votre traitement antibiotique"),
        ("zh-TW", "您的檢查報告"),
    ],
)  # fmt: skip
def test_an_sms_tells_nothing_about_health(locale, line):
    assert ("health-in-open-channel", "sms[0]") in codes(
        ("Text",), name="handover", locale=locale, sms=(line,)
    )


def test_an_advertisement_says_how_to_get_no_more():
    assert ("missing-opt-out", "lines") in codes(("{clinic}",), name="recall")
    assert ("missing-opt-out", "sms") in codes(("{clinic}, СТОП",), name="recall", sms=("{clinic}",))


@pytest.mark.parametrize("sms", ["{book_link}", "https://x.tw"])
def test_a_link_in_an_advertisement_by_sms_has_to_be_registered_in_taiwan(sms):
    lines = ("{clinic}：回覆「退訂」",)
    found = codes(lines, name="recall", country="TW", locale="zh-TW", sms=("{clinic}拒收請來電", sms))
    assert found == {("unregistered-link", "sms[1]")}
    assert codes(lines, name="recall", country="KZ", locale="zh-TW", sms=("{clinic}拒收請來電", sms)) == set()


def test_an_sms_that_costs_too_many_segments_is_refused():
    found = findings((*CONFIRMATION, "Очень подробно. " * 20))
    assert [(one.code, one.place, one.waivable) for one in found] == [("sms-too-long", "lines", True)]


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("name", sorted(rulebook().contracts))
def test_the_built_in_texts_pass_their_own_rules(name, locale):
    own = texts(locale)
    countries = COUNTRIES if locale == "en" else (sample(locale).country,)
    for country in countries:
        found = findings(
            own.lines[name], name=name, locale=locale, country=country, sms=own.sms.get(name, ())
        )
        allowed = {"unregistered-link"} if (locale, country) == ("en", "TW") else set()
        assert {one.code for one in found} <= allowed, found


def test_every_template_that_a_network_can_word_exists():
    assert set(rulebook().contracts) <= set(texts("ru").lines)
