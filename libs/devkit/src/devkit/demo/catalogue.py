"""What a dental clinic offers, in every locale of the demo networks. Prices stand with the networks."""

from dataclasses import dataclass, field

EMPTY_STOMACH = {
    "ru": "Поешьте за час до приёма и возьмите удостоверение личности.",
    "kk": "Қабылдауға бір сағат қалғанда тамақтанып алыңыз, жеке куәлігіңізді ала келіңіз.",
    "en": "Have a light meal an hour before and bring your identity card.",
    "pt-BR": "Faça uma refeição leve uma hora antes e traga um documento com foto.",
    "fa": "یک ساعت پیش از نوبت غذای سبک بخورید و کارت ملی خود را همراه داشته باشید.",
    "fr": "Prenez un repas léger une heure avant et apportez votre carte Vitale.",
    "zh-TW": "請於看診前一小時用餐，並攜帶健保卡。",
}
BRUSH = {
    "ru": "Почистите зубы перед приёмом. Если вы принимаете лекарства, возьмите их список.",
    "kk": "Қабылдау алдында тісіңізді тазалаңыз. Дәрі ішсеңіз, тізімін ала келіңіз.",
    "en": "Brush your teeth before you come. If you take medicines, bring a list of them.",
    "pt-BR": "Escove os dentes antes da consulta. Se usa medicamentos, traga a lista deles.",
    "fa": "پیش از نوبت مسواک بزنید. اگر دارو مصرف می‌کنید، فهرست آن‌ها را بیاورید.",
    "fr": "Brossez-vous les dents avant de venir. Si vous prenez des médicaments, apportez-en la liste.",
    "zh-TW": "看診前請先刷牙；若有服用藥物，請攜帶藥物清單與健保卡。",
}
BRING_IMAGES = {
    "ru": "Возьмите снимки и выписки, если они есть.",
    "kk": "Суреттеріңіз бен үзінділеріңіз болса, ала келіңіз.",
    "en": "Bring earlier X-rays and reports if you have any.",
    "pt-BR": "Traga radiografias e laudos anteriores, se tiver.",
    "fa": "عکس‌ها و پرونده‌های پیشین خود را بیاورید.",
    "fr": "Apportez vos radiographies et comptes rendus, si vous en avez.",
    "zh-TW": "如有過去的X光片或病歷摘要，請一併攜帶。",
}


@dataclass(frozen=True)
class Entry:
    """One service; durations in minutes."""

    key: str
    kind: str
    duration: int
    names: dict[str, str]
    buffer_after: int = 0
    granularity: int = 30
    room_kind: str | None = "chair"
    virtual: bool = False
    preparation: dict[str, str] = field(default_factory=dict)


CATALOGUE: tuple[Entry, ...] = (
    Entry(
        "consultation", "consultation", 30,
        {
            "ru": "Консультация стоматолога", "kk": "Стоматолог кеңесі", "en": "Dental consultation",
            "pt-BR": "Consulta odontológica", "fa": "معاینه و مشاورهٔ دندان‌پزشکی", "fr": "Consultation dentaire",
            "zh-TW": "牙科諮詢",
        },
        room_kind=None, preparation=BRING_IMAGES,
    ),
    Entry(
        "hygiene", "hygiene", 60,
        {
            "ru": "Профессиональная гигиена", "kk": "Кәсіби гигиена", "en": "Professional hygiene",
            "pt-BR": "Limpeza profissional", "fa": "جرم‌گیری و بهداشت حرفه‌ای", "fr": "Détartrage et polissage",
            "zh-TW": "專業洗牙",
        },
        preparation=EMPTY_STOMACH,
    ),
    Entry(
        "filling", "treatment", 60,
        {
            "ru": "Лечение кариеса, пломба", "kk": "Тісжегіні емдеу, пломба", "en": "Caries treatment, filling",
            "pt-BR": "Restauração dentária", "fa": "ترمیم پوسیدگی", "fr": "Traitement de carie, composite",
            "zh-TW": "蛀牙治療與補牙",
        },
        buffer_after=10, preparation=BRUSH,
    ),
    Entry(
        "root-canal", "treatment", 90,
        {
            "ru": "Лечение каналов", "kk": "Түбір өзектерін емдеу", "en": "Root canal treatment",
            "pt-BR": "Tratamento de canal", "fa": "درمان ریشه", "fr": "Traitement endodontique", "zh-TW": "根管治療",
        },
        buffer_after=15, preparation=BRUSH,
    ),
    Entry(
        "extraction", "surgery", 45,
        {
            "ru": "Удаление зуба", "kk": "Тіс жұлу", "en": "Tooth extraction", "pt-BR": "Extração dentária",
            "fa": "کشیدن دندان", "fr": "Extraction dentaire", "zh-TW": "拔牙",
        },
        buffer_after=15, granularity=15, preparation=BRUSH,
    ),
    Entry(
        "orthodontics", "orthodontics", 45,
        {
            "ru": "Ортодонтия: коррекция брекетов", "kk": "Ортодонтия: брекеттерді түзету",
            "en": "Orthodontics: brace adjustment", "pt-BR": "Ortodontia: manutenção do aparelho",
            "fa": "ارتودنسی: تنظیم براکت", "fr": "Orthodontie : contrôle de l'appareil", "zh-TW": "齒顎矯正調整",
        },
        granularity=15, preparation=BRUSH,
    ),
    Entry(
        "implant-planning", "consultation", 45,
        {
            "ru": "Планирование имплантации", "kk": "Имплантация жоспарлау", "en": "Implant planning",
            "pt-BR": "Planejamento de implante", "fa": "برنامه‌ریزی ایمپلنت", "fr": "Bilan implantaire",
            "zh-TW": "植牙評估",
        },
        granularity=15, preparation=BRING_IMAGES,
    ),
    Entry(
        "whitening", "aesthetic", 90,
        {
            "ru": "Отбеливание", "kk": "Тіс ағарту", "en": "Whitening", "pt-BR": "Clareamento dental",
            "fa": "سفید کردن دندان", "fr": "Éclaircissement dentaire", "zh-TW": "牙齒美白",
        },
        buffer_after=10, preparation=BRUSH,
    ),
    Entry(
        "children", "check-up", 30,
        {
            "ru": "Осмотр ребёнка", "kk": "Баланы тексеру", "en": "Children's check-up",
            "pt-BR": "Consulta odontopediátrica", "fa": "معاینهٔ کودک", "fr": "Examen bucco-dentaire de l'enfant",
            "zh-TW": "兒童口腔檢查",
        },
    ),
    Entry(
        "online-consultation", "consultation", 30,
        {
            "ru": "Онлайн-консультация", "kk": "Онлайн кеңес", "en": "Online consultation",
            "pt-BR": "Teleconsulta", "fa": "مشاورهٔ آنلاین", "fr": "Téléconsultation", "zh-TW": "視訊諮詢",
        },
        room_kind=None, virtual=True,
    ),
)  # fmt: skip
