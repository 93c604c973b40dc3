"""demo-br, demo-ir, demo-fr and demo-tw: one branch each. Sending abroad needs consent in Iran's (`data_at_home`)."""

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
    Shifts,
    week,
)

WEEKDAYS = range(1, 6)
FAMILY = (*THERAPIST, "children")


def _person(name: str, services: tuple[str, ...], shifts: Shifts, room: str, locale: str, shown: str, latin: str,
            speciality: str, in_english: str) -> Person:  # fmt: skip
    return Person(
        name=name,
        services=services,
        shifts=shifts,
        room=room,
        display={locale: shown, "en": latin},
        speciality={locale: speciality, "en": in_english},
    )


_BR_DAY = week(WEEKDAYS, ("08:00", "12:00"), ("13:00", "17:00"))
_BR_LATE = week(WEEKDAYS, ("12:00", "19:00")) | week([6], ("08:00", "12:00"))

BRAZIL = Plan(
    network_id="demo-br",
    name="Sorriso Paulista",
    country="BR",
    locales=["pt-BR", "en"],
    currency="BRL",
    preset="br",
    prices={
        "consultation": 180, "hygiene": 250, "filling": 320, "root-canal": 900, "extraction": 350,
        "orthodontics": 220, "implant-planning": 300, "whitening": 1_100, "children": 200,
        "online-consultation": 120,
    },
    places=[
        Place(
            key="paulista", name="Sorriso Paulista, unidade Paulista", zone="America/Sao_Paulo", locale="pt-BR",
            address=Address(city="São Paulo", street="Av. Paulista, 1374", entrance="Torre B", floor="9", room="sala 91"),
            phone="+551131710091", hours=week(WEEKDAYS, ("08:00", "19:00")) | week([6], ("08:00", "12:00")),
            chair="Cadeira", signature="Equipe Sorriso Paulista",
            people=[
                _person("Ana Beatriz Souza", FAMILY, _BR_DAY, "sala 91", "pt-BR", "Dra. Ana Beatriz Souza", "Dr Ana Beatriz Souza", "clínica geral", "general dentist"),
                _person("Rafael Oliveira", SURGEON, _BR_DAY, "sala 92", "pt-BR", "Dr. Rafael Oliveira", "Dr Rafael Oliveira", "cirurgião-dentista", "oral surgeon"),
                _person("Juliana Lima", ORTHODONTIST, _BR_LATE, "sala 93", "pt-BR", "Dra. Juliana Lima", "Dr Juliana Lima", "ortodontista", "orthodontist"),
                _person("Marcos Pereira", HYGIENIST, _BR_LATE, "sala 94", "pt-BR", "Marcos Pereira", "Marcos Pereira", "técnico em saúde bucal", "dental hygienist"),
            ],
        ),
    ],
)  # fmt: skip

# Saturday to Wednesday, and Thursday morning; Friday is the day of rest.
_IR_WEEK = (6, 7, 1, 2, 3)
_IR_DAY = week(_IR_WEEK, ("09:00", "13:00"), ("15:00", "19:00")) | week([4], ("09:00", "13:00"))
_IR_LATE = week(_IR_WEEK, ("14:00", "20:00"))

IRAN = Plan(
    network_id="demo-ir",
    name="کلینیک لبخند",
    country="IR",
    locales=["fa", "en"],
    currency="IRR",
    preset="ir-dental",
    data_at_home=True,
    prices={
        "consultation": 2_500_000, "hygiene": 9_000_000, "filling": 18_000_000, "root-canal": 35_000_000,
        "extraction": 12_000_000, "orthodontics": 8_000_000, "implant-planning": 5_000_000, "children": 3_000_000,
        "online-consultation": 2_000_000,
    },
    places=[
        Place(
            key="tehran", name="کلینیک لبخند، شعبهٔ ولیعصر", zone="Asia/Tehran", locale="fa",
            address=Address(city="تهران", street="خیابان ولیعصر، پلاک ۲۱۸۰", entrance="شرقی", floor="۴", room="۴۰۲"),
            phone="+982188770402", hours=week(_IR_WEEK, ("09:00", "20:00")) | week([4], ("09:00", "13:00")),
            chair="یونیت", signature="کلینیک لبخند",
            people=[
                _person("سارا محمدی", FAMILY, _IR_DAY, "۴۰۲", "fa", "دکتر سارا محمدی", "Dr Sara Mohammadi", "دندان‌پزشک عمومی", "general dentist"),
                _person("علی رضایی", SURGEON, _IR_DAY, "۴۰۳", "fa", "دکتر علی رضایی", "Dr Ali Rezaei", "جراح دهان", "oral surgeon"),
                _person("مریم کریمی", ORTHODONTIST, _IR_LATE, "۴۰۴", "fa", "دکتر مریم کریمی", "Dr Maryam Karimi", "متخصص ارتودنسی", "orthodontist"),
            ],
        ),
    ],
)  # fmt: skip

