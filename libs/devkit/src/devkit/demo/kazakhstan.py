"""demo-kz: Almaty and Astana, in Russian, Kazakh and English."""

from common.contracts.directory import Address
from devkit.demo.plan import (
    HYGIENIST,
    ORTHODONTIST,
    PAEDIATRIC,
    SURGEON,
    THERAPIST,
    Person,
    Place,
    Plan,
    week,
)

OPEN = week(range(1, 6), ("08:00", "20:00")) | week([6], ("09:00", "16:00"))
DAY = week(range(1, 6), ("09:00", "13:00"), ("14:00", "18:00")) | week([6], ("10:00", "15:00"))
EARLY = week(range(1, 6), ("08:00", "14:00"))
LATE = week(range(1, 6), ("13:00", "20:00")) | week([6], ("10:00", "16:00"))

DENTIST = {"ru": "стоматолог-терапевт", "kk": "терапевт-стоматолог", "en": "general dentist"}
HYGIENE = {"ru": "гигиенист", "kk": "гигиенист", "en": "dental hygienist"}
SURGERY = {"ru": "хирург-имплантолог", "kk": "хирург-имплантолог", "en": "oral surgeon"}
BRACES = {"ru": "ортодонт", "kk": "ортодонт", "en": "orthodontist"}
CHILDREN = {"ru": "детский стоматолог", "kk": "балалар стоматологы", "en": "paediatric dentist"}

PLAN = Plan(
    network_id="demo-kz",
    name="Достар Дент",
    country="KZ",
    locales=["ru", "kk", "en"],
    currency="KZT",
    preset="kz",
    prices={
        "consultation": 10_000, "hygiene": 25_000, "filling": 32_000, "root-canal": 65_000, "extraction": 28_000,
        "orthodontics": 20_000, "implant-planning": 15_000, "whitening": 70_000, "children": 12_000,
        "online-consultation": 7_000,
    },
    places=[
        Place(
            key="almaty", name="Достар Дент на Абая", zone="Asia/Almaty", locale="ru",
            address=Address(city="Алматы", street="пр. Абая, 52", entrance="2", floor="3", room="305"),
            phone="+77273500052", hours=OPEN, chair="Кресло", signature="Достар Дент, Алматы",
            people=[
                Person(
                    "Сейтова Айгерим Нурлановна", THERAPIST, DAY, "305",
                    display={"ru": "Айгерим Нурлановна Сейтова", "kk": "Айгерім Нұрланқызы Сейітова", "en": "Dr Aigerim Seitova"},
                    dative={"ru": "Айгерим Нурлановне", "kk": "Айгерім Нұрланқызына"},
                    speciality={"ru": "стоматолог", "kk": "стоматолог", "en": "dentist"},
                    speciality_dative={"ru": "стоматологу", "kk": "стоматолог"},
                ),
                Person(
                    "Ким Виктор Сергеевич", SURGEON, DAY, "307",
                    display={"ru": "Виктор Сергеевич Ким", "kk": "Виктор Сергеевич Ким", "en": "Dr Viktor Kim"},
                    dative={"ru": "Виктору Сергеевичу", "kk": "Виктор Сергеевичке"},
                    speciality=SURGERY, speciality_dative={"ru": "хирургу-имплантологу", "kk": "хирург-имплантолог"},
                ),
                Person(
                    "Абдрахманова Дана Ермековна", ORTHODONTIST, LATE, "309",
                    display={"ru": "Дана Ермековна Абдрахманова", "kk": "Дана Ермекқызы Әбдірахманова", "en": "Dr Dana Abdrakhmanova"},
                    dative={"ru": "Дане Ермековне", "kk": "Дана Ермекқызына"},
                    speciality=BRACES, speciality_dative={"ru": "ортодонту", "kk": "ортодонт"},
                ),
                Person(
                    "Петрова Ольга Ивановна", HYGIENIST, EARLY, "302",
                    display={"ru": "Ольга Ивановна Петрова", "kk": "Ольга Ивановна Петрова", "en": "Olga Petrova"},
                    dative={"ru": "Ольге Ивановне", "kk": "Ольга Ивановнаға"},
                    speciality=HYGIENE, speciality_dative={"ru": "гигиенисту", "kk": "гигиенист"},
                ),
                Person(
                    "Жумабаев Тимур Кайратович", PAEDIATRIC, DAY, "310",
                    display={"ru": "Тимур Кайратович Жумабаев", "kk": "Тимур Қайратұлы Жұмабаев", "en": "Dr Timur Zhumabayev"},
                    dative={"ru": "Тимуру Кайратовичу", "kk": "Тимур Қайратұлына"},
                    speciality=CHILDREN, speciality_dative={"ru": "детскому стоматологу", "kk": "балалар стоматологы"},
                ),
            ],
        ),
        Place(
            key="astana", name="Достар Дент на Мангилик Ел", zone="Asia/Almaty", locale="kk",
            address=Address(city="Астана", street="Мәңгілік Ел даңғылы, 30", entrance="1", floor="2", room="214"),
            phone="+77172550030", hours=OPEN, chair="Кресло", signature="Достар Дент, Астана",
            people=[
                Person(
                    "Оспанов Ерлан Маратович", THERAPIST, DAY, "214",
                    display={"ru": "Ерлан Маратович Оспанов", "kk": "Ерлан Маратұлы Оспанов", "en": "Dr Yerlan Ospanov"},
                    dative={"ru": "Ерлану Маратовичу", "kk": "Ерлан Маратұлына"},
                    speciality=DENTIST, speciality_dative={"ru": "стоматологу-терапевту", "kk": "терапевт-стоматолог"},
                ),
                Person(
                    "Нургалиева Асель Болатовна", PAEDIATRIC, LATE, "216",
                    display={"ru": "Асель Болатовна Нургалиева", "kk": "Әсел Болатқызы Нұрғалиева", "en": "Dr Assel Nurgaliyeva"},
                    dative={"ru": "Асель Болатовне", "kk": "Әсел Болатқызына"},
                    speciality=CHILDREN, speciality_dative={"ru": "детскому стоматологу", "kk": "балалар стоматологы"},
                ),
                Person(
                    "Иванов Андрей Петрович", SURGEON, EARLY, "218",
                    display={"ru": "Андрей Петрович Иванов", "kk": "Андрей Петрович Иванов", "en": "Dr Andrey Ivanov"},
                    dative={"ru": "Андрею Петровичу", "kk": "Андрей Петровичке"},
                    speciality=SURGERY, speciality_dative={"ru": "хирургу-имплантологу", "kk": "хирург-имплантолог"},
                ),
                Person(
                    "Касымова Мадина Талгатовна", HYGIENIST, DAY, "212",
                    display={"ru": "Мадина Талгатовна Касымова", "kk": "Мадина Талғатқызы Қасымова", "en": "Madina Kassymova"},
                    dative={"ru": "Мадине Талгатовне", "kk": "Мадина Талғатқызына"},
                    speciality=HYGIENE, speciality_dative={"ru": "гигиенисту", "kk": "гигиенист"},
                ),
            ],
        ),
    ],
)  # fmt: skip