_FR_DAY = week(WEEKDAYS, ("09:00", "12:30"), ("14:00", "18:30"))
_FR_FOUR = week((1, 2, 4, 5), ("09:00", "13:00"), ("14:00", "19:00"))

FRANCE = Plan(
    network_id="demo-fr",
    name="Cabinets Belleville",
    country="FR",
    locales=["fr", "en"],
    currency="EUR",
    preset="fr",
    prices={
        "consultation": 23, "hygiene": 60, "filling": 75, "root-canal": 180, "extraction": 80, "orthodontics": 90,
        "implant-planning": 70, "whitening": 390, "children": 30, "online-consultation": 23,
    },
    places=[
        Place(
            key="paris", name="Cabinet dentaire de Belleville", zone="Europe/Paris", locale="fr",
            address=Address(city="Paris", street="88, rue de Belleville", entrance="Bâtiment A", floor="2ᵉ", room="cabinet 3"),
            phone="+33143660088", hours=week(WEEKDAYS, ("09:00", "19:00")), chair="Fauteuil",
            signature="Le cabinet dentaire de Belleville",
            people=[
                _person("Claire Martin", THERAPIST, _FR_DAY, "cabinet 3", "fr", "Dr Claire Martin", "Dr Claire Martin", "chirurgienne-dentiste", "dentist"),
                _person("Karim Benali", SURGEON, _FR_FOUR, "cabinet 4", "fr", "Dr Karim Benali", "Dr Karim Benali", "chirurgien oral", "oral surgeon"),
                _person("Sophie Dubois", ORTHODONTIST, _FR_FOUR, "cabinet 5", "fr", "Dr Sophie Dubois", "Dr Sophie Dubois", "orthodontiste", "orthodontist"),
                _person("Julien Moreau", PAEDIATRIC, _FR_DAY, "cabinet 6", "fr", "Dr Julien Moreau", "Dr Julien Moreau", "dentiste pour enfants", "paediatric dentist"),
            ],
        ),
    ],
)  # fmt: skip

_TW_DAY = week(WEEKDAYS, ("09:00", "12:00"), ("14:00", "18:00")) | week([6], ("09:00", "12:00"))
_TW_LATE = week(WEEKDAYS, ("14:00", "17:30"), ("18:30", "21:00"))

TAIWAN = Plan(
    network_id="demo-tw",
    name="微笑牙醫聯盟",
    country="TW",
    locales=["zh-TW", "en"],
    currency="TWD",
    preset="tw",
    prices={
        "consultation": 200, "hygiene": 1_000, "filling": 1_500, "root-canal": 4_000, "extraction": 1_200,
        "orthodontics": 1_000, "implant-planning": 800, "whitening": 9_000, "children": 200, "online-consultation": 300,
    },
    places=[
        Place(
            key="taipei", name="微笑牙醫 大安診所", zone="Asia/Taipei", locale="zh-TW",
            address=Address(city="臺北市", street="大安區復興南路一段 390 號", entrance="正門", floor="5 樓", room="3 診"),
            phone="+886227550390",
            hours=week(WEEKDAYS, ("09:00", "21:00")) | week([6], ("09:00", "12:00")), chair="診療椅",
            signature="微笑牙醫 大安診所",
            people=[
                _person("陳怡君", FAMILY, _TW_DAY, "3 診", "zh-TW", "陳怡君 醫師", "Dr Chen Yi-Chun", "一般牙科", "general dentist"),
                _person("林志豪", SURGEON, _TW_DAY, "5 診", "zh-TW", "林志豪 醫師", "Dr Lin Chih-Hao", "口腔外科", "oral surgeon"),
                _person("王雅婷", ORTHODONTIST, _TW_LATE, "6 診", "zh-TW", "王雅婷 醫師", "Dr Wang Ya-Ting", "齒顎矯正", "orthodontist"),
                _person("張家豪", HYGIENIST, _TW_LATE, "2 診", "zh-TW", "張家豪", "Chang Chia-Hao", "口腔衛生", "dental hygienist"),
            ],
        ),
    ],
)  # fmt: skip
